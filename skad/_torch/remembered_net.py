"""Training through a joblib cache: once for one series and one set of parameters."""

import pickle
import warnings
from importlib.metadata import version
from numbers import Integral

import joblib
import torch
from sklearn.utils.validation import check_memory

from skad._estimators.callbacks import clone_without_callbacks
from skad._series.windows import series_under, windows_over
from skad._torch.trained_net import trained_net

# What a trained network does not depend on, set to one value for every key.
_NEUTRAL = {
    "channel_aggregation": "mean",
    "contamination": "auto",
    "direction": "both",
    "error": "squared",
    "max_missing": 0.5,
    "memory": None,
    "min_deviation": 0.0,
    "random_state": None,
    "verbose": 0,
    "warm_start": False,
}


def remembered_net(detector, windows, seed, start=None, epochs=None):
    """Return a trained net, from the cache of ``detector`` if it is there.

    The key is the series under the windows and their length (the windows themselves
    where they do not overlap), the training parameters and the seed.
    """
    if detector.memory is None:
        return trained_net(detector, windows, seed, start, epochs)
    trainer = clone_without_callbacks(detector)
    _set(trainer, **_NEUTRAL)
    reason = _why_not(detector, trainer, start)
    if reason is not None:
        warnings.warn(
            f"{type(detector).__name__} was trained without its memory: {reason}",
            UserWarning,
            stacklevel=7,
        )
        return trained_net(detector, windows, seed, start, epochs)
    series = series_under(windows)
    data, n_timesteps = (
        (windows, None) if series is None else (series, windows.shape[1])
    )
    versions = (version("skad"), torch.__version__)
    train = check_memory(detector.memory).cache(_train, ignore=["verbose", "epochs"])
    key = trainer, data, n_timesteps, seed, versions
    return train(*key, verbose=detector.verbose, epochs=epochs)


def _train(trainer, data, n_timesteps, seed, versions, verbose, epochs):
    windows = data if n_timesteps is None else windows_over(data, n_timesteps)
    _set(trainer, verbose=verbose)
    return trained_net(trainer, windows, seed, epochs=epochs)


def _set(trainer, **params):
    """Set those that are parameters of it: a subclass may leave some out."""
    shown = trainer.get_params(deep=False)
    trainer.set_params(**{name: params[name] for name in params if name in shown})


def _why_not(detector, trainer, start):
    if start is not None:
        return "a warm start goes on from weights, which are no key."
    if not isinstance(detector.random_state, Integral):
        return (
            f"random_state={detector.random_state!r} gives another network each time. "
            "Set random_state to an int."
        )
    try:
        joblib.hash(trainer)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        return (
            f"its parameters cannot be hashed ({error}). Define the classes they name "
            "at the top level of a module."
        )
    return None
