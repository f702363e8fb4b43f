"""The detectors, and the strategies that set their thresholds."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from scipy.stats import norm
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from skad.detectors import LSTMForecaster
from skad.preprocessing import SlidingWindow


class LinearForecaster(OutlierMixin, BaseEstimator):
    """Forecast the last column from the others by least squares."""

    def fit(self, X, y=None):
        self.regression_ = LinearRegression().fit(X[:, :-1], X[:, -1])
        return self

    def score_samples(self, X):
        return -((X[:, -1] - self.regression_.predict(X[:, :-1])) ** 2)


def isolation_forest():
    forest = IsolationForest(n_estimators=20, random_state=0)
    return make_pipeline(SlidingWindow(8, flatten=True), forest)


def linear_forecaster():
    return make_pipeline(SlidingWindow(64, flatten=True), LinearForecaster())


def lstm_forecaster():
    network = LSTMForecaster(16, max_epochs=30, lr=1e-2, random_state=0)
    return make_pipeline(SlidingWindow(16), network)


@dataclass(frozen=True)
class Contender:
    """A detector, on how many series of each kind, and how many rows of them."""

    name: str
    make: Callable[[], object]
    n_series: int
    n_fit: int
    text: str


CONTENDERS = (
    Contender(
        "IsolationForest",
        isolation_forest,
        n_series=200,
        n_fit=6000,
        text="20 trees over windows of 8 rows; neighbouring scores are much alike.",
    ),
    Contender(
        "Linear forecaster",
        linear_forecaster,
        n_series=200,
        n_fit=1500,
        text="Least squares on the 63 rows before; the score is the squared error.",
    ),
    Contender(
        "LSTMForecaster",
        lstm_forecaster,
        n_series=25,
        n_fit=1000,
        text="16 units over windows of 16 rows, 30 epochs.",
    ),
)


@dataclass(frozen=True)
class Strategy:
    """A row of the table: how the threshold is set, and the rate that it promises."""

    name: str
    parameters: dict
    promised: float
    on_training_rows: bool = False

    @property
    def has_to_keep_it(self):
        return self.parameters.get("strategy") == "conformal"


def _by_rate(alpha):
    def strategy(name, **options):
        return Strategy(f"{name}, alpha={alpha}", {"alpha": alpha, **options}, alpha)

    return [
        replace(strategy("quantile of training scores"), on_training_rows=True),
        strategy("quantile"),
        strategy("pot", strategy="pot"),
        strategy("conformal", strategy="conformal"),
    ]


# What a normal law has below the mean less so many deviations, or fences.
STRATEGIES = (
    *_by_rate(0.05),
    *_by_rate(0.01),
    Strategy("sigma, k=3", {"strategy": "sigma"}, norm.cdf(-3)),
    Strategy("mad, k=3", {"strategy": "mad"}, norm.cdf(-3)),
    Strategy("iqr, k=3", {"strategy": "iqr"}, norm.cdf((1 + 2 * 3) * norm.ppf(0.25))),
)
