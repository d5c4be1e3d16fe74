"""Golden values for test/data/omniglot.test.ts: the drawings of Omniglot (small1) as Pillow makes them small.

Run:  QUERENT_DATA_DIR=... python make_omniglot.py    (needs Pillow and its archive; writes omniglot.json)

Drawings are sorted by their path; each becomes grey, 28 x 28 by Lanczos, inverted.
"""

import hashlib
import io
import json
import os
import pathlib
import zipfile

from PIL import Image

folder = pathlib.Path(os.environ["QUERENT_DATA_DIR"]) / "omniglot"
golden = {}
for part in ("small1",):
    archive = zipfile.ZipFile(folder / f"images_background_{part}.zip")
    names = sorted(name for name in archive.namelist() if name.endswith(".png"))
    digest = hashlib.sha256()
    ink = 0
    for name in names:
        image = Image.open(io.BytesIO(archive.read(name))).convert("L").resize((28, 28), Image.LANCZOS)
        pixels = bytes(255 - value for value in image.tobytes())
        digest.update(pixels)
        ink += sum(pixels)
    golden[part] = {"drawings": len(names), "sha256": digest.hexdigest(), "ink": ink}
pathlib.Path(__file__).with_name("omniglot.json").write_text(json.dumps(golden, indent=1) + "\n")
