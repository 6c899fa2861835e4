"""Which phone is meant, and what is in the way of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from adbd import Adbd, start_adbd

from dsnet_edge.devices.adb import attached, choose_serial
from dsnet_edge.devices.address import open_device
from dsnet_edge.devices.device import DeviceError


@pytest.fixture
def server(adb_server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in adb_server.items():
        monkeypatch.setenv(name, value)
    return adb_server


@pytest.fixture
def two(server: dict[str, str], tmp_path: FilePath) -> Iterator[tuple[Adbd, Adbd]]:
    first, second = (start_adbd(tmp_path / name, server) for name in ("first", "second"))
    yield next(first), next(second)
    first.close()
    second.close()


def refusal(address: str) -> str:
    with pytest.raises(DeviceError) as refused, open_device(address):
        pytest.fail("it was opened")
    assert str(refused.value).isprintable()
    return str(refused.value)


def test_no_phone(server: dict[str, str]) -> None:
    assert attached() == {}  # and the server has been started
    assert refusal("adb") == (
        "adb: no device; plug one in and turn on USB debugging in its developer options, or run: adb connect HOST"
    )
    assert refusal("adb:emulator-5554") == "adb: there is no device 'emulator-5554'; attached: none"


def test_of_two_phones_one_must_be_named(two: tuple[Adbd, Adbd], monkeypatch: pytest.MonkeyPatch) -> None:
    serials = {phone.serial for phone in two}
    assert set(attached()) == serials
    text = refusal("adb")
    assert "there are several devices; name one of" in text and all(f"adb:{serial}" in text for serial in serials)
    for phone in two:
        with open_device(phone.address) as opened:
            name = opened.folder.rpartition("/")[2]
            assert phone.here(f"/data/local/tmp/{name}").is_dir()
    monkeypatch.setenv("ANDROID_SERIAL", two[1].serial)
    with open_device("adb") as opened:
        assert two[1].here(opened.folder).is_dir()


def test_a_phone_that_has_not_allowed_this_computer(server: dict[str, str], tmp_path: FilePath) -> None:
    phone = start_adbd(tmp_path, server, "--unauthorized")
    text = refusal(next(phone).address)
    assert "it has not allowed this computer; unlock it and confirm 'Allow USB debugging?'" in text
    phone.close()


def test_no_adb_on_this_machine(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal("adb") == "adb is not installed here; install it with: sudo apt install adb"


@pytest.mark.parametrize(
    ("state", "explained"),
    [
        ("offline", "adb:R58: it is offline; unplug it and plug it in again, or run: adb reconnect"),
        (
            "no permissions (user in plugdev group; are your udev rules wrong?)",
            "adb:R58: this user may not use its USB connection",
        ),
        ("recovery", "adb:R58: it is in recovery mode; start Android"),
        ("\x1b[2Jhacked", "adb:R58: its state is '[2Jhacked'"),
    ],
)
def test_states_that_need_a_hand_on_the_phone(state: str, explained: str) -> None:
    for wanted in ("R58", None):
        with pytest.raises(DeviceError) as refused:
            choose_serial({"R58": state}, wanted)
        assert str(refused.value).startswith(explained) and str(refused.value).isprintable()


def test_the_one_phone_that_is_ready_is_meant() -> None:
    assert choose_serial({"R58": "offline", "emulator-5554": "device"}, None) == "emulator-5554"
