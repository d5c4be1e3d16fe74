"""Golden values for test/models/training.test.ts: SGD, Adam and sharpness-aware steps in double precision.

Run:  python make_training.py    (needs numpy; writes training.json beside itself)

quadratic: f_t(w) = (w - c_t)' A (w - c_t) / 2 with another centre c_t in every step, as batches have it.
softmax: multinomial logistic regression on all samples at once, so that the order of samples does not matter.
"""

import json
import pathlib

import numpy as np

rng = np.random.Generator(np.random.Philox(20260211))


class Adam:
    def __init__(self, size, momentum):
        self.m, self.v, self.t = np.zeros(size), np.zeros(size), 0

    def step(self, w, g, rate, decay):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.999 * self.v + 0.001 * g**2
        ahead = (self.m / (1 - 0.9**self.t)) / (np.sqrt(self.v / (1 - 0.999**self.t)) + 1e-8)
        return w - rate * (ahead + decay * w)


class Sgd:
    def __init__(self, size, momentum):
        self.buffer, self.momentum = np.zeros(size), momentum

    def step(self, w, g, rate, decay):
        self.buffer = self.momentum * self.buffer + (g + decay * w)
        return w - rate * self.buffer


def trained(gradient_at, w, steps, o):
    """Weights after every step; gradient_at(step, w) is the loss's gradient there."""
    optimizer = {"adam": Adam, "sgd": Sgd}[o["optimizer"]](w.size, o["momentum"])
    mean = np.zeros(w.size)
    path = []
    for step in range(steps):
        g = gradient_at(step, w)
        if o["sharpness"] != "none":
            away = g
            if o["sharpness"] == "friendly":
                mean = o["lambda"] * mean + (1 - o["lambda"]) * g
                away = g - o["sigma"] * mean
            g = gradient_at(step, w + o["rho"] * away / np.linalg.norm(away))
        share = step / steps
        rate = o["learningRate"] * (0.5 * (1 + np.cos(np.pi * share)) if o["schedule"] == "cosine" else 1)
        w = optimizer.step(w, g, rate, o["weightDecay"])
        path.append(w)
    return path


def rounded(values):
    return [float(f"{v:.9g}") for v in np.ravel(values).tolist()]


def single(values):
    return np.asarray(values).astype(np.float32).astype(np.float64)


def options(sharpness="none", optimizer="sgd", schedule="constant", learningRate=0.1, weightDecay=0.02, **more):
    given = {"rho": 0.05, "sigma": 1, "lambda": 0.8, "momentum": 0.9, **more}
    names = dict(sharpness=sharpness, optimizer=optimizer, schedule=schedule)
    return {**names, "learningRate": learningRate, "weightDecay": weightDecay, **given}


def quadratic():
    size, steps = 4, 6
    factor = rng.normal(size=(size, size))
    matrix = single(factor @ factor.T / size + 0.3 * np.eye(size))
    centres = single(rng.normal(size=(steps, size)) * 0.4)
    start = single(rng.normal(size=size))
    all_options = [
        options(momentum=0.9),
        options(momentum=0, weightDecay=0),
        options("sam", rho=0.3),
        options("friendly", rho=0.3),
        options("friendly", rho=0.2, sigma=0.6, **{"lambda": 0.5}),
        options("friendly", optimizer="adam", rho=0.3, learningRate=0.03),
    ]
    cases = [
        {"options": o, "path": [rounded(w) for w in trained(lambda t, w: matrix @ (w - centres[t]), start, steps, o)]}
        for o in all_options
    ]
    return {"matrix": rounded(matrix), "centres": [rounded(c) for c in centres], "start": rounded(start), "cases": cases}


def softmax():
    rows, features, classes, epochs = 12, 3, 3, 10
    x = single(rng.normal(size=(rows, features)))
    labels = rng.integers(0, classes, rows)
    start = single(rng.normal(size=(features + 1) * classes) * 0.3)
    target = np.eye(classes)[labels]

    def gradient_at(_, w):
        weight, bias = w[: features * classes].reshape(features, classes), w[features * classes :]
        scores = np.exp(x @ weight + bias)
        error = (scores / scores.sum(axis=1, keepdims=True) - target) / rows
        return np.concatenate([(x.T @ error).ravel(), error.sum(axis=0)])

    all_options = [
        options(optimizer=optimizer, sharpness=sharpness, schedule=schedule, learningRate=rate)
        for optimizer, rate in (("sgd", 0.3), ("adam", 0.05))
        for sharpness in ("none", "sam", "friendly")
        for schedule in ("cosine", "constant")
    ]
    cases = [{"options": o, "weights": rounded(trained(gradient_at, start, epochs, o)[-1])} for o in all_options]
    data = {"rows": rows, "features": features, "classes": classes, "epochs": epochs}
    return {**data, "x": rounded(x), "labels": labels.tolist(), "start": rounded(start), "cases": cases}


golden = {"quadratic": quadratic(), "softmax": softmax()}
path = pathlib.Path(__file__).with_name("training.json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path, path.stat().st_size, "bytes")
