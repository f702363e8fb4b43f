"""What skad promises about its speed, and whether the measured numbers keep it."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Bar:
    """An upper limit on a measured number; ``reason`` says why it is missed, if so."""

    key: str
    what: str
    limit: float
    unit: str = ""
    is_strict: bool = False  # the limit itself is too much
    reason: str = ""

    def is_met_by(self, number: float) -> bool:
        return number < self.limit if self.is_strict else number <= self.limit


class Value(NamedTuple):
    """A measured number, and the control it was measured with, if there was one."""

    number: float
    control: float = 1.0
    is_settled: bool = True


@dataclass(frozen=True)
class Verdict:
    bar: Bar
    value: Value

    @property
    def is_met(self) -> bool:
        return self.value.is_settled and self.bar.is_met_by(self.value.number)

    @property
    def answer(self) -> str:
        if not self.value.is_settled:
            return f"unknown: the control read {self.value.control:.2f}"
        return "yes" if self.is_met else "**no**"

    @property
    def explanation(self) -> str:
        """Say by how much a bar is missed and why."""
        bar, number = self.bar, self.value.number
        by = f"{number - bar.limit:.3g}{bar.unit}"
        if bar.limit > 0:
            by += f" ({number / bar.limit - 1:.0%})"
        reason = bar.reason or "Where the time goes has not been looked into yet."
        return f"{bar.what}: missed by {by}. {reason}"


def judge(bars: list[Bar], values: dict[str, Value]) -> list[Verdict]:
    """Pair each bar with its value; a bar that nothing was measured for is an error."""
    missing = [bar.key for bar in bars if bar.key not in values]
    unknown = sorted(values.keys() - {bar.key for bar in bars})
    if missing or unknown:
        raise KeyError(f"not measured: {missing}; measured without a bar: {unknown}")
    return [Verdict(bar, values[bar.key]) for bar in bars]


# From torch's profiler, on one thread; for the sentence under a bar that is missed.
_REASONS = {
    "fit LSTMForecaster": "At 60 steps 89 % of a training step is spent in torch's "
    "LSTM kernels, forward and backward, in both loops alike, and 4 % in Adam, most of "
    "which the fused kernel saves: there is no more to gain than that.",
    "score LSTMForecaster": "88 % of the time is spent in torch's LSTM kernel, which "
    "gains by larger batches than the 128 of the plain loop; but the size of a block "
    "is what one new row costs.",
    "score ConvAutoencoder": "Only what lies away from the ends of a window is shared "
    "with its neighbours: 2 of the last layer's 10 positions in windows of 10, 52 of "
    "60 in windows of 60.",
}


def all_bars(series_mib: float) -> list[Bar]:
    """List the bars; ``series_mib`` is the size of the long series in float32."""
    return [*_fitting(), *_scoring(), *_memory(series_mib), *_long_and_short()]


def _against_plain(verb, name, shape, limit):
    return Bar(
        f"{verb} {name} {shape}",
        f"{name}, {verb} at {shape} / plain loop",
        limit,
        reason=_REASONS.get(f"{verb} {name}", ""),
    )


def _fitting():
    limits = {
        "LSTMForecaster": {"1 x 10": 1.05, "10 x 60": 1.0, "59 x 60": 1.0},
        "ConvAutoencoder": {"1 x 10": 1.05, "10 x 60": 0.8, "59 x 60": 1.0},
    }
    return [
        _against_plain("fit", name, shape, limit)
        for name, by_shape in limits.items()
        for shape, limit in by_shape.items()
    ]


def _scoring():
    limits = {
        "LSTMForecaster": {"1 x 10": 0.92, "10 x 60": 1.02, "59 x 60": 1.02},
        "ConvAutoencoder": {"1 x 10": 0.35, "10 x 60": 0.12, "59 x 60": 0.09},
    }
    bars = [
        _against_plain("score", name, shape, limit)
        for name, by_shape in limits.items()
        for shape, limit in by_shape.items()
    ]
    return [
        *bars,
        Bar(
            "forest",
            "ConvAutoencoder, score at 10 x 60 / IsolationForest",
            1.0,
            is_strict=True,
        ),
        Bar(
            "largest error",
            "ConvAutoencoder, largest error against float64 / that of the plain loop",
            1.0,
        ),
        Bar("typical error", "The same for the root mean square of the errors", 1.0),
        Bar("spike", "Scores that change with a spike outside of their window", 0),
    ]


def _memory(series_mib):
    def bar(key, what, series, extra):
        return Bar(key, what, series * series_mib + extra, " MiB")

    return [
        bar("memory score", "Peak memory, scoring the long series", 1, 100),
        bar("memory scaled", "The same behind a scaler that gives float64", 4, 100),
        bar("memory fit", "Peak memory above imports, fitting it for an epoch", 1, 200),
    ]


def _long_and_short():
    return [
        Bar("growth 1", "Cost per row, series ten times as long", 1.1),
        Bar("growth 2", "Cost per row, series a hundred times as long", 1.1),
        Bar(
            "reverse",
            "ReverseWindowing of 1,000,000 scores, window 100",
            50,
            " ms",
            is_strict=True,
        ),
        Bar("reverse bits", "Scores that differ when a slice of them is spread", 0),
        Bar("row LSTMForecaster", "LSTMForecaster, one new row at 10 x 60", 20, " ms"),
        Bar(
            "row ConvAutoencoder", "ConvAutoencoder, one new row at 10 x 60", 20, " ms"
        ),
        Bar(
            "import",
            "import skad beyond that of numpy",
            0.2,
            " s",
            is_strict=True,
        ),
        Bar("import torch", "Modules of torch that import skad loads", 0),
    ]
