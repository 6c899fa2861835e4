#!/usr/bin/env bash
# Draws the HUD over a demo photo, with invented figures, as the tests do: docs/images/android-*.png. Looks as on a phone with fonts-roboto.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
android_demo/tools/jvm.sh build

java -Djava.awt.headless=true -cp "$out/core:$out/core-test:$stdlib" dev.dsnet.hud.ScreenshotsKt \
  dsnet_edge/demo/photos/coffee.jpg "$out/screenshots" normal-portrait-dark warm-landscape-light wide-portrait-large-dark
# Small enough for a repository: fewer pixels than a phone has, and a palette that keeps the few colours of the HUD.
"$python" - "$out/screenshots" docs/images <<'END'
import sys
from pathlib import Path
from PIL import Image

drawn, kept = map(Path, sys.argv[1:])
images = {"portrait": "normal-portrait-dark", "landscape": "warm-landscape-light", "large-letters": "wide-portrait-large-dark"}
for name, drawing in images.items():
    picture = Image.open(drawn / f"{drawing}.png").convert("RGB")
    smaller = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS)
    palette = smaller.quantize(255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(kept / f"android-{name}.png", optimize=True)
END
