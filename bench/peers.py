"""The Python side of `querent bench`: runs one peer once per request and says how long it took.

Reads one JSON request per line on stdin and answers one JSON line on stdout:
    {"cmd": "hello"}                              -> {"versions": {...}, "peers": [...]}
    {"cmd": "load", "name": "probs", "path": p}   -> {}            numpy.load, kept under the name
    {"cmd": "prepare", "peer": name}              -> {}            builds what the peer needs, outside the timing
    {"cmd": "run", "peer": name}                  -> {"wall": s, "cpu": s, "check": sum of the result; not for None}
    {"cmd": "alone", "peer": name}                -> the same and "peak": bytes. Prepares and runs; for a fresh process
    {"cmd": "clear"}                              -> {}            forgets all arrays
An error answers {"error": text} and the process goes on. The caller sets the thread counts (OMP_NUM_THREADS and
friends) in the environment before the start.
"""

import gc
import importlib
import json
import os
import sys
import time
from collections import Counter
from importlib.metadata import version

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None

os.environ.setdefault("TQDM_DISABLE", "1")  # batchbald_redux draws progress bars

# What a peer may need: modules, with a name that a recent enough one has, and the distribution that tells the version.
# A process that measures one peer imports what this one needs and nothing else: all of it takes many seconds.
NEEDS = {
    "scipy": (("scipy.special:entr", "scipy.stats:entropy"), "scipy"),
    "sklearn": (("sklearn.cluster:kmeans_plusplus",), "scikit-learn"),
    "faiss": (("faiss:ClusteringInitMethod_KMEANS_PLUS_PLUS",), "faiss-cpu"),
    "skactiveml": (("skactiveml.pool:CoreSet",), "scikit-activeml"),
    "cpprb": (("cpprb:PrioritizedReplayBuffer",), "cpprb"),
    "batchbald_redux": (("batchbald_redux.batchbald:get_batchbald_batch", "torch:set_num_threads"), "batchbald_redux"),
    "apricot": (("apricot:FacilityLocationSelection",), "apricot-select"),
    "submodlib": (("submodlib.functions.facilityLocation:FacilityLocationFunction",), "submodlib-py"),
}


def import_need(need):
    """Import what a peer needs, so that its first run does not have to; raises where it is missing or too old."""
    for wanted in NEEDS[need][0] if need else ():
        module, name = wanted.split(":")
        getattr(importlib.import_module(module), name)


def has_need(need):
    try:
        import_need(need)
    except Exception:  # its own dependencies may be missing or too new
        return False
    return True


def lazy(module, name):
    """A function of a module that is imported when it is called."""

    def call(*args, **kwargs):
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call


entr = lazy("scipy.special", "entr")
softmax = lazy("scipy.special", "softmax")
xlogy = lazy("scipy.special", "xlogy")
scipy_entropy = lazy("scipy.stats", "entropy")


def modal_vote_entropy():
    """modAL's own function where it imports, else the same statements."""
    try:
        return importlib.import_module("modAL.disagreement").vote_entropy
    except Exception:
        return modal_vote_entropy_formula


def modal_arguments(votes, classes):
    return modal_vote_entropy(), Committee(np.ascontiguousarray(votes), classes), votes


class Committee:
    """What modAL.disagreement.vote_entropy asks of a committee."""

    def __init__(self, votes, classes):
        self.votes = votes
        self.classes_ = np.arange(classes)
        self.members = votes.shape[1]

    def __len__(self):
        return self.members

    def vote(self, X, **kwargs):
        return self.votes


def modal_vote_entropy_formula(committee, X):
    """modAL 0.4.2, disagreement.py, vote_entropy, statement by statement."""
    n_learners = len(committee)
    votes = committee.vote(X)
    p_vote = np.zeros(shape=(X.shape[0], len(committee.classes_)))
    for vote_idx, vote in enumerate(votes):
        vote_counter = Counter(vote)
        for class_idx, class_label in enumerate(committee.classes_):
            p_vote[vote_idx, class_idx] = vote_counter[class_label] / n_learners
    return scipy_entropy(p_vote, axis=1)


def baal_bald(predictions, log_product):
    """Baal 2.0, heuristics.py, BALD.compute_score; predictions [N, C, T], as Baal lays them out."""
    expected_entropy = -np.mean(np.sum(log_product(predictions, predictions), axis=1), axis=-1)
    expected_p = np.mean(predictions, axis=-1)
    predictive_entropy = -np.sum(log_product(expected_p, expected_p), axis=1)
    return predictive_entropy - expected_entropy


def margin_partition(p):
    """modAL's margin: the two largest by partition, turned so that higher = ask first."""
    part = np.partition(-p, 1, axis=1)
    return 1 - (part[:, 1] - part[:, 0])


def logits_entropy(x):
    p = softmax(x, axis=1)
    return entr(p).sum(axis=1)


def nct(samples):
    """[T, N, C] as ours -> [N, C, T] as Baal's, contiguous."""
    return np.ascontiguousarray(np.moveaxis(samples, 0, -1))


def sgemm(x, centres, out):
    """x @ centres, into memory that is there; a pool above its rows in blocks of them."""
    for begin in range(0, len(x), len(out)):
        rows = x[begin : begin + len(out)]
        np.matmul(rows, centres, out=out[: len(rows)])


def sgemm_arguments(x, k, most_rows=200_000):
    return x, np.ascontiguousarray(x[:k].T), np.full((min(len(x), most_rows), k), 0, dtype=x.dtype)


def k_center_gemv(x, k):
    """The greedy loop with one matrix-vector product per centre; returns the covering radius."""
    norms = np.einsum("ij,ij->i", x, x)
    nearest = np.full(len(x), np.inf, dtype=x.dtype)
    pick = 0
    for _ in range(k):
        d2 = norms + norms[pick] - 2 * (x @ x[pick])
        np.minimum(nearest, d2, out=nearest)
        pick = int(nearest.argmax())
    return np.sqrt(nearest[pick])


def faiss_k_means_plus_plus(x, k):
    """The initialisation of faiss.Kmeans and no iteration after it, on all rows."""
    import faiss

    kmeans = faiss.Kmeans(
        x.shape[1],
        k,
        niter=0,
        init_method=faiss.ClusteringInitMethod_KMEANS_PLUS_PLUS,
        min_points_per_centroid=1,
        max_points_per_centroid=len(x),
    )
    kmeans.train(x)


def sklearn_k_means_plus_plus(x, k, trials):
    from sklearn.cluster import kmeans_plusplus

    kmeans_plusplus(x, k, n_local_trials=trials, random_state=0)


def skactiveml_core_set(x, k):
    """Row 0 is labelled, the others are asked for."""
    from skactiveml.pool import CoreSet

    labels = np.full(len(x), np.nan)
    labels[0] = 0
    CoreSet(random_state=0).query(x, labels, batch_size=k - 1)


def badge_numpy(probs, h, k):
    """BADGE with the distance of gradient embeddings in factors and a draw over the whole pool per pick."""
    from scipy.stats import rv_discrete

    rng = np.random.RandomState(0)
    rows = np.arange(len(h))
    p = probs.copy()
    p[rows, probs.argmax(axis=1)] -= 1
    norms = np.einsum("ij,ij->i", p, p) * np.einsum("ij,ij->i", h, h)
    nearest = np.full(len(h), np.inf)
    picks = [int(norms.argmax())]
    while len(picks) < k:
        last = picks[-1]
        d2 = norms + norms[last] - 2 * (p @ p[last]) * (h @ h[last])
        np.minimum(nearest, np.sqrt(np.maximum(d2, 0)), out=nearest)
        weights = nearest**2
        draw = rv_discrete(values=(rows, weights / weights.sum()))
        pick = int(draw.rvs(random_state=rng))
        while pick in picks:
            pick = int(draw.rvs(random_state=rng))
        picks.append(pick)


def cpprb_buffer(a):
    """A full cpprb buffer with the shared priorities, and the batches that its users get and give back."""
    from cpprb import PrioritizedReplayBuffer

    priorities = a["priorities"]
    size = len(priorities)
    shapes = {"obs": {"shape": 4}, "act": {}, "rew": {}, "next_obs": {"shape": 4}, "done": {}}
    buffer = PrioritizedReplayBuffer(size, shapes, alpha=0.6)
    for begin in range(0, size, 1 << 16):
        part = priorities[begin : begin + (1 << 16)]
        wide, narrow = np.zeros((len(part), 4), np.float32), np.zeros(len(part), np.float32)
        buffer.add(obs=wide, act=narrow, rew=narrow, next_obs=wide, done=narrow, priorities=part)
    batch = int(a["batch"])
    errors = np.random.default_rng(7).random((16, batch)) + 1e-6
    return buffer, batch, int(a["repeats"]), errors


def cpprb_sample_update(buffer, batch, repeats, errors):
    for i in range(repeats):
        sample = buffer.sample(batch, beta=0.4)
        buffer.update_priorities(sample["indexes"], errors[i % len(errors)])
    return sample["weights"]


def batchbald_arguments(samples, k):
    """[T, N, C] probabilities as ours -> log probabilities [N, K, C] as theirs."""
    import torch

    torch.set_num_threads(1)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(samples, 0, 1))).log(), k


def batchbald_redux(log_probs, k):
    from batchbald_redux.batchbald import get_batchbald_batch

    return get_batchbald_batch(log_probs, k, num_samples=10_000).scores[-1]


def apricot_facility(x, k):
    from apricot import FacilityLocationSelection

    return FacilityLocationSelection(k, metric="euclidean", optimizer="lazy").fit(x).gains


def apricot_arguments(x, k):
    apricot_facility(x[:200], min(k, 5))  # compiles its loops
    return x, k


def submodlib_facility(x, k):
    """Its similarity is another function of the distance, so its gains are not compared."""
    from submodlib.functions.facilityLocation import FacilityLocationFunction

    function = FacilityLocationFunction(n=len(x), mode="dense", data=x, metric="euclidean")
    function.maximize(
        budget=k, optimizer="LazyGreedy", stopIfZeroGain=False, stopIfNegativeGain=False, show_progress=False
    )


def sklearn_lloyd(x, k, iterations):
    from sklearn.cluster import KMeans

    kmeans = KMeans(k, init=x[:k], n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
    return kmeans.fit(x).inertia_


def sklearn_tsne(x):
    from sklearn.manifold import TSNE

    tsne = TSNE(init="pca", perplexity=min(30, (len(x) - 1) / 3), max_iter=1000, random_state=0, n_jobs=1)
    tsne.fit_transform(x)
    return tsne.kl_divergence_


# name -> (needs, prepare(arrays) -> arguments, run(*arguments))
PEERS = {
    "scipy.stats.entropy": ("scipy", lambda a: (a["probs"],), lambda p: scipy_entropy(p, axis=1)),
    "scipy.special.entr": ("scipy", lambda a: (a["probs"],), lambda p: entr(p).sum(axis=1)),
    "numpy -(p*log p).sum": (None, lambda a: (a["probs"],), lambda p: -(p * np.log(p)).sum(axis=1)),
    "scipy softmax + entr": ("scipy", lambda a: (a["logits"],), logits_entropy),
    "numpy partition margin": (None, lambda a: (a["probs"],), margin_partition),
    "numpy 1 - max": (None, lambda a: (a["probs"],), lambda p: 1 - p.max(axis=1)),
    "numpy argpartition": (
        None,
        lambda a: (a["scores"], int(a["k"])),
        lambda s, k: s[np.argpartition(-s, k)[:k]],
    ),
    "numpy argsort": (None, lambda a: (a["scores"], int(a["k"])), lambda s, k: s[np.argsort(-s)[:k]]),
    "Baal BALD (xlogy)": ("scipy", lambda a: (nct(a["samples"]),), lambda s: baal_bald(s, xlogy)),
    "Baal BALD (numpy log)": (
        None,
        lambda a: (nct(a["samples"]),),
        lambda s: baal_bald(s, lambda x, y: x * np.log(y)),
    ),
    "modAL vote_entropy": (
        "scipy",
        lambda a: modal_arguments(a["votes"].T, int(a["classes"])),
        lambda vote_entropy, c, X: vote_entropy(c, X),
    ),
    "OpenBLAS sgemm": (None, lambda a: sgemm_arguments(a["x"], int(a["k"])), sgemm),
    "numpy GEMV": (None, lambda a: (a["x"], int(a["k"])), k_center_gemv),
    "faiss k-means++": ("faiss", lambda a: (a["x"], int(a["k"])), faiss_k_means_plus_plus),
    "scikit-activeml CoreSet": ("skactiveml", lambda a: (a["x"], int(a["k"])), skactiveml_core_set),
    "sklearn k-means++ (1 trial)": ("sklearn", lambda a: (a["x"], int(a["k"]), 1), sklearn_k_means_plus_plus),
    "sklearn k-means++ (default)": ("sklearn", lambda a: (a["x"], int(a["k"]), None), sklearn_k_means_plus_plus),
    "batchbald_redux (torch, f32)": (
        "batchbald_redux",
        lambda a: batchbald_arguments(a["samples"], int(a["k"])),
        batchbald_redux,
    ),
    "cpprb sample + update": ("cpprb", cpprb_buffer, cpprb_sample_update),
    "apricot facility location": ("apricot", lambda a: apricot_arguments(a["x"], int(a["k"])), apricot_facility),
    "submodlib facility location": ("submodlib", lambda a: (a["x"], int(a["k"])), submodlib_facility),
    "scipy cdist": ("scipy", lambda a: (a["a"], a["b"]), lazy("scipy.spatial.distance", "cdist")),
    "sklearn t-SNE (Barnes-Hut)": ("sklearn", lambda a: (a["x"],), sklearn_tsne),
    "sklearn k-means (Lloyd)": ("sklearn", lambda a: (a["x"], int(a["k"]), 10), sklearn_lloyd),
    "BADGE formula in numpy": ("scipy", lambda a: (a["probs"], a["x"], int(a["k"])), badge_numpy),
}


arrays = {}
prepared = {}


def versions(needs):
    found = {"python": sys.version.split()[0], "numpy": np.__version__}
    for need in needs:
        distribution = NEEDS[need][1]
        found[distribution] = version(distribution)
    if modal_vote_entropy() is not modal_vote_entropy_formula:
        found["modAL"] = version("modAL-python")
    return found


def timed(peer, arguments):
    run = PEERS[peer][2]
    cpu = time.process_time()
    start = time.perf_counter()
    result = run(*arguments)
    wall = time.perf_counter() - start
    cpu = time.process_time() - cpu
    check = {} if result is None else {"check": float(np.sum(result, dtype=np.float64))}
    return {"wall": wall, "cpu": cpu, **check}


def linux_status(name):
    """Bytes of VmRSS or VmHWM of this process; None elsewhere."""
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))
    except (OSError, StopIteration):
        return None


def peak_bytes():
    """Peak resident memory; getrusage of a new process starts at the peak of its parent, so Linux's own number first."""
    peak = linux_status("VmHWM")
    if peak is None and resource is not None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return peak


def alone(peer):
    """Prepare and run, in a process that holds the inputs and has done nothing else."""
    import_need(PEERS[peer][0])
    gc.enable()  # cycles that pile up would be taken for memory that the peer needs
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # forget the peak so far
    except OSError:
        pass
    before = linux_status("VmRSS") or peak_bytes()
    answer = timed(peer, PEERS[peer][1](arrays))
    after = peak_bytes()
    return answer if after is None else {**answer, "peak": max(0, after - before)}


def handle(request):
    command = request["cmd"]
    if command == "hello":
        needs = [need for need in NEEDS if has_need(need)]
        peers = [name for name, (need, _, _) in PEERS.items() if need is None or need in needs]
        return {"versions": versions(needs), "peers": peers}
    if command == "load":
        arrays[request["name"]] = np.load(request["path"])
        return {}
    if command == "set":
        arrays[request["name"]] = request["value"]
        return {}
    if command == "clear":
        arrays.clear()
        prepared.clear()
        gc.collect()
        return {}
    peer = request["peer"]
    if command == "prepare":
        prepared[peer] = PEERS[peer][1](arrays)
        return {}
    if command == "run":
        return timed(peer, prepared[peer])
    if command == "alone":
        return alone(peer)
    raise ValueError(f"unknown command {command!r}")


def main():
    gc.disable()  # a collection in the middle of a measurement would be charged to the peer
    for line in sys.stdin:
        try:
            answer = handle(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
