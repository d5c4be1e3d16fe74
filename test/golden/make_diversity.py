"""Golden values for test/strategies of the strategies that compare samples: the definitions in numpy loops, k-means and
logistic regression by scikit-learn.

Run:  python make_diversity.py    (needs numpy, scikit-learn; writes diversity.json beside itself)
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

rng = np.random.Generator(np.random.Philox(20260211))


def floats(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def plain(x):
    return [float(f"{v:.9g}") for v in np.asarray(x).ravel().tolist()]


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def entropies(p):
    return -(p * np.log(p)).sum(1)


def euclidean(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(2))


def cosine(a, b):
    return 1 - (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)[None]


def contrastive(k, metric):
    h, p, known = world["h"], world["p"], world["labeled"]
    scores = []
    for x in world["unlabeled"]:
        near = np.argsort(metric(h[[x]], h[known])[0], kind="stable")[:k]
        scores.append(np.mean([(p[known[l]] * np.log(p[known[l]] / p[x])).sum() for l in near]))
    return scores


def gradients(bias):
    h, p = world["h"][world["unlabeled"]], world["p"][world["unlabeled"]]
    inputs = np.c_[h, np.ones(len(h))] if bias else h
    scores = []
    for x in range(len(h)):
        total = 0.0
        for y in range(p.shape[1]):
            total += p[x, y] * np.linalg.norm(np.outer(p[x] - np.eye(p.shape[1])[y], inputs[x]))
        scores.append(total)
    return scores


def density(beta, metric):
    h, p = world["h"][world["unlabeled"]], world["p"][world["unlabeled"]]
    similarity = 1 - cosine(h, h) if metric == "cosine" else 1 / (1 + euclidean(h, h))
    return entropies(p) * np.maximum(similarity.mean(1), 0) ** beta


def covering(delta, n):
    """The authors' loop: remove edges to what is covered, take the largest degree."""
    h, known, free = world["h"], world["labeled"], world["unlabeled"]
    within = euclidean(h, h) < delta
    covered = within[known].any(0)
    picks, news = [], []
    for _ in range(n):
        degrees = np.array([(within[x] & ~covered)[free].sum() for x in free])
        if degrees.max() == 0:
            break
        best = free[int(degrees.argmax())]
        picks.append(int(best))
        news.append(int(degrees.max()))
        covered |= within[best]
    return {"delta": delta, "n": n, "picks": picks, "covered": news}


def facility(metric, n):
    h, known, free = world["h"], world["labeled"], world["unlabeled"]
    d = euclidean(h, h) ** 2 if metric == "euclidean" else cosine(h, h)
    near = d[free][:, known].min(1)
    picks, gains = [], []
    for _ in range(n):
        gain = [-1 if x in picks else np.maximum(0, near - d[free][:, x]).sum() for x in free]
        best = int(np.argmax(gain))
        picks.append(int(free[best]))
        gains.append(gain[best])
        near = np.minimum(near, d[free][:, free[best]])
    return {"metric": metric, "n": n, "picks": picks, "gains": plain(gains)}


def weighted(k):
    h = world["h"]
    weights = entropies(world["p"])
    start = h[:k]
    # scikit-learn 1.3 on moves empty clusters; these have none
    found = KMeans(k, init=start, n_init=1, tol=0, max_iter=100, algorithm="lloyd").fit(h, sample_weight=weights)
    return {"k": k, "centroids": plain(found.cluster_centers_), "assignments": found.labels_.tolist()}


def typical(n):
    """The authors' loop with distances for squared distances; the clusters are the blobs, far apart."""
    centres = 40 * rng.normal(size=(9, 6))
    sizes = [14, 9, 30, 22, 6, 11, 17, 25, 3]
    cluster = np.repeat(np.arange(9), sizes)
    h = floats(centres[cluster] + rng.normal(size=(len(cluster), 6)))
    order = rng.permutation(len(cluster))
    h, cluster = h[order], cluster[order]
    labeled = [int(np.flatnonzero(cluster == c)[0]) for c in (2, 7, 7 - 4)]
    known = list(labeled)
    frame = sorted(
        (c for c in range(9) if (cluster == c).sum() >= 5),
        key=lambda c: (sum(cluster[x] == c for x in known), -(cluster == c).sum()),
    )
    picks, scores = [], []
    for i in range(n):
        members = np.array([x for x in np.flatnonzero(cluster == frame[i % len(frame)]) if x not in known])
        k = max(1, min(20, len(members) // 2))
        d = np.sort(euclidean(h[members], h[members]), axis=1)[:, 1 : k + 1]
        typicality = 1 / (d.mean(1) + 1e-5)
        pick = int(members[typicality.argmax()])
        known.append(pick)
        picks.append(pick)
        scores.append(typicality.max())
    return {"cols": 6, "h": plain(h), "labeled": labeled, "n": n, "picks": picks, "scores": plain(scores)}


def refits(decay):
    """Expected errors with every refit run to its optimum by scikit-learn."""
    h, known, free = world["h"], world["labeled"], world["unlabeled"]
    used = h[np.r_[known, free, free]]
    x = (used - used.mean(0)) / np.sqrt(((used - used.mean(0)) ** 2).mean())
    x = np.c_[x, np.ones(len(x))]
    own, pool = x[: len(known)], x[len(known) : len(known) + len(free)]
    labels = np.array(world["labels"])

    def fit(samples, classes):
        model = LogisticRegression(C=1 / (decay * len(classes)), fit_intercept=False, tol=1e-12, max_iter=100000)
        return model.fit(samples, classes)

    head = fit(own, labels).predict_proba(pool)
    expected = {"log-loss": [], "0/1": []}
    for at, row in enumerate(pool):
        after = [fit(np.r_[own, row[None]], np.r_[labels, y]).predict_proba(pool) for y in range(3)]
        expected["log-loss"].append(-sum(head[at, y] * entropies(after[y]).mean() for y in range(3)))
        expected["0/1"].append(-sum(head[at, y] * (1 - after[y].max(1)).mean() for y in range(3)))
    return {"decay": decay, "head": plain(head), **{name: plain(values) for name, values in expected.items()}}


warnings.simplefilter("error")
size, cols, classes = 60, 5, 3
centres = 2 * rng.normal(size=(classes, cols))
h = floats(centres[np.arange(size) % classes] + rng.normal(size=(size, cols)))
p = softmax(2 * rng.normal(size=(size, classes)))
labeled = np.array([7, 3, 20, 41, 12, 33, 58, 2, 47])
world = {
    "h": h,
    "p": floats(p),
    "labeled": labeled,
    "labels": (labeled % classes).tolist(),
    "unlabeled": np.setdiff1d(np.arange(size), labeled),
}
golden = {
    "made": "numpy loops; scikit-learn KMeans and LogisticRegression",
    "world": {
        "cols": cols,
        "classes": classes,
        "h": plain(world["h"]),
        "p": plain(world["p"]),
        "labeled": labeled.tolist(),
        "labels": world["labels"],
    },
    "cal": {"cosine": plain(contrastive(3, cosine)), "euclidean": plain(contrastive(3, euclidean))},
    "egl": {"bias": plain(gradients(True)), "none": plain(gradients(False))},
    "density": [
        {"beta": beta, "metric": metric, "scores": plain(density(beta, metric))}
        for beta in (0.5, 1, 2)
        for metric in ("cosine", "euclidean")
    ],
    "probcover": [covering(delta, n) for delta in (0.8, 1.5, 2.5) for n in (5, 30)],
    "facility": [facility("euclidean", 15), facility("cosine", 15)],
    "kMeans": weighted(6),
    "typiclust": typical(12),
    "eer": refits(0.1),
}
path = pathlib.Path(__file__).with_name("diversity.json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path, path.stat().st_size, "bytes")
