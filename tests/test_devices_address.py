"""What --device accepts, and what never gets to ssh or adb."""

import pytest

from dsnet_edge.devices.address import open_device, parse_ssh
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.ssh import SshHost


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("ssh://raspberrypi", SshHost("raspberrypi")),
        ("ssh://pi@raspberrypi.local:2222", SshHost("raspberrypi.local", "pi", 2222)),
        ("ssh://pi@[fe80::1%eth0]:22", SshHost("fe80::1%eth0", "pi", 22)),
        ("ssh://[::1]/", SshHost("::1")),
    ],
)
def test_an_address_has_a_user_a_host_and_a_port(text: str, host: SshHost) -> None:
    assert parse_ssh(text) == host
    assert parse_ssh(str(host)) == host


@pytest.mark.parametrize(
    "text",
    [
        "", "ssh", "usb", "Local", "local:1", "pi@raspberrypi", "adb:", "adb:-d", "adb:a b", "adb:x;reboot", "adb:" + "a" * 200,
        "ssh://", "ssh://-oProxyCommand=reboot", "ssh://-l@host", "ssh://pi@-host", "ssh://pi:secret@host", "ssh://host:0",
        "ssh://host:65536", "ssh://host:22:22", "ssh://host/folder", "ssh://ho st", "ssh://host\n", "ssh://::1", "ssh://[-1]", "ssh://[]",
        "ssh://$(reboot)", "ssh://pi@host;reboot", "ssh://b\u00fccher",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(DeviceError) as refused:
        open_device(text)
    assert "\n" not in str(refused.value) and repr(text) in str(refused.value) and "expected" in str(refused.value)


def test_the_forms_open_their_devices_and_connect_to_nothing_yet() -> None:
    opened = [open_device(text) for text in ("local", "ssh://pi@host:2222", "adb", "adb:192.168.1.7:5555")]
    assert [(device.kind, device.name) for device in opened] == [
        ("local", "local"), ("ssh", "ssh://pi@host:2222"), ("adb", "adb"), ("adb", "adb:192.168.1.7:5555"),
    ]  # fmt: skip


def test_ssh_gets_the_host_after_its_options() -> None:
    arguments = SshHost("host", "pi", 2222).arguments()
    assert arguments == ["-l", "pi", "-p", "2222", "--", "host"]
