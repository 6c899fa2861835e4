"""The meters of recorded devices: which are found, what they see, and what their numbers come to by hand."""

from __future__ import annotations

import shutil
from pathlib import Path as FilePath

import pytest

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.energy.account import Account
from dsnet_edge.energy.errors import MeterError, NoMeterError
from dsnet_edge.energy.find import find_meter, find_meters
from dsnet_edge.energy.meter import Meter

DEVICES = FilePath(__file__).parent / "devices"


JETSON = (("IN", "board"), ("CPU_GPU_CV", "cpu"), ("SOC", "cpu"))


def device(name: str) -> FileTree:
    return FileTree(DEVICES / name)


def watched(tree: FileTree, meter: Meter) -> dict[str, str]:
    with meter.watch(tree) as watch:
        pass
    return dict(watch.frames()[0].files)


def over(meter: Meter, *frames: dict[str, str]) -> Account:
    """Frames a second apart."""
    return meter.account([Frame(float(second), files) for second, files in enumerate(frames)])


def edited(tmp_path: FilePath, name: str, **files: str | None) -> FileTree:
    """A copy of a device with other files; `__` stands for a slash, None for no file."""
    copy = tmp_path / name
    shutil.copytree(DEVICES / name, copy, dirs_exist_ok=True)
    for key, text in files.items():
        file = copy / key.replace("__", "/")
        file.unlink(missing_ok=True)
        if text is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return FileTree(copy)


@pytest.mark.parametrize(
    ("name", "meters"),
    [
        ("pi4", []),
        ("pi4-ina219", [("hwmon:ina219", "board")]),
        ("pi5", [("pmic:estimate", "board"), ("pmic:rails", "board")]),
        ("jetson", [(f"hwmon:ina3221:VDD_{rail}", scope) for rail, scope in JETSON]),
        ("pixel6", [("odpm:cpu", "cpu"), ("battery", "device")]),
        ("phone-oneplus", [("battery", "device")]),
        ("x86-rapl", [("rapl:package", "cpu"), ("rapl:core", "cpu"), ("rapl:dram", "cpu")]),
    ],
)
def test_every_device_has_its_meters_the_best_first(name, meters):
    assert [(meter.name, meter.scope) for meter in find_meters(device(name)).meters] == meters


def test_an_ina219_tells_microwatts():
    meter = find_meter(device("pi4-ina219"), "auto")
    assert meter is not None
    files = watched(device("pi4-ina219"), meter)
    assert over(meter, files, files).joules[1] == pytest.approx(3.116)


def test_a_jetsons_rails_are_millivolts_times_milliamperes():
    joules = []
    for meter in find_meters(device("jetson")).meters:
        files = watched(device("jetson"), meter)
        joules.append(over(meter, files, files).joules[1])
    assert joules == pytest.approx([4.6, 0.88, 1.44])


def test_of_parts_of_a_jetson_those_of_the_processor_come_first(tmp_path):
    """An AGX Orin has no channel for all that it takes."""
    names = {
        f"sys__class__hwmon__hwmon1__in{n}_label": f"{rail}\n" for n, rail in enumerate(("VDD_GPU_SOC", "VDD_CPU_CV", "DDR"), 1)
    }
    found = [(meter.name, meter.scope) for meter in find_meters(edited(tmp_path, "jetson", **names)).meters]
    assert found == [(f"hwmon:ina3221:{rail}", "cpu") for rail in ("VDD_CPU_CV", "VDD_GPU_SOC", "DDR")]


def test_a_label_of_a_device_is_a_name_and_nothing_else(tmp_path):
    hostile = edited(tmp_path, "jetson", sys__class__hwmon__hwmon1__in1_label="a\x1b[2J/../b c\n" + "x" * 1000)
    longest = max((meter.name for meter in find_meters(hostile).meters), key=len)
    assert longest == "hwmon:ina3221:a_2J_.._b_c_" + "x" * 28


def test_a_pi_5_whose_firmware_does_not_answer_says_how_to_be_let_in(tmp_path):
    silent = edited(tmp_path, "pi5", **{"commands__vcgencmd pmic_read_adc": None})
    with pytest.raises(NoMeterError, match=r"no power meter that we can read \(vcgencmd pmic_read_adc tells nothing: .* video"):
        find_meter(silent, "auto")


def test_a_pi_5_adds_up_its_rails_and_estimates_the_board():
    """At rest 0.1*3.7 + 0.1*3.32 + 0.2*1.8 + 0.2*1.1 + 0.3*0.8 + 0.8*0.75 + 0.02*5.1 = 2.224 W; under load the memory takes
    0.2*1.1 + 0.05*0.6 = 0.25 W more, and the core 4.0*0.9 in place of 0.6 W."""
    estimate, rails = find_meters(device("pi5")).meters
    rest, load = (watched(device(name), rails) for name in ("pi5", "pi5-load"))
    assert over(rails, rest, rest).joules[1] == pytest.approx(2.224)
    assert over(rails, load, load).joules[1] == pytest.approx(5.474)
    assert over(estimate, load, load).joules[1] == pytest.approx(5.474 * 1.1451 + 0.5879)
    assert "estimate" in estimate.about


def test_a_pixels_rails_have_their_own_clock_and_only_the_processors_count():
    meter = find_meter(device("pixel6"), "auto")
    assert meter is not None and "S2M_VDD_CPUCL2, S3M_VDD_CPUCL1, S4M_VDD_CPUCL0" in meter.about
    first = watched(device("pixel6"), meter)
    (file,) = first
    later = first[file].replace("t=473848", "t=475848").replace("28071872", "30071872").replace("113447446", "114447446")
    last = later.replace("t=475848", "t=477848").replace("30071872", "32071872").replace("48480309", "99999999")
    account = over(meter, first, {file: later}, {file: later}, {file: last})
    assert account.at_s == (475.848, 477.848)
    assert account.joules == pytest.approx((0.0, 2.0))


def test_rapl_goes_on_where_its_counter_wraps():
    """28850 uJ before its end, and then 5971150 after it: 6 J."""
    meter = find_meter(device("x86-rapl"), "rapl:package")
    assert meter is not None
    frame = watched(device("x86-rapl"), meter)
    (file,) = frame
    account = over(meter, frame, {file: "262143300000\n"}, {file: "5971150\n"}, {file: "9971150\n"})
    assert account.joules == pytest.approx((0.0, 6.0, 10.0))
    assert account.at_s == (1.0, 2.0, 3.0)


def test_rapl_of_two_sockets_is_added_up(tmp_path):
    second = "sys__class__powercap__intel-rapl:1__"
    files = {f"{second}name": "package-1\n", f"{second}energy_uj": "5000000\n", f"{second}max_energy_range_uj": "262143328850\n"}
    meter = find_meter(edited(tmp_path, "x86-rapl", **files), "rapl:package")
    assert meter is not None
    one, two = (f"/sys/class/powercap/intel-rapl:{socket}/energy_uj" for socket in (0, 1))
    account = over(meter, {one: "0", two: "0"}, {one: "1000000", two: "500000"}, {one: "2000000", two: "1000000"}, {one: "9"})
    assert account.joules == pytest.approx((0.0, 1.5))


def test_rapl_that_may_not_be_read_says_how_to_allow_it(tmp_path):
    zones = ("0", "0:0", "0:1", "0:2")
    denied = edited(tmp_path, "x86-rapl", **{f"sys__class__powercap__intel-rapl:{zone}__energy_uj": None for zone in zones})
    with pytest.raises(NoMeterError, match=r"no power meter .*sudo chmod o\+r /sys/class/powercap.*the battery is no meter"):
        find_meter(denied, "auto")


def battery_of(name: str) -> tuple[Meter, dict[str, str]]:
    meter = find_meter(device(name), "battery")
    assert meter is not None
    return meter, watched(device(name), meter)


def current(files: dict[str, str], milli: str) -> dict[str, str]:
    return files | {next(name for name in files if name.endswith("current_now")): milli}


def test_a_battery_in_microamperes_negative_while_used():
    meter, rest = battery_of("pixel6")
    assert over(meter, rest, rest).joules[1] == pytest.approx(0.3125 * 4.105)


def test_a_battery_in_milliamperes_positive_while_used():
    meter, rest = battery_of("phone-oneplus")
    assert over(meter, rest, current(rest, "1285")).joules[1] == pytest.approx((0.285 + 1.285) / 2 * 4.012345)


def test_a_battery_that_is_charged_or_plugged_in_is_no_meter(tmp_path):
    plugged = edited(tmp_path, "pixel6", sys__class__power_supply__usb__online="1\n")
    assert "usb is plugged in: unplug it" in find_meters(plugged).hint
    with pytest.raises(NoMeterError, match=r"has odpm:cpu \(the battery is no meter while usb is plugged in.*choose one of them"):
        find_meter(plugged, "battery")
    assert "its status is Full" in find_meters(device("x86-rapl")).hint
    meter, rest = battery_of("pixel6")
    online = rest | {"/sys/class/power_supply/usb/online": "1\n"}
    with pytest.raises(MeterError, match=r"^battery: usb is plugged in at 1\.0 s; unplug it"):
        over(meter, rest, online)
    charging = rest | {"/sys/class/power_supply/battery/status": "Charging\n"}
    with pytest.raises(MeterError, match=r"^battery: its status is Charging at 1\.0 s"):
        over(meter, rest, charging)


@pytest.mark.parametrize(
    ("currents", "problem"),
    [
        (("0", "0"), "its current is always 0"),
        (("-2147483648000", "-300000"), "is no battery's"),
        (("-300000", "300000", "-300000", "300000"), "changed its sign in 2 of 4 readings"),
        (("", "words"), "not one reading"),
    ],
)
def test_a_battery_that_says_nonsense_is_an_error(currents, problem):
    meter, rest = battery_of("pixel6")
    with pytest.raises(MeterError, match=problem):
        over(meter, *(current(rest, text) for text in currents))


def test_iio_tells_milliwatts_or_millivolts_and_milliamperes(tmp_path):
    folder = "sys__bus__iio__devices__iio:device0__"
    chip = {f"{folder}name": "ina226\n", f"{folder}in_voltage1_raw": "4000\n", f"{folder}in_voltage1_scale": "1.25\n"}
    amperes = {f"{folder}in_current3_raw": "1200\n", f"{folder}in_current3_scale": "0.5\n"}
    watts = {f"{folder}in_power2_raw": "310\n", f"{folder}in_power2_scale": "10.0\n"}
    for more, joules in ((amperes, 3.0), (amperes | watts, 3.1)):
        tree = edited(tmp_path, "pi4", **chip, **more)
        meter = find_meter(tree, "iio:ina226")
        assert meter is not None
        files = watched(tree, meter)
        assert over(meter, files, files).joules[1] == pytest.approx(joules)


def test_two_sensors_of_one_kind_have_two_names(tmp_path):
    folder = "sys__class__hwmon__hwmon10__"
    second = {f"{folder}name": "ina219\n", f"{folder}curr1_input": "5\n", f"{folder}power1_input": "7000\n"}
    meters = find_meters(edited(tmp_path, "pi4-ina219", **second)).meters
    assert [meter.name for meter in meters] == ["hwmon:ina219", "hwmon:ina219#2"]


def test_a_sensor_of_something_else_is_no_meter(tmp_path):
    folder = "sys__class__hwmon__hwmon3__"
    card = {f"{folder}name": "amdgpu\n", f"{folder}curr1_input": "9\n", f"{folder}power1_input": "42000000\n"}
    assert find_meters(edited(tmp_path, "pi4", **card)).meters == ()


def test_a_device_without_a_meter_says_what_would_help():
    assert find_meter(device("pi4"), "none") is None
    with pytest.raises(NoMeterError) as caught:
        find_meter(device("pi4"), "auto")
    assert str(caught.value) == (
        "--energy auto: this device has no power meter that we can read; "
        "put an INA219 or INA226 into its supply, or a meter with an output, --energy csv:FILE"
    )


def test_a_meter_that_the_device_does_not_have_is_answered_with_those_it_has():
    with pytest.raises(NoMeterError, match=r"^--energy rapl:core: this device has pmic:estimate, pmic:rails; choose one of"):
        find_meter(device("pi5"), "rapl:core")


@pytest.mark.parametrize("text", ["", "nan", "-", "\0", "1e400", "x" * 4096, "CH3(T=1)[S2M_VDD_CPUCL2], 99999999999999999999999"])
@pytest.mark.parametrize("name", ["pi4-ina219", "pi5", "jetson", "pixel6", "phone-oneplus", "x86-rapl"])
def test_nonsense_in_every_file_of_a_meter_is_an_error_of_one_line(name, text):
    for meter in find_meters(device(name)).meters:
        nonsense = dict.fromkeys(watched(device(name), meter), text)
        with pytest.raises(MeterError) as caught:
            over(meter, nonsense, nonsense)
        assert "\n" not in str(caught.value) and str(caught.value).isprintable()
