"""Memory of one process: ``python -m tests.support.growth NAME scoring 100 1000``.

Prints by how much memory grew while a pipeline scored (or was fitted) so many times, in
percent of all that the process holds: as it is, and once the allocator has given back
what is free. The 100 calls before do not count: they show torch every number of windows
that there can be in a batch, for each of which it keeps kernels.
"""

import ctypes
import json
import sys

import numpy as np
from sklearn.base import clone

from tests.support.checks import noisy
from tests.support.pipelines import PIPELINES
from tests.support.resident import resident

X = noisy(400, 2).astype(np.float32)
BATCH_SIZE = 8
_LIBC = ctypes.CDLL(None)


def slices(n_times):
    """Give slices of many lengths, as they come in practice."""
    starts = np.random.default_rng(0).integers(50, size=n_times)
    for number, start in enumerate(starts):
        yield X[start : start + 50 + 7 * number % 300]


def held():
    """Return how much is in memory, with and without what is free."""
    with_free = resident()
    _LIBC.malloc_trim(0)
    return np.array([with_free, resident()])


def growth(work, n_before, n_times):
    for rows in slices(n_before):
        work(rows)
    before = held()
    for rows in slices(n_times):
        work(rows)
    return (100 * (held() - before) / before).tolist()


def main(name, what, n_before, n_times):
    pipe = clone(PIPELINES[name])
    for parameter in pipe.get_params():
        if parameter.endswith("batch_size"):
            pipe.set_params(**{parameter: BATCH_SIZE})
    pipe.fit(X)
    work = pipe.score_samples if what == "scoring" else pipe.fit
    print(json.dumps(growth(work, int(n_before), int(n_times))))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
