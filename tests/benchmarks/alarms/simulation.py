"""Thresholds set on the first part of a series, and alarms counted on the rest."""

from dataclasses import dataclass, field

import numpy as np
from sklearn.frozen import FrozenEstimator

from skad.postprocessing import ThresholdedDetector
from tests.benchmarks.alarms.series import make_series

HELD_BACK = 0.2
# How ThresholdedDetector refuses: too few independent scores, or a tail of ties.
_REFUSALS = ('strategy="conformal" needs', 'strategy="pot" found')


@dataclass
class Rates:
    """The false-alarm rate of each series; None where no threshold was set."""

    promised: float
    of_series: list = field(default_factory=list)

    @property
    def answered(self):
        return np.array([rate for rate in self.of_series if rate is not None])

    @property
    def n_refused(self):
        return len(self.of_series) - len(self.answered)

    @property
    def mean(self):
        return float(self.answered.mean()) if len(self.answered) else np.nan

    @property
    def standard_error(self):
        n = len(self.answered)
        return float(self.answered.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan

    @property
    def keeps_its_promise(self):
        return self.mean <= self.promised + 2 * self.standard_error


def alarm_rates(make_detector, strategies, kind, *, n_series, n_fit, n_new):
    """Map the name of each strategy to its rates on so many series of a kind."""
    rates = {s.name: Rates(s.promised) for s in strategies}
    for number in range(n_series):
        X = make_series(kind, number, n_fit + n_new)
        new = slice(n_fit, None)
        found = rates_of_one(make_detector, strategies, X, n_fit, new)
        for name, rate in found.items():
            rates[name].of_series.append(rate)
    return rates


def rates_of_one(make_detector, strategies, X, n_fit, counted):
    """Map the name of each strategy to its rate of alarms among the rows ``counted``.

    The detector is trained as ThresholdedDetector does it, but once for all strategies:
    one holds back a part, and the other has seen all of the first ``n_fit`` rows.
    """
    n_train = n_fit - round(HELD_BACK * n_fit)
    rates = {}
    for on_training_rows in (True, False):
        chosen = [s for s in strategies if s.on_training_rows is on_training_rows]
        if not chosen:
            continue
        fitted = make_detector().fit(X[: n_fit if on_training_rows else n_train])
        first = 0 if on_training_rows else n_train
        scores = fitted.score_samples(X)[counted]
        for strategy in chosen:
            offset = _threshold(fitted, X[first:n_fit], strategy)
            alarms = None if offset is None else scores < offset
            rates[strategy.name] = None if alarms is None else float(np.mean(alarms))
    return rates


def _threshold(fitted, X, strategy):
    """Return the threshold; None where the scores are too few or too alike for one."""
    detector = ThresholdedDetector(FrozenEstimator(fitted), **strategy.parameters)
    if strategy.on_training_rows:
        detector.set_params(calibration_fraction=None)
    try:
        return detector.fit(X).offset_
    except ValueError as error:
        if not str(error).startswith(_REFUSALS):
            raise
        return None
