"""A threshold that follows recent scores."""

from dataclasses import replace
from datetime import timedelta
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.lost_index import warn_of_lost_index
from skad._series.segments import series_starts
from skad.postprocessing._alarm_rule import AlarmRule
from skad.postprocessing._budget import Budget
from skad.postprocessing._calibrated import Calibrated
from skad.postprocessing._calibration_rows import (
    refuse_infinite,
    rows_of,
    rows_with_full_windows,
    starts_within,
)
from skad.postprocessing._contradictions import refuse_a_budget_without_time
from skad.postprocessing._cross_scores import Folds, fit_and_cross_score, is_frozen
from skad.postprocessing._drift import drifting_channels, warn_of_drift
from skad.postprocessing._following import (
    FollowingRule,
    follow,
    follow_series,
    lengths_of_memory,
)
from skad.postprocessing._meta_detector import as_read, refuse_without_scores
from skad.postprocessing._normal_rows import TRAIN, rows_to_learn_from
from skad.postprocessing._starts_of_series import StartsOfSeries

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


class AdaptiveThresholdDetector(Calibrated):
    """Decide by a threshold that follows the scores of the rows before.

    The scores are those of the detector inside. What is usual changes, and a threshold
    that was right for the training rows alarms ever after. Here each row has one of its
    own, by what was remembered of the rows before it, in errors (minus the scores)::

        level     = median of recent errors
        limit     = level + quantile + margin * interquartile range / 1.349,
                    both of past errors less their level
        threshold = -limit

    Remembered is the largest error of every 8 rows. It begins with scores of training
    rows, by copies that were not trained on them, repeated for ``n_level`` rows. The
    threshold is set anew every 32 rows and looks back alone, so it can be used live.

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`.
    strategy : {"margin", "budget"}, default="margin"
        How far beyond the quantile the threshold lies: by ``margin``, or by as much as
        it takes to raise so many ``alarms`` in ``per``, counted after the ``rule``.
    quantile : float in (0.5, 1], default=0.99
        The quantile of the past errors, less their level.
    margin : float, default=0.75
        How far beyond it the threshold lies, in interquartile ranges over 1.349 (normal
        standard deviations); for "margin".
    n_level : int or "auto", default="auto"
        Over how many recent rows the level is taken; "auto" is four times the training
        rows of a series, from 2,000 to 24,000.
    n_recent : int or "auto", default="auto"
        How many rows back errors less their level are remembered; "auto" is as many as
        for the level, from 12,000 to 18,000.
    patience : int, default=256
        After so many rows, nine tenths of them alarmed, the new level has come to stay.
    alarms : float, default=1
        How many alarms are allowed for, on normal rows, in ``per``; for "budget".
    per : int, str, timedelta or None, default=None
        In how many rows, or in what span of time such as "7D", by the usual step of a
        DatetimeIndex; for "budget".
    rule : AlarmRule or None, default=None
        What an alarm is, for "budget"; None counts each run of alarmed rows. Pass it to
        `to_events` as well; `predict` decides row by row.
    n_blocks : int, default=3
        The rows are cut into so many blocks in time at most, none shorter than the
        windows, and each is scored by a copy trained on the others. Of series that
        outer index levels name, each block takes its part of each.
    n_jobs : int or None, default=None
        How many copies are fitted at a time; None is 1 unless a joblib context says
        otherwise, -1 takes all processors.
    train : {"normal", "all"}, default="all"
        Whether to leave out the rows that y labels abnormal, such as maintenance by
        `from_events`: they neither train nor calibrate, and no window crosses the cut.

    Attributes
    ----------
    estimator_ : estimator
        The copy of ``estimator`` that was fitted on all rows.
    offset_ : float
        The threshold before the first row of a series that is not known.
    margin_ : float
        The margin: ``margin``, or what the budget needs.
    training_scores_ : ndarray of shape (n_timestamps,), float64
        The score of each training row by a copy that did not see it.
    n_calibration_rows_ : int
        The training rows with full windows: p-values, budgets and rates go by these.
    expected_alarm_rate_ : float
        The share of these rows below the threshold that follows them.
    drifting_channels_ : list
        The channels, by name or number, whose readings in the last fifth of the
        training rows lie beyond nearly all earlier ones; `fit` warns of them.
    n_features_in_ : int
        Number of columns, if ``estimator`` knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, if ``estimator`` knows them.

    See Also
    --------
    ThresholdedDetector : One threshold, for a rate that can be promised.
    skad.streaming.StreamScorer : Decisions as rows arrive.

    Notes
    -----
    **It does not learn from what it alarms on.** A score below the threshold is
    remembered as if it lay at the threshold; so an event does not become usual, and yet
    a threshold that is too high for good gives way. The level follows all rows.

    **It lets go.** At a level that has come to stay, what was remembered is put aside,
    and the rows there are remembered as they were: by default alarms end within 1,000
    rows, and mostly within 300. The limit is then never nearer to the level than the
    one put aside; once nine tenths of 128 rows are usual by that one, it is back.

    **Each series stands alone.** One that an outer index level names, and that was
    there at fit, begins at its own level; half of what it remembers above that is of
    all series. Others begin with the last scores of all. At a gap in time what is
    remembered stays.
    Two calls share nothing: to go on where the last one ended, use
    `skad.streaming.StreamScorer` or `skad.decision_function_blockwise`.

    References
    ----------
    .. [1] K. Hundman et al., "Detecting Spacecraft Anomalies Using LSTMs and
       Nonparametric Dynamic Thresholding", KDD 2018: thresholds by recent errors.
    .. [2] A. Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory",
       KDD 2017: alarms teach nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.covariance import EllipticEnvelope
    >>> from skad import AdaptiveThresholdDetector
    >>> X = np.random.default_rng(0).normal(size=(3000, 1))
    >>> X[1500:] += 6  # a level that has come to stay
    >>> detector = AdaptiveThresholdDetector(EllipticEnvelope(random_state=0))
    >>> detector = detector.fit(X[:1000])
    >>> alarms = detector.predict(X) == -1
    >>> [int(alarms[start : start + 500].sum()) for start in range(1000, 3000, 500)]
    [0, 219, 0, 0]
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "strategy": [StrOptions({"margin", "budget"})],
        "quantile": [Interval(Real, 0.5, 1, closed="right")],
        "margin": [Interval(Real, 0, None, closed="left")],
        "n_level": [_AT_LEAST_ONE, StrOptions({"auto"})],
        "n_recent": [_AT_LEAST_ONE, StrOptions({"auto"})],
        "patience": [_AT_LEAST_ONE],
        "alarms": [Interval(Real, 0, None, closed="neither")],
        "per": [Interval(Real, 1, None, closed="left"), str, timedelta, None],
        "rule": [AlarmRule, None],
        "n_blocks": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "train": TRAIN,
    }

    def __init__(
        self,
        estimator,
        *,
        strategy="margin",
        quantile=0.99,
        margin=0.75,
        n_level="auto",
        n_recent="auto",
        patience=256,
        alarms=1,
        per=None,
        rule=None,
        n_blocks=3,
        n_jobs=None,
        train="all",
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.quantile = quantile
        self.margin = margin
        self.n_level = n_level
        self.n_recent = n_recent
        self.patience = patience
        self.alarms = alarms
        self.per = per
        self.rule = rule
        self.n_blocks = n_blocks
        self.n_jobs = n_jobs
        self.train = train

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector inside, and score its training rows by copies.

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
            If X has one row; if "budget" comes without ``per``, or asks for what rows
            cannot show; if a score is not finite; and whatever ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`, or no rows can be taken from X.
        """
        X, y, _ = rows_to_learn_from(self, X, y)
        self._fit_with(X, y)
        return self

    def _fit_with(self, X, y, folds=None):
        refuse_without_scores(self.estimator, self)
        refuse_a_budget_without_time(self)
        X = as_read(self.estimator, X)
        estimator = clone(self.estimator)
        X, y = rows_of(X, y, estimator.fit)
        if folds is None and not is_frozen(estimator):
            folds = Folds.of(X, self.n_blocks, estimator, self.n_jobs)
        with FitTask(self, X, y, n_parts=1) as task:
            with task.part("fit-detector").around(estimator, X):
                crossed = fit_and_cross_score(estimator, X, y, folds)
            warn_of_lost_index(estimator, X, stacklevel=5)
            self._learn(X, estimator, crossed)
            self.drifting_channels_ = drifting_channels(X)
        warn_of_drift(self.drifting_channels_, self)
        return self.training_scores_

    def _learn(self, X, estimator, crossed):
        scores = estimator.score_samples(X) if crossed is None else crossed
        scores = np.asarray(scores, dtype=np.float64)
        refuse_infinite(scores, estimator)
        usable = rows_with_full_windows(X, len(scores), estimator)
        shown, starts = scores[usable], starts_within(X, usable)
        self._rule = self._rule_for(X, scores, usable, starts)
        self._starts = StartsOfSeries.learn(X, scores, self._rule)
        self.estimator_ = estimator
        self.training_scores_ = scores
        self.n_calibration_rows_ = len(shown)
        self.margin_, self.offset_ = self._rule.margin, self._starts.pooled.threshold
        begins = self._starts.at(X, np.flatnonzero(usable)[starts])
        usual, thresholds = follow_series(shown, starts, begins, self._rule)
        # Scores alone keep the promise of p-values; in their limits, drift is no alarm.
        self._calibrate(shown, _in_limits(shown, usual, thresholds))
        self.expected_alarm_rate_ = float(np.mean(shown < thresholds))
        self._take_names(estimator)

    def _rule_for(self, X, scores, usable, starts):
        """Return the rule with the margin given, or with that of the budget."""
        n_rows = len(scores) // len(series_starts(X))
        lengths = lengths_of_memory(self.n_level, self.n_recent, n_rows)
        rule = FollowingRule(self.quantile, self.margin, *lengths, self.patience)
        if self.strategy == "margin":
            return rule
        shown, first = scores[usable], np.flatnonzero(usable)[starts]
        budget = Budget.of(X, len(shown), self.alarms, self.per, self.rule)

        def decisions(margin):
            tried = replace(rule, margin=margin)
            begins = StartsOfSeries.learn(X, scores, tried).at(X, first)
            return shown - follow_series(shown, starts, begins, tried)[1]

        return replace(rule, margin=budget.margin(decisions, starts))

    def __skad_begin__(self, X, row):
        """Return the state at the first row of a series."""
        check_is_fitted(self)
        return self._starts.at(X, [row])[0]

    def __skad_follow__(self, scores, state):
        """Return the threshold of each score, and the state to go on from."""
        _, thresholds, state = follow(scores, state, self._rule)
        return thresholds, state

    def _thresholds_of(self, X, scores):
        return self._usual_and_thresholds(X, scores)[1]

    def _usual_and_thresholds(self, X, scores):
        starts = series_starts(X)
        return follow_series(scores, starts, self._starts.at(X, starts), self._rule)

    def _comparable(self, X):
        scores = self.score_samples(X)
        return [scores, _in_limits(scores, *self._usual_and_thresholds(X, scores))]


def _in_limits(scores, usual, thresholds):
    """Measure scores from the usual ones, in distances of the threshold from these."""
    reach = np.maximum(usual - thresholds, np.finfo(np.float64).tiny)
    with np.errstate(over="ignore"):
        return (scores - usual) / reach
