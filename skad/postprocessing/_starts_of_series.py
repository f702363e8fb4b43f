"""With what a threshold begins that follows: pooled, or as each series knows it.

A series that was there at fit begins at its own level. Above it, half of what is
remembered is its own, and half is pooled, since few rows of one series do not show how
far normal rows may go: with either alone more of the quiet series alarmed. A pooled
level missed faults. ``python -m tests.benchmarks.alarms.many_series`` measures it.
"""

from dataclasses import dataclass

import numpy as np

from skad._series.named_series import named_series, names_at
from skad.postprocessing._calibration_rows import last_of_each_series
from skad.postprocessing._following import (
    FollowingRule,
    RecentScores,
    repeated,
    rows_kept,
    worst_errors,
)

# The rows from which on a series has a level of its own.
FEWEST_ROWS = 64


@dataclass(frozen=True)
class StartsOfSeries:
    """The state at the first row of each series known, and of any other."""

    pooled: RecentScores
    names: list[tuple]
    own: list[RecentScores]

    @classmethod
    def learn(cls, X, scores: np.ndarray, rule: FollowingRule) -> "StartsOfSeries":
        """Begin with the scores of the training rows by copies."""
        last = last_of_each_series(scores, X, rule.n_recent)
        pooled = RecentScores.begin(last, rule)
        known = series_with_levels(X, np.full(len(scores), True))
        if not known:
            return cls(pooled, [], [])
        errors = [worst_errors(scores[rows]) for _, rows in known]
        excesses = [rule.less_their_level(part) for part in errors]
        half = -(-rows_kept(rule.n_level) // 2)
        of_all = _thinned(np.concatenate(excesses), half)
        own = [
            RecentScores.at_level(
                part, np.append(of_all, repeated(excess, half)[-half:]), rule
            )
            for part, excess in zip(errors, excesses, strict=True)
        ]
        return cls(pooled, [name for name, _ in known], own)

    def at(self, X, rows: np.ndarray) -> list[RecentScores]:
        """Return the state with which the series of each of some rows begins."""
        known = dict(zip(self.names, self.own, strict=True))
        return [known.get(name, self.pooled) for name in names_at(X, rows)]


def series_with_levels(X, usable: np.ndarray) -> list[tuple[tuple, slice]]:
    """List the series, of two or more, whose usable rows show a level of their own."""
    series = named_series(X)
    if len(series) < 2:
        return []
    return [(n, rows) for n, rows in series if usable[rows].sum() >= FEWEST_ROWS]


def _thinned(values, n_most):
    return values[:: max(1, len(values) // n_most)][:n_most]
