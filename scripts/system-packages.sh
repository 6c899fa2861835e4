#!/usr/bin/env bash
# Installs the Debian packages that the project needs and that are missing. Says what and why; does nothing if all are there.
#
#   scripts/system-packages.sh build   # compile the native runtime (make setup)
#   scripts/system-packages.sh test    # and cross-compile it to ARM, run it under emulation, test on Fashion-MNIST, look at reports, watch pipelines
#   scripts/system-packages.sh android # build the Android app without Google's repositories, and test it
#   scripts/system-packages.sh lint    # and check the C++ style
set -euo pipefail

declare -A why=(
  [g++]="compiles the native runtime"
  [python3-dev]="Python headers for the binding"
  [python3-venv]="makes the virtual environment"
  [cmake]="configures the native tests"
  [ninja-build]="builds the native tests"
  [clang-19]="compiles for ARM, where gcc 12 spills registers, and checks the C++"
  [libclang-rt-19-dev]="the fuzzer and its sanitizers"
  [lld-19]="links for ARM"
  [g++-aarch64-linux-gnu]="the ARM C++ library and headers"
  [qemu-user]="runs the ARM tests on this machine"
  [openssh-client]="reaches devices, and the stand-in for one"
  [openssh-server]="a stand-in for a device behind ssh"
  [adb]="reaches phones, and the stand-in for one"
  [busybox]="a shell that small devices have"
  [mksh]="the shell that Android has"
  [dataset-fashion-mnist]="real images for the training tests"
  [chromium]="shows the tests what a report looks like"
  [fonts-dejavu-core]="its letters"
  [gstreamer1.0-tools]="runs the pipelines that the camera tests watch"
  [gstreamer1.0-plugins-base]="their test pictures and conversions"
  [openjdk-17-jdk-headless]="compiles and runs the app's plain Kotlin"
  [junit4]="its tests"
  [libandroid-json-java]="Android's JSON, for them"
  [android-libnativehelper-dev]="Android's header for JNI"
  [aapt]="Android resources"
  [fonts-roboto-unhinted]="Android's letters, for pictures of the app"
  [android-framework-res]="the framework that they refer to"
  [proguard-cli]="class files for dx"
  [dexdump]="looks at what dx made"
  [apksigner]="signs the app"
  [zipalign]="checks its alignment"
  [unzip]="unpacks it"
  [clang-format-19]="C++ formatting"
  [clang-tidy-19]="C++ checks"
)
build=(g++)
# A Python that does not come from Debian (pyenv, conda) brings its own headers and venv.
if [ "$(command -v python3)" = /usr/bin/python3 ]; then build+=(python3-dev python3-venv); fi
tests=(cmake ninja-build clang-19 libclang-rt-19-dev lld-19 g++-aarch64-linux-gnu qemu-user dataset-fashion-mnist
  openssh-client openssh-server adb busybox mksh chromium fonts-dejavu-core gstreamer1.0-tools gstreamer1.0-plugins-base)
android=(openjdk-17-jdk-headless junit4 libandroid-json-java android-libnativehelper-dev aapt
  android-framework-res fonts-roboto-unhinted proguard-cli dexdump apksigner zipalign unzip)
lint=(cmake ninja-build clang-19 clang-format-19 clang-tidy-19)

case "${1:-}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${tests[@]}") ;;
  android) wanted=("${build[@]}" "${tests[@]}" "${android[@]}") ;;
  lint) wanted=("${build[@]}" "${lint[@]}") ;;
  *) echo "usage: $0 build|test|android|lint" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then missing+=("$package"); fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing Debian packages:"
for package in "${missing[@]}"; do printf '  %-24s %s\n' "$package" "${why[$package]}"; done
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

# The tests start an sshd of their own; nobody asked for this machine's to be reachable.
if [[ " ${missing[*]} " == *" openssh-server "* ]] && [ -d /run/systemd/system ]; then
  "${as_root[@]}" systemctl disable --quiet --now ssh.service ssh.socket 2>/dev/null || true
fi
