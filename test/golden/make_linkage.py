"""Golden values for test/kernels/cluster-margin.test.ts: scipy's average linkage, cut at several counts and distances.

Run:  python make_linkage.py    (needs numpy, scipy; writes linkage.json beside itself)

Clusters are numbered by their lowest row, as querent numbers them. Cuts fall into wide gaps between two merges, so that
rounding cannot move a row.
"""

import json
import pathlib

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

rng = np.random.Generator(np.random.Philox(20260104))


def by_lowest_row(labels):
    numbers = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels.tolist()]


def case(metric, rows, cols, spread):
    centres = rng.normal(size=(6, cols)) * spread + 1
    x = (centres[rng.integers(0, 6, rows)] + rng.normal(size=(rows, cols))).astype(np.float32)
    tree = linkage(x.astype(np.float64), "average", metric=metric)
    heights = tree[:, 2]
    cuts = []
    for clusters in (1, 2, 3, 5, 8, rows // 2, rows):
        assignments = by_lowest_row(fcluster(tree, clusters, "maxclust"))
        if len(set(assignments)) == clusters:
            cuts.append({"clusters": clusters, "assignments": assignments})
    for at in (rows // 4, rows // 2, rows - 6):
        threshold = float((heights[at] + heights[at + 1]) / 2)
        assert heights[at + 1] - heights[at] > 1e-7
        cuts.append({"distanceThreshold": threshold, "assignments": by_lowest_row(fcluster(tree, threshold, "distance"))})
    return {"metric": metric, "cols": cols, "x": [float(f"{v:.9g}") for v in x.ravel().tolist()], "cuts": cuts}


golden = {
    "made": "scipy.cluster.hierarchy.linkage(method='average')",
    "cases": [case("euclidean", 40, 3, 3), case("euclidean", 90, 7, 1), case("cosine", 60, 5, 2)],
}
path = pathlib.Path(__file__).with_name("linkage.json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path, path.stat().st_size, "bytes")
