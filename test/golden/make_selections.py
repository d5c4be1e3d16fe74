"""Golden picks for test/kernels/selection-golden.test.ts: the textbook k-center loop in numpy, binary64.

Run:  python make_selections.py    (needs numpy and scikit-learn; writes selections.json beside itself)

Inputs are whole numbers made by a hash that the test knows, too, so that squared distances are exact in binary64 and
ties are real ties.
"""

import json
import pathlib

import numpy as np
from sklearn.metrics import pairwise_distances


def hashed(count, seed):
    x = (np.arange(count, dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x ^= x >> np.uint64(shift)
        x = (x * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def distances_to(points, row, metric):
    if metric == "euclidean":
        return ((points - points[row]) ** 2).sum(axis=1)
    length = np.sqrt((points**2).sum(axis=1))
    return np.maximum(0, 1 - points @ points[row] / (length * length[row]))


def greedy(points, k, metric, first, labeled):
    nearest = np.full(len(points), np.inf)
    centre = np.zeros(len(points), bool)
    picks, gaps = [], []

    def add(row):
        np.minimum(nearest, distances_to(points, row, metric), out=nearest)
        nearest[row] = 0
        centre[row] = True

    for row in labeled:
        add(row)
    while len(picks) < k:
        start = not picks and not labeled
        row = first if start else int(np.argmax(np.where(centre, -1, nearest)))
        gaps.append(nearest[row])
        picks.append(row)
        add(row)
    unit = np.sqrt if metric == "euclidean" else np.asarray
    measured = pairwise_distances(points, points[picks + labeled], metric=metric).min(axis=1).max()
    radius = float(unit(nearest.max()))
    assert abs(measured - radius) <= 1e-6 * (1 + radius), (measured, radius)
    return picks, [None if g == np.inf else float(unit(g)) for g in gaps], radius


cases = []
for seed, (rows, cols, bits, k) in enumerate(
    ((50, 2, 20, 50), (200, 8, 20, 60), (300, 33, 20, 40), (256, 64, 20, 30), (40, 130, 20, 40), (200, 2, 3, 100), (300, 1, 12, 80))
):
    points = (hashed(rows * cols, seed) & np.uint64(2**bits - 1)).astype(np.float64).reshape(rows, cols)
    for metric in ("euclidean", "cosine"):
        if metric == "cosine" and (bits < 20 or cols < 3):
            continue  # rounding would decide between rows of nearly one direction
        for first, labeled in ((0, []), (7, []), (0, [3, 11, 3, rows - 1])):
            count = min(k, rows - len(set(labeled)))
            picks, gaps, radius = greedy(points, count, metric, first, labeled)
            cases.append(
                dict(rows=rows, cols=cols, bits=bits, seed=seed, metric=metric, first=first, labeled=labeled)
                | dict(picks=picks, distances=gaps, coveringRadius=radius)
            )

path = pathlib.Path(__file__).with_name("selections.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(f"wrote {len(cases)} cases to {path}")
