"""One window per row, ending at that row."""

import warnings
from datetime import timedelta
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skad._estimators.callbacks import CallbackSupport, FitTask
from skad._estimators.fitted_state import refuse_unlearnt_size
from skad._estimators.validation import check_rows
from skad._series.period import LONGEST, window_size_of
from skad._series.segments import learn_gaps
from skad._series.tables import as_native
from skad._series.windows import segment_windows
from skad.preprocessing._output import TableOutputMixin
from skad.preprocessing._padding_words import padding_at_fit, padding_at_scoring


class SlidingWindow(CallbackSupport, TableOutputMixin, BaseEstimator):
    """Turn each row of a series into the window of rows that ends there.

    Window ``t`` holds the rows ``t - window_size + 1 .. t``, so there are as many
    windows as rows, and splits, labels and scorers keep their length. The first
    windows of a series are filled up on the left::

        window_size=3, padding="edge"        row       0  1  2  3
                                             series    a  b  c  d
        window 0   a a a
        window 1   a a b                     no window looks ahead:
        window 2   a b c                     rows after t never change window t
        window 3   b c d

    A DataFrame whose index shows several series (a MultiIndex, time innermost) or gaps
    is cut there: no window crosses a cut, and each segment is filled up by itself. An
    array has no index and is one series.

    Parameters
    ----------
    window_size : int or "auto", default=64
        Rows in a window. "auto" takes the period of the rows seen at fit, if it is
        between 64 and 128 rows; of a shorter one the smallest multiple that is not
        below 64; and 64 where none stands out; but at most a third of the longest
        segment.
    padding : {"edge", "missing"} or float, default="edge"
        What stands before the first row of a segment: that row again; nothing, that is
        NaN, which every detector of skad takes for a missing reading; or a number.
    flatten : bool, default=False
        Whether to return windows as rows of a table, in time-major order (all channels
        of the oldest step first), for estimators of two-dimensional input.
    max_gap : float, timedelta or None, default=None
        The widest difference between the index of neighbouring rows that is no cut: a
        multiple of the usual step, or a span of time such as `pandas.Timedelta`. None
        means 1 step where the index holds integers (row numbers), 1.5 where these are
        more than 1 apart, as the seconds of a clock, and 3 steps where it holds
        timestamps or other numbers; `numpy.inf` never cuts at a gap.

    Attributes
    ----------
    window_size_ : int
        Rows in a window.
    step_ : int, float, numpy.timedelta64 or None
        The usual (median) difference between neighbouring rows, learnt at fit; None
        for arrays and where no two rows follow each other.
    n_features_in_ : int
        Number of channels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    skad.postprocessing.ReverseWindowing : From scores of windows back to rows.
    skad.row_context : How many rows back and ahead a Pipeline looks.

    Notes
    -----
    The windows of one segment are a read-only view of one padded copy of the series:
    their first two strides are equal, and no window is copied. Nor is one of several
    segments: what comes back then stands for an array, of which rows may be taken by
    slices, numbers and masks, and becomes one (`numpy.asarray`) wherever something else
    is asked of it. The detectors of skad ask for rows alone.

    NaN in X stays NaN in the windows: a missing reading.

    The period is where the autocorrelation, averaged over the channels that vary, has
    its first peak about as high as its highest. Each segment is freed of its trend; of
    a long series the last 100,000 rows are looked at. Noise, trends and random walks
    have no such peak. Before `fit`, `skad.row_context` counts the longest window that
    "auto" may take.

    What is a cut is learnt at fit and never depends on the rows at hand: a difference
    of the index above ``max_gap`` and, for plain numbers, one that is zero or negative
    (the next table of a concatenation). Among timestamps, and within a named series,
    such a difference is taken for a mistake. To score a new table without padding, put
    the last ``window_size - 1`` rows of the old one before it.

    Examples
    --------
    >>> import numpy as np
    >>> from skad import SlidingWindow
    >>> X = np.arange(4.0).reshape(-1, 1)
    >>> SlidingWindow(window_size=3).fit_transform(X)[:, :, 0]
    array([[0., 0., 0.],
           [0., 0., 1.],
           [0., 1., 2.],
           [1., 2., 3.]])
    >>> window = SlidingWindow(window_size=3, flatten=True).fit(X)
    >>> window.get_feature_names_out()
    array(['x0_lag2', 'x0_lag1', 'x0_lag0'], dtype=object)
    """

    _parameter_constraints = {
        "window_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "padding": [
            StrOptions({"edge", "missing"}),
            Interval(Real, None, None, closed="neither"),
        ],
        "flatten": ["boolean"],
        # Spans first: numpy's count as integers, and do not compare with numbers.
        "max_gap": [
            timedelta,
            np.timedelta64,
            Interval(Real, 0, None, closed="right"),
            None,
        ],
    }

    def __init__(self, window_size=64, *, padding="edge", flatten=False, max_gap=None):
        self.window_size = window_size
        self.padding = padding
        self.flatten = flatten
        self.max_gap = max_gap

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the number of channels, the step of the index, and the window size.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            A series; a DataFrame with an index may hold several. NaN is a missing
            reading.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If X is no table of finite numbers and NaN; if its timestamps are out of
            order or duplicated within a series; if its index holds neither time nor
            numbers; or if ``max_gap`` is a span of time and the index holds none.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.

        Warns
        -----
        UserWarning
            If most windows hold padding, or most segments a single row, as after a
            shuffled split.
        """
        with FitTask(self, X, y):
            self._fit(as_native(X))
        return self

    def _fit(self, X):
        gaps = learn_gaps(X, self.max_gap)
        starts = gaps.starts(X)
        rows = check_rows(self, X, reset=True)
        is_auto = self.window_size == "auto"
        self.window_size_ = (
            window_size_of(rows, starts) if is_auto else self.window_size
        )
        self.step_ = gaps.step
        self._gaps = gaps
        words = padding_at_fit(starts, len(rows), self.window_size_)
        self._is_mostly_padding = words is not None
        _warn(words and words + gaps.as_a_clock(), stacklevel=5)

    def transform(self, X):
        """Cut windows.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            A series; a DataFrame with an index may hold several. NaN is a missing
            reading.

        Returns
        -------
        windows : ndarray of shape (n_timestamps, `window_size_`, n_channels)
            Or, with ``flatten=True``, of shape ``(n_timestamps, window_size_ *
            n_channels)``. float32 stays float32, all else is float64.

        Raises
        ------
        ValueError
            If X is no table of finite numbers and NaN, if its timestamps are out of
            order or duplicated within a series, if its index is of another kind than
            at fit, or if ``padding`` is too large a number for its dtype.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.

        Warns
        -----
        UserWarning
            If the rows of X are further apart than `max_gap` allows, so that most
            windows are a row and its padding, or less than a third as far apart as at
            fit; or if X is cut into so many segments that most windows hold padding.
        """
        check_is_fitted(self)
        X = as_native(X)
        starts = self._gaps.starts(X)
        rows = check_rows(self, X, reset=False)
        self._refuse_padding_beyond(rows.dtype)
        if not getattr(self, "_is_mostly_padding", False):
            words = padding_at_scoring(self._gaps, X, starts, self.window_size_)
            _warn(words, stacklevel=4)
        padding = np.nan if self.padding == "missing" else self.padding
        windows = segment_windows(rows, self.window_size_, starts, padding)
        return windows.reshape(len(windows), -1) if self.flatten else windows

    @available_if(lambda self: self.flatten)
    def get_feature_names_out(self, input_features=None):
        """Name the columns of flattened windows, ``<channel>_lag<steps back>``.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the channels; None takes `feature_names_in_`, or x0, x1, ...

        Returns
        -------
        names : ndarray of shape (`window_size_ * n_features_in_`,), object
            In time-major order: ``x0_lag2, x1_lag2, x0_lag1, x1_lag1, ...``.
        """
        check_is_fitted(self)
        channels = _check_feature_names_in(self, input_features)
        lags = range(self.window_size_ - 1, -1, -1)
        return np.array([f"{c}_lag{lag}" for lag in lags for c in channels], object)

    def _refuse_padding_beyond(self, dtype):
        largest = float(np.finfo(dtype).max)
        if not isinstance(self.padding, str) and abs(self.padding) > largest:
            raise ValueError(
                f"padding={self.padding!r} is no finite {dtype} like the rest of X; "
                f"the largest is {largest:.3g}. Set padding to a usual reading, or to "
                '"edge" or "missing".'
            )

    def __skad_check_state__(self):
        if hasattr(self, "window_size_"):
            n_channels = self.n_features_in_
            refuse_unlearnt_size(self, self.window_size_, self.window_size, n_channels)

    def __skad_row_context__(self):
        size = LONGEST if self.window_size == "auto" else self.window_size
        return getattr(self, "window_size_", size) - 1, 0

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _warn(words, stacklevel):
    if words is not None:
        warnings.warn(words, UserWarning, stacklevel=stacklevel)
