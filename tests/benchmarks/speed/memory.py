"""Peak memory, each contender in a process of its own.

The kernel keeps the peak of a process, and sets it back on demand: so what was needed
while starting up does not hide what is needed later.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from tests.benchmarks.speed import plain_loop
from tests.benchmarks.speed.bars import Value
from tests.benchmarks.speed.contenders import (
    CONV,
    KINDS,
    SHAPES,
    Shape,
    pipeline,
    series,
    windows_of,
)
from tests.benchmarks.speed.measure import report
from tests.benchmarks.speed.page import Section

LONG = Shape(10, 100)
N_TRAIN, N_FEW = 2_000, 512

TEXT = """Each contender in a process of its own, which has fitted and scored 512
windows before: by how many MiB it grew, at its peak, during one epoch over
{n_windows:,} windows, and while it scored them."""


def mib(field: str) -> float:
    """Return a field of /proc/self/status: VmRSS is now, VmHWM the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def peak_above_now(task) -> float:
    """Return by how many MiB the process grows, at its peak, while a task runs."""
    # What malloc keeps for later would hide growth: it goes back to the kernel.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = mib("VmRSS")
    task()
    return mib("VmHWM") - before


def in_own_process(task: str, *args):
    """Run a function of this module in a new process; return what it returns."""
    command = [sys.executable, "-m", __name__, task, json.dumps(args)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, text=True, env=one_thread
    )
    return json.loads(finished.stdout.splitlines()[-1])


def score_long(path: str, is_scaled: bool) -> float:
    """Score a series once the process has loaded it and scored some of it."""
    rows = np.load(path)
    rows = rows.astype(np.float64) if is_scaled else rows
    detector = pipeline(CONV, LONG)
    detector = make_pipeline(MinMaxScaler(), detector) if is_scaled else detector
    detector.fit(rows[:N_TRAIN]).score_samples(rows[:N_TRAIN])
    return peak_above_now(lambda: detector.score_samples(rows))


def fit_long(path: str) -> float:
    """Load a series and fit one epoch on it, counted from the imports on."""
    return peak_above_now(lambda: pipeline(CONV, LONG).fit(np.load(path)))


def fit_and_score(contender: str, shape: list, n_windows: int) -> list:
    """Return the peaks of a fit and of scoring the same windows.

    What torch sets up for its first batches, the same for all, is there before.
    """
    shape = Shape(*shape)
    fit_few, score_few = _steps(contender, shape, N_FEW)
    fit, score = _steps(contender, shape, n_windows)
    fitted = fit_few()
    score_few(fitted)
    in_score = peak_above_now(lambda: score(fitted))
    return peak_above_now(fit), in_score


def _steps(contender, shape, n_windows):
    """Return a function that fits, and one that scores with what was fitted."""
    rows = series(n_windows + shape.n_timesteps - 1, shape.n_channels)
    windows = windows_of(rows, shape)[shape.n_timesteps - 1 :]
    kinds = {kind.name: kind for kind in KINDS}
    plain = {f"plain {kind.name}": kind for kind in KINDS}
    if contender in kinds:
        detector = kinds[contender].make_detector(1)
        return lambda: detector.fit(windows), lambda d: d.score_samples(windows)
    if contender in plain:
        kind = plain[contender]
        return (
            lambda: kind.fit_plain(shape, windows, 1),
            lambda network: plain_loop.score(network, kind.split, windows),
        )
    if contender == "IsolationForest":
        flat = windows.reshape(len(windows), -1)
        forest = IsolationForest(random_state=0)
        return lambda: forest.fit(flat), lambda d: d.score_samples(flat)
    return _steps_of_peer(contender, shape, rows, windows)


def _steps_of_peer(contender, shape, rows, windows):
    peers = import_module("tests.benchmarks.speed.peers").AS_THEY_COME
    (peer,) = (peer for peer in peers if peer.name == contender)
    data = peer.data(rows, windows)
    return (
        lambda: peer.make(shape, 1).fit(data),
        lambda fitted: fitted.decision_function(data),
    )


def memory_of_long_series(plan) -> dict[str, Value]:
    """Return the peaks that have a bar."""
    report(f"memory, {plan.long_rows} rows")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "series.npy")
        np.save(path, series(plan.long_rows, LONG.n_channels))
        return {
            "memory score": Value(in_own_process("score_long", path, False)),
            "memory scaled": Value(in_own_process("score_long", path, True)),
            "memory fit": Value(in_own_process("fit_long", path)),
        }


def memory_section(peer_names, plan) -> Section:
    contenders = [kind.name for kind in KINDS]
    contenders += [f"plain {name}" for name in contenders]
    contenders += ["IsolationForest", *peer_names]
    rows = []
    for name in contenders:
        report(f"memory of {name}")
        peaks = [
            in_own_process("fit_and_score", name, shape, plan.memory_windows)
            for shape in SHAPES
        ]
        cells = (f"{fit:.0f}, {score:.0f}" for fit, score in peaks)
        rows.append((name, *cells))
    text = TEXT.format(n_windows=plan.memory_windows)
    header = ("Fit and score, MiB", *(str(shape) for shape in SHAPES))
    return Section("Peak memory", text, header, tuple(rows))


if __name__ == "__main__":
    task, arguments = sys.argv[1:]
    answer = globals()[task](*json.loads(arguments))
    print(json.dumps(answer))  # noqa: T201
