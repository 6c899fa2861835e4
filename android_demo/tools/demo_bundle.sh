#!/usr/bin/env bash
# Converts the demo model: demo_bundle.sh OUT BACKENDS. Does nothing where OUT is that already.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
checkpoint=dsnet_edge/demo/dsmbnet14-32.safetensors
made_of="$2 $(sha256sum <"$checkpoint")"
record=$out/bundles/$(echo "$1" | sha256sum | cut -c1-16)
if [ -f "$1/manifest.json" ] && [ "$(cat "$record" 2>/dev/null)" = "$made_of" ]; then exit 0; fi
mkdir -p "$(dirname "$1")" "$out/bundles"
"$python" -m dsnet_edge convert "$checkpoint" -o "$1" --to "$2"
echo "$made_of" >"$record"
