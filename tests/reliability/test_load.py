"""Many threads, several processes, and calls without end."""

import gc
import pickle
import subprocess
import sys
import weakref

import numpy as np
import pytest
from sklearn.base import clone

import skad
from tests.support.checks import in_threads, noisy
from tests.support.pipelines import PIPELINES
from tests.support.resident import measured
from tests.support.shares import share

pytestmark = pytest.mark.load

N_THREADS, N_TIMES = share(16, 8), share(100, 3)
QUICK = "principal components"  # a process without torch starts sooner
X = noisy(900, 2).astype(np.float32)
# In another process: scores one file over and over, and counts the wrong answers.
SCORE_FILE = """
import pickle, sys
import numpy as np
import skad
path, rows, expected, n_times = sys.argv[1:]
if path.endswith("skad"):
    pipe = skad.load(path)
else:
    with open(path, "rb") as file:
        pipe = pickle.load(file)
rows, expected = np.load(rows), np.load(expected)
scores = [pipe.score_samples(rows) for _ in range(int(n_times))]
print(sum(not np.array_equal(found, expected) for found in scores))
"""


@pytest.fixture(scope="module", params=[*PIPELINES][: share(None, 4)])
def pipe(request):
    return clone(PIPELINES[request.param]).fit(X[:300])


@pytest.fixture
def often_switched():
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("often_switched")
def test_threads_get_the_bits_that_each_would_get_alone(pipe, record_property):
    slices = [X[30 * i : 30 * i + 200 + 7 * i] for i in range(N_THREADS)]
    expected = [pipe.score_samples(rows) for rows in slices]
    # A copy has computed nothing yet: all threads begin with its first call.
    shared, waiting = pickle.loads(pickle.dumps(pipe)), list(range(N_THREADS))

    def count_wrong():
        i = waiting.pop()
        scores = [shared.score_samples(slices[i]) for _ in range(N_TIMES)]
        return sum(not np.array_equal(found, expected[i]) for found in scores)

    n_wrong = sum(in_threads(N_THREADS, count_wrong))
    record_property("scorings in threads", N_THREADS * N_TIMES)
    record_property("wrong", n_wrong)
    assert n_wrong == 0


@pytest.mark.usefixtures("often_switched")
def test_threads_that_each_have_a_pipeline_do_not_mix_them_up(record_property):
    fitted = [
        clone(pipe).fit(X[start : start + 200])
        for pipe in PIPELINES.values()
        for start in range(0, share(300, 100), 100)
    ]
    expected = [pipe.score_samples(X) for pipe in fitted]
    waiting = [(pickle.loads(pickle.dumps(pipe)), i) for i, pipe in enumerate(fitted)]

    def count_wrong():
        pipe, i = waiting.pop()
        scores = [pipe.score_samples(X) for _ in range(N_TIMES)]
        return sum(not np.array_equal(found, expected[i]) for found in scores)

    n_wrong = sum(in_threads(len(fitted), count_wrong))
    record_property("scorings in threads", len(fitted) * N_TIMES)
    record_property("wrong", n_wrong)
    assert n_wrong == 0


@pytest.mark.parametrize("kind", share(["skad", "pickle"], ["skad"]))
def test_two_processes_score_one_file_at_once(kind, tmp_path, record_property):
    pipe = clone(PIPELINES[share("make_detector", QUICK)]).fit(X[:300])
    path, rows, expected = (tmp_path / name for name in (kind, "rows.npy", "bits.npy"))
    if kind == "skad":
        skad.save(pipe, path)
    else:
        path.write_bytes(pickle.dumps(pipe))
    np.save(rows, X)
    np.save(expected, pipe.score_samples(X))
    command = [sys.executable, "-c", SCORE_FILE, path, rows, expected, str(N_TIMES)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    n_wrong = sum(map(int, answers))
    record_property("scorings in processes", 2 * N_TIMES)
    record_property("wrong", n_wrong)
    assert n_wrong == 0


@pytest.mark.parametrize("name", share(list(PIPELINES), [QUICK]))
@pytest.mark.parametrize(
    ("what", "n_before", "n_times"),
    [("scoring", share(100, 10), share(1000, 50)), ("fitting", 16, 100)][: share(2, 1)],
)
def test_memory_does_not_grow(name, what, n_before, n_times, record_property):
    with_free, without = measured("growth", name, what, n_before, n_times)
    record_property(f"calls of {what} with memory watched", n_times)
    record_property(f"largest growth by {what} in %", without)
    record_property(f"largest growth by {what} in %, with what is free", with_free)
    assert without < 1


def test_neither_scores_nor_fits_leave_an_object_behind_each_time(pipe):
    pipe, n_times = clone(pipe), share(20, 3)

    def call(n_times):
        for _ in range(n_times):
            pipe.fit(X[:60]).score_samples(X[:300])
        gc.collect()
        return len(gc.get_objects())

    n_before = call(2)
    assert call(n_times) - n_before < n_times


@pytest.mark.parametrize("name", ["shared convolution", "LSTM"])
def test_a_refit_lets_the_old_network_go_at_once(name):
    pipe = clone(PIPELINES[name]).fit(X[:100])
    pipe.score_samples(X)
    old = weakref.ref(pipe[-1].net_.module_)
    gc.disable()  # a network that waits for the collector waits for long
    try:
        pipe.fit(X[:100])
        assert old() is None
    finally:
        gc.enable()
