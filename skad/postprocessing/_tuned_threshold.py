"""A threshold by labels, on rows held out fold by fold."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import row_context
from skad.metrics._labels_and_scores import is_anomaly
from skad.metrics._runs import runs_of
from skad.metrics._series_of_rows import first_rows
from skad.model_selection._anomaly_split import AnomalySplit
from skad.postprocessing._calibration_rows import fit_on, rows_of
from skad.postprocessing._cv_splits import (
    fit_and_score,
    pairs,
    refuse_no_splits,
    refuse_useless,
    row_numbers,
    warn_of_lost_groups,
    with_row_numbers,
)
from skad.postprocessing._meta_detector import (
    as_read,
    refuse_without_scores,
)
from skad.postprocessing._metadata import cut_to, routed_by, router_of
from skad.postprocessing._sweep import (
    best_of,
    candidates,
    mean_values,
    refuse_thresholds,
    scorer_of,
)
from skad.postprocessing._threshold_only import ThresholdOnly

_MOST_SPLITS = 5


class TunedThresholdDetectorCV(ThresholdOnly):
    """Tune the threshold of any detector by labels, in cross-validation.

    What scikit-learn's `~sklearn.model_selection.TunedThresholdClassifierCV` is to
    classifiers: one fit per fold, its held-out rows scored once, and the metric
    computed at many thresholds on these scores. The best threshold, by the mean over
    the folds, becomes `offset_` of the detector fitted on all of them. A search over
    ``contamination`` would fit once per threshold.

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`.
    scoring : str or callable, default="f1"
        A name or metric that `skad.metrics.make_anomaly_scorer` takes, by name, or a
        scorer ``scorer(estimator, X, y)``, of which higher is better. It has to look
        at labels: to a metric of rankings all thresholds are alike.
    cv : int, splitter, iterable, "prefit" or None, default=None
        How rows are held out. An int is the number of splits of
        `skad.model_selection.AnomalySplit`, whose test blocks hold whole events, with
        the reach of the windows for a gap; None takes as many as there are events, at
        most 5. Each test part needs anomalies and normal rows. "prefit" takes
        ``estimator`` as it is, fitted on other rows, and tunes on all of X.
    train : {"normal", "all"}, default="normal"
        Whether to train on normal rows only, or on the events outside the test block
        as well. It holds for whatever ``cv`` gives, and for the refit.
    thresholds : int or array-like of float, default=100
        At most how many thresholds are tried: all that differ on the held-out
        scores, or, if these are more, numbers of alarms in geometric steps. Or the
        thresholds themselves.
    refit : bool, default=True
        Whether to fit on all rows once the threshold is known. False keeps the
        estimator of the only split; it has to be False for "prefit".
    n_jobs : int or None, default=None
        How many copies are fitted at a time; None is 1 unless a joblib context says
        otherwise, -1 takes all processors.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted detector, or with "prefit" the one that was given.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    best_threshold_ : float
        The same number, by the name that scikit-learn gives it.
    best_score_ : float
        The mean over the folds of what the scorer gave there.
    cv_results_ : dict of ndarray
        "thresholds", ascending, and "scores", the means over the folds; with
        ``store_cv_results`` only.
    n_features_in_ : int
        Number of columns, if ``estimator`` knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, if ``estimator`` knows them.

    See Also
    --------
    ThresholdedDetector : A threshold without labels.
    skad.model_selection.AnomalySplit : Splits whose test blocks hold whole events.
    sklearn.model_selection.TunedThresholdClassifierCV : The same for classifiers.

    Notes
    -----
    Held-out rows are scored within the whole series, so their windows are full, as
    they will be in use.

    The folds share one threshold, and so ought to share one scale of scores: each is
    scored by a fit of its own. Of networks that train long enough this is true; where
    it is not, hold out one part (``cv=[(train, test)]``, ``refit=False``), or pass a
    fitted estimator and "prefit".

    Of thresholds that are equally good the lowest is taken, with the fewest alarms.

    Rows left out of training are gaps in the index of X, and no window crosses them; an
    array is given row numbers for this. Series that ``groups`` name are known to the
    splits alone: name them in an outer index level, and no window crosses these either.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow, TunedThresholdDetectorCV
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=600), np.ones(600)
    >>> for start in (100, 300, 500):
    ...     X[start : start + 8] += 5.0
    ...     y[start : start + 8] = -1
    >>> X = pd.DataFrame({"reading": X})
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=4, flatten=True), IsolationForest(random_state=0)
    ... )
    >>> detector = TunedThresholdDetectorCV(pipe).fit(X, y)
    >>> round(detector.best_score_, 2)
    0.83
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        "scoring": [str, callable],
        "cv": ["cv_object", StrOptions({"prefit"})],
        "train": [StrOptions({"normal", "all"})],
        "thresholds": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "refit": ["boolean"],
        "n_jobs": [Integral, None],
        "store_cv_results": ["boolean"],
    }

    def __init__(
        self,
        estimator,
        *,
        scoring="f1",
        cv=None,
        train="normal",
        thresholds=100,
        refit=True,
        n_jobs=None,
        store_cv_results=False,
    ):
        self.estimator = estimator
        self.scoring = scoring
        self.cv = cv
        self.train = train
        self.thresholds = thresholds
        self.refit = refit
        self.n_jobs = n_jobs
        self.store_cv_results = store_cv_results

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **params):
        """Fit fold by fold, choose the threshold, and fit on all.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes, in time order; a DataFrame with an index may hold
            several series.
        y : array-like of shape (n_timestamps,) or None, default=None
            Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans. Passed on to
            ``estimator`` and to the scorer; None, as other detectors take it, is
            refused.
        **params : keyword arguments
            ``groups`` for the splits, which `skad.model_selection.AnomalySplit` takes
            for the series that rows belong to. With scikit-learn's
            ``enable_metadata_routing``, whatever ``estimator``, ``cv`` and the scorer
            ask for, each cut to the rows in use.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        ValueError
            If y is missing or holds other labels; if it has fewer than two events, or
            than an int ``cv``; if a split has no row to train on or a test part of one
            label; if ``refit`` does not go with ``cv``; if the scores, or what the
            scorer makes of them, are alike at all thresholds, or are not finite; if
            anything but ``groups`` comes without metadata routing; and whatever
            ``estimator`` raises.
        TypeError
            If ``estimator`` has no `score_samples`, or no rows can be taken from X.
        """
        refuse_without_scores(self.estimator, self)
        X = as_read(self.estimator, X)
        scorer = scorer_of(self.scoring)
        refuse_thresholds(self.thresholds)
        routed = routed_by(self, params)
        inner = self._new_estimator()
        is_prefit = isinstance(self.cv, str)
        X, y = rows_of(X, y, inner.score_samples if is_prefit else inner.fit)
        anomalous = _read_labels(y)
        splits = self._splits(X, y, anomalous, routed)
        if not is_prefit:
            warn_of_lost_groups(X, routed.splitter.split.get("groups"), inner)
        with FitTask(self, X, y, n_parts=len(splits) + self.refit) as task:
            self._fit(X, y, anomalous, splits, scorer, routed, task)
        return self

    def _fit(self, X, y, anomalous, splits, scorer, routed, task):
        parts = [task.part("fit-split") for _ in splits]
        table = X if isinstance(self.cv, str) else with_row_numbers(X, self.estimator)
        fitted, held_out = zip(
            *Parallel(n_jobs=self.n_jobs)(
                delayed(fit_and_score)(
                    self._new_estimator(), table, y, *split, routed.estimator.fit, part
                )
                for split, part in zip(splits, parts, strict=True)
            ),
            strict=True,
        )
        thresholds = self._thresholds(np.concatenate(held_out))
        tests = [test for _, test in splits]
        asked = [cut_to(X, routed.scorer.score, test) for test in tests]
        values = mean_values(scorer, X, y, tests, held_out, thresholds, asked)
        best = best_of(values, thresholds, isinstance(self.thresholds, Integral))
        estimator = fitted[0]
        if self.refit:
            estimator = self._refitted(table, y, anomalous, routed, task.part("refit"))
        self.estimator_ = estimator
        self.offset_ = self.best_threshold_ = float(thresholds[best])
        self.best_score_ = float(values[best])
        if self.store_cv_results:
            self.cv_results_ = {"thresholds": thresholds, "scores": values}
        self._take_names(estimator)

    def _new_estimator(self):
        return self.estimator if isinstance(self.cv, str) else clone(self.estimator)

    def get_metadata_routing(self):
        """Say what is routed where.

        Returns
        -------
        routing : MetadataRouter
            From `fit` to the fits of ``estimator``, to the splits and to the scorer.
        """
        return router_of(self, AnomalySplit(), scorer_of(self.scoring))

    def _splits(self, X, y, anomalous, routed):
        """List the rows to train on (None: train nothing) and those to test on."""
        groups = routed.splitter.split
        if isinstance(self.cv, str):
            self._refuse_refit(1)
            check_is_fitted(self.estimator)
            splits = [(None, np.arange(len(anomalous)))]
        else:
            splits = [
                (row_numbers(train), row_numbers(test))
                for train, test in self._splitter(X, anomalous, groups).split(
                    X, y, **groups
                )
            ]
            refuse_no_splits(splits)
            self._refuse_refit(len(splits))
        if self.train == "normal":
            splits = [
                (train if train is None else train[~anomalous[train]], test)
                for train, test in splits
            ]
        for number, (train, test) in enumerate(splits):
            refuse_useless(number, train, anomalous[test])
        return splits

    def _splitter(self, X, anomalous, groups):
        if self.cv is not None and not isinstance(self.cv, Integral):
            return check_cv(self.cv if hasattr(self.cv, "split") else pairs(self.cv))
        starts, _ = runs_of(anomalous, first_rows(X, groups.get("groups")))
        n_splits = self.cv or max(2, min(len(starts), _MOST_SPLITS))
        return AnomalySplit(
            n_splits, gap=max(row_context(self.estimator)), train=self.train
        )

    def _refuse_refit(self, n_splits):
        if self.refit and isinstance(self.cv, str):
            raise ValueError(
                'cv="prefit" takes the estimator as it is, and refit=True would fit it '
                "again. Set refit=False."
            )
        if not self.refit and n_splits > 1:
            raise ValueError(
                f"refit=False keeps the estimator of the only split, but cv gives "
                f"{n_splits}. Set refit=True, or pass one split, cv=[(train, test)]."
            )

    def _thresholds(self, scores):
        if isinstance(self.thresholds, Integral):
            return candidates(scores, self.thresholds)
        return np.unique(np.asarray(self.thresholds, dtype=np.float64))

    def _refitted(self, X, y, anomalous, routed, part):
        rows = ~anomalous if self.train == "normal" else np.full(len(anomalous), True)
        estimator = clone(self.estimator)
        params = cut_to(X, routed.estimator.fit, np.flatnonzero(rows))
        with part.around(estimator, X):
            fit_on(estimator, X, y, rows, params)
        trained_on = _safe_indexing(X, np.flatnonzero(rows))
        warn_of_lost_index(estimator, trained_on, stacklevel=6)
        return estimator

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _read_labels(y):
    if y is None:
        raise ValueError(
            "TunedThresholdDetectorCV tunes the threshold by labels, and requires y to "
            "be passed, but the target y is None. Pass labels to fit (-1 = anomaly and "
            "1, or 0 and 1 = anomaly), or use ThresholdedDetector, which needs none."
        )
    if len(y) < 2:
        raise ValueError(
            f"n_samples = {len(y)}, of which none can be held out. Pass a longer "
            "series, with events and normal rows."
        )
    return is_anomaly(y)
