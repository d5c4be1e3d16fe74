"""Golden values for the readers of archives, MATLAB files and images: files written by numpy, scipy and Pillow.

Run:  python make_files.py    (needs numpy, scipy, Pillow; writes files.json beside itself)

Each case holds the file as base64 and what the same package reads back from it.
"""

import base64
import io
import json
import pathlib
import zipfile

import numpy as np
import scipy.io
from PIL import Image

rng = np.random.Generator(np.random.Philox(20261121))


def text(data):
    return base64.b64encode(data).decode()


def npz_cases():
    arrays = {
        "x": rng.normal(size=(5, 3)).astype(np.float32),
        "y": np.array([0, 2, 1, 1, 0], dtype=np.int64),
        "images": rng.integers(0, 256, (3, 2, 4), dtype=np.uint8),
        "empty": np.zeros((0, 4), dtype=np.float64),
    }
    for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
        buffer = io.BytesIO()
        save(buffer, **arrays)
        read = np.load(io.BytesIO(buffer.getvalue()))
        yield {
            "name": name,
            "file": text(buffer.getvalue()),
            "arrays": {k: {"shape": list(read[k].shape), "data": read[k].ravel().tolist()} for k in read.files},
        }


def zip64():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        with archive.open("a.txt", "w", force_zip64=True) as member:
            member.write(b"written with 64-bit sizes")
    return text(buffer.getvalue())


def mat_cases():
    variables = {
        "X": rng.integers(0, 256, (4, 4, 3, 5), dtype=np.uint8),
        "y": np.array([[10], [1], [9], [10], [3]], dtype=np.uint8),
        "double": rng.normal(size=(2, 3)),
        "small": np.array([[1.0, 2.0, 250.0]]),
        "single": rng.normal(size=(3, 1)).astype(np.float32),
        "short": np.array([[-3, 300]], dtype=np.int16),
        "label": "some text",
        "complex": np.array([[1 + 2j]]),
    }
    for name, options in (("plain", {}), ("compressed", {"do_compression": True})):
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, variables, **options)
        read = scipy.io.loadmat(io.BytesIO(buffer.getvalue()))
        numbers = ["X", "y", "double", "small", "single", "short"]
        yield {
            "name": name,
            "file": text(buffer.getvalue()),
            "arrays": {k: {"dims": list(read[k].shape), "data": read[k].ravel(order="F").tolist()} for k in numbers},
        }


def png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def png_cases():
    grey = rng.integers(0, 256, (7, 13), dtype=np.uint8)
    ramp = (np.add.outer(np.arange(19) * 3, np.arange(11) * 7) % 256).astype(np.uint8)
    colours = rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    smooth = np.stack([ramp, ramp.T.copy().reshape(19, 11), 255 - ramp], axis=2)  # every filter comes up
    alpha = rng.integers(0, 256, (6, 9, 4), dtype=np.uint8)
    images = {
        "bits": Image.fromarray(grey).convert("1"),
        "grey": Image.fromarray(grey),
        "ramp": Image.fromarray(ramp),
        "grey-alpha": Image.fromarray(np.ascontiguousarray(alpha[:, :, :2]), "LA"),
        "colours": Image.fromarray(colours),
        "smooth": Image.fromarray(smooth),
        "colours-alpha": Image.fromarray(alpha, "RGBA"),
        "palette": Image.fromarray(colours).quantize(40),
        "palette-4-bits": Image.fromarray(colours).quantize(13),
        "palette-2-bits": Image.fromarray(colours).quantize(4),
    }
    for name, image in images.items():
        grey_like = image.mode in ("1", "L", "LA")
        read = Image.open(io.BytesIO(png(image))).convert("L" if grey_like else "RGB")
        yield {
            "name": name,
            "file": text(png(image)),
            "width": image.width,
            "height": image.height,
            "channels": 1 if grey_like else 3,
            "data": text(read.tobytes()),
            "grey": text(read.convert("L").tobytes()),
        }


def resize_cases():
    for width, height, channels, to in ((105, 105, 1, (28, 28)), (32, 20, 3, (8, 8)), (9, 7, 3, (20, 31)), (5, 40, 1, (5, 3))):
        shape = (height, width) if channels == 1 else (height, width, channels)
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        if width == 105:
            pixels = np.where(pixels > 200, 255, 0).astype(np.uint8)
        resized = Image.fromarray(pixels).resize(to, Image.LANCZOS)
        yield {
            "width": width,
            "height": height,
            "channels": channels,
            "data": text(pixels.tobytes()),
            "to": list(to),
            "resized": text(resized.tobytes()),
        }


golden = {
    "npz": list(npz_cases()),
    "zip64": zip64(),
    "mat": list(mat_cases()),
    "png": list(png_cases()),
    "resize": list(resize_cases()),
}
pathlib.Path(__file__).with_name("files.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
