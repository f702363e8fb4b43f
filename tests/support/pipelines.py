"""Small pipelines, one for each path that a score may take."""

import numpy as np
from sklearn.pipeline import make_pipeline

from skad import make_detector
from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.preprocessing import SlidingWindow

CONV = ConvAutoencoder((4, 2), max_epochs=1, random_state=0)
SCALED = ConvAutoencoder((4,), window_scaling="mean", max_epochs=1, random_state=0)
LSTM = LSTMForecaster(4, max_epochs=1, random_state=0)
# What the recommended chain holds, in small.
_SMALL = {
    "max_epochs": 1,
    "channels": (4, 2),
    "kernel_size": 5,
    "window_size": 16,
    "n_components": 3,
    "n_kernels": 5,
    "max_bank": 100,
}


def recommended(estimator=None):
    """Return the chain of `skad.make_detector` with small networks and windows."""
    chain = make_detector(estimator, random_state=0)
    small = {}
    for name, value in chain.get_params().items():
        own_name = name.rpartition("__")[2]
        if own_name in _SMALL and value != 1:  # windows of one row stay so
            small[name] = _SMALL[own_name]
    return chain.set_params(**small)


PIPELINES = {
    "shared convolution": make_pipeline(SlidingWindow(16), CONV),
    "convolution of each window": make_pipeline(SlidingWindow(16), SCALED),
    "LSTM": make_pipeline(SlidingWindow(16), LSTM),
    "principal components": make_pipeline(SlidingWindow(16), PCADetector(3)),
    "make_detector": recommended(),
}


def fitted_and_scored(pipe, X):
    """Return the scores of X by a pipeline fitted to it, and its labels."""
    pipe.fit(X)
    return np.append(pipe.score_samples(X), pipe.predict(X))
