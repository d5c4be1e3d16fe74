"""Expected calibration error and Cohen's kappa from numpy and scikit-learn: test/golden/learner.json.

    python test/golden/make_learner.py

ece: binned with numpy.histogram over the edges of Guo et al. 2017 (15 equal bins, open on the left), not with querent's loop.
kappa: sklearn.metrics.cohen_kappa_score.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.metrics import cohen_kappa_score


def ece(probabilities, labels, bins=15):
    confidence = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == labels).astype(float)
    # histogram bins are open on the right; of negated values they are open on the left
    edges = -np.linspace(0, 1, bins + 1)[::-1]
    count, _ = np.histogram(-confidence, edges)
    hits, _ = np.histogram(-confidence, edges, weights=right)
    sums, _ = np.histogram(-confidence, edges, weights=confidence)
    full = count > 0
    gaps = np.abs(hits[full] / count[full] - sums[full] / count[full])
    return float((gaps * count[full] / count.sum()).sum())


def main():
    rng = np.random.default_rng(20)
    cases = {"numpy": np.__version__, "sklearn": sklearn.__version__, "ece": [], "kappa": []}
    for rows, cols, sharpness in [(40, 3, 1.0), (60, 10, 4.0), (25, 2, 0.3)]:
        logits = rng.normal(size=(rows, cols)) * sharpness
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        p = p.round(5).astype(np.float32)
        labels = rng.integers(0, cols, rows)
        cases["ece"].append(
            {
                "rows": rows,
                "cols": cols,
                "probabilities": [float(f"{v:.5f}") for v in p.ravel()],
                "labels": labels.tolist(),
                "value": ece(p.astype(np.float64), labels),
            }
        )
    for rows, classes, share in [(50, 3, 0.2), (80, 5, 0.6), (30, 2, 0.0), (40, 4, 1.0)]:
        first = rng.integers(0, classes, rows)
        second = np.where(rng.random(rows) < share, rng.integers(0, classes, rows), first)
        value = float(cohen_kappa_score(first, second, labels=list(range(classes))))
        cases["kappa"].append({"classes": classes, "first": first.tolist(), "second": second.tolist(), "value": value})
    path = pathlib.Path(__file__).with_name("learner.json")
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
