"""The Python side of `querent bench`: runs one peer once per request and says how long it took.

Reads one JSON request per line on stdin and answers one JSON line on stdout:
    {"cmd": "hello"}                              -> {"versions": {...}, "peers": [...]}
    {"cmd": "load", "name": "probs", "path": p}   -> {}            numpy.load, kept under the name
    {"cmd": "prepare", "peer": name}              -> {}            builds what the peer needs, outside the timing
    {"cmd": "run", "peer": name}                  -> {"wall": s, "cpu": s, "check": sum of the result}
    {"cmd": "clear"}                              -> {}            forgets all arrays
An error answers {"error": text} and the process goes on. The caller sets the thread counts (OMP_NUM_THREADS and
friends) in the environment before the start.
"""

import gc
import json
import sys
import time
from collections import Counter
from importlib.metadata import version

import numpy as np

try:
    import scipy
    from scipy.special import entr, softmax, xlogy
    from scipy.stats import entropy as scipy_entropy
except ImportError:
    scipy = None

try:
    import modAL
    from modAL.disagreement import vote_entropy as modal_vote_entropy
except Exception:  # its own dependencies may be missing or too new
    modAL = None

try:
    import cpprb
except ImportError:
    cpprb = None


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
        lambda a: (Committee(np.ascontiguousarray(a["votes"].T), int(a["classes"])), a["votes"].T),
        lambda c, X: modal_vote_entropy(c, X) if modAL else modal_vote_entropy_formula(c, X),
    ),
}


def cpprb_buffer(a):
    """A full cpprb buffer with the shared priorities, and the batches that its users get and give back."""
    priorities = a["priorities"]
    size = len(priorities)
    shapes = {"obs": {"shape": 4}, "act": {}, "rew": {}, "next_obs": {"shape": 4}, "done": {}}
    buffer = cpprb.PrioritizedReplayBuffer(size, shapes, alpha=0.6)
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


if cpprb is not None:
    PEERS["cpprb sample + update"] = (None, cpprb_buffer, cpprb_sample_update)

arrays = {}
prepared = {}


def versions():
    found = {"python": sys.version.split()[0], "numpy": np.__version__}
    if scipy is not None:
        found["scipy"] = scipy.__version__
    if modAL is not None:
        found["modAL"] = version("modAL-python")
    if cpprb is not None:
        found["cpprb"] = version("cpprb")
    return found


def handle(request):
    command = request["cmd"]
    if command == "hello":
        peers = [name for name, (needs, _, _) in PEERS.items() if needs != "scipy" or scipy is not None]
        return {"versions": versions(), "peers": peers}
    if command == "load":
        arrays[request["name"]] = np.load(request["path"])
        return {}
    if command == "set":
        arrays[request["name"]] = request["value"]
        return {}
    if command == "clear":
        arrays.clear()
        prepared.clear()
        return {}
    peer = request["peer"]
    if command == "prepare":
        prepared[peer] = PEERS[peer][1](arrays)
        return {}
    if command == "run":
        run = PEERS[peer][2]
        arguments = prepared[peer]
        cpu = time.process_time()
        start = time.perf_counter()
        result = run(*arguments)
        wall = time.perf_counter() - start
        cpu = time.process_time() - cpu
        return {"wall": wall, "cpu": cpu, "check": float(np.sum(result, dtype=np.float64))}
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
