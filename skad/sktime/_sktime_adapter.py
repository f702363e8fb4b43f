"""Out of sktime: an sktime detector as a scikit-learn outlier detector."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils.validation import check_is_fitted
from sktime.detection.base import BaseDetector

from skad._estimators.row_context import row_context
from skad._estimators.thresholding import ThresholdMixin
from skad._estimators.validation import check_rows


class SktimeAdapter(ThresholdMixin, BaseEstimator):
    """Turn an sktime detector into a scikit-learn outlier detector.

    sktime [1]_ gives high scores, or the positions alone, to outliers; scikit-learn
    gives them low scores and the label -1. Signs and labels are turned here, once, so
    that an sktime detector goes into any meta-detector.

    Parameters
    ----------
    detector : sktime detector
        One whose task is to find anomalies: points, or intervals of rows. A detector
        that gives no scores is read by its labels: the score is -1 for the rows that
        it names and 0 for all others.
    context : (int, int) or None, default=None
        How many rows before and after a row ``detector`` looks at to judge it, which
        sktime does not tell; `skad.row_context` passes it on. None takes that of the
        scikit-learn estimators inside, such as that of a
        `SkadDetector`, and else (0, 0).

    Attributes
    ----------
    detector_ : sktime detector
        The fitted copy of ``detector``.
    offset_ : float
        The threshold on the scores. It lies between those of the training rows, so
        that as many of these fall below it (up to ties) as ``detector`` itself names.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    skad.sktime.SkadDetector : The other way round.
    skad.pyod.PyODAdapter : The same for detectors of PyOD.

    Notes
    -----
    For PyOD, use `skad.pyod.PyODAdapter`: the ``PyODDetector`` of sktime 1.2 returns
    labels where positions are due. A pipeline of sktime passes no scores on, and is
    read by its labels.

    A sktime detector may look at the whole series that it is given. Where it does, a
    score depends on what else is scored.

    References
    ----------
    .. [1] M. Loening et al., "sktime: A unified interface for machine learning with
       time series", Workshop on Systems for ML at NeurIPS, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime.detection.hampel import HampelDetector
    >>> from skad import ReverseWindowing
    >>> from skad.sktime import SktimeAdapter
    >>> X = np.sin(np.arange(200.0) / 9).reshape(-1, 1)
    >>> X[120] += 5
    >>> detector = SktimeAdapter(HampelDetector(), context=(5, 5)).fit(X)
    >>> int(detector.score_samples(X).argmin())
    120
    >>> smooth = ReverseWindowing(detector, window_size=1, smoothing=3)
    >>> int(smooth.fit(X).score_samples(X).argmin()) in (119, 120, 121)
    True
    """

    _parameter_constraints = {"detector": [BaseDetector], "context": [tuple, None]}

    def __init__(self, detector, *, context=None):
        self.detector = detector
        self.context = context

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector, and place a threshold where its labels change.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            Rows of one series. The index of a DataFrame is passed on.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted adapter.

        Raises
        ------
        ValueError
            If X is no table of finite numbers or holds several series; if ``detector``
            finds changes or labels segments instead of naming anomalies, or takes one
            column and X has more; if ``context`` is no pair of counts; and whatever
            ``detector`` raises.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        _refuse_context(self.context)
        frame = self._frame(X, reset=True)
        _refuse_what_names_no_anomalies(self.detector, frame.shape[1])
        detector = clone(self.detector).fit(frame)
        n_named = _named_rows(detector, frame).sum()
        self.offset_ = _threshold_between(_scores_of(detector, frame), n_named)
        self.detector_ = detector
        return self

    def score_samples(self, X):
        """Score rows: minus the scores of the detector, or minus its labels.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            Rows of one series. The index of a DataFrame is passed on.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            In the units of ``detector``, negated: the lower, the more abnormal.

        Raises
        ------
        ValueError
            If X is no table of finite numbers, holds several series or has other
            columns than at fit; if the detector answers with anything but one finite
            number per row.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        check_is_fitted(self)
        return _scores_of(self.detector_, self._frame(X, reset=False))

    def _frame(self, X, *, reset):
        import pandas as pd  # a requirement of sktime

        values = check_rows(self, X, reset=reset)
        index = X.index if isinstance(X, pd.DataFrame) else None
        if isinstance(index, pd.MultiIndex):
            raise ValueError(
                "The index of X has several levels, so X may hold several series, and "
                f"{type(self.detector).__name__} takes one. Fit and score each by "
                "itself, or drop the index with X.reset_index(drop=True)."
            )
        return pd.DataFrame(values, index=index)

    def __skad_row_context__(self):
        if self.context is not None:
            return self.context
        return row_context(getattr(self, "detector_", self.detector))


def _scores_of(detector, frame):
    """Return scores, or labels where there are none; low = abnormal."""
    if type(detector)._transform_scores is BaseDetector._transform_scores:
        return -_named_rows(detector, frame).astype(np.float64)
    scores = np.asarray(detector.transform_scores(frame), dtype=np.float64)
    if scores.size != len(frame) or not np.isfinite(scores).all():
        raise ValueError(
            f"{type(detector).__name__} answered with scores of shape {scores.shape}, "
            f"{np.isfinite(scores).sum()} of them finite; needed is one finite score "
            f"for each of {len(frame)} rows. Look at its parameters, and whether the "
            "series is long enough for it."
        )
    return -scores.reshape(-1)


def _named_rows(detector, frame):
    """Tell for each row whether the detector names it, as a point or in an interval."""
    events = detector.predict(frame)["ilocs"]
    is_named = np.zeros(len(frame), dtype=bool)
    if hasattr(events.dtype, "subtype"):  # intervals
        for interval in events:
            is_named[int(interval.left) : int(interval.right)] = True
        return is_named
    rows = np.asarray(events, dtype=np.int64)
    is_segmented = len(rows) and detector.get_tag("task") == "segmentation"
    if is_segmented or len(np.unique(rows)) < len(rows):
        raise ValueError(
            f"{type(detector).__name__} answered with {len(rows)} labels such as "
            f"{rows[0]}, and not with the rows or intervals that are anomalies. Wrap a "
            "detector whose predict names anomalies."
        )
    is_named[rows] = True
    return is_named


def _threshold_between(scores, n_named):
    """Return a threshold below which the ``n_named`` lowest scores fall, up to ties."""
    ordered = np.sort(scores)
    if n_named == 0:
        return float(ordered[0])
    if n_named == len(ordered):
        return float(np.nextafter(ordered[-1], np.inf))
    return float(ordered[n_named - 1 : n_named + 1].mean())


def _refuse_what_names_no_anomalies(detector, n_columns):
    task = detector.get_tag("task")
    if task == "change_point_detection":
        raise ValueError(
            f"{type(detector).__name__} finds changes, and no rows that are anomalies. "
            "Wrap a detector whose task is anomaly_detection or segmentation."
        )
    if n_columns > 1 and not detector.get_tag("capability:multivariate"):
        raise ValueError(
            f"{type(detector).__name__} takes one column, but X has {n_columns}. Give "
            "each column a detector of its own, or wrap one that takes several."
        )


def _refuse_context(context):
    if context is None:
        return
    counts = [isinstance(rows, Integral) and rows >= 0 for rows in context]
    if counts != [True, True]:
        raise ValueError(
            f"context={context!r} must be a pair (rows back, rows ahead) of integers "
            "of at least 0, or None."
        )
