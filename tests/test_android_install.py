"""`dsnet-edge android install` on the stand-in for a phone: the app and its bundles arrive whole, or nothing changes."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from pathlib import Path as FilePath

import pytest
from android_phone import Phone, write_apk
from device_side import running, wait_for, write_programs
from typer.testing import CliRunner, Result

from dsnet_edge.android.app import PACKAGE, installed_app, open_phone
from dsnet_edge.android.bundles import install_bundle
from dsnet_edge.cli import app as cli
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.runtime.bundle import open_bundle


def install(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["android", "install", *arguments])


def complaint(result: Result) -> str:
    assert isinstance(result.exception, DeviceError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def contents(folder: FilePath) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def replace_in_app(phone: Phone, programs: dict[str, str]) -> None:
    """What runs as the app finds these programs first."""
    write_programs(phone.adbd.root / "replaced", programs)
    run_as = phone.adbd.here("/system/bin/run-as")
    run_as.write_text(run_as.read_text().replace('exec "$@"', 'PATH="$root/replaced:$PATH" exec "$@"'))


def hang_while_copying(phone: Phone, seconds: str) -> None:
    """`seconds` is the mark of the process, too."""
    replace_in_app(phone, {"mkdir": f'#!/bin/sh\n[ "$1" = "-p" ] && sleep {seconds}\nexec /bin/mkdir "$@"\n'})


def test_the_app_and_a_bundle_are_installed_and_started(phone: Phone, sliced_bundle: FilePath, tmp_path: FilePath) -> None:
    apk = write_apk(tmp_path / "app.apk")
    result = install(str(sliced_bundle), "--apk", str(apk), "--name", "mine")
    assert result.exit_code == 0, result.output
    assert phone.here(f"app/{PACKAGE}/base.apk").read_bytes() == apk.read_bytes()
    assert phone.bundles == ["mine"] and contents(phone.files / "bundles/mine") == contents(sliced_bundle)
    assert phone.here("started").read_text() == "dev.dsnet.app.MainActivity --es bundle mine\n"
    wait_for(lambda: list(phone.here("local/tmp").iterdir()) == [])


def test_a_bundle_goes_into_the_app_that_is_there(phone: Phone, sliced_bundle: FilePath) -> None:
    phone.install()
    result = install(str(sliced_bundle))
    assert result.exit_code == 0, result.output
    assert phone.bundles == [sliced_bundle.name] and "installed the bundle" in result.output


def test_a_bundle_of_the_same_name_is_replaced(phone: Phone, tiny_bundle: FilePath, sliced_bundle: FilePath) -> None:
    phone.install(tiny_bundle)
    for leftover in (".part-demo/x", ".old-demo/x"):  # of a computer that lost its power
        (phone.files / "bundles" / leftover).mkdir(parents=True)
    assert install(str(sliced_bundle), "--name", "demo").exit_code == 0
    assert phone.bundles == ["demo"] and contents(phone.files / "bundles/demo") == contents(sliced_bundle)


def test_files_beside_those_of_the_bundle_stay_here(phone: Phone, sliced_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install()
    shutil.copytree(sliced_bundle, tmp_path / "copy")
    (tmp_path / "copy/notes.txt").write_text("private")
    assert install(str(tmp_path / "copy")).exit_code == 0
    assert contents(phone.files / "bundles/copy") == contents(sliced_bundle)


@pytest.mark.parametrize("name", ["../demo", ".hidden", "a/b", "-rf", "x" * 65, "a b"])
def test_a_name_that_leaves_the_folder_is_refused(phone: Phone, sliced_bundle: FilePath, name: str) -> None:
    phone.install(sliced_bundle)
    with open_phone(phone.address) as device, pytest.raises(DeviceError, match="is no name for a bundle"):
        install_bundle(installed_app(device), open_bundle(sliced_bundle), name)
    assert phone.bundles == ["demo"]


def test_a_damaged_bundle_does_not_leave_this_machine(phone: Phone, sliced_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install(sliced_bundle)
    shutil.copytree(sliced_bundle, tmp_path / "demo")
    data = bytearray((tmp_path / "demo/model.dsnet").read_bytes())
    data[-1] ^= 1
    (tmp_path / "demo/model.dsnet").write_bytes(data)
    result = install(str(tmp_path / "demo"))
    assert "SHA-256" in str(result.exception)
    assert contents(phone.files / "bundles/demo") == contents(sliced_bundle)


def test_a_full_phone_keeps_what_it_had(phone: Phone, tiny_bundle: FilePath, sliced_bundle: FilePath) -> None:
    phone.install(tiny_bundle)
    df = 'echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "/dev/fuse 100 90 1 99% /data"\n'
    write_programs(phone.adbd.here("/system/bin"), {"df": f"#!/bin/sh\n{df}"})
    assert "no space for" in complaint(install(str(sliced_bundle), "--name", "demo"))
    # One that does not say so beforehand: the last file comes out short.
    write_programs(phone.adbd.here("/system/bin"), {"df": "#!/bin/sh\n"})
    broken = '#!/bin/sh\n[ "$1" != "-c" ] || case $2 in "cat >"*) exec head -c 100 >"$4" ;; esac\nexec /bin/sh "$@"\n'
    replace_in_app(phone, {"sh": broken})
    assert "did not arrive whole" in complaint(install(str(sliced_bundle), "--name", "demo"))
    assert phone.bundles == ["demo"] and contents(phone.files / "bundles/demo") == contents(tiny_bundle)


def test_a_bundle_that_cannot_take_its_place_leaves_the_old_one(
    phone: Phone, tiny_bundle: FilePath, sliced_bundle: FilePath
) -> None:
    phone.install(tiny_bundle)
    move = '#!/bin/sh\ncase $1 in *.part-*) echo "mv: no space" >&2; exit 1 ;; esac\nexec /bin/mv "$@"\n'
    write_programs(phone.adbd.here("/system/bin"), {"mv": move})
    assert "could not be put in its place: mv: no space" in complaint(install(str(sliced_bundle), "--name", "demo"))
    assert phone.bundles == ["demo"] and contents(phone.files / "bundles/demo") == contents(tiny_bundle)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Failure [INSTALL_FAILED_UPDATE_INCOMPATIBLE: x]", "signed with another key; remove it with: adb uninstall"),
        ("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]", "the phone is full"),
        ("Failure [INSTALL_FAILED_NO_MATCHING_ABIS: x]", "no 64-bit ARM programs"),
        ("Failure [INSTALL_FAILED_SOMETHING_ELSE]", "INSTALL_FAILED_SOMETHING_ELSE"),
        ("\x1b[31mnonsense\x07", "nonsense"),
        ("", "it gives no reason"),
    ],
)
def test_a_phone_that_refuses_the_app(phone: Phone, tmp_path: FilePath, said: str, told: str) -> None:
    phone.here("refusal").write_text(said)
    message = complaint(install("--apk", str(write_apk(tmp_path / "app.apk"))))
    assert told in message and message.isprintable()


def test_what_is_no_apk_is_not_sent(phone: Phone, tmp_path: FilePath) -> None:
    (tmp_path / "text.apk").write_text("no archive")
    assert "is no APK" in complaint(install("--apk", str(tmp_path / "text.apk")))
    assert "build it with: make android" in complaint(install("--apk", str(tmp_path / "absent.apk")))


def test_phones_that_the_app_cannot_be_on(phone: Phone, tmp_path: FilePath, sliced_bundle: FilePath) -> None:
    apk = str(write_apk(tmp_path / "app.apk"))
    phone.here("sdk").write_text("25\n")
    assert "(API 25); the app needs Android 8 (API 26) or later" in complaint(install("--apk", apk))
    phone.here("sdk").write_text("$(reboot)\n")
    assert "does not say which Android it has" in complaint(install("--apk", apk))
    phone.here("sdk").write_text("26\n")
    phone.install()
    phone.here(f"app/{PACKAGE}/debuggable").unlink()
    with open_phone(phone.address) as device, pytest.raises(DeviceError, match="a release build, which adb may not look into"):
        installed_app(device)
    assert "expected adb" in complaint(install(str(sliced_bundle), "--device", "local"))


def test_a_phone_that_is_unplugged_while_it_copies(phone: Phone, tiny_bundle: FilePath, sliced_bundle: FilePath) -> None:
    phone.install(tiny_bundle)
    hang_while_copying(phone, "1000")
    program = [sys.executable, "-m", "dsnet_edge", "android", "install", str(sliced_bundle), "--name", "demo"]
    ours = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: running("1000") != [])
    phone.adbd.unplug()
    _, said = ours.communicate(timeout=60)
    assert ours.returncode == 2 and "the connection was lost" in said, said
    assert contents(phone.files / "bundles/demo") == contents(tiny_bundle)


def test_ctrl_c_leaves_what_was_there(phone: Phone, tiny_bundle: FilePath, sliced_bundle: FilePath) -> None:
    phone.install(tiny_bundle)
    hang_while_copying(phone, "1001")
    program = [sys.executable, "-m", "dsnet_edge", "android", "install", str(sliced_bundle), "--name", "demo"]
    ours = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: running("1001") != [])
    ours.send_signal(signal.SIGINT)
    _, said = ours.communicate(timeout=60)
    assert ours.returncode == 130 and "interrupted: demo on the phone is not written" in said, said
    assert phone.bundles == ["demo"] and contents(phone.files / "bundles/demo") == contents(tiny_bundle)
    wait_for(lambda: running("1001") == [] and list(phone.here("local/tmp").iterdir()) == [])
