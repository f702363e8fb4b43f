"""Means over series and seeds, and differences within the same series."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# A series is won or lost by more than this much of the metric.
NOTABLE = 0.01


@dataclass(frozen=True)
class Difference:
    """One method minus another, series by series, each averaged over the seeds."""

    values: np.ndarray

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def standard_error(self) -> float:
        if len(self.values) < 2:
            return float("nan")
        return float(np.std(self.values, ddof=1) / np.sqrt(len(self.values)))

    @property
    def n_wins(self) -> int:
        return int(np.sum(self.values > NOTABLE))

    @property
    def n_losses(self) -> int:
        return int(np.sum(self.values < -NOTABLE))

    def __str__(self):
        return (
            f"{self.mean:+.3f} ± {self.standard_error:.3f} "
            f"({self.n_wins} won, {self.n_losses} lost)"
        )


def by_series(table: pd.DataFrame, metric="VUS-PR") -> pd.DataFrame:
    """Average over the seeds: one row a series, one column a method."""
    return table.pivot_table(metric, ["kind", "series"], "method", "mean", sort=False)


def difference(table: pd.DataFrame, kind: str, one: str, other: str) -> Difference:
    """Compare two methods on the series of a kind that both were measured on."""
    averages = by_series(table).loc[kind, [one, other]].dropna()
    return Difference((averages[one] - averages[other]).to_numpy())


def seed_spread(table: pd.DataFrame, kind: str, method: str) -> tuple[float, float]:
    """Return the least and the largest mean over the series that a seed gave."""
    of_method = table[(table["kind"] == kind) & (table["method"] == method)]
    means = of_method.groupby("seed")["VUS-PR"].mean()
    return float(means.min()), float(means.max())


def seed_deviation(table: pd.DataFrame, method: str) -> float:
    """Return the standard deviation over the seeds, averaged over the series."""
    of_method = table[table["method"] == method]
    return float(of_method.groupby(["kind", "series"])["VUS-PR"].std().mean())


def published(all_series) -> pd.DataFrame:
    """Return the published VUS-PR: one row a series that has any, a column a method."""
    found = {(s.kind, s.name): s.published for s in all_series if s.published}
    return pd.DataFrame.from_dict(found, orient="index")
