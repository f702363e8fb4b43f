"""Rules for channels by name and in the units of the table, for the detector inside."""

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import FitTask
from skad._estimators.channel_rules import RULES, rules_of
from skad._estimators.thresholding import CONTAMINATION, threshold
from skad.postprocessing._meta_detector import (
    MetaDetector,
    as_read,
    refuse_without_scores,
)


class ChannelRules(MetaDetector):
    """Say by name, and in the units of the table, which deviations count.

    A detector behind `SlidingWindow` sees scaled arrays: there channels have no names,
    and sizes other units. This meta-detector, around the Pipeline, reads both off the
    table at fit, and hands them on to the last step.

    Parameters
    ----------
    estimator : Pipeline
        Scalers that treat each channel by itself, windows, and a detector with the
        parameters ``direction``, ``min_deviation`` and ``context_channels``, which are
        replaced.
    direction : {"both", "above", "below"}, dict or sequence, default="both"
        Which readings count: those "above" what is expected, those "below" it, or both.
        One word for all channels, one for each, or a dict from channels, by name or
        position, to words; those not in it have "both".
    min_deviation : float, dict or sequence, default=0.0
        A reading that is nearer to what is expected, in the units of X, adds nothing to
        the error. Given as ``direction`` is; channels not in a dict have 0.
    context_channels : sequence or None, default=None
        Names or positions of channels that the model sees and that are never scored.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles. The
        threshold of ``estimator`` is not used.

    Attributes
    ----------
    estimator_ : Pipeline
        The fitted copy of ``estimator``, with the rules in its last step.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    skad.make_detector : Has the same parameters, and puts this into its chains.
    skad.detectors.PCADetector : Has them in the units of its own input.

    Notes
    -----
    A size is converted by the steps before the windows, fitted to X: what they make of
    a step from the lowest reading of a channel to its highest. Scalers that subtract
    and divide can be converted, such as `~sklearn.preprocessing.StandardScaler`; what
    bends or mixes channels is refused where there is a size. Without windows inside,
    the parameters are handed on as they are.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skad import PCADetector, SlidingWindow
    >>> from skad.postprocessing import ChannelRules
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal([20, 3], [2, 0.1], (400, 2)), columns=["T", "p"])
    >>> detector = ChannelRules(
    ...     make_pipeline(StandardScaler(), SlidingWindow(8), PCADetector(2)),
    ...     direction={"T": "above"},
    ...     min_deviation={"T": 4.0},
    ... ).fit(X)
    >>> detector.estimator_[-1].direction
    ('above', 'both')
    >>> sizes = detector.estimator_[-1].min_deviation
    >>> [round(float(size), 1) for size in sizes * detector.estimator_[0].scale_]
    [4.0, 0.0]
    """

    _parameter_constraints = {
        "estimator": [HasMethods("fit")],
        **RULES,
        "contamination": CONTAMINATION,
    }

    def __init__(
        self,
        estimator,
        *,
        direction="both",
        min_deviation=0.0,
        context_channels=None,
        contamination="auto",
    ):
        self.estimator = estimator
        self.direction = direction
        self.min_deviation = min_deviation
        self.context_channels = context_channels
        self.contamination = contamination

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Hand the rules on, fit the detector inside and set the threshold.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.
        y : array-like of shape (n_timestamps,) or None, default=None
            Passed on to ``estimator``.

        Returns
        -------
        self : object
            The fitted meta-detector.

        Raises
        ------
        TypeError
            If ``estimator`` has no `score_samples`, or its last step none of the
            parameters.
        ValueError
            If a rule names a channel that there is not; if a size cannot be converted;
            and whatever ``estimator`` raises.
        """
        refuse_without_scores(self.estimator, self)
        X = as_read(self.estimator, X)
        with FitTask(self, X, y, n_parts=1) as task:
            estimator = self._with_rules(X)
            with task.part("fit-detector").around(estimator, X):
                estimator.fit(X, y)
            scores = estimator.score_samples(X)
            self.estimator_ = estimator
            self.offset_ = threshold(scores, self.contamination)
            self._take_names(estimator)
        return self

    def score_samples(self, X):
        """Score rows as the detector inside does.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            Those of ``estimator_``: the lower, the more abnormal.

        Raises
        ------
        ValueError
            Whatever ``estimator`` raises.
        """
        check_is_fitted(self)
        return self.estimator_.score_samples(as_read(self.estimator_, X))

    def _with_rules(self, X):
        estimator = clone(self.estimator)
        given = {name: getattr(self, name) for name in RULES}
        if all(value is None or _is_usual(value) for value in given.values()):
            return estimator
        last, before = _last_step(estimator), _before_windows(estimator)
        if before is not None and np.ndim(X) == 2:
            names = list(getattr(X, "columns", range(np.shape(X)[1])))
            given = rules_of(self, names).as_parameters()
            if "min_deviation" in given:
                given["min_deviation"] = tuple(
                    _units(before, X) * given["min_deviation"]
                )
        last.set_params(**given)
        return estimator

    def __skad_explain__(self, X, explain):
        return explain(self.estimator_, X)


def _is_usual(value):
    return (
        value == "both" if isinstance(value, str) else np.isscalar(value) and not value
    )


def _last_step(estimator):
    last = estimator
    while isinstance(last, Pipeline):
        last = last.steps[-1][1]
    if "min_deviation" in last.get_params(deep=False):
        return last
    raise TypeError(
        f"{type(last).__name__} has no direction, min_deviation and context_channels: "
        "its errors have no sign. Use a PCADetector or one of the networks as the last "
        "step of estimator, or leave the rules out."
    )


def _units(before, X):
    """Return what the steps before the windows make of one unit of each channel."""
    if not before:
        return np.ones(np.shape(X)[1])
    values = np.asarray(X, dtype=np.float64)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    high = np.where(high > low, high, low + 1)
    probes = np.stack([low, (low + high) / 2, high])
    fitted = make_pipeline(*before).fit(X)
    made = np.asarray(fitted.transform(_table_like(X, probes)), dtype=np.float64)
    n_scales = max(len(getattr(step, "series_", ())) for _, step in fitted.steps)
    if made.shape == probes.shape and n_scales < 2:
        units = np.diff(made, axis=0) / np.diff(probes, axis=0)
        if (units > 0).all() and np.allclose(units[0], units[1], rtol=1e-5):
            return units.mean(axis=0)
    raise ValueError(
        "min_deviation cannot be converted by the steps before the windows, "
        f"{[type(step).__name__ for step in before]}: they do more than subtract and "
        "divide, channel by channel and all series alike. Use a StandardScaler or "
        "RobustScaler, or set min_deviation of the last step, in the units of its own "
        "input."
    )


def _table_like(X, values):
    if not hasattr(X, "columns"):
        return values
    import pandas as pd

    return pd.DataFrame(values, columns=X.columns)


def _before_windows(estimator):
    """List clones of the steps before the windows, without those that add noise.

    Without windows inside, this is None.
    """
    before = []
    steps = estimator.steps[:-1] if isinstance(estimator, Pipeline) else []
    for _, step in steps:
        if hasattr(step, "__skad_row_context__"):
            return before
        if hasattr(step, "transform") and not get_tags(step).non_deterministic:
            before.append(clone(step))
    return None
