"""Writes agreement.json: Cohen's kappa of random ratings by scikit-learn, and the worked example of Fleiss' paper.

    python test/golden/make_agreement.py

Fleiss: 10 subjects, 14 raters, 5 categories; counts per subject as reprinted in many places (Fleiss 1971 has another
table; this one is the usual worked example), kappa 0.2099 computed here in a second way, by pairs of raters.
"""
import itertools
import json
import pathlib

import numpy
from sklearn.metrics import cohen_kappa_score

COUNTS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def fleiss_by_pairs(subjects):
    observed = numpy.mean([numpy.mean([a == b for a, b in itertools.combinations(row, 2)]) for row in subjects])
    everything = list(itertools.chain(*subjects))
    shares = numpy.array([everything.count(c) for c in sorted(set(everything))]) / len(everything)
    chance = float((shares**2).sum())
    return (observed - chance) / (1 - chance)


random = numpy.random.default_rng(5)
cohen = []
for classes, items in [(2, 12), (3, 40), (7, 200), (4, 5)]:
    first = random.integers(0, classes, items)
    second = numpy.where(random.random(items) < 0.6, first, random.integers(0, classes, items))
    kappa = cohen_kappa_score(first, second)
    cohen.append({"first": first.tolist(), "second": second.tolist(), "kappa": kappa})
subjects = [[c for c, count in enumerate(row) for _ in range(count)] for row in COUNTS]
result = {"cohen": cohen, "fleiss": {"subjects": subjects, "kappa": float(fleiss_by_pairs(subjects))}}
pathlib.Path(__file__).with_suffix("").parent.joinpath("agreement.json").write_text(json.dumps(result) + "\n")
