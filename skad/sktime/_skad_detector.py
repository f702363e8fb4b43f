"""Into sktime: a scikit-learn outlier detector as an sktime detector."""

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.detection.base import BaseDetector

from skad.preprocessing._sliding_window import SlidingWindow


class SkadDetector(BaseDetector):
    """Turn a scikit-learn outlier detector into an sktime detector.

    So whatever is built from skad joins transformers, pipelines and metrics of sktime.

    Parameters
    ----------
    estimator : estimator
        Any outlier detector or Pipeline with `fit` and `score_samples`. Its `predict`
        says which rows are outliers.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy of ``estimator``.

    See Also
    --------
    SktimeAdapter : The other way round.

    Notes
    -----
    sktime [1]_ names outliers by their positions (`predict`), labels them 1 and the
    other rows 0 (`transform`), and gives them high scores (`transform_scores`). The
    index of a table comes through, so that no window reaches across a gap. Known events
    ``y`` are not passed on: ``estimator`` learns without labels.

    ``save`` of sktime writes a pickle, which runs code when it is loaded.

    References
    ----------
    .. [1] M. Loening et al., "sktime: A unified interface for machine learning with
       time series", Workshop on Systems for ML at NeurIPS, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.ensemble import IsolationForest
    >>> from sktime.transformations.difference import Differencer
    >>> from skad.sktime import SkadDetector
    >>> load = pd.Series(np.sin(np.arange(200.0)) + np.arange(200.0))
    >>> load[120:] += 9  # a step
    >>> forest = IsolationForest(contamination=0.005, random_state=0)
    >>> detector = Differencer() * SkadDetector(forest)
    >>> detector.fit(load).predict(load)
       ilocs
    0    120
    """

    _tags = {
        "authors": "The skad developers",
        "maintainers": "The skad developers",
        "task": "anomaly_detection",
        "learning_type": "unsupervised",
        "capability:multivariate": True,
        "X_inner_mtype": "pd.DataFrame",
    }

    def __init__(self, estimator):
        self.estimator = estimator
        super().__init__()

    def _fit(self, X, y=None):
        self.estimator_ = clone(self.estimator).fit(_named(X))
        return self

    def _predict(self, X):
        import pandas as pd

        labels = self.estimator_.predict(_named(X))
        return pd.DataFrame({"ilocs": np.flatnonzero(labels == -1)}, dtype="int64")

    def _transform_scores(self, X):
        import pandas as pd

        scores = self.estimator_.score_samples(_named(X))
        return pd.DataFrame({"scores": -scores}, index=X.index)

    def _predict_scores(self, X):
        return self._transform_scores(X).iloc[self._predict(X)["ilocs"]]

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters for the checks of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            sktime's name for a set; there is one.

        Returns
        -------
        parameters : list of dict
            Arguments of the constructor.
        """
        forest = IsolationForest(n_estimators=3, random_state=0)
        windows = SlidingWindow(3, flatten=True)
        return [
            {"estimator": forest},
            {"estimator": make_pipeline(StandardScaler(), forest)},
            {"estimator": make_pipeline(windows, forest)},
        ]


def _named(X):
    """Name the columns by text, as scikit-learn wants them."""
    import pandas as pd  # a requirement of sktime

    frame = pd.DataFrame(X)  # of predict_points, a series may come in
    return frame.set_axis(frame.columns.astype(str), axis="columns")
