"""Writes batch-bald.json: what batchbald_redux picks, in f64.

Rows are whole numbers that sum to 4096, so that probabilities are exact in every float format. Exact cases hold the picks and
scores of get_batchbald_batch with room for all configurations; the sampled case holds the mean and the standard error of the
score of a whole batch over many of its random draws.

    python3 -m venv venv && venv/bin/pip install batchbald_redux torch && venv/bin/python test/golden/make_batch_bald.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from batchbald_redux.batchbald import compute_conditional_entropy, get_batchbald_batch
from batchbald_redux.joint_entropy import DynamicJointEntropy

WHOLE = 4096
torch.set_num_threads(1)


def counts(passes, rows, cols, spread, seed):
    """[T, N, C] positive whole numbers, every row summing to WHOLE."""
    random = np.random.default_rng(seed)
    logits = 1.5 * random.standard_normal((1, rows, cols)) + spread * random.standard_normal((passes, rows, cols))
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    whole = np.maximum(1, np.floor(p * WHOLE).astype(np.int64))
    top = whole.argmax(axis=2)[..., None]
    rest = WHOLE - whole.sum(axis=2, keepdims=True)
    np.put_along_axis(whole, top, np.take_along_axis(whole, top, axis=2) + rest, axis=2)
    assert (whole > 0).all() and (whole.sum(axis=2) == WHOLE).all()
    return whole


def log_probs(whole):
    """[N, K, C], as batchbald_redux has them."""
    return torch.from_numpy(np.moveaxis(whole, 0, 1) / WHOLE).log().contiguous()


def score_of_all(rows, num_samples):
    """The score of the batch of all rows, the last one added as get_batchbald_batch adds its last pick."""
    joint = DynamicJointEntropy(num_samples, len(rows) - 1, *rows.shape[1:], dtype=torch.double)
    joint.add_variables(rows[:-1])
    return float(joint.compute_batch(rows[-1:])[0] - compute_conditional_entropy(rows).sum())


def exact_case(passes, rows, cols, k, spread, seed):
    whole = counts(passes, rows, cols, spread, seed)
    batch = get_batchbald_batch(log_probs(whole), k, cols**k, dtype=torch.double)
    return {
        "passes": passes,
        "rows": rows,
        "cols": cols,
        "counts": whole.ravel().tolist(),
        "indices": batch.indices,
        "scores": batch.scores,
    }


def sampled_case(passes, rows, cols, num_samples, spread, seed):
    whole = counts(passes, rows, cols, spread, seed)
    scores = []
    for draw in range(100):
        torch.manual_seed(draw)
        scores.append(score_of_all(log_probs(whole), num_samples))
    return {
        "passes": passes,
        "rows": rows,
        "cols": cols,
        "numSamples": num_samples,
        "counts": whole.ravel().tolist(),
        "exact": score_of_all(log_probs(whole), cols**rows),
        "mean": float(np.mean(scores)),
        "standardError": float(np.std(scores, ddof=1) / len(scores) ** 0.5),
    }


golden = {
    "source": f"batchbald_redux {version('batchbald_redux')}, torch {version('torch')}",
    "whole": WHOLE,
    "exact": [
        exact_case(8, 40, 4, 6, 0.5, 1),
        exact_case(20, 30, 10, 4, 1.0, 2),
        exact_case(5, 50, 2, 10, 1.5, 3),
        exact_case(3, 25, 7, 4, 4.0, 4),
        exact_case(10, 20, 3, 7, 0.05, 5),
    ],
    "sampled": [sampled_case(6, 7, 4, 300, 2.0, 6), sampled_case(10, 6, 5, 500, 0.7, 7)],
}
Path(__file__).with_name("batch-bald.json").write_text(json.dumps(golden) + "\n")
