"""A threshold by a strategy, on rows that were held back from training."""

from numbers import Real

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skad._estimators.callbacks import FitTask
from skad._estimators.lost_index import warn_of_lost_index
from skad.postprocessing._calibration import (
    fit_on,
    held_back,
    rows_of,
    with_full_windows,
)
from skad.postprocessing._meta_detector import (
    as_read,
    refuse_without_scores,
)
from skad.postprocessing._strategies import (
    STRATEGIES,
    refuse_too_few,
    threshold_of,
)
from skad.postprocessing._threshold_only import ThresholdOnly, finite_scores


class ThresholdedDetector(ThresholdOnly):
    """Set the threshold of any detector by a strategy, on rows it was not trained on.

    The scores are those of the detector inside. Its own threshold is not used: the last
    part of the training rows is held back, scored, and its scores set `offset_`. The
    detector inside is not fitted on these rows, before or after::

        row          0 ......... 79 | 80 .... 86 | 87 ........... 99
                       training     |  context   |   calibration
                                       of the windows that end at row 87 and after

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`.
    strategy : {"quantile", "fixed", "sigma", "mad", "iqr", "pot", "conformal"}, \
default="quantile"
        How the scores of normal rows become a threshold:

        - "quantile": a share ``alpha`` of them lies below it.
        - "conformal": the order statistic that a further row, exchangeable with these,
          undercuts with a probability of at most ``alpha`` [1]_. Neighbouring scores
          that are alike, as those of overlapping windows, count as fewer.
        - "pot": the level that a generalised Pareto distribution, fitted to the
          lowest ``tail_fraction`` of them, undercuts at the rate ``alpha``: peaks over
          threshold [2]_, for rates below ``1 / n``.
        - "sigma": the mean less ``k`` standard deviations.
        - "mad": the median less ``k`` median absolute deviations, scaled by 1.4826 to
          be standard deviations of a normal distribution. (``contamination="auto"`` of
          other detectors does not scale.)
        - "iqr": the first quartile less ``k`` interquartile ranges.
        - "fixed": ``offset``.
    alpha : float in (0, 0.5], default=0.01
        The rate of false alarms, as a share of the normal rows; for "quantile", "pot"
        and "conformal".
    k : float, default=3.0
        The distance from the middle, in deviations; for "sigma", "mad" and "iqr".
    offset : float or None, default=None
        The threshold, for "fixed".
    tail_fraction : float in (0, 1), default=0.1
        The share of the scores that "pot" takes for the tail, above ``alpha``.
    calibration_fraction : float in (0, 1) or None, default=0.2
        The share of the rows, the last in time, held back from training; of several
        series, named by outer index levels, of each. The rows whose windows reach into
        the training part, by `skad.row_context`, or across a gap, do not count. None
        trains on all rows and takes *their* scores, which are too good: many more
        than ``alpha`` of the rows to come are then false alarms.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_calibration_rows_ : int
        The number of rows whose scores set it; 0 for "fixed".
    n_features_in_ : int
        Number of columns, if ``estimator`` knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, if ``estimator`` knows them.

    See Also
    --------
    TunedThresholdDetectorCV : A threshold by labels.
    sklearn.frozen.FrozenEstimator : Keeps a fitted estimator from being fitted anew.

    Notes
    -----
    **What is promised.** Averaged over calibration rows, "conformal" raises false
    alarms at the rate ``alpha`` or less if the held-back rows and those to come are
    exchangeable: normal, and not drifting. :ref:`false_alarms` has the numbers. Of n
    independent scores, the k-th smallest of ``-score`` is the threshold,
    ``k = ceil((n + 1) * (1 - alpha))``. Windows overlap, so their scores are seldom
    independent: with the autocorrelation time r of the held-back scores, it is the
    score at which ``(r + number of lower or equal scores) / (n + r)`` reaches
    ``alpha``, and n scores count as ``n / r``. Fewer than ``1 / alpha - 1`` of these
    are refused. Even so the rate of one detector varies, by about
    ``sqrt(alpha * (1 - alpha) * r / n)``, and nothing holds on a random walk.
    Anomalies among the held-back rows lower the threshold.

    **Nothing is trained twice.** A `~sklearn.frozen.FrozenEstimator` as ``estimator``
    is not trained at all; then no row of X is held back, and all are calibration
    rows, for any ``calibration_fraction`` but None (which takes those without full
    windows as well): pass rows that it was not trained on. And since all strategies but
    "fixed", which needs no scores and trains on all rows, hold back the same rows, a
    search over them trains once per fold with the ``memory`` of a detector inside.

    **"pot"** raises an error if fewer than 10 scores are in the tail. If the
    likelihood of the Pareto distribution has no maximum, or none above that of the
    exponential one, which is the case of shape 0, the latter is taken.

    The scores are those of the rows as they came in: noise that a step inside adds at
    fit does not enter. If all are equal, `offset_` is that score, and none is below it.
    If X *are* windows, cut outside, their neighbours in time are not known here, and
    those at the cut share rows with training.

    References
    ----------
    .. [1] H. Papadopoulos, K. Proedrou, V. Vovk and A. Gammerman, "Inductive Confidence
       Machines for Regression", ECML 2002.
    .. [2] A. Siffer, P.-A. Fouque, A. Termier and C. Largouet, "Anomaly Detection in
       Streams with Extreme Value Theory", KDD 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow, ThresholdedDetector
    >>> X = np.random.default_rng(4).normal(size=(6000, 1))
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=4, flatten=True),
    ...     IsolationForest(n_estimators=20, random_state=0),
    ... )
    >>> detector = ThresholdedDetector(pipe, strategy="conformal", alpha=0.05)
    >>> detector.fit(X[:3000]).n_calibration_rows_
    597
    >>> round(float((detector.predict(X)[3000:] == -1).mean()), 3)
    0.049
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "strategy": [StrOptions(set(STRATEGIES))],
        "alpha": [Interval(Real, 0, 0.5, closed="right")],
        "k": [Interval(Real, 0, None, closed="left")],
        "offset": [Interval(Real, None, None, closed="neither"), None],
        "tail_fraction": [Interval(Real, 0, 1, closed="neither")],
        "calibration_fraction": [Interval(Real, 0, 1, closed="neither"), None],
    }

    def __init__(
        self,
        estimator,
        *,
        strategy="quantile",
        alpha=0.01,
        k=3.0,
        offset=None,
        tail_fraction=0.1,
        calibration_fraction=0.2,
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.alpha = alpha
        self.k = k
        self.offset = offset
        self.tail_fraction = tail_fraction
        self.calibration_fraction = calibration_fraction

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector inside on the first rows, and set the threshold on the last.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes, in time order; a DataFrame with an index may hold
            several series.
        y : array-like of shape (n_timestamps,) or None, default=None
            Passed on to ``estimator``.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        ValueError
            If "fixed" comes without ``offset``, or "conformal" without rows held back;
            if ``tail_fraction`` is not above ``alpha``; if too few rows are held back,
            or too few of them have full windows; for "conformal", if these count as
            fewer than ``1 / alpha - 1``; for "pot", if the tail has fewer than 10; if
            a score is not finite; and whatever ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`, or no rows can be taken from X.
        """
        refuse_without_scores(self.estimator, self)
        self._refuse_contradictions()
        X = as_read(self.estimator, X)
        estimator = clone(self.estimator)
        X, y = rows_of(X, y, estimator.fit)
        with FitTask(self, X, y, n_parts=1) as task:
            self._fit(X, y, estimator, task)
        return self

    def _fit(self, X, y, estimator, task):
        held = self._rows_to_hold_back(X)
        with task.part("fit-detector").around(estimator):
            if held is None:
                estimator.fit(X, y)
            else:
                fit_on(estimator, X, y, ~held)
        warn_of_lost_index(estimator, X, stacklevel=5)
        offset, n_rows = self._threshold(estimator, X, held)
        self.estimator_ = estimator
        self.offset_ = offset
        self.n_calibration_rows_ = n_rows
        self._take_names(estimator)

    def _refuse_contradictions(self):
        if self.strategy == "fixed" and self.offset is None:
            raise ValueError(
                'strategy="fixed" needs a threshold. Set offset to the score below '
                "which a row is an outlier."
            )
        if self.strategy == "pot" and self.tail_fraction <= self.alpha:
            raise ValueError(
                f"alpha={self.alpha} lies outside of the tail, tail_fraction="
                f'{self.tail_fraction}, to which strategy="pot" fits. Raise '
                'tail_fraction, or use strategy="quantile".'
            )
        if self.calibration_fraction is None and self._promises_in_vain():
            raise ValueError(
                'strategy="conformal" promises nothing about scores of training rows. '
                "Set calibration_fraction to the share of the rows to hold back, or "
                "wrap a fitted estimator in FrozenEstimator and pass other rows."
            )

    def _promises_in_vain(self):
        return self.strategy == "conformal" and not self._is_frozen()

    def _is_frozen(self):
        return isinstance(self.estimator, FrozenEstimator)

    def _rows_to_hold_back(self, X):
        """Mark the rows that training leaves out; None if it takes all."""
        takes_all = self.calibration_fraction is None or self._is_frozen()
        if takes_all or self.strategy == "fixed":
            return None
        held = held_back(X, self.calibration_fraction)
        # What can be known before the training should not wait for it.
        refuse_too_few(np.count_nonzero(held), self.strategy, self.alpha)
        return held

    def _threshold(self, estimator, X, held):
        """Return the threshold and the number of scores that set it."""
        if self.strategy == "fixed":
            return float(self.offset), 0
        scores = finite_scores(estimator, X)
        if self.calibration_fraction is not None:
            held = np.full(len(scores), True) if held is None else held
            scores = scores[with_full_windows(X, held, estimator)]
        offset = threshold_of(
            scores,
            self.strategy,
            alpha=self.alpha,
            k=self.k,
            tail_fraction=self.tail_fraction,
        )
        return offset, len(scores)
