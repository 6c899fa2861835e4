"""Cuts the demo photos from scikit-image's free pictures (provenance: dsnet_edge/demo/photos/README.md).

pip download --no-deps scikit-image && unzip scikit_image-*.whl 'skimage/data/*'
python scripts/make_photos.py skimage/data
"""

import sys
from pathlib import Path

from PIL import Image, ImageFilter

# name: (source, crop box or None)
PHOTOS = {
    "cat": ("chelsea.png", (75, 0, 375, 300)),
    "cat_close": ("chelsea.png", (120, 30, 330, 240)),
    "coffee": ("coffee.png", (100, 0, 500, 400)),
    "astronaut": ("astronaut.png", None),
    "rocket": ("rocket.jpg", (155, 0, 455, 427)),
}

source, target = Path(sys.argv[1]), Path(__file__).parents[1] / "dsnet_edge/demo/photos"
for name, (file, box) in PHOTOS.items():
    with Image.open(source / file) as image:
        photo = image.convert("RGB").crop(box) if box else image.convert("RGB")
    photo.save(target / f"{name}.jpg", quality=88)
with Image.open(target / "cat.jpg") as image:
    image.filter(ImageFilter.GaussianBlur(9)).save(target / "cat_blurred.jpg", quality=88)
    Image.eval(image, lambda level: level // 4).save(target / "cat_dark.jpg", quality=88)
