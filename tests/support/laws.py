"""Series, windows and fitted detectors to try laws on, and the trying."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skad._series.windows import trailing_windows
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from tests.support.detectors import ROWS
from tests.support.shares import share

ARCHITECTURES = {name: kind for row in ROWS for name, kind in row.seeded().items()}
FORECASTERS = tuple(n for n, kind in ARCHITECTURES.items() if kind.judges_rows)
COMPONENTS = tuple(n for n in ARCHITECTURES if n.startswith("PCADetector"))
NETWORKS = tuple(name for name in ARCHITECTURES if name not in COMPONENTS)


def _noise(rng, shape):
    return rng.normal(size=shape)


def _waves(rng, shape):
    return np.sin(np.arange(shape[0])[:, np.newaxis] / rng.uniform(0.5, 9, shape[1]))


SHAPES = {
    "noise": _noise,
    "waves": _waves,
    "a random walk": lambda rng, shape: _noise(rng, shape).cumsum(axis=0),
    "steps": lambda rng, shape: _noise(rng, shape).round() * 10,
    "a constant": lambda rng, shape: np.full(shape, rng.normal()),
    "channels of several magnitudes": lambda rng, shape: (
        _waves(rng, shape) * 10.0 ** rng.integers(-6, 6, shape[1])
    ),
    "rare spikes": lambda rng, shape: _noise(rng, shape) ** 9,
}
LAYOUTS = {
    "a view": lambda windows: windows,
    "a copy": np.array,
    "channels first in memory": lambda windows: np.array(
        windows.transpose(0, 2, 1)
    ).transpose(0, 2, 1),
    "Fortran order": np.asfortranarray,
    "backwards in memory": lambda windows: windows[::-1].copy()[::-1],
    "every second row": lambda windows: np.repeat(windows, 2, axis=0)[::2],
    "flattened": lambda windows: windows.reshape(len(windows), -1),
    "lists": lambda windows: windows.tolist(),
}


@dataclass(frozen=True)
class Case:
    """One series, and what is to score it."""

    architecture: str
    window_size: int
    n_channels: int
    n_rows: int
    shape: str
    seed: int

    @property
    def rng(self):
        return np.random.default_rng(self.seed)

    @property
    def series(self):
        return SHAPES[self.shape](self.rng, (self.n_rows, self.n_channels))

    @property
    def windows(self):
        return trailing_windows(self.series, self.window_size)

    @property
    def detector(self):
        return fitted(self.architecture, self.window_size, self.n_channels)

    @property
    def pipeline(self):
        window = SlidingWindow(self.window_size).fit(_normal_rows(self.n_channels))
        return make_pipeline(window, self.detector)

    def chain(self, **spreading):
        """Spread the scores of the pipeline, which is not fitted again."""
        chain = ReverseWindowing(FrozenEstimator(self.pipeline), **spreading)
        return chain.fit(_normal_rows(self.n_channels))


def cases(architectures=tuple(ARCHITECTURES), rows=(1, 60)):
    return st.builds(
        Case,
        architecture=st.sampled_from(architectures),
        window_size=st.integers(4, 9),
        n_channels=st.integers(1, 3),
        n_rows=st.integers(*rows),
        shape=st.sampled_from(list(SHAPES)),
        seed=st.integers(0, 2**32 - 1),
    )


def spreadings():
    reduce = st.sampled_from(["mean", "median", "max", "centre"])
    spread = {"reduce": reduce, "smoothing": st.integers(1, 7)}
    return st.fixed_dictionaries({**spread, "causal": st.booleans()}).map(
        lambda chosen: chosen | {"causal": chosen["causal"] and not _centred(chosen)}
    )


def _centred(chosen):
    return chosen["reduce"] == "centre"


@cache
def fitted(architecture, window_size, n_channels):
    """Fit each once: a law that holds for one fit and any series needs no more."""
    windows = trailing_windows(_normal_rows(n_channels), window_size)
    return clone(ARCHITECTURES[architecture]).fit(windows)


@cache
def _normal_rows(n_channels):
    rng = np.random.default_rng(n_channels)
    shape = (40, n_channels)
    return _waves(rng, shape) + 0.3 * _noise(rng, shape)


def hold(law, *drawn, record_property, fewest=10):
    """Try a law on examples, and note how many there were."""
    examples = []

    @settings(
        max_examples=share(500, fewest),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*drawn))
    def tried(values):
        law(*values)
        examples.append(values)

    tried()
    record_property("laws", 1)
    record_property("examples", len(examples))
