"""What is compared: skad's chains, other detectors, and controls that learn nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

from skad import (
    EnsembleDetector,
    ReverseWindowing,
    SlidingWindow,
    make_detector,
)
from tests.benchmarks.accuracy.controls import (
    DistanceToMean,
    KNNDistance,
    MovingVariance,
    Persistence,
)

ENSEMBLE = "make_detector()"
SMOOTHING = 100  # rows, for the controls
WINDOW = 64  # rows, for the detectors of scikit-learn


@dataclass(frozen=True)
class Contender:
    """A detector of rows for a seed, and the members whose scores are kept besides."""

    name: str
    make: Callable
    members: tuple[str, ...] = ()
    is_random: bool = True

    def scores(self, series, seed: int) -> dict:
        """Fit on the normal rows, score all: by name, for itself and its members."""
        detector = self.make(seed).fit(series.X[: series.n_train])
        scored = {self.name: detector.score_samples(series.X)}
        for member in self.members:
            chain = ensemble_in(detector).named_estimators_[member]
            scored[member] = chain.score_samples(series.X)
        return scored


def windowed(detector):
    """Give a detector of scikit-learn the scaler, windows and spreading of skad's."""
    return ReverseWindowing(
        make_pipeline(
            RobustScaler(quantile_range=(0, 100)),
            SlidingWindow(WINDOW, flatten=True),
            detector,
        )
    )


def smoothed(control):
    return ReverseWindowing(control, window_size=1, smoothing=SMOOTHING)


def forest(seed):
    return windowed(IsolationForest(random_state=seed))


def ensemble(seed):
    return make_detector(random_state=seed)


def ensemble_in(detector):
    """Go through the meta-detectors around an ensemble, fitted or not."""
    while not isinstance(detector, EnsembleDetector):
        detector = getattr(detector, "estimator_", detector.estimator)
    return detector


def pair(seed):
    """Hear the two networks together, as make_detector hears its members."""
    members = [
        ("autoencoder", make_detector("autoencoder", random_state=seed)),
        ("forecaster", make_detector("forecaster", random_state=seed)),
    ]
    return smoothed(EnsembleDetector(members))


PAIR = Contender("autoencoder and forecaster", pair)
FORECASTER = Contender(
    "forecaster", lambda seed: make_detector("forecaster", random_state=seed)
)
FOREST = Contender("IsolationForest", forest)
KNN = Contender(
    "nearest neighbours", lambda seed: windowed(KNNDistance()), is_random=False
)
CONTROLS = [
    Contender(
        "moving variance", lambda seed: smoothed(MovingVariance()), is_random=False
    ),
    Contender("persistence", lambda seed: smoothed(Persistence()), is_random=False),
    Contender(
        "distance to mean", lambda seed: smoothed(DistanceToMean()), is_random=False
    ),
]


def all_contenders() -> list[Contender]:
    members = tuple(name for name, _ in ensemble_in(ensemble(0)).estimators)
    trio = Contender(ENSEMBLE, ensemble, members)
    return [trio, FORECASTER, PAIR, FOREST, KNN, *CONTROLS]
