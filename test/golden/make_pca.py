"""Principal components of formula-made points by numpy's SVD -> pca.json. Run: python test/golden/make_pca.py"""

import json
import math
import pathlib

import numpy as np


def points(rows, cols):
    """Point r, dimension c; dimensions differ in size so that the components are well apart."""
    return np.array([[math.sin(1.7 * r * (c % 5 + 1) + c) * 3.0 / (1 + c % 5 + c / cols) for c in range(cols)] for r in range(rows)])


cases = []
for rows, cols, wanted in [(40, 6, 2), (60, 120, 3), (12, 3, 5)]:
    x = points(rows, cols)
    x = x - x.mean(axis=0)
    _, _, vt = np.linalg.svd(x, full_matrices=False)
    kept = vt[: min(wanted, cols)]
    signs = np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])
    projected = x @ (kept * signs[:, None]).T
    cases.append({"rows": rows, "cols": cols, "wanted": wanted, "projected": [[round(v, 9) for v in row] for row in projected.tolist()]})

target = pathlib.Path(__file__).with_name("pca.json")
target.write_text(json.dumps({"numpy": np.__version__, "cases": cases}) + "\n")
