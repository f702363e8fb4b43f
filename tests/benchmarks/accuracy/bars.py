"""What skad promises about its accuracy, and whether the measured numbers keep it."""

from dataclasses import dataclass

import pandas as pd

from tests.benchmarks.accuracy.comparing import by_series


@dataclass(frozen=True)
class Bar:
    """A lower limit on the mean VUS-PR of a method over the series of a kind."""

    kind: str
    method: str
    limit: float


@dataclass(frozen=True)
class Verdict:
    bar: Bar
    number: float | None  # None where there were no such series

    @property
    def is_met(self) -> bool:
        return self.number is not None and self.number >= self.bar.limit

    @property
    def answer(self) -> str:
        if self.number is None:
            return "not measured"
        by = f"by {abs(self.number - self.bar.limit):.3f}"
        return f"yes, {by}" if self.is_met else f"**no**, {by}"


def judge(bars: list[Bar], table: pd.DataFrame) -> list[Verdict]:
    """Pair each bar with what was measured for it."""
    means = by_series(table).groupby("kind").mean()
    return [Verdict(bar, _number(means, bar)) for bar in bars]


def _number(means, bar):
    if bar.kind not in means.index or bar.method not in means.columns:
        return None
    number = means.loc[bar.kind, bar.method]
    return None if pd.isna(number) else float(number)


def all_bars(ensemble: str) -> list[Bar]:
    return [
        Bar("M", "autoencoder", 0.60),
        Bar("U", "autoencoder", 0.70),
        Bar("M", "forecaster", 0.56),
        Bar("U", "forecaster", 0.68),
        Bar("M", ensemble, 0.68),
        Bar("U", ensemble, 0.74),
        Bar("SKAB", "autoencoder", 0.92),
        Bar("SKAB", ensemble, 0.92),
    ]
