"""From scores of windows back to scores of rows."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skad._context import find_parameter, row_context
from skad._segments import learn_gaps
from skad._thresholding import CONTAMINATION, threshold
from skad._windows import mean_over_cover
from skad.postprocessing._meta import MetaDetector, refuse_without_scores


class ReverseWindowing(MetaDetector):
    """Score each row by all the windows that cover it.

    A detector behind `SlidingWindow` says how odd the window is that *ends* at a row.
    This meta-detector, around the whole Pipeline, says how odd the *row* is: the mean
    score of the windows that cover it, those that end at the row and at the
    ``window_size - 1`` rows after it::

        window_size=3         row         0   1   2   3
                              inner       s0  s1  s2  s3
        row 0   (s0 + s1 + s2) / 3
        row 1   (s1 + s2 + s3) / 3
        row 2   (s2 + s3) / 2             the last rows of a series average the
        row 3   s3                        windows that exist so far

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`.
    window_size : int or "auto", default="auto"
        The number of windows that cover a row; "auto" reads it from the windows inside
        ``estimator``, by `skad.row_context`.
    reduce : {"mean"}, default="mean"
        How the scores of the covering windows become one.
    causal : bool, default=False
        Whether to average the windows that end at the row and at the
        ``window_size - 1`` rows *before* it instead, so that no later row is needed.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it three median absolute deviations below their median score. The
        threshold of ``estimator`` is not used.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.
    window_size_ : int
        The number of windows averaged.
    offset_ : float
        The threshold on the spread scores of the training rows as they came in: noise
        that a step inside adds at fit does not enter.
    n_features_in_ : int
        Number of columns, if ``estimator`` knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, if ``estimator`` knows them.

    See Also
    --------
    skad.preprocessing.SlidingWindow : From rows to windows.
    skad.row_context : How many rows back and ahead a Pipeline looks.

    Notes
    -----
    For anomalies that last, on real series this step was worth more than the choice of
    the network. For isolated points it hurts: they are best judged by a forecaster's
    error at the row itself.

    Segments of a DataFrame are spread each by itself, by the rule of the
    `SlidingWindow` inside; that one has to see the index too (a scaler before it needs
    ``set_output(transform="pandas")``).

    Sums are built by doubling, in the same order wherever a row stands, so away from
    the edges a slice of a series gets the very bits of the whole.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import ReverseWindowing, SlidingWindow
    >>> X = np.tile([0.0, 1.0, 2.0, 3.0], 50).reshape(-1, 1)
    >>> X[120:124] = [[3.0], [2.0], [1.0], [0.0]]  # once it runs backwards
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=4, flatten=True), IsolationForest(random_state=0)
    ... )
    >>> detector = ReverseWindowing(pipe, contamination=0.02).fit(X)
    >>> detector.window_size_
    4
    >>> np.flatnonzero(detector.predict(X) == -1)
    array([120, 121, 122, 123])
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "window_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "reduce": [StrOptions({"mean"})],
        "causal": ["boolean"],
        "contamination": CONTAMINATION,
    }

    def __init__(
        self,
        estimator,
        *,
        window_size="auto",
        reduce="mean",
        causal=False,
        contamination="auto",
    ):
        self.estimator = estimator
        self.window_size = window_size
        self.reduce = reduce
        self.causal = causal
        self.contamination = contamination

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the inner detector, and set the threshold on the spread scores.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes; a DataFrame with an index may hold several series.
        y : array-like of shape (n_timestamps,) or None, default=None
            Passed on to ``estimator``.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        ValueError
            If ``window_size="auto"`` and ``estimator`` holds no windows; if the
            timestamps of X are out of order or duplicated within a series; and
            whatever ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`.
        """
        refuse_without_scores(self.estimator, self)
        estimator = clone(self.estimator).fit(X, y)
        window_size = self._window_size(estimator)
        gaps = learn_gaps(X, find_parameter(estimator, "max_gap"))
        spread = _spread(estimator.score_samples(X), X, gaps, window_size, self.causal)
        self.estimator_ = estimator
        self.window_size_ = window_size
        self._gaps = gaps
        self._causal = self.causal  # a parameter that changes waits for the next fit
        self.offset_ = threshold(spread, self.contamination)
        self._take_names(estimator)
        return self

    def score_samples(self, X):
        """Score rows by the windows that cover them.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            The mean of the inner scores of the covering windows, on their scale: the
            lower, the more abnormal. Up to ``window_size_ - 1`` later rows are looked
            at, none with ``causal=True``.

        Raises
        ------
        ValueError
            If the index of X is of another kind than at fit, or its timestamps are out
            of order or duplicated within a series; and whatever ``estimator`` raises.
        """
        check_is_fitted(self)
        scores = self.estimator_.score_samples(X)
        return _spread(scores, X, self._gaps, self.window_size_, self._causal)

    def _window_size(self, estimator):
        if self.window_size != "auto":
            return self.window_size
        rows_back, _ = row_context(estimator)
        if rows_back == 0:
            raise ValueError(
                'window_size="auto" found no windows inside '
                f"{type(estimator).__name__}. Wrap the Pipeline that holds "
                "SlidingWindow, or set window_size to the number of windows that cover "
                "a row."
            )
        return rows_back + 1

    def __skad_row_context__(self):
        inner = getattr(self, "estimator_", self.estimator)
        back, ahead = row_context(inner)
        size = self.window_size_ if hasattr(self, "window_size_") else self.window_size
        reach = back if size == "auto" else size - 1
        causal = getattr(self, "_causal", self.causal)
        return (back + reach, ahead) if causal else (back, ahead + reach)


def _spread(scores, X, gaps, window_size, causal):
    scores = np.asarray(scores, dtype=np.float64)
    return mean_over_cover(scores, window_size, gaps.starts(X), causal=causal)
