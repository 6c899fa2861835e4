#!/usr/bin/env bash
# Converts the demo model: demo_bundle.sh OUT BACKENDS. Does nothing where OUT is there.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
if [ -f "$1/manifest.json" ]; then exit 0; fi
mkdir -p "$(dirname "$1")"
"$python" -m dsnet_edge convert dsnet_edge/demo/dsmbnet14-32.safetensors -o "$1" --to "$2"
