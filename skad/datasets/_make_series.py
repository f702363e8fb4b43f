"""A made-up series of normal readings."""

from numbers import Integral, Real

import numpy as np
from scipy.signal import lfilter
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

# Rhythms that the channels share, as multiples of ``period``.
_RHYTHMS = (1.0, 0.5, 4.0)
# How much of the noise of a row is left in the next one.
_MEMORY = 0.5


@validate_params(
    {
        "n_timestamps": [Interval(Integral, 2, None, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "period": [Interval(Real, 2, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "freq": [str],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_series(
    n_timestamps=2000,
    n_channels=3,
    *,
    period=60.0,
    noise=0.1,
    freq="1min",
    random_state=None,
):
    """Make a series of normal readings whose channels belong together.

    Each channel is a mix of the same three rhythms, of ``period``, half and four times
    that many rows, at a level and a scale of its own, with noise that fades from row
    to row. So a channel can be told from the others, and a channel that leaves the
    others is abnormal.

    Parameters
    ----------
    n_timestamps : int, default=2000
        Number of rows.
    n_channels : int, default=3
        Number of channels.
    period : float, default=60.0
        Rows of the main rhythm.
    noise : float, default=0.1
        Standard deviation of the noise, as a share of that of the rhythms.
    freq : str, default="1min"
        Step of the index, as `pandas.date_range` takes it.
    random_state : int, RandomState instance or None, default=None
        Draws levels, scales, mixes and noise.

    Returns
    -------
    X : pandas.DataFrame of shape (n_timestamps, n_channels), float64
        Columns "x0", "x1", ...; the index begins at 2026-01-01.

    Raises
    ------
    ImportError
        If pandas is not installed.

    See Also
    --------
    inject_anomalies : Puts labelled anomalies into a series.

    Examples
    --------
    >>> from skad.datasets import make_series
    >>> X = make_series(n_timestamps=500, n_channels=2, random_state=0)
    >>> X.shape, str(X.index[1])
    ((500, 2), '2026-01-01 00:01:00')
    """
    import pandas as pd

    rng = check_random_state(random_state)
    rows = np.arange(n_timestamps) / period
    rhythms = np.stack(
        [np.sin(2 * np.pi * (rows / length + rng.uniform())) for length in _RHYTHMS], 1
    )
    mixes = rng.normal(size=(len(_RHYTHMS), n_channels))
    mixes /= np.sqrt(np.square(mixes).sum(axis=0) / 2)  # a sine has a variance of 1/2
    values = rhythms @ mixes + noise * _fading_noise(rng, n_timestamps, n_channels)
    scales, levels = 10 ** rng.uniform(-1, 1, n_channels), rng.normal(size=n_channels)
    index = pd.date_range("2026-01-01", periods=n_timestamps, freq=freq, name="time")
    names = [f"x{number}" for number in range(n_channels)]
    return pd.DataFrame(scales * (values + 10 * levels), index=index, columns=names)


def _fading_noise(rng, n_timestamps, n_channels):
    """Draw noise of variance 1, of which each row keeps a part of the one before."""
    fresh = np.sqrt(1 - _MEMORY**2)
    draws = rng.normal(size=(n_timestamps, n_channels))
    draws[0] /= fresh  # the first row has nothing to keep
    return lfilter([fresh], [1, -_MEMORY], draws, axis=0)
