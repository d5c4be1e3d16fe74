"""Golden values for test/experiment/statistics.test.ts: SciPy's tests of paired differences and of two samples.

Run:  python make_statistics.py    (needs numpy, scipy; writes statistics.json beside itself)

Differences are multiples of 1/64, exact in binary: sums are exact, and ties are ties. Wilcoxon's p with ties is the share
of all signs, written out here and up to 8 differences checked against SciPy's permutation; without ties SciPy's exact distribution. Holm's correction is written out
here, in its textbook form. The power of the t test is SciPy's noncentral t, solved by brentq.
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import optimize, stats

warnings.simplefilter("ignore")
rng = np.random.Generator(np.random.Philox(20261121))


def cases():
    for n in range(2, 13):
        yield f"{n} differences", rng.integers(-64, 90, n) / 64
        yield f"{n} with ties and zeros", rng.integers(-2, 4, n) / 64
    yield "all zero", np.zeros(4)
    yield "all equal", np.full(5, 3 / 64)
    yield "all but one zero", np.array([0, 0, 0, 5 / 64])
    yield "ties of both signs", np.array([1, -1, 1, 1, -1, 2, 2, -2, 3]) / 64
    yield "16 differences", rng.permutation(np.arange(1, 17) * rng.choice([-1, 1, 1], 16)) / 64
    yield "25 differences", rng.permutation(np.arange(1, 26) * rng.choice([-1, 1, 1], 25)) / 64
    yield "26 with ties", (rng.integers(1, 16, 26) * rng.choice([-1, 1, 1], 26)) / 64
    yield "60 with ties and zeros", rng.integers(-9, 13, 60) / 64  # more than 25 remain


def number(value):
    return float(value) if np.isfinite(value) else None


def wilcoxon(values):
    nonzero = values[values != 0]
    n = len(nonzero)
    if n < 2:  # SciPy wants two; either sign of a single difference is as far from the middle
        return {"statistic": 0, "p": 1, "n": n}
    if n > 25:
        result = stats.wilcoxon(nonzero, zero_method="wilcox", correction=True, method="asymptotic")
        return {"statistic": float(result.statistic), "p": float(result.pvalue), "n": n}
    ties = len(set(np.abs(nonzero))) < n
    if not ties:
        result = stats.wilcoxon(nonzero, zero_method="wilcox", method="exact")
        return {"statistic": float(result.statistic), "p": float(result.pvalue), "n": n}
    ranks = stats.rankdata(np.abs(nonzero))
    positive = ranks[nonzero > 0].sum()
    sums = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) @ ranks
    p = min(1, 2 * min(np.mean(sums <= positive), np.mean(sums >= positive)))
    if n <= 8:
        every = stats.PermutationMethod(n_resamples=np.inf)
        result = stats.wilcoxon(nonzero, zero_method="wilcox", method=every)
        assert abs(result.pvalue - p) < 1e-12
    return {"statistic": float(min(positive, ranks.sum() - positive)), "p": float(p), "n": n}


def sign_flip(values):
    if len(values) > 20:
        return None
    result = stats.permutation_test(
        (values,), lambda x, axis: np.sum(x, axis=axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    return float(result.pvalue)


def paired(values):
    result = stats.ttest_rel(values, np.zeros(len(values)))
    return {"t": number(result.statistic), "p": number(result.pvalue)}


def tested(what, values):
    return {
        "what": what,
        "differences": [float(v) for v in values],
        "paired": paired(values),
        "wilcoxon": wilcoxon(values),
        "signFlip": sign_flip(values),
    }


def samples():
    for n, m in ((2, 2), (2, 5), (3, 3), (5, 5), (5, 12), (20, 7)):
        yield f"{n} and {m} values", rng.integers(-64, 90, n) / 64, rng.integers(-90, 64, m) / 64
    yield "one without spread", np.full(4, 0.5), rng.integers(0, 64, 4) / 64
    yield "the same twice", np.array([1, 2, 3]) / 64, np.array([1, 2, 3]) / 64
    yield "far apart", np.array([1, 2, 4, 3]) / 64, np.array([61, 64, 62, 62]) / 64
    yield "spreads of different size", rng.integers(-640, 640, 6) / 64, rng.integers(30, 36, 6) / 64
    yield "no spread, apart", np.full(3, 0.25), np.full(3, 0.5)
    yield "no spread, level", np.full(3, 0.25), np.full(2, 0.25)


def welch(what, a, b):
    result = stats.ttest_ind(a, b, equal_var=False)
    return {
        "what": what,
        "a": [float(v) for v in a],
        "b": [float(v) for v in b],
        "t": number(result.statistic),
        "df": number(result.df),
        "p": number(result.pvalue),
    }


def power(shift, df):
    critical = stats.t.ppf(0.975, df)
    other = stats.nct.cdf(-critical, df, shift)
    return stats.nct.sf(critical, df, shift) + (0 if np.isnan(other) else other)  # nan where it is far below 1e-16


def detectable(n):
    shift = optimize.brentq(lambda s: power(s, n - 1) - 0.8, 0.1, 20, xtol=1e-13)
    return {"n": n, "difference": shift / np.sqrt(n)}


def holm(values):
    m = len(values)
    adjusted = [0.0] * m
    for i in range(m):
        # of all at or below p_i in order: the largest (number left) * p
        order = sorted(range(m), key=lambda k: values[k])
        rank = order.index(i)
        adjusted[i] = min(1.0, max((m - j) * values[order[j]] for j in range(rank + 1)))
    return adjusted


def main():
    ps = [float(p) for p in rng.uniform(0, 0.2, 9)] + [0.001, 0.001, 0.9]
    golden = {
        "cases": [tested(*case) for case in cases()],
        "detectable": [detectable(n) for n in (2, 3, 4, 5, 8, 10, 20, 50)],
        "holm": {"values": ps, "adjusted": holm(ps)},
        "tails": [
            {"z": z, "normal": float(stats.norm.sf(z)), "t": {str(df): float(stats.t.sf(z, df)) for df in (1, 2, 4, 9, 30, 200)}}
            for z in (0, 0.1, 0.5, 1, 1.96, 2.4, 2.6, 4, 8, 20)
        ],
        "noncentral": [
            {"t": t, "df": df, "shift": shift, "p": float(stats.nct.sf(t, df, shift))}
            for t in (-2.0, 0.0, 1.0, 4.3)
            for df in (1, 2, 4, 9, 49)
            for shift in (-1.5, 0.0, 1.0, 3.5)
        ],
        "welch": [welch(*case) for case in samples()],
    }
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
