"""A detector on a regular clock, around readings that come when they come."""

import datetime

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.evidence import Evidence, evidence_of, takes_missing
from skad._estimators.row_context import row_context
from skad._estimators.thresholding import CONTAMINATION, threshold
from skad.postprocessing._clock import Clock
from skad.postprocessing._meta_detector import MetaDetector, refuse_without_scores


class ResampledDetector(MetaDetector):
    """Bring readings to a regular clock before a detector, and its scores back.

    Sensors report when something changes, clocks jitter, and rows come late or twice.
    Here the detector inside sees the mean of the readings in each bin of a regular
    clock, and each row given gets the score of its bin. A bin without a reading is
    missing; a run of such bins beyond ``max_gap`` is a gap, which no window crosses.

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`, which takes a
        DataFrame.
    freq : str, default="1min"
        The width of a bin, as pandas names it: "1min", "10s". Bins begin at multiples
        of it since 1970, so the rows at hand do not move them.
    max_gap : str, timedelta or None, default=None
        The widest distance between readings that is bridged; None takes three bins.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names.

    See Also
    --------
    skad.preprocessing.SlidingWindow : Cuts windows, and tells gaps by the index.
    skad.inspection.audit : Tells the step of a clock, and how regular it is.

    Notes
    -----
    Rows may come in any order and several times: the index need not increase. Missing
    bins stay missing (NaN) for a detector that takes them, and are interpolated in time
    for any other. A score depends on the readings of its own bin and of those within
    the windows inside; a bin that is not over yet changes with each reading.

    Readings of several sensors in long form, one row for each reading, become a table
    by ``readings.pivot_table(index="time", columns="sensor", values="value")``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import PCADetector, SlidingWindow
    >>> from skad.postprocessing import ResampledDetector
    >>> rng = np.random.default_rng(0)
    >>> seconds = np.cumsum(rng.exponential(20.0, size=2000))  # three a minute or so
    >>> index = pd.Timestamp("2026-01-01") + pd.to_timedelta(seconds, unit="s")
    >>> X = pd.DataFrame({"load": np.sin(seconds / 600)}, index=index)
    >>> X.iloc[1500:1560] += 2.0
    >>> detector = ResampledDetector(
    ...     make_pipeline(SlidingWindow(8), PCADetector(2)), freq="1min"
    ... )
    >>> scores = detector.fit(X.iloc[:1000]).score_samples(X)
    >>> scores.shape, 1500 <= int(scores.argmin()) < 1600
    ((2000,), True)
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "freq": [str],
        "max_gap": [str, datetime.timedelta, np.timedelta64, None],
        "contamination": CONTAMINATION,
    }

    def __init__(self, estimator, freq="1min", *, max_gap=None, contamination="auto"):
        self.estimator = estimator
        self.freq = freq
        self.max_gap = max_gap
        self.contamination = contamination

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector inside to the means of the bins.

        Parameters
        ----------
        X : DataFrame of shape (n_timestamps, n_channels)
            With timestamps in the innermost level of its index. The rows of
            an array, or of an index that counts rows, are taken as they are.
        y : Ignored
            Present for API consistency: labels of rows are none of bins.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        TypeError
            If X has an index without timestamps; if ``estimator`` has no
            `score_samples`.
        ValueError
            If ``freq`` or ``max_gap`` cannot be read; whatever ``estimator`` raises.
        """
        refuse_without_scores(self.estimator, self)
        clock = self._clock(X)
        with FitTask(self, X, y, n_parts=1) as task:
            estimator = clone(self.estimator)
            with task.part("fit-detector").around(estimator):
                estimator.fit(clock.regular)
            scores = clock.to_rows(estimator.score_samples(clock.regular))
            self.estimator_ = estimator
            self.offset_ = threshold(scores, self.contamination)
            self._fitted_as = {"freq": self.freq, "max_gap": self.max_gap}
            self._reach = clock.rows_in(row_context(estimator))
            self._take_names(estimator)
        return self

    def score_samples(self, X):
        """Score each row by the bin that it stands in.

        Parameters
        ----------
        X : DataFrame of shape (n_timestamps, n_channels)
            As at fit.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            Those of ``estimator_`` for the bins: the lower, the more abnormal.

        Raises
        ------
        TypeError
            If X has an index without timestamps.
        ValueError
            Whatever ``estimator`` raises.
        """
        check_is_fitted(self)
        clock = self._clock(X)
        return clock.to_rows(self.estimator_.score_samples(clock.regular))

    def _clock(self, X):
        """Read X by the parameters as fitted; those that change wait for a fit."""
        rule = getattr(self, "_fitted_as", None)
        freq = self.freq if rule is None else rule["freq"]
        max_gap = self.max_gap if rule is None else rule["max_gap"]
        return Clock.of(X, freq, max_gap, takes_missing(self.estimator))

    def __skad_evidence__(self, X):
        clock = self._clock(X)
        of_bins = evidence_of(self.estimator_, clock.regular)
        known = of_bins.share, of_bins.is_enough, of_bins.left_out
        return Evidence(*map(clock.to_rows, known))

    def __skad_explain__(self, X, explain):
        clock = self._clock(X)
        return clock.to_rows(explain(self.estimator_, clock.regular))

    def __skad_expected__(self, X, expected):
        clock = self._clock(X)
        return clock.to_rows(expected(self.estimator_, clock.regular))

    def __skad_row_context__(self):
        return getattr(self, "_reach", None) or row_context(self.estimator)
