#!/usr/bin/env bash
# Makes build/arm64-root: Python 3.11 with its headers and what it needs of Debian 12 for arm64, which Raspberry Pi OS Bookworm is
# made from. Downloads some 30 MB from deb.debian.org, checked against Debian's keys, and unpacks them there; nothing is installed
# on this machine. Does nothing if it is done. To run that Python:
#
#   qemu-aarch64 -L build/arm64-root build/arm64-root/usr/bin/python3.11
set -euo pipefail
cd "$(dirname "$0")/.."
root=build/arm64-root
made_by=$(sha256sum "$0")
if [ "$(cat $root/made-by 2>/dev/null)" = "$made_by" ]; then exit 0; fi

keys=/usr/share/keyrings/debian-archive-keyring.gpg
for need in apt-get dpkg-deb $keys; do
  command -v "$need" >/dev/null || [ -r "$need" ] || { echo "$0: $need is missing; it needs Debian's apt and debian-archive-keyring" >&2; exit 1; }
done
packages=$PWD/build/arm64-packages
rm -rf $root "$root.part"
mkdir -p "$packages"/{lists,archives}/partial "$root.part"
: >"$packages/installed"  # apt resolves against a machine that has nothing
echo "deb [arch=arm64 signed-by=$keys] http://deb.debian.org/debian bookworm main" >"$packages/sources.list"
cat >"$packages/apt.conf" <<END
APT { Architecture "arm64"; Architectures { "arm64"; }; Install-Recommends "false"; Sandbox::User ""; };
Acquire::Languages "none";
Dir::State "$packages";
Dir::State::status "$packages/installed";
Dir::Cache "$packages";
Dir::Etc::SourceList "$packages/sources.list";
Dir::Etc::SourceParts "-";
END
export APT_CONFIG=$packages/apt.conf
echo "Downloading Debian 12's Python 3.11 for arm64 and what it needs from deb.debian.org (30 MB) for $root"
apt-get -qq update
apt-get -qq --download-only install python3.11 libstdc++6
(cd "$packages" && apt-get -qq download libpython3.11-dev python3-pip-whl)
for package in "$packages"/archives/*.deb "$packages"/python3-pip-whl_*.deb; do dpkg-deb --extract "$package" "$root.part"; done
dpkg-deb --fsys-tarfile "$packages"/libpython3.11-dev_*.deb | tar -x -C "$root.part" ./usr/include  # without its static library
rm -r "$packages"
echo "$made_by" >"$root.part/made-by"
mv "$root.part" $root
du -sh $root
