"""Scorers for series without labels."""

import numpy as np
from scipy.stats import weightedtau
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator


def validation_score(estimator, X, y=None):
    """Score a detector by how well it explains rows that it was not fitted on.

    For a detector of skad that rebuilds or forecasts, alone, in a Pipeline or in a
    meta-detector, this is minus the validation loss: the mean squared error of its
    (scaled) readings, for a forecaster the *prediction error* of [1]_. Whoever has
    understood the normal rows is least surprised by further ones. How ``error``,
    ``channel_aggregation`` and a meta-detector make scores of it does not matter: a
    score that is divided by the errors of the training is no loss, and favours a
    network that has learnt nothing. Of any other detector it is the mean of
    ``estimator.score_samples(X)``.

    It compares models **of one scale** only: the same detector, scaler,
    ``window_scaling`` and window, with other epochs, learning rates or sizes. Squared
    errors of differently scaled rows, or the scores of a forecaster and of an
    `~sklearn.ensemble.IsolationForest`, are no more comparable than metres and grams.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, or a Pipeline that ends in one.
    X : array-like of shape (n, ...)
        Held-out rows, mostly normal: a few large errors decide a mean.
    y : Ignored
        Present for API consistency.

    Returns
    -------
    score : float
        Minus the loss, or in the units of `score_samples`; higher is better.

    Raises
    ------
    TypeError
        If ``estimator`` has no `score_samples`.
    ValueError
        Whatever `score_samples` raises.

    See Also
    --------
    stability_score : Compares models of any scale.
    skad.metrics.make_anomaly_scorer : For series with labels.

    Notes
    -----
    It misleads where a network rebuilds *everything* well, anomalies included: of two
    autoencoders, the one wide enough to copy its input has the lower validation loss
    and finds less. Choose how long and how fast to train by it, not how wide.

    References
    ----------
    .. [1] M. Goswami, C. Challu, L. Callot, L. Minorics and A. Kan, "Unsupervised Model
       Selection for Time-series Anomaly Detection", ICLR 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import LSTMForecaster, SlidingWindow
    >>> from skad.model_selection import validation_score
    >>> X = np.sin(np.arange(300) / 5).reshape(-1, 1)
    >>> forecaster = LSTMForecaster(hidden_size=4, max_epochs=5, random_state=0)
    >>> search = GridSearchCV(
    ...     make_pipeline(SlidingWindow(8), forecaster),
    ...     {"lstmforecaster__lr": [1e-4, 1e-2]},
    ...     scoring=validation_score,
    ...     cv=TimeSeriesSplit(2),
    ... )
    >>> search.fit(X).best_params_
    {'lstmforecaster__lr': 0.01}
    """
    _refuse_without_scores(estimator)
    loss = _loss(estimator, X)
    return float(np.mean(estimator.score_samples(X))) if loss is None else -loss


def _loss(estimator, X):
    """Return the loss of what is inside on X, or None where nothing inside has one."""
    loss = getattr(estimator, "__skad_loss__", None)
    if loss is not None:
        return loss(X)
    if hasattr(estimator, "steps"):
        is_whole = len(estimator.steps) == 1
        rows = X if is_whole else estimator[:-1].transform(X)
        return _loss(estimator[-1], rows)
    if isinstance(estimator, FrozenEstimator):
        return _loss(estimator.estimator, X)
    for name in ("estimator_", "best_estimator_"):
        if hasattr(estimator, name):
            return _loss(getattr(estimator, name), X)
    return None


def stability_score(estimator, X, y=None):
    """Score a detector by how far a second fit, on other rows, ranks alike.

    A copy is fitted on X itself. Both, the one from other rows and the copy, rank the
    rows of X by how abnormal they are, and Vigna's weighted tau [2]_ says how far they
    agree. The top of a ranking matters most to it: the n-th place weighs ``1 / n``.
    That a ranking should survive another draw of the training rows is the stability of
    [1]_; here the draws are stretches of time, since a shuffled series has no windows.

    Ranks have no units, so that detectors and scalers of all kinds can be compared.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, or a Pipeline that ends in one. It stays as it is.
    X : array-like of shape (n, ...)
        Rows that it was not fitted on; about as many are best, as ``cv=KFold(2)``
        gives them, because the copy has no more to learn from.
    y : Ignored
        Present for API consistency.

    Returns
    -------
    score : float
        At most 1 (the same ranking), around 0 for unrelated ones, at least -1; 0 where
        either gives one score to all rows.

    Raises
    ------
    TypeError
        If ``estimator`` has no `score_samples`.
    ValueError
        Whatever `fit` and `score_samples` raise.

    See Also
    --------
    validation_score : Compares models of one scale, without a second fit.
    skad.metrics.make_anomaly_scorer : For series with labels.

    Notes
    -----
    It misleads where training hardly matters. A network of too few epochs answers
    little more than zero to every window, so its ranking is that of the size of the
    values: perfectly stable, and useless. Train well first, by `validation_score`,
    and then compare what is well trained.

    A `~sklearn.frozen.FrozenEstimator` inside is not fitted anew, and agrees with
    itself.

    References
    ----------
    .. [1] L. Perini, C. Galvin and V. Vercruyssen, "A Ranking Stability Measure for
       Quantifying the Robustness of Anomaly Detection Methods", EDML workshop at ECML
       PKDD 2020.
    .. [2] S. Vigna, "A Weighted Correlation Index for Rankings with Ties", WWW 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.model_selection import GridSearchCV, KFold
    >>> from skad.model_selection import stability_score
    >>> X = np.random.default_rng(0).normal(size=(400, 3))
    >>> search = GridSearchCV(
    ...     IsolationForest(),
    ...     {"n_estimators": [1, 100]},
    ...     scoring=stability_score,
    ...     cv=KFold(2),
    ... )
    >>> search.fit(X).best_params_
    {'n_estimators': 100}
    """
    _refuse_without_scores(estimator)
    first = -np.asarray(estimator.score_samples(X))
    second = -np.asarray(clone(estimator).fit(X).score_samples(X))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(weightedtau(first, second).statistic)


def _refuse_without_scores(estimator):
    if not hasattr(estimator, "score_samples"):
        raise TypeError(
            f"{type(estimator).__name__} has no score_samples, by which this scorer "
            "knows a detector. Use an outlier detector that has it "
            "(LocalOutlierFactor: novelty=True)."
        )
