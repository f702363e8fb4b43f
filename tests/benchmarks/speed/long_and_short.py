"""Series of growing length, the way back to rows, one new row, and the import."""

import subprocess
import sys

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin

from skad import ReverseWindowing
from tests.benchmarks.speed.bars import Value
from tests.benchmarks.speed.contenders import (
    CONV,
    KINDS,
    SHAPES,
    Shape,
    pipeline,
    series,
)
from tests.benchmarks.speed.measure import PLAIN, compare, cpu_seconds, report
from tests.benchmarks.speed.page import Section

GROWING = Shape(2, 100)
N_TRAIN = 2_000
N_SCORES, N_COVERING = 1_000_000, 100

IMPORT = """
import sys, time
import numpy
started = time.perf_counter()
import skad
print(time.perf_counter() - started, sum(m.startswith("torch") for m in sys.modules))
"""

GROWTH_TEXT = """ConvAutoencoder behind a SlidingWindow of 100 rows, on series of two
channels: CPU time per row, and its ratio to that of the shortest series, which is
scored often enough for each to take as long as the next longer one."""


def growth(plan):
    """Compare the cost of a row in series of three lengths."""
    rows = series(plan.growth[-1], GROWING.n_channels)
    fitted = pipeline(CONV, GROWING).fit(rows[:N_TRAIN])
    n_repeats = plan.growth[1] // plan.growth[0]

    def per_row(n_rows, n_repeats=1):
        def score_often():
            for _ in range(n_repeats):
                fitted.score_samples(rows[:n_rows])

        return lambda: cpu_seconds(score_often) / (n_rows * n_repeats)

    report("growth")
    short, *longer = plan.growth
    tasks = {PLAIN: per_row(short, n_repeats)}
    tasks |= {str(n_rows): per_row(n_rows) for n_rows in longer}
    return compare(tasks, n_rounds=3, n_tries=plan.n_tries)


def growth_section(compared, plan) -> Section:
    short, *longer = plan.growth
    rows = [(f"{short:,}", f"{1e9 * compared.median(PLAIN):.0f}", "1")]
    values = {}
    for index, n_rows in enumerate(longer, start=1):
        ratio = compared.ratio(str(n_rows))
        values[f"growth {index}"] = Value(ratio, compared.control, compared.is_settled)
        per_row = 1e9 * compared.median(str(n_rows))
        rows.append((f"{n_rows:,}", f"{per_row:.0f}", f"{ratio:.3f}"))
    header = ("Rows", "ns/row", "Ratio")
    return Section("Growth", GROWTH_TEXT, header, tuple(rows), values)


class Scored(OutlierMixin, BaseEstimator):
    """A detector whose scores are the first column of X, for nothing."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def score_samples(self, X):
        return X[:, 0]


def reverse_windowing() -> dict[str, Value]:
    """Time the way from windows to rows, and compare a slice with the whole."""
    report("ReverseWindowing")
    scores = np.random.default_rng(0).normal(size=(N_SCORES, 1))
    detector = ReverseWindowing(Scored(), window_size=N_COVERING).fit(scores)
    seconds = [cpu_seconds(detector.score_samples, scores) for _ in range(15)]
    whole = detector.score_samples(scores)
    first, last = N_SCORES // 3, N_SCORES // 2
    part = detector.score_samples(scores[first:last])
    # The last rows of a slice do not see the windows after it.
    n_known = last - first - N_COVERING + 1
    differs = part[:n_known] != whole[first : first + n_known]
    return {
        "reverse": Value(1e3 * float(np.median(seconds))),
        "reverse bits": Value(int(differs.sum())),
    }


def one_new_row(plan) -> dict[str, Value]:
    """Time the score of one row through a Pipeline that gets the rows of its window."""
    shape = SHAPES[1]
    rows = series(N_TRAIN, shape.n_channels)
    last = rows[-shape.n_timesteps :]
    values = {}
    for kind in KINDS:
        report(f"one new row, {kind.name}")
        fitted = pipeline(kind, shape).fit(rows)
        seconds = [
            cpu_seconds(lambda fitted=fitted: fitted.score_samples(last)[-1])
            for _ in range(plan.n_latencies)
        ]
        values[f"row {kind.name}"] = Value(1e3 * float(np.median(seconds)))
    return values


def importing() -> dict[str, Value]:
    """Import skad in new processes that have imported numpy."""
    report("import")
    answers = [
        subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, check=True, text=True
        ).stdout.split()
        for _ in range(5)
    ]
    seconds = [float(seconds) for seconds, _ in answers]
    return {
        "import": Value(float(np.median(seconds))),
        "import torch": Value(max(int(n_modules) for _, n_modules in answers)),
    }
