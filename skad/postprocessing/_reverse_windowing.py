"""From scores of windows back to scores of rows."""

from numbers import Integral

from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.evidence import rows_left_out, those_there
from skad._estimators.fitted_state import refuse_unlearnt_size
from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import (
    cutter_of,
    find_parameter,
    inner_estimators,
    lengths_of_windows,
    row_context,
)
from skad._estimators.thresholding import CONTAMINATION, threshold
from skad._estimators.training_scores import starts_among, training_scores
from skad._series.segments import learn_gaps
from skad.postprocessing._cross_scores import fit_and_cross_score
from skad.postprocessing._meta_detector import (
    MetaDetector,
    SharesFolds,
    as_read,
    refuse_without_scores,
)
from skad.postprocessing._normal_rows import TRAIN, numbered, rows_to_learn_from
from skad.postprocessing._spreading import Spreading

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


class ReverseWindowing(SharesFolds, MetaDetector):
    """Score each row by all the windows that cover it.

    A detector behind `SlidingWindow` says how odd the window is that *ends* at a row.
    This meta-detector, around the whole Pipeline, says how odd the *row* is: the mean
    score (or another, see ``reduce``) of the windows that cover it, those that end at
    the row and at the ``window_size - 1`` rows after it::

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
        ``estimator``, by `skad.row_context`, and refuses a ``ReverseWindowing`` there,
        whose scores are of rows already. With 1, a row keeps the score of the window
        that ends there, and ``smoothing`` alone is left to do.
    reduce : {"mean", "median", "max", "centre"}, default="mean"
        How the scores of the covering windows become one. "max" takes the most
        abnormal of these windows, that is, the lowest score, which is the largest
        error. "centre" takes the window in whose middle the row stands (of an even
        number of rows, one more before the row than after it); where a segment ends
        before that window, its last one.
    smoothing : int, "window" or "half", default=1
        Number of rows of a moving average over what ``reduce`` gave, centred on the
        row (of an even number, one more before it than after it); at the ends of a
        segment, of the rows that exist. 1 smooths nothing. "window" takes as many rows
        as the shortest window that is cut inside ``estimator`` (if none is, as
        ``window_size``), "half" half as many.
    causal : bool, default=False
        Whether to take the windows that end at the row and at the
        ``window_size - 1`` rows *before* it instead, and to smooth over the row and
        those before it, so that no later row is needed.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles. The
        threshold of ``estimator`` is not used.
    train : {"normal", "all"}, default="all"
        Whether to leave out the rows that y labels abnormal, such as maintenance by
        `from_events`: they neither train nor calibrate, and no window crosses the cut.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.
    window_size_ : int
        The number of windows that cover a row.
    smoothing_ : int
        The rows of the moving average.
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
    error at the row itself, which ``window_size=1`` with a short ``smoothing`` leaves
    at its place.

    Windows without enough evidence, because cells are missing, are left out of means
    and of smoothing, and the rows where they end get the median score of the training
    rows; so does a row that no other window is left for. See `skad.evidence`.

    Segments of a DataFrame are spread each by itself, by the rule of the
    `SlidingWindow` inside; that one has to see the index too (a scaler before it needs
    ``set_output(transform="pandas")``).

    Sums are built by doubling, in the same order wherever a row stands, so away from
    the edges a slice of a series gets the very bits of the whole. A million rows and
    100 windows took 0.04 s for the mean, 0.02 s for "max", and 0.6 s for the median,
    which sorts the windows in blocks of 8 MB.

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
        "window_size": [_AT_LEAST_ONE, StrOptions({"auto"})],
        "reduce": [StrOptions({"mean", "median", "max", "centre"})],
        "smoothing": [_AT_LEAST_ONE, StrOptions({"window", "half"})],
        "causal": ["boolean"],
        "contamination": CONTAMINATION,
        "train": TRAIN,
    }

    def __init__(
        self,
        estimator,
        *,
        window_size="auto",
        reduce="mean",
        smoothing=1,
        causal=False,
        contamination="auto",
        train="all",
    ):
        self.estimator = estimator
        self.window_size = window_size
        self.reduce = reduce
        self.smoothing = smoothing
        self.causal = causal
        self.contamination = contamination
        self.train = train

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the inner detector, and set the threshold on the spread scores.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes; a DataFrame with an index may hold several series.
        y : array-like of shape (n_timestamps,) or None, default=None
            Labels for ``train="normal"``: -1 (abnormal) and 1, or 0 and 1 (abnormal),
            or booleans. Passed on to ``estimator``.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        ValueError
            If ``window_size="auto"`` and ``estimator`` holds no windows, or scores
            rows already by a ``ReverseWindowing`` inside; if
            ``causal`` is set with ``reduce="centre"``, which looks ahead; if the
            timestamps of X are out of order or duplicated within a series; and
            whatever ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`.
        """
        X, y, rows = rows_to_learn_from(self, X, y)
        self._fit_with(X, y)
        self._of_training = numbered(self._of_training, rows)
        return self

    def _fit_with(self, X, y, folds=None):
        refuse_without_scores(self.estimator, self)
        self._refuse_a_causal_centre()
        X = as_read(self.estimator, X)
        with FitTask(self, X, y, n_parts=1) as task:
            return self._fit(X, y, folds, task)

    def _fit(self, X, y, folds, task):
        estimator = clone(self.estimator)
        with task.part("fit-detector").around(estimator, X):
            crossed = fit_and_cross_score(estimator, X, y, folds)
        warn_of_lost_index(estimator, X, stacklevel=6)
        spreading = self._spreading_over(self._window_size(estimator), estimator)
        gaps = learn_gaps(X, find_parameter(estimator, "max_gap"))
        starts, left_out = gaps.starts(X), rows_left_out(estimator, X)
        scores, rows = training_scores(estimator, X)
        lacking = None if left_out is None else left_out[rows]
        known = scores, starts_among(rows, starts), lacking
        spreading = spreading.learnt(*known)
        spread = spreading(*known)
        self._of_training = spread, rows
        spread = those_there(spread, lacking)
        if self.contamination != "auto":  # exact, so all rows are asked
            spread = spreading(estimator.score_samples(X), starts, left_out)
        self.estimator_ = estimator
        self.window_size_ = spreading.window_size
        self.smoothing_ = spreading.smoothing
        self._gaps = gaps
        self._fitted_spreading = spreading  # parameters that change wait for a fit
        self.offset_ = self._threshold(spread)
        self._take_names(estimator)
        return None if crossed is None else spreading(crossed, starts, left_out)

    def _threshold(self, spread):
        return threshold(spread, self.contamination, sum(row_context(self)) + 1)

    def score_samples(self, X):
        """Score rows by the windows that cover them.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            The inner scores of the covering windows, reduced and smoothed, on their
            scale: the lower, the more abnormal. `skad.row_context` counts the later
            rows that are looked at; with ``causal=True`` there are none.

        Raises
        ------
        ValueError
            If the index of X is of another kind than at fit, or its timestamps are out
            of order or duplicated within a series; and whatever ``estimator`` raises.
        """
        check_is_fitted(self)
        X = as_read(self.estimator_, X)
        warn_of_lost_index(self.estimator_, X, stacklevel=3)
        scores = self.estimator_.score_samples(X)
        left_out = rows_left_out(self.estimator_, X)
        return self._fitted_spreading(scores, self._gaps.starts(X), left_out)

    def __skad_training_scores__(self):
        return self._of_training

    def _spreading_over(self, window_size, estimator):
        smoothing = self.smoothing
        if isinstance(smoothing, str):
            shortest = min(lengths_of_windows(estimator), default=window_size)
            smoothing = shortest if smoothing == "window" else max(1, shortest // 2)
        return Spreading(window_size, self.reduce, smoothing, self.causal)

    def _window_size(self, estimator):
        if self.window_size != "auto":
            return self.window_size
        self._refuse_spread_scores(estimator)
        rows_back, _ = row_context(estimator)
        if rows_back == 0 and not _is_auto(cutter_of(estimator)):
            raise ValueError(
                'window_size="auto" found no windows inside '
                f"{type(estimator).__name__}. Wrap the Pipeline that holds "
                "SlidingWindow, or set window_size to the number of windows that cover "
                "a row (1 to smooth alone)."
            )
        return rows_back + 1

    def _refuse_spread_scores(self, estimator):
        """Raise where the scores inside are of rows already, of whatever windows."""
        if isinstance(estimator, ReverseWindowing):
            raise ValueError(
                'window_size="auto" found no windows of its own: the scores of the '
                "ReverseWindowing inside are of rows already, spread over windows of "
                f"{estimator.window_size_} rows. Set window_size=1 to smooth alone, or "
                "to the number of rows to spread over once more."
            )
        for part in inner_estimators(estimator):
            self._refuse_spread_scores(part)

    def _refuse_a_causal_centre(self):
        if self.causal and self.reduce == "centre":
            raise ValueError(
                'reduce="centre" takes the window in whose middle a row stands, which '
                "ends after it, so it cannot be causal. Set causal=False, or reduce to "
                '"mean", "median" or "max".'
            )

    def __skad_explain__(self, X, explain):
        check_is_fitted(self)
        shares = explain(self.estimator_, X)
        picks = self._fitted_spreading.picks
        scores = self.estimator_.score_samples(X) if picks else None
        rows = self._gaps.starts(X), rows_left_out(self.estimator_, X)
        return self._fitted_spreading.of_channels(shares, scores, *rows)

    def __skad_check_state__(self):
        if hasattr(self, "_fitted_spreading"):
            for size in (self.window_size_, self._fitted_spreading.window_size):
                refuse_unlearnt_size(self, size, self.window_size)
            refuse_unlearnt_size(self, self._fitted_spreading.smoothing, "auto")

    def __skad_row_context__(self):
        back, ahead = row_context(getattr(self, "estimator_", self.estimator))
        if hasattr(self, "_fitted_spreading"):
            spreading = self._fitted_spreading
        else:
            size = self.window_size
            size = back + 1 if size == "auto" else size
            spreading = self._spreading_over(size, self.estimator)
        more_back, more_ahead = spreading.context()
        return back + more_back, ahead + more_ahead


def _is_auto(cutter):
    """Tell whether it took windows of a single row, of a series as short as that."""
    return cutter is not None and cutter.window_size == "auto"
