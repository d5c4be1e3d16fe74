"""Writes strategies.json: EPIG by sums over whole joint tables, temperatures by SciPy's minimiser, tempered scores, in f64.

Probabilities are whole numbers out of 4096, so that they are exact in f32.

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python test/golden/make_strategies.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

WHOLE = 4096


def counts(random, *shape, spread=1.5):
    """Whole numbers, the last axis summing to WHOLE; some of them zero."""
    p = np.exp(spread * random.standard_normal(shape))
    whole = np.floor(p / p.sum(axis=-1, keepdims=True) * WHOLE).astype(np.int64)
    whole[..., 0] += WHOLE - whole.sum(axis=-1)
    return whole


def epig_case(seed, passes, rows, targets, cols, spread):
    random = np.random.default_rng(seed)
    pool = counts(random, passes, rows, cols, spread=spread)
    far = counts(random, passes, targets, cols, spread=spread)
    p, q = pool / WHOLE, far / WHOLE
    joint = np.einsum("tic,tjd->ijcd", p, q) / passes
    independent = np.einsum("ic,jd->ijcd", p.mean(0), q.mean(0))
    terms = np.where(joint > 0, joint * np.log(np.where(joint > 0, joint, 1) / np.where(joint > 0, independent, 1)), 0)
    return {
        "passes": passes,
        "rows": rows,
        "targets": targets,
        "cols": cols,
        "pool": pool.ravel().tolist(),
        "far": far.ravel().tolist(),
        "scores": terms.sum(axis=(2, 3)).mean(axis=1).tolist(),
    }


def temperature_case(seed, rows, cols, sharpness):
    """Labels are drawn from softmax(z), predictions are softmax(sharpness · z): the fit should undo the sharpness."""
    random = np.random.default_rng(seed)
    z = 1.5 * random.standard_normal((rows, cols))
    p = np.exp(log_softmax(z, axis=1))
    labels = np.array([random.choice(cols, p=row) for row in p])
    sharp = np.exp(log_softmax(sharpness * z, axis=1))
    whole = np.maximum(1, np.floor(sharp * WHOLE)).astype(np.int64)
    top = whole.argmax(axis=1)
    whole[np.arange(rows), top] += WHOLE - whole.sum(axis=1)
    logits = np.log(whole / WHOLE)

    def loss(log_t):
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(rows), labels].mean()

    fit = minimize_scalar(loss, bounds=(np.log(0.02), np.log(50)), method="bounded", options={"xatol": 1e-10})
    temperature = float(np.exp(fit.x))
    tempered = np.exp(log_softmax(logits[:20] / temperature, axis=1))
    ordered = np.sort(tempered, axis=1)
    return {
        "rows": rows,
        "cols": cols,
        "counts": whole.ravel().tolist(),
        "labels": labels.tolist(),
        "temperature": temperature,
        "loss": float(fit.fun),
        "entropy": (-tempered * np.log(tempered)).sum(axis=1).tolist(),
        "margin": (1 - (ordered[:, -1] - ordered[:, -2])).tolist(),
        "least-confidence": (1 - ordered[:, -1]).tolist(),
    }


golden = {
    "source": f"numpy {np.__version__}, scipy {scipy.__version__}",
    "epig": [epig_case(1, 5, 7, 4, 3, 1.5), epig_case(2, 12, 6, 9, 2, 3.0), epig_case(3, 3, 5, 1, 6, 0.3)],
    "temperature": [temperature_case(4, 120, 4, 2.5), temperature_case(5, 150, 3, 0.5)],
}
Path(__file__).with_name("strategies.json").write_text(json.dumps(golden) + "\n")
