"""Several detectors, combined into one."""

from itertools import repeat
from numbers import Integral

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import Bunch, get_tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.evidence import Evidence, evidence_of, takes_missing, those_there
from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import inner_estimators
from skad._estimators.thresholding import CONTAMINATION, threshold
from skad._estimators.training_scores import common_training_scores
from skad._series.tables import as_native
from skad.postprocessing._calibration_rows import of_full_windows, rows_of
from skad.postprocessing._common_scale import (
    combine_numbers,
    learn_scale,
    on_scale,
    parts_of_members,
    share_out,
    usual_of,
    weighed,
    weights_of_members,
)
from skad.postprocessing._cross_scores import Folds, fit_and_cross_score
from skad.postprocessing._members import (
    LeftOut,
    members_of,
    of_the_same_channels,
    shares_of,
)
from skad.postprocessing._meta_detector import MetaDetector, SharesFolds
from skad.postprocessing._normal_rows import TRAIN, numbered, rows_to_learn_from


class EnsembleDetector(SharesFolds, MetaDetector, _BaseComposition):
    """Combine the scores of several detectors, brought to one scale.

    Each member is fitted on the same rows. How abnormal a row is to a member (minus its
    score) is then measured in the member's own terms: as a multiple of how far the
    training rows spread above their median::

        z = (error - median of the training errors)
            / (distance of the quartiles of the training errors / 1.349)

    and the score is minus the mean, the largest, ... of these numbers. Median and
    quartiles are learnt at fit, so a score depends on its own window alone and not on
    what else is scored.

    Parameters
    ----------
    estimators : list of (str, estimator) tuples
        The members by name: any outlier detectors or Pipelines with `fit` and
        `score_samples`. "drop" in place of an estimator leaves it out, as in
        ``set_params(name="drop")``.
    combine : {"mean_log", "mean", "max"}, default="mean_log"
        How the members' numbers become one: the mean of
        ``sign(z) * log1p(abs(z))``, which keeps a member that is far out from
        silencing the others; the mean of ``z``; or the largest, that of the member to
        which the row is most abnormal.
    weights : array-like of shape (n_estimators,) or None, default=None
        What each member, dropped ones included, counts in the mean; None counts all
        alike. "max" takes none.
    n_blocks : int or None, default=None
        None learns the scales from the training scores that members tell of, which are
        leave-one-out where a member remembers its rows. A number learns them from
        scores by copies: the rows are cut into so many blocks in time at most, none
        shorter than the windows, and each is scored by copies trained on the others;
        under a meta-detector that cuts the rows itself, its blocks are taken.
    n_jobs : int or None, default=None
        How many copies are fitted at a time; None is 1 unless a joblib context says
        otherwise, -1 takes all processors.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles. The
        thresholds of the members are not used.
    train : {"normal", "all"}, default="all"
        Whether to leave out the rows that y labels abnormal, such as maintenance by
        `from_events`: they neither train nor calibrate, and no window crosses the cut.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted members, without the dropped ones.
    named_estimators_ : Bunch
        The fitted members by name; dropped ones are "drop".
    medians_ : ndarray of shape (n_members,), float64
        The median training error of each member that is not dropped.
    spreads_ : ndarray of shape (n_members,), float64
        How far apart the quartiles of the training errors lie, over 1.349: of normal
        numbers that is their standard deviation. Where they do not, because most errors
        are equal, the standard deviation; where that is zero too, the magnitude of the
        median, or 1.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Number of columns, if a member knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, if a member knows them.

    See Also
    --------
    ReverseWindowing : From scores of windows back to rows; a good member.
    skad.row_context : Of several members, the widest counts.

    Notes
    -----
    Give each member its own `ReverseWindowing`: an autoencoder's windows are to be
    spread over the rows they cover, and a forecaster's errors are to be smoothed where
    they are.

    A member that misses too many readings of a row is left out there, and the row of
    its scale; where all are, the row gets the median training score.

    References
    ----------
    .. [1] C. C. Aggarwal and S. Sathe, "Theoretical foundations and algorithms for
       outlier ensembles", ACM SIGKDD Explorations 17(1), 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.svm import OneClassSVM
    >>> from skad.postprocessing import EnsembleDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> X[50] = 6
    >>> detector = EnsembleDetector(
    ...     [("forest", IsolationForest(random_state=0)), ("svm", OneClassSVM())],
    ...     contamination=0.005,
    ... ).fit(X)
    >>> np.flatnonzero(detector.predict(X) == -1)
    array([50])
    >>> alone = detector.set_params(svm="drop").fit(X)
    >>> len(alone.estimators_)
    1
    """

    _parameter_constraints = {
        "estimators": [list],
        "combine": [StrOptions({"mean_log", "mean", "max"})],
        "weights": ["array-like", None],
        "n_blocks": [Interval(Integral, 2, None, closed="left"), None],
        "n_jobs": [Integral, None],
        "contamination": CONTAMINATION,
        "train": TRAIN,
    }

    _usual_score = 0.0  # learnt at fit; on the common scale about that

    def __init__(
        self,
        estimators,
        *,
        combine="mean_log",
        weights=None,
        n_blocks=None,
        n_jobs=None,
        contamination="auto",
        train="all",
    ):
        self.estimators = estimators
        self.combine = combine
        self.weights = weights
        self.n_blocks = n_blocks
        self.n_jobs = n_jobs
        self.contamination = contamination
        self.train = train

    def get_params(self, deep=True):
        """Get the parameters of the ensemble and, by name, of its members.

        Parameters
        ----------
        deep : bool, default=True
            Whether to go into the members.

        Returns
        -------
        params : dict
            Parameters by name, such as ``forest__n_estimators``.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params):
        """Set parameters of the ensemble or, by name, of its members.

        Parameters
        ----------
        **params : keyword arguments
            Such as ``combine="max"``, ``forest__n_estimators=50``, a new estimator
            under the name of a member, or "drop".

        Returns
        -------
        self : object
            This ensemble.
        """
        self._set_params("estimators", **params)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the members, learn their scales, and set the threshold.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What the members take.
        y : array-like of shape (n_timestamps,) or None, default=None
            Labels for ``train="normal"``: -1 (abnormal) and 1, or 0 and 1 (abnormal),
            or booleans. Passed on to the members.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        ValueError
            If ``estimators`` is no list of pairs with different names, or all of them
            are dropped; if ``weights`` are not one number of at least 0 for each, or
            are given with "max"; if a member's training scores are not finite; and
            whatever a member raises.
        TypeError
            If a member has no `score_samples`.
        """
        X, y, rows = rows_to_learn_from(self, X, y)
        self._fit_with(X, y)
        self._of_training = numbered(self._of_training, rows)
        return self

    def _fit_with(self, X, y, folds=None):
        members, shares = members_of(self), shares_of(self)
        X = as_native(X)
        fitted = {name: clone(estimator) for name, estimator in members}
        if folds is None and self.n_blocks is not None:
            X, y = rows_of(X, y, next(iter(fitted.values())).fit)
            folds = Folds.of(X, self.n_blocks, self, self.n_jobs)
        with FitTask(self, X, y, n_parts=len(members)) as task:
            return self._fit(X, y, fitted, shares, folds, task)

    def _fit(self, X, y, members, shares, folds, task):
        fitted, crossed = list(members.values()), []
        for name, estimator in members.items():
            with task.part(f"fit-{name}").around(estimator, X):
                crossed.append(fit_and_cross_score(estimator, X, y, folds))
            warn_of_lost_index(estimator, X, stacklevel=6)
        left_out = LeftOut.by(fitted, X)
        scores, rows = common_training_scores(fitted, X)
        lacking = left_out.among(rows)
        shown = lacking.drop(scores)
        if self.n_blocks is not None:
            shown = map(of_full_windows, crossed, repeat(X), fitted)
        scales = list(map(learn_scale, shown, members))
        self.estimators_ = fitted
        self.named_estimators_ = Bunch(**dict(self.estimators) | members)
        self.medians_, self.spreads_ = np.array(scales).T
        self._how = self.combine, shares  # a change waits for the next fit
        combined = self._combined(lacking.hide(scores))
        self._usual_score = usual_of(combined)
        self._of_training = self._filled(combined), rows
        self.offset_ = self._threshold(combined, X)
        for estimator in fitted[::-1]:
            self._take_names(estimator)
        return self._filled(self._combined(left_out.hide(crossed))) if folds else None

    def _threshold(self, combined, X):
        if self.contamination == "auto":
            combined = those_there(combined, np.isnan(combined))
        else:  # exact, so all rows are asked
            combined = self._combined(self._scores(X))
        return threshold(self._filled(combined), self.contamination)

    def score_samples(self, X):
        """Score rows by what all members say.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What the members take.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            Minus the combined numbers, which are about 0 for a usual row: the lower,
            the more abnormal.

        Raises
        ------
        ValueError
            Whatever a member raises.
        """
        check_is_fitted(self)
        X = as_native(X)
        for estimator in self.estimators_:
            warn_of_lost_index(estimator, X, stacklevel=3)
        return self._filled(self._combined(self._scores(X)))

    def __skad_training_scores__(self):
        return self._of_training

    def __skad_evidence__(self, X):
        return Evidence.best_of([evidence_of(part, X) for part in self.estimators_])

    def __skad_explain__(self, X, explain):
        explained = self._answers(explain, X)
        parts = parts_of_members(self._numbers(self._scores(X)), *self._how)
        usual = -self._usual_score / len(parts)
        return share_out([np.where(np.isnan(p), usual, p) for p in parts], explained)

    def __skad_expected__(self, X, expected):
        rows = self._answers(expected, X)
        weights = weights_of_members(self._numbers(self._scores(X)), *self._how)
        return sum(map(weighed, weights, rows))

    def _combined(self, scores):
        return -combine_numbers(self._numbers(scores), *self._how)

    def _filled(self, combined):
        return np.where(np.isnan(combined), self._usual_score, combined)

    def _scores(self, X):
        scores = [part.score_samples(X) for part in self.estimators_]
        return LeftOut.by(self.estimators_, X).hide(scores)

    def _numbers(self, scores):
        scales = zip(scores, self.medians_, self.spreads_, strict=True)
        return [on_scale(*member) for member in scales]

    def _answers(self, ask, X):
        answers = [ask(part, X) for part in self.estimators_]
        return of_the_same_channels(self, answers)

    def __sklearn_tags__(self):
        tags = super(MetaDetector, self).__sklearn_tags__()
        inside = [get_tags(part).input_tags for part in inner_estimators(self)]
        for name in ("sparse", "three_d_array"):
            takes_it = all(getattr(member, name) for member in inside)
            setattr(tags.input_tags, name, takes_it)
        tags.input_tags.allow_nan = all(map(takes_missing, inner_estimators(self)))
        return tags
