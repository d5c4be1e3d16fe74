"""Golden values for test/kernels/pairwise.test.ts: scipy's cdist, checked against 40 digits.

Run:  python make_pairwise.py    (needs numpy, scipy, mpmath; writes pairwise.json beside itself)

Inputs are exact binary32 numbers. Expected values are those of 40-digit arithmetic, rounded once to binary64; scipy, which
computes in f64, must agree with them as far as f64 allows.
"""

import json
import pathlib

import numpy as np
from mpmath import mp, mpf, sqrt
from scipy.spatial.distance import cdist

mp.dps = 40
rng = np.random.Generator(np.random.Philox(20260103))


def exact(values):
    return np.asarray(values, np.float32)


def case(what, a, b, cosine_tolerance=1e-9):
    a, b = exact(a), exact(b)
    found = {"euclidean": [], "sqeuclidean": [], "cosine": []}
    for x in a:
        for y in b:
            x_, y_ = [mpf(float(v)) for v in x], [mpf(float(v)) for v in y]
            square = sum((p - q) ** 2 for p, q in zip(x_, y_))
            norms = sqrt(sum(p * p for p in x_)) * sqrt(sum(q * q for q in y_))
            found["sqeuclidean"].append(float(square))
            found["euclidean"].append(float(sqrt(square)))
            found["cosine"].append(float(1 - sum(p * q for p, q in zip(x_, y_)) / norms))
    for metric, values in found.items():
        peer = cdist(a.astype(np.float64), b.astype(np.float64), metric).ravel()
        # scipy's 1 - cos cancels between nearly parallel rows
        slack = 1e-14 if metric == "cosine" else 0
        wanted = np.array(values)
        assert np.all(np.abs(peer - wanted) <= cosine_tolerance * np.abs(wanted) + slack), (what, metric)
    listed = {"a": a, "b": b}
    listed = {name: [float(f"{v:.9g}") for v in rows.ravel().tolist()] for name, rows in listed.items()}
    return {"what": what, "cols": a.shape[1], **listed, **found}


def cases():
    for cols in (1, 2, 7, 33, 100):
        yield case(f"normal, d = {cols}", rng.normal(size=(5, cols)), rng.normal(size=(4, cols)))
    base = rng.normal(size=(4, 65)) + 1e4
    yield case("offset 1e4", base, base[:3] + rng.normal(size=(3, 65)) * 1e-2)
    base = rng.normal(size=(4, 20))
    yield case("near duplicates", base, base * (1 + 1e-6 * rng.normal(size=base.shape)))
    yield case("nearly parallel", base, base[::-1] * np.array([[2.0], [3.0], [0.5], [7.0]]))
    yield case("large and small", base * 1e12, base * 1e-12)


golden = {"made": "mpmath, 40 digits; scipy.spatial.distance.cdist agrees", "cases": list(cases())}
path = pathlib.Path(__file__).with_name("pairwise.json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path, path.stat().st_size, "bytes")
