"""Golden values for test/kernels/golden.test.ts, computed with 60 digits.

Run:  python make_scores.py    (needs numpy, scipy, mpmath; writes scores.json beside itself)

Inputs are exact binary32 numbers, written with the nine digits that bring them back. Every expected value is rounded
once, to binary64.
"""

import json
import pathlib

import numpy as np
import scipy.stats
from mpmath import mp, mpf, exp, log

mp.dps = 60
rng = np.random.Generator(np.random.Philox(20260101))


def exact(values):
    return [float(v) for v in np.asarray(values, np.float32).ravel()]


def entropy(p):
    return -sum((v * log(v) for v in p if v > 0), mpf(0))


def softmax(row):
    top = max(row)
    e = [exp(mpf(v) - mpf(top)) if v != -np.inf else mpf(0) for v in row]
    total = sum(e)
    return [v / total for v in e]


def uncertainty(p):
    first, second = sorted(p, reverse=True)[:2]
    # 60 digits leave enough after the cancellation of 1 - p1 at a gap of 100 (1e-44)
    return {
        "entropy": float(entropy(p)),
        "margin": float((1 - first) + second),
        "least-confidence": float(1 - first),
    }


def generalised_kl(p, m):
    total = mpf(0)
    for a, b in zip(p, m):
        total += (a * log(a / b) if a > 0 else 0) - a + b
    return total


def passes(rows):
    count = len(rows)
    mean = [sum(column) / count for column in zip(*rows)]
    kl = [generalised_kl(row, mean) for row in rows]
    std = [mp.sqrt(sum((row[c] - mean[c]) ** 2 for row in rows) / count) for c in range(len(mean))]
    return {
        "bald": float(sum(kl) / count),
        "max-kl": float(max(kl)),
        "predictive-entropy": float(entropy(mean)),
        "expected-entropy": float(sum(entropy(row) for row in rows) / count),
        "mean-std": float(sum(std) / len(std)),
        "mean-variation-ratio": float(1 - max(mean)),
    }


def confident_logits(cols, gap, spread):
    row = rng.normal(0, spread, cols)
    row[rng.integers(cols)] = row.max() + gap
    return exact(row)


def logit_cases():
    cases = []
    for cols in (2, 3, 10, 33, 100):
        for gap in (0, 0.5, 1, 2, 4, 8, 12, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100):
            row = confident_logits(cols, gap, 0.7)
            cases.append({"gap": gap, "row": row, **uncertainty(softmax(row))})
    return cases


def probability_cases():
    cases = []
    for cols in (2, 3, 5, 10, 17, 64, 100):
        for alpha in (0.02, 0.2, 1.0, 30.0):
            row = exact(rng.dirichlet(np.full(cols, alpha)))
            cases.append({"row": row, **uncertainty([mpf(v) for v in row])})
    return cases


def count_cases():
    cases = []
    for cols in (2, 4, 10, 50):
        for top in (1, 100, 1e5, 1e7):
            counts = rng.integers(0, 9, cols).astype(np.float64) + 1
            counts[rng.integers(cols)] *= top
            row = exact(counts)
            total = sum(mpf(v) for v in row)
            case = {"row": row, **uncertainty([mpf(v) / total for v in row])}
            peer = float(scipy.stats.entropy(np.array(row)))
            assert abs(peer - case["entropy"]) <= 1e-8 * (1 + peer), (peer, case["entropy"])
            cases.append(case)
    return cases


def label_cases():
    """Independent yes/no columns: means of the binary scores."""
    cases = []
    for cols in (1, 3, 8, 21):
        for scale in (0.5, 5, 15, 60):
            logits = exact(rng.normal(0, scale, cols))
            pairs = [softmax([v, 0.0]) for v in logits]
            cases.append(
                {
                    "row": logits,
                    "entropy": float(sum(entropy(p) for p in pairs) / cols),
                    "margin": float(sum(2 * min(p) for p in pairs) / cols),
                    "least-confidence": float(sum(min(p) for p in pairs) / cols),
                }
            )
    return cases


def pass_cases():
    cases = []
    for count, cols in ((1, 3), (2, 2), (5, 4), (20, 10), (7, 33)):
        for noise in (1e-7, 1e-6, 1e-4, 1e-2, 0.5):
            base = rng.dirichlet(np.full(cols, 0.7))
            rows = [exact(np.abs(base * (1 + noise * rng.normal(size=cols)))) for _ in range(count)]
            cases.append({"from": "probabilities", "rows": rows, **passes([[mpf(v) for v in row] for row in rows])})
        for gap in (0, 5, 20, 40):
            base = confident_logits(cols, gap, 0.5)
            rows = [exact(np.asarray(base) + rng.normal(0, 0.3, cols)) for _ in range(count)]
            cases.append({"from": "logits", "gap": gap, "rows": rows, **passes([softmax(row) for row in rows])})
    return cases


def shorten(case):
    """Nine digits name a binary32 number."""
    if "row" in case:
        case["row"] = [float(f"{v:.9g}") for v in case["row"]]
    if "rows" in case:
        case["rows"] = [[float(f"{v:.9g}") for v in row] for row in case["rows"]]
    return case


golden = {
    "made": "mpmath, 60 digits; scipy.stats.entropy agrees on the counts",
    "logits": logit_cases(),
    "probabilities": probability_cases(),
    "counts": count_cases(),
    "labels": label_cases(),
    "passes": pass_cases(),
}
for cases in list(golden.values())[1:]:
    for case in cases:
        shorten(case)
path = pathlib.Path(__file__).with_name("scores.json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path, path.stat().st_size, "bytes")
