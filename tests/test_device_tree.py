"""The files of this machine and of recorded devices."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from dsnet_edge.devices.tree import FileTree


def recorded(root: FilePath, files: dict[str, str]) -> FileTree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return FileTree(root)


def test_patterns_find_files_by_their_absolute_names(tmp_path):
    tree = recorded(
        tmp_path,
        {"sys/t/zone0/temp": "51200\n", "sys/t/zone1/temp": "48000\n", "sys/t/zone1/type": "x", "proc/uptime": "9.5 1.0"},
    )
    frame = tree.read(["/sys/t/zone*/temp", "/sys/none"])
    assert frame.uptime_s == 9.5
    assert frame.files == {"/sys/t/zone0/temp": "51200\n", "/sys/t/zone1/temp": "48000\n"}


def test_what_is_no_readable_file_is_left_out_and_a_long_one_cut(tmp_path):
    tree = recorded(tmp_path, {"sys/long": "x" * 10_000, "sys/folder/inside": "y"})
    (tmp_path / "sys/loop").symlink_to("loop")
    assert {name: len(text) for name, text in tree.read(["/sys/*"]).files.items()} == {"/sys/long": 4096}


def test_a_recorded_device_answers_commands_from_files_and_runs_nothing(tmp_path):
    tree = recorded(tmp_path, {"commands/vcgencmd get_throttled": "throttled=0x50000\n"})
    assert tree.command(["vcgencmd", "get_throttled"]) == "throttled=0x50000\n"
    assert tree.command(["uname", "-m"]) is None


def test_this_machine_answers_commands_and_its_clock_goes_on():
    tree = FileTree()
    assert tree.command(["uname", "-m"]) == os.uname().machine + "\n"
    assert tree.command(["no-such-command-anywhere"]) is None and tree.command(["false"]) is None
    assert 0 < tree.read([]).uptime_s <= tree.read([]).uptime_s


def test_a_watch_has_a_frame_of_the_beginning_and_one_of_the_end(tmp_path):
    tree = recorded(tmp_path, {"proc/uptime": "1.0 1.0", "sys/power": "5", "commands/say it": "yes"})
    with tree.watch(["/sys/power"], [["say", "it"], ["say", "nothing"]], interval_s=60) as watch:
        recorded(tmp_path, {"proc/uptime": "2.0 1.0", "sys/power": "7"})
    first, last = watch.frames()
    assert (first.uptime_s, first.files) == (1.0, {"/sys/power": "5", "say it": "yes"})
    assert (last.uptime_s, last.files) == (2.0, {"/sys/power": "7", "say it": "yes"})
