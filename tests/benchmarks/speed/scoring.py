"""Scoring, against the plain loop with the same weights, and how exact it is."""

import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.benchmarks.speed import plain_loop
from tests.benchmarks.speed.bars import Value
from tests.benchmarks.speed.contenders import (
    CONV,
    KINDS,
    SHAPES,
    isolation_forest,
    pipeline,
    series,
    windows_of,
)
from tests.benchmarks.speed.measure import (
    PLAIN,
    Comparison,
    compare,
    cpu_seconds,
    report,
)
from tests.benchmarks.speed.page import Section
from tests.benchmarks.speed.training import FOREST, SKAD

N_TRAIN, N_EPOCHS = 1_000, 3
SPIKE = 1e6

TEXT = """The plain loop scores contiguous slices of 128 ready windows in inference
mode; skad gets the rows of the series, and a Pipeline of SlidingWindow and the detector
does the rest. Errors are distances from the scores in double precision, of skad and of
the plain loop: the largest, and the root mean square."""


@dataclass(frozen=True)
class Scored:
    """How long scoring took, and how far the scores lie from those in float64."""

    comparison: Comparison
    n_windows: int
    errors: "Errors"
    plain_errors: "Errors"
    n_spoilt: int


class Errors(NamedTuple):
    """Distances of scores from exact ones: the largest, and a typical one."""

    largest: float
    typical: float

    def __str__(self):
        return f"{self.largest:.1e}, {self.typical:.1e}"


def score_all(plan):
    """Return what `Scored` holds for each detector and shape."""
    results = {}
    for shape in SHAPES:
        rows = series(plan.score_windows[shape.n_timesteps], shape.n_channels)
        for kind in KINDS:
            report(f"score {kind.name} {shape}")
            results[kind, shape] = _score(kind, shape, rows, plan)
    return results


def _score(kind, shape, rows, plan):
    fitted = pipeline(kind, shape, N_EPOCHS).fit(rows[:N_TRAIN])
    forest = isolation_forest(shape).fit(rows[:N_TRAIN])
    network = kind.plain_twin(fitted[-1], shape)
    windows = windows_of(rows, shape)
    tasks = {
        PLAIN: lambda: cpu_seconds(plain_loop.score, network, kind.split, windows),
        SKAD: lambda: cpu_seconds(fitted.score_samples, rows),
        FOREST: lambda: cpu_seconds(forest.score_samples, rows),
    }
    compared = compare(tasks, n_rounds=plan.n_rounds, n_tries=plan.n_tries)
    exact = plain_loop.score(
        copy.deepcopy(network).double(),
        kind.split,
        windows_of(rows.astype(np.float64), shape),
    )
    return Scored(
        compared,
        len(rows),
        errors=errors_of(fitted.score_samples(rows), exact),
        plain_errors=errors_of(plain_loop.score(network, kind.split, windows), exact),
        n_spoilt=n_spoilt_by_a_spike(fitted, rows, shape),
    )


def errors_of(scores, exact) -> Errors:
    """Compare scores with exact ones."""
    distances = np.abs(scores - exact)
    return Errors(float(distances.max()), float(np.sqrt(np.mean(distances**2))))


def n_spoilt_by_a_spike(fitted, rows, shape) -> int:
    """Count the scores that change when a row outside of their window does."""
    row = len(rows) // 2
    spiked = rows.copy()
    spiked[row] = SPIKE
    changed = fitted.score_samples(spiked) != fitted.score_samples(rows)
    changed[row : row + shape.n_timesteps] = False
    return int(changed.sum())


def scoring_section(results) -> Section:
    rows = []
    for (kind, shape), scored in results.items():
        compared = scored.comparison
        rows.append(
            (
                kind.name,
                str(shape),
                f"{1e6 * compared.median(PLAIN) / scored.n_windows:.2f}",
                f"{1e6 * compared.median(SKAD) / scored.n_windows:.2f}",
                f"{compared.ratio(SKAD):.3f}",
                f"{compared.control:.3f}",
                str(scored.errors),
                str(scored.plain_errors),
            )
        )
    header = ("Detector", "Windows", "Plain, us/window", "skad, us/window", "Ratio")
    header += ("Control", "Errors", "Errors, plain")
    return Section("Score", TEXT, header, tuple(rows), _values(results))


def _values(results):
    values = {}
    for (kind, shape), scored in results.items():
        compared = scored.comparison
        values[f"score {kind.name} {shape}"] = Value(
            compared.ratio(SKAD), compared.control, compared.is_settled
        )
    conv = {shape: scored for (kind, shape), scored in results.items() if kind is CONV}
    forest = conv[SHAPES[1]].comparison
    values["forest"] = Value(
        forest.ratio(SKAD, over=FOREST), forest.control, forest.is_settled
    )
    for name in Errors._fields:
        worst = max(_error_ratio(scored, name) for scored in conv.values())
        values[f"{name} error"] = Value(worst)
    values["spike"] = Value(sum(s.n_spoilt for s in conv.values()))
    return values


def _error_ratio(scored, name):
    return getattr(scored.errors, name) / getattr(scored.plain_errors, name)
