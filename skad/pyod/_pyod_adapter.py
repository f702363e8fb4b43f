"""PyOD's detectors as scikit-learn's: `PyODAdapter`."""

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from skad._estimators.thresholding import ThresholdMixin
from skad._estimators.validation import check_rows


class PyODAdapter(ThresholdMixin, BaseEstimator):
    """Turn a PyOD detector into a scikit-learn outlier detector.

    PyOD [1]_ gives high scores and the label 1 to outliers; scikit-learn gives them low
    scores and the label -1. The signs are turned here, once, so that a PyOD detector
    goes wherever a detector of skad goes: behind `SlidingWindow`, in a grid, inside any
    meta-detector.

    Parameters
    ----------
    detector : object
        A PyOD detector, or whatever has its `fit`, `decision_function` (high for
        outliers), ``get_params`` and, once fitted, ``threshold_``. Its own
        ``contamination`` decides the threshold.

    Attributes
    ----------
    detector_ : object
        The fitted copy of ``detector``.
    offset_ : float
        The threshold on the scores: minus the ``threshold_`` of the fitted detector.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    skad.sktime.SktimeAdapter : The same for detectors of sktime.
    skad.postprocessing.ReverseWindowing : One of the meta-detectors that take it.

    Notes
    -----
    PyOD is not among the requirements of skad, and nothing of it is imported here.

    PyOD scores its training rows on their own account: a neighbour search leaves out
    the row itself. So ``fit(X).predict(X)``, which scores X as it would any rows, may
    flag other rows than the ``labels_`` of ``detector_``. And a few detectors (ECOD,
    COPOD) rank the rows to be scored among each other, so that a score depends on what
    else is scored.

    References
    ----------
    .. [1] Y. Zhao, Z. Nasrullah and Z. Li, "PyOD: A Python toolbox for scalable outlier
       detection", Journal of Machine Learning Research 20(96), 2019.

    Examples
    --------
    Here in place of PyOD, a detector of three lines that follows its conventions:

    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skad.pyod import PyODAdapter
    >>> class FarFromTheMean(BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.mean_ = np.mean(X, axis=0)
    ...         self.threshold_ = np.percentile(self.decision_function(X), 90)
    ...         return self
    ...
    ...     def decision_function(self, X):
    ...         return np.linalg.norm(X - self.mean_, axis=1)
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [40.0]])
    >>> detector = PyODAdapter(FarFromTheMean()).fit(X)
    >>> detector.score_samples(X).round(1)
    array([ -9.2,  -8.2,  -7.2,  -6.2, -30.8])
    >>> detector.predict(X)
    array([ 1,  1,  1,  1, -1])
    """

    _parameter_constraints = {"detector": [HasMethods(["fit", "decision_function"])]}

    def __init__(self, detector):
        self.detector = detector

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the detector, and turn its threshold.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows, or flattened windows.
        y : Ignored
            Present for API consistency: a PyOD detector learns without labels.

        Returns
        -------
        self : object
            The fitted adapter.

        Raises
        ------
        ValueError
            If X is no table of finite numbers, or the detector sets no finite
            threshold; and whatever ``detector`` raises.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers; if
            ``detector`` gives low scores to outliers, as a scikit-learn estimator does.
        """
        self._refuse_what_needs_no_turning()
        rows = check_rows(self, X, reset=True)
        detector = clone(self.detector)
        detector.fit(rows)
        self.offset_ = _turned_threshold(detector)
        self.detector_ = detector
        return self

    def score_samples(self, X):
        """Score rows: minus the scores of the detector.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows, or flattened windows.

        Returns
        -------
        scores : ndarray of shape (n,), float64
            ``-detector_.decision_function(X)``: the lower, the more abnormal.

        Raises
        ------
        ValueError
            If X is no table of finite numbers or has other columns than at fit, or if
            the detector answers with anything but one finite number per row.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        check_is_fitted(self)
        rows = check_rows(self, X, reset=False)
        scores = np.asarray(self.detector_.decision_function(rows), dtype=np.float64)
        if scores.shape != (len(rows),) or not np.isfinite(scores).all():
            raise ValueError(
                f"{type(self.detector_).__name__} answered with an array of shape "
                f"{scores.shape}, {np.isfinite(scores).sum()} of its entries finite; "
                f"needed is one finite score for each of {len(rows)} rows. Look at its "
                "parameters, and whether X has constant or very large columns."
            )
        return -scores

    def _refuse_what_needs_no_turning(self):
        if hasattr(self.detector, "score_samples"):
            raise TypeError(
                f"{type(self.detector).__name__} has score_samples: it gives low "
                "scores to outliers already, which the adapter would turn upside down. "
                "Use it without PyODAdapter."
            )


def _turned_threshold(detector):
    threshold = getattr(detector, "threshold_", None)
    if threshold is None or not np.isfinite(threshold):
        raise ValueError(
            f"{type(detector).__name__} has threshold_={threshold} after fit; needed "
            "is a finite number above which a score means outlier. Give it a number as "
            "its contamination."
        )
    return -float(threshold)
