"""Which channel made a row odd, and what was expected there."""

import warnings

from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import inner_estimators
from skad.inspection._inner_detector import (
    channel_shares,
    expected_band,
    expected_rows,
)
from skad.inspection._rows_of_channels import framed_like
from skad.preprocessing._sliding_window import SlidingWindow


def explain(estimator, X):
    """Tell what each channel adds to the error of each row.

    The steps of a Pipeline and the detectors inside of searches and meta-detectors are
    gone through as scores go: `~skad.postprocessing.ReverseWindowing` spreads what the
    channels add as it spreads scores, or follows the windows that decided, and
    `~skad.postprocessing.EnsembleDetector` shares its number out in proportion to what
    the channels add to the errors of the members that find the row odd.

    Parameters
    ----------
    estimator : estimator
        A fitted detector with a method ``explain(X) -> (n, n_channels)``, as those of
        skad have; or a Pipeline, a search, a `~sklearn.frozen.FrozenEstimator` or a
        meta-detector with one inside.
    X : array-like of shape (n, n_channels)
        What ``estimator`` takes.

    Returns
    -------
    shares : ndarray or DataFrame of shape (n, n_channels), float64
        What each channel, as the detector sees them after all steps before it, adds to
        the error. Errors are those of the detector, in its (scaled) units: a row sums
        up to minus its score, and under a maximum the channel that won has it all. Of
        a DataFrame it is one too, with the index of X, and with its columns if the
        detector sees as many channels.

    Raises
    ------
    TypeError
        If nothing inside has `explain`, or not every member of an ensemble.
    ValueError
        If the detector sees other channels than the windows hold, or members of an
        ensemble see different ones; and whatever the detector raises.

    Warns
    -----
    UserWarning
        If X has fewer rows than a window, so that all windows are filled up.

    See Also
    --------
    why : One row among those around it, in a small table.
    expected : What the model expected instead.
    ErrorMapDisplay : A picture of this.
    skad.postprocessing.to_events : Names the channels of each event.

    Notes
    -----
    A meta-detector of your own takes part by a method ``__skad_explain__(X, explain)``,
    which calls ``explain(self.estimator_, X)`` and returns what becomes of the shares.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import LSTMForecaster, SlidingWindow
    >>> from skad.inspection import explain
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(scale=0.1, size=(200, 3))
    >>> X[150, 1] += 5
    >>> network = LSTMForecaster(hidden_size=4, random_state=0)
    >>> pipe = make_pipeline(SlidingWindow(window_size=8), network).fit(X)
    >>> int(explain(pipe, X)[150].argmax())
    1
    """
    warn_of_lost_index(estimator, X, stacklevel=3)
    _warn_of_rows_alone(estimator, X)
    return framed_like(X, channel_shares(estimator, X))


def expected(estimator, X, *, interval=None):
    """Tell what was expected at each row, in the units of X.

    This is the forecast or the reconstruction of the row by the window that ends there.
    Meta-detectors change scores and not what is expected; scalers are undone. An
    `~skad.postprocessing.EnsembleDetector` expects the mean of what its members expect,
    by their weights, and under a maximum what the member expects that decided.

    Parameters
    ----------
    estimator : estimator
        A fitted detector with a method ``expected(X) -> (n, n_channels)``, as those of
        skad have; or a Pipeline, a search, a `~sklearn.frozen.FrozenEstimator` or a
        meta-detector with one inside.
    X : array-like of shape (n, n_channels)
        What ``estimator`` takes.
    interval : float in (0, 1) or None, default=None
        The share of the training readings that a band around what is expected holds,
        such as 0.99; None returns no band.

    Returns
    -------
    rows : ndarray or DataFrame of shape (n, n_channels), float64
        What was expected, taken back through `inverse_transform` of the steps before
        the detector. Of a DataFrame it is one too, with the index and columns of X.
        With an ``interval``, two of these in its place, lower and upper: the band.

    Raises
    ------
    TypeError
        If nothing inside has `expected`, or not every member of an ensemble; if it
        takes no ``interval``.
    ValueError
        If ``interval`` is no such share; if a step cannot be undone; if the detector
        sees other channels than the windows hold, or members of an ensemble different
        ones; and whatever the detector raises.

    See Also
    --------
    explain : Which channels were far from it.
    skad.postprocessing.to_events : Lists events with what was expected, and the band.

    Notes
    -----
    The band is that of the detector: what it expects plus quantiles of how far readings
    lay from that in up to 1,000 training windows, of each channel by itself. It is as
    wide at all rows. A network knows its training windows, so of new rows somewhat
    fewer lie within. The band of an ensemble is the mean of those of its members, which
    is rather too wide.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skad import LSTMForecaster, SlidingWindow
    >>> from skad.inspection import expected
    >>> X = 400 + 3 * np.sin(np.arange(300) / 5).reshape(-1, 1)
    >>> network = LSTMForecaster(8, max_epochs=40, lr=1e-2, random_state=0)
    >>> scaler = StandardScaler().set_output(transform="pandas")
    >>> pipe = make_pipeline(scaler, SlidingWindow(16), network).fit(X)
    >>> bool(np.abs(expected(pipe, X) - X)[16:].max() < 1)
    True
    >>> lower, upper = expected(pipe, X, interval=0.99)
    >>> bool(((lower <= X) & (X <= upper)).mean() > 0.95)
    True
    """
    warn_of_lost_index(estimator, X, stacklevel=3)
    _warn_of_rows_alone(estimator, X)
    if interval is None:
        return framed_like(X, expected_rows(estimator, X))
    lower, upper = expected_band(estimator, X, interval)
    return framed_like(X, lower), framed_like(X, upper)


def _warn_of_rows_alone(estimator, X):
    """Warn where X is shorter than every window, so that all of them hold padding."""
    sizes = [window.window_size_ for window in _windows_inside(estimator)]
    n_rows = len(X) if hasattr(X, "__len__") else 0
    if sizes and n_rows < min(sizes):
        warnings.warn(
            f"X has {n_rows} row(s), and the windows inside {type(estimator).__name__} "
            f"{min(sizes)}: what is told is of windows that were filled up. Pass the "
            "rows before as well, and take the last of what comes back; or call "
            "skad.inspection.why(detector, X, row) with the whole series.",
            UserWarning,
            stacklevel=3,
        )


def _windows_inside(estimator):
    if isinstance(estimator, SlidingWindow) and hasattr(estimator, "window_size_"):
        yield estimator
    for part in inner_estimators(estimator):
        yield from _windows_inside(part)
