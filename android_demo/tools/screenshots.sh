#!/usr/bin/env bash
# Draws the HUD over a demo photo, with invented figures, as the tests do: docs/images/android-*.png. Looks as on a phone with fonts-roboto.
set -euo pipefail
android_demo=$(dirname "$0")/..
"$android_demo/tools/jvm.sh" build
# shellcheck source=android_demo/tools/env.sh
. "$android_demo/tools/env.sh"

declare -A images=([portrait]=normal-portrait-dark [landscape]=warm-landscape-light [large-letters]=wide-portrait-large-dark)
java -Djava.awt.headless=true -cp "$out/core:$out/core-test:$stdlib" dev.dsnet.hud.ScreenshotsKt \
  dsnet_edge/demo/photos/coffee.jpg "$out/screenshots" "${images[@]}"
for name in "${!images[@]}"; do
  # A palette of few colours: a photo as PNG is large.
  "$python" -c 'import sys; from PIL import Image; Image.open(sys.argv[1]).quantize(96, dither=Image.Dither.NONE).save(sys.argv[2], optimize=True)' \
    "$out/screenshots/${images[$name]}.png" "docs/images/android-$name.png"
done
