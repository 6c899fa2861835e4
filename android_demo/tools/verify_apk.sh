#!/usr/bin/env bash
# What can be said of an APK without a phone: its signature, its alignment, its manifest, its dex and its native library.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
apk=$1
apksigner verify --verbose --min-sdk-version 26 "$apk" | sed -n '/^Verif/p'
zipalign -c -p 4 "$apk"
python3 - "$apk" <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, "android_demo/tools")
from pack import check

if wrong := check(Path(sys.argv[1])):
    sys.exit("error: " + "; ".join(wrong))
PYTHON
aapt2 dump badging "$apk" | grep -E "^(package|sdkVersion|targetSdkVersion|uses-permission|application:|launchable-activity|native-code)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unzip -q "$apk" classes.dex 'lib/*' -d "$folder"
dexdump -f "$folder/classes.dex" | sed -n "s/^class_defs_size *: /classes: /p"
python3 android_demo/native/elf_gate.py "$folder/lib/arm64-v8a/libdsnet.so"
ls -l "$apk"
