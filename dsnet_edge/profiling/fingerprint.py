"""Which device this is: board, processor, cores, memory, system. The label that every profile carries."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dsnet_edge.devices.device import Tree
from dsnet_edge.devices.readings import clean
from dsnet_edge.profile.values import DeviceInfo
from dsnet_edge.profiling.cores import CORE_FILES, cores_of, cpu_name

_DMI = "/sys/devices/virtual/dmi/id"
_FILES = (
    *CORE_FILES,
    "/proc/device-tree/model",
    "/proc/device-tree/compatible",
    "/proc/meminfo",
    "/etc/os-release",
    f"{_DMI}/sys_vendor",
    f"{_DMI}/product_name",
    "/sys/devices/soc0/machine",
)


def describe_device(tree: Tree, kind: str) -> DeviceInfo:
    """`kind` is local, ssh or adb. What the device does not say is empty or zero, but for the name, which falls back."""
    files = tree.read(_FILES).files
    architecture = clean(tree.command(("uname", "-m")))
    android = clean(tree.command(("getprop", "ro.build.version.release")))
    cores = cores_of(files)
    cpu = cpu_name(files, cores)
    board = clean(files.get("/proc/device-tree/model"))
    return DeviceInfo(
        kind=kind,
        name=(_product(tree) if android else "") or board or _machine(files) or cpu or architecture or "unknown device",
        cpu=cpu,
        architecture=architecture,
        cores=cores,
        ram_bytes=_ram_bytes(files.get("/proc/meminfo", "")),
        system=f"Android {android}" if android else _system(files.get("/etc/os-release", "")),
        kernel=clean(tree.command(("uname", "-sr"))),
        firmware=clean(tree.command(("getprop", "ro.build.fingerprint"))) if android else _bootloader(tree),
        soc=(_property(tree, "ro.soc.manufacturer", "ro.soc.model") if android else "") or _soc(files),
    )


def _property(tree: Tree, *names: str) -> str:
    return clean(" ".join(tree.command(("getprop", name)) or "" for name in names))


def _product(tree: Tree) -> str:
    return _property(tree, "ro.product.manufacturer", "ro.product.model")


def _machine(files: Mapping[str, str]) -> str:
    """Of a PC or server. Some vendors say their own name in the product's, too."""
    vendor, product = (clean(files.get(f"{_DMI}/{name}")) for name in ("sys_vendor", "product_name"))
    return product if product.startswith(vendor) else f"{vendor} {product}"


def _soc(files: Mapping[str, str]) -> str:
    """The last name that the device tree is compatible with is the chip, after its maker: brcm,bcm2712. The NUL between names
    gets lost in a shell, the last comma does not."""
    compatible = clean(files.get("/proc/device-tree/compatible")).rpartition(",")[2]
    return compatible or clean(files.get("/sys/devices/soc0/machine"))


def _system(release: str) -> str:
    match = re.search(r"""^PRETTY_NAME=["']?([^"'\n]*)""", release, re.MULTILINE)
    return clean(match[1]) if match else ""


def _ram_bytes(meminfo: str) -> int:
    match = re.search(r"^MemTotal:\s*(\d{1,15}) kB", meminfo, re.MULTILINE)
    return int(match[1]) * 1024 if match else 0


def _bootloader(tree: Tree) -> str:
    """A Raspberry Pi's; the first of its lines is the date."""
    said = (tree.command(("vcgencmd", "bootloader_version")) or "").splitlines()
    return f"bootloader {clean(said[0])}" if said and re.match(r"\d{4}/\d\d/\d\d", said[0]) else ""
