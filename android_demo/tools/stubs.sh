#!/usr/bin/env bash
# Compiles the stubs of Android's framework: build/android/stubs.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
compile_java "$out/stubs" android_demo/stubs/src
