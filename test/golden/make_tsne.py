"""Golden values for test/kernels/tsne.test.ts: the divergence and trustworthiness that scikit-learn's t-SNE reaches.

Run:  python make_tsne.py    (needs numpy, scikit-learn; writes tsne.json beside itself; takes two minutes)

The rows are the first ones of the digits pool: every image but each fourth, pixels / 16.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE, trustworthiness

images = load_digits().data
pool = (images[np.arange(len(images)) % 4 != 3] / 16).astype(np.float32)


def case(rows, method, perplexity, iterations=1000):
    x = pool[:rows]
    tsne = TSNE(init="pca", random_state=0, perplexity=perplexity, max_iter=iterations, method=method, n_jobs=1)
    layout = tsne.fit_transform(x)
    assert tsne.n_iter_ == iterations - 1, "stopped early"
    return {
        "rows": rows,
        "method": method,
        "perplexity": perplexity,
        "iterations": iterations,
        "sum": float(x.sum(dtype=np.float64)),
        "kl": float(tsne.kl_divergence_),
        "trustworthiness": float(trustworthiness(x, layout, n_neighbors=5)),
    }


golden = {
    "made": f"sklearn.manifold.TSNE(init='pca', random_state=0), scikit-learn {sklearn.__version__}",
    "cases": [
        case(300, "exact", 15),
        case(500, "exact", 30),
        case(500, "barnes_hut", 30),
        case(1348, "barnes_hut", 30),
        case(1348, "barnes_hut", 10),
    ],
}
path = pathlib.Path(__file__).with_name("tsne.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
print(path.read_text())
