"""A threshold by a strategy, on scores of rows that training did not see."""

from datetime import timedelta
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _num_samples

from skad._estimators.callbacks import FitTask
from skad._estimators.lost_index import warn_of_lost_index
from skad.postprocessing._alarm_rule import AlarmRule
from skad.postprocessing._budget import Budget
from skad.postprocessing._calibrated import Calibrated
from skad.postprocessing._calibration_rows import (
    fit_on,
    held_back,
    refuse_infinite,
    rows_of,
    rows_with_full_windows,
    starts_within,
    with_full_windows,
)
from skad.postprocessing._contradictions import refuse_contradictions, takes_copies
from skad.postprocessing._cross_scores import (
    Folds,
    cross_scores,
    fit_and_cross_score,
    is_frozen,
)
from skad.postprocessing._levels_of_series import levels_of_series, of_rows
from skad.postprocessing._meta_detector import as_read, refuse_without_scores
from skad.postprocessing._normal_rows import TRAIN, rows_to_learn_from
from skad.postprocessing._strategies import (
    STRATEGIES,
    refuse_too_few,
    threshold_of,
)
from skad.postprocessing._threshold_only import finite_scores


class ThresholdedDetector(Calibrated):
    """Set the threshold of any detector by a strategy, on rows it was not trained on.

    The rows are cut into blocks in time, and each is scored by a copy that was trained
    on the others: these scores set `offset_`. The detector itself is trained on all.

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`.
    strategy : {"quantile", "budget", "fixed", "sigma", "mad", "iqr", "pot", \
"conformal"}, default="quantile"
        How the scores of normal rows become a threshold:

        - "quantile": a share ``alpha`` of them lies below it.
        - "conformal": the order statistic that a further row, exchangeable with these,
          undercuts with a probability of at most ``alpha`` [1]_.
        - "pot": the level that a generalised Pareto distribution, fitted to the
          lowest ``tail_fraction`` of them (exponential, if none is likelier),
          undercuts at the rate ``alpha``: peaks over threshold [2]_.
        - "sigma": the mean less ``k`` standard deviations.
        - "mad": the median less ``k`` median absolute deviations, scaled by 1.4826 to
          be standard deviations of a normal distribution.
        - "iqr": the first quartile less ``k`` interquartile ranges.
        - "budget": so many ``alarms`` in ``per``, counted after the ``rule``.
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
    alarms : float, default=1
        How many alarms are allowed for, on normal rows, in ``per``; for "budget".
    per : int, str, timedelta or None, default=None
        In how many rows, or in what span of time such as "7D", by the usual step of a
        DatetimeIndex; for "budget".
    rule : AlarmRule or None, default=None
        What an alarm is, for "budget"; None counts each run of alarmed rows. Pass it to
        `to_events` as well; `predict` decides row by row.
    calibration : {"cross", "tail"}, default="cross"
        Which scores set the threshold: those of all rows, block by block, as above; or
        those of the last rows in time, which are held back from training for good.
    n_blocks : int, default=5
        The rows are cut into so many blocks in time at most, `n_blocks_`, none shorter
        than the windows, and each is scored by a copy trained on the others. Of series
        that outer index levels name, each block takes its part of each.
    n_jobs : int or None, default=None
        How many copies are fitted at a time; None is 1 unless a joblib context says
        otherwise, -1 takes all processors.
    calibration_fraction : float in (0, 1) or None, default=0.2
        For "tail", the share of the rows, the last in time of each series, held back
        from training. Rows whose windows reach into the training part, or across a gap,
        do not count. None trains on all rows and takes *their* scores, which are too
        good: many more than ``alpha`` of the rows to come are then false alarms.
    train : {"normal", "all"}, default="all"
        Whether to leave out the rows that y labels abnormal, such as maintenance by
        `from_events`: they neither train nor calibrate, and no window crosses the cut.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.
    offset_ : float
        The threshold; of several series, that of one which is not known.
    series_ : list of tuple
        The names of those, of two or more, with 64 calibration rows.
    offsets_ : ndarray of shape (n_series,), float64
        The threshold of each: its median, less the tail of all.
    n_calibration_rows_ : int
        How many rows set it.
    n_blocks_ : int
        In how many blocks; 0 without.
    expected_alarm_rate_ : float
        The share of these rows below their thresholds; NaN for "fixed".
    training_scores_ : ndarray of shape (n_timestamps,), float64
        With "cross": the score of each row by a copy that did not see it.
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
    **What is promised.** With "tail", and averaged over calibration rows, "conformal"
    raises false alarms at the rate ``alpha`` or less if the held-back rows and those to
    come are exchangeable: normal, and not drifting. :ref:`false_alarms` has the
    numbers. Of n independent scores, the k-th smallest of ``-score`` is the threshold,
    ``k = ceil((n + 1) * (1 - alpha))``. Windows overlap, so their scores are seldom
    independent: with the autocorrelation time r of the held-back scores, it is the
    score at which ``(r + number of lower or equal scores) / (n + r)`` reaches
    ``alpha``, and n scores count as ``n / r``. Fewer than ``1 / alpha - 1`` of these
    are refused. The rate of one detector varies by about
    ``sqrt(alpha * (1 - alpha) * r / n)``, and nothing holds on a random walk.

    With "cross" the same holds as far as the detector scores new rows as its copies
    would; cross-conformal predictors [3]_, which ask all copies, keep to ``2 * alpha``
    whatever the detector [4]_. Rows with full windows count; if none has, all do.

    **Frozen.** A `~sklearn.frozen.FrozenEstimator` as ``estimator`` is not trained, and
    all rows of X calibrate: pass rows that it was not trained on. "fixed" holds back
    nothing, and what has ``training_scores_``, not by the row itself, is not copied.

    References
    ----------
    .. [1] H. Papadopoulos et al., "Inductive Confidence Machines", ECML 2002.
    .. [2] A. Siffer et al., "Anomaly Detection in Streams with EVT", KDD 2017.
    .. [3] V. Vovk, "Cross-conformal predictors", Ann. Math. Artif. Intell. 74, 2015.
    .. [4] Barber et al., "Predictive inference with the jackknife+", Ann. Stat., 2021.

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
    2997
    >>> round(float((detector.predict(X)[3000:] == -1).mean()), 3)
    0.043
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "strategy": [StrOptions(set(STRATEGIES))],
        "alpha": [Interval(Real, 0, 0.5, closed="right")],
        "k": [Interval(Real, 0, None, closed="left")],
        "offset": [Interval(Real, None, None, closed="neither"), None],
        "alarms": [Interval(Real, 0, None, closed="neither")],
        "per": [Interval(Real, 1, None, closed="left"), str, timedelta, None],
        "rule": [AlarmRule, None],
        "tail_fraction": [Interval(Real, 0, 1, closed="neither")],
        "calibration": [StrOptions({"cross", "tail"})],
        "n_blocks": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "calibration_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "train": TRAIN,
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
        alarms=1,
        per=None,
        rule=None,
        calibration="cross",
        n_blocks=5,
        n_jobs=None,
        calibration_fraction=0.2,
        train="all",
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.alpha = alpha
        self.k = k
        self.offset = offset
        self.tail_fraction = tail_fraction
        self.alarms = alarms
        self.per = per
        self.rule = rule
        self.calibration = calibration
        self.n_blocks = n_blocks
        self.n_jobs = n_jobs
        self.calibration_fraction = calibration_fraction
        self.train = train

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector inside, and set the threshold on rows it did not see.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes, in time order; a DataFrame with an index may hold
            several series.
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
            If a strategy lacks a parameter, or rows: "budget" one alarm among those
            that calibrate, "conformal" ``1 / alpha - 1`` that count, "pot" 10 in the
            tail; if a parameter would have no effect; if a score is not finite; and
            whatever ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`, or no rows can be taken from X.
        """
        X, y, _ = rows_to_learn_from(self, X, y)
        self._fit_with(X, y)
        return self

    def _fit_with(self, X, y, folds=None):
        refuse_without_scores(self.estimator, self)
        refuse_contradictions(self)
        X = as_read(self.estimator, X)
        estimator = clone(self.estimator)
        X, y = rows_of(X, y, estimator.fit)
        with FitTask(self, X, y, n_parts=1) as task:
            return self._fit(X, y, estimator, folds, task)

    def _fit(self, X, y, estimator, outer, task):
        folds = self._folds(X) if outer is None else outer
        held = self._rows_to_hold_back(X)
        with task.part("fit-detector").around(estimator, X):
            if held is None:
                crossed = fit_and_cross_score(estimator, X, y, folds)
            else:
                fit_on(estimator, X, y, ~held)
                crossed = outer and cross_scores(estimator, X, y, outer)
        warn_of_lost_index(estimator, X, stacklevel=6)
        used = crossed if takes_copies(self) else None
        vars(self).pop("training_scores_", None)
        self._set_threshold(estimator, X, held, used)
        self.estimator_ = estimator
        self.n_blocks_ = 0 if folds is None else len(folds.blocks)
        if crossed is not None:
            self.training_scores_ = crossed
        self._take_names(estimator)
        return crossed

    def _folds(self, X):
        if not takes_copies(self):
            return None
        refuse_too_few(_num_samples(X), self.strategy, self.alpha)
        return Folds.of(X, self.n_blocks, self.estimator, self.n_jobs)

    def _rows_to_hold_back(self, X):
        """Mark the rows that training leaves out; None if it takes all."""
        takes_all = self.calibration == "cross" or self.calibration_fraction is None
        if takes_all or is_frozen(self.estimator) or self.strategy == "fixed":
            return None
        held = held_back(X, self.calibration_fraction)
        # What can be known before the training should not wait for it.
        refuse_too_few(np.count_nonzero(held), self.strategy, self.alpha)
        return held

    def _set_threshold(self, estimator, X, held, crossed):
        scores, usable = np.empty(0), np.empty(0, dtype=bool)
        if self.strategy != "fixed":
            scores = finite_scores(estimator, X) if crossed is None else crossed
            refuse_infinite(scores, estimator)
            usable = self._usable(estimator, X, held, crossed, len(scores))
        shown = scores[usable]
        self._calibrate(shown)
        self.n_calibration_rows_ = len(shown)
        self.offset_ = self._offset(shown, X, usable)
        self.series_, levels = levels_of_series(X, scores, usable)
        if self.series_:  # at its own level each, with a tail that all share
            around = scores - of_rows(X, self.series_, levels, len(scores), np.nan)
            known = usable & ~np.isnan(around)
            levels = levels + self._offset(around[known], X, known)
        self.offsets_ = levels
        is_alarm = shown < self._thresholds_of(X, scores)[usable]
        self.expected_alarm_rate_ = float(np.mean(is_alarm)) if len(shown) else np.nan

    def _usable(self, estimator, X, held, crossed, n_rows):
        """Mark the rows whose scores set the threshold."""
        if crossed is not None:
            return rows_with_full_windows(X, n_rows, estimator)
        held = np.full(n_rows, True) if held is None else held
        takes_all = self.calibration_fraction is None
        return held if takes_all else with_full_windows(X, held, estimator)

    def _offset(self, scores, X, usable):
        if self.strategy == "fixed":
            return float(self.offset)
        if self.strategy == "budget":
            refuse_too_few(len(scores), self.strategy, self.alpha)
            budget = Budget.of(X, len(scores), self.alarms, self.per, self.rule)
            return budget.threshold(scores, starts_within(X, usable))
        parameters = {"k": self.k, "tail_fraction": self.tail_fraction}
        return threshold_of(scores, self.strategy, alpha=self.alpha, **parameters)

    def __skad_offsets__(self, X):
        return self._thresholds_of(X, np.empty(_num_samples(X)))

    def _thresholds_of(self, X, scores):
        return of_rows(X, self.series_, self.offsets_, len(scores), self.offset_)

    def _comparable(self, X):
        return [self.score_samples(X)]
