"""Several detectors on several labelled series, side by side."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skad.inspection._drawing import load_pyplot
from skad.metrics._events import event_f1
from skad.metrics._vus import vus_pr


@dataclass(frozen=True)
class Comparison:
    """What `compare` measured.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each series and detector, named in the index, with the columns
        "vus_pr" and "event_f1" (high is good), "normal_rows_alarmed" (a share; low is
        good), "fit_seconds" and "score_seconds".
    """

    table: object

    def __str__(self) -> str:
        return str(self.table.groupby(level="detector", sort=False).mean().round(3))

    def plot(self, column="vus_pr", ax=None):
        """Draw one column, a point for each series, in a lane for each detector.

        Parameters
        ----------
        column : str, default="vus_pr"
            A column of `table`.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the mean of each detector as a bar.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot("Comparison.plot")
        by_detector = self.table[column].unstack("detector", sort=False)
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 1 + 0.4 * by_detector.shape[1]))
        names = list(by_detector.columns)
        ax.barh(names, by_detector.mean(), color="0.85")
        for lane, name in enumerate(names):
            values = by_detector[name]
            ax.plot(values, np.full(len(values), lane), "o", color="#0072B2", ms=4)
        ax.invert_yaxis()
        ax.set_xlabel(f"{column}: one point for each series, bars for the means")
        return ax


def compare(detectors, datasets, *, n_jobs=None) -> Comparison:
    """Fit detectors to labelled series, and measure their scores and their alarms.

    Each detector is fitted to the first rows of each series, without labels, and asked
    for the scores and predictions of the rows that follow.

    Parameters
    ----------
    detectors : dict of str to estimator
        Outlier detectors of rows by name, with `fit`, `score_samples` and `predict`.
        They are cloned.
    datasets : list of Bunch or dict of str to Bunch
        Labelled series, as `skad.datasets.inject_anomalies` and the readers of
        `skad.datasets` return them: with ``data``, ``target`` (-1 = abnormal) and
        ``n_train``, the rows to fit on. Names are the keys of a dict, or ``name``.
    n_jobs : int or None, default=None
        How many fits run at a time; None is 1 unless a joblib context says otherwise.

    Returns
    -------
    comparison : Comparison
        ``comparison.table`` has a row for each series and detector;
        ``str(comparison)`` the means over the series; ``comparison.plot()`` draws them.

    Raises
    ------
    ValueError
        If a series has no rows to fit on, or none that follow; if no row that follows
        is abnormal.
    TypeError
        If ``detectors`` is no dict.

    See Also
    --------
    skad.metrics.vus_pr : Measures the ranking of rows.
    skad.metrics.event_f1 : Measures alarms.

    Examples
    --------
    >>> from sklearn.ensemble import IsolationForest
    >>> import skad
    >>> from skad.datasets import inject_anomalies, make_series
    >>> X = make_series(n_timestamps=1500, random_state=0)
    >>> faulty = inject_anomalies(X, ["level"], first_row=1000, random_state=0)
    >>> detectors = {
    ...     "pca": skad.make_detector(skad.PCADetector()),
    ...     "forest": IsolationForest(random_state=0),
    ... }
    >>> comparison = skad.compare(detectors, {"made up": faulty})
    >>> list(comparison.table.columns[:3])
    ['vus_pr', 'event_f1', 'normal_rows_alarmed']
    """
    if not isinstance(detectors, Mapping):
        raise TypeError(
            f"detectors is of type {type(detectors).__name__}; needed is a dict of "
            'detectors by name, such as {"forest": IsolationForest()}.'
        )
    pairs = [
        (series_name, series, name, detector)
        for series_name, series in _named(datasets)
        for name, detector in detectors.items()
    ]
    rows = Parallel(n_jobs=n_jobs)(
        delayed(_measured)(detector, _checked(series, series_name))
        for series_name, series, _, detector in pairs
    )
    return Comparison(_table([(pair[0], pair[2]) for pair in pairs], rows))


def _named(datasets):
    if isinstance(datasets, Mapping) and "data" not in datasets:
        return list(datasets.items())
    datasets = [datasets] if isinstance(datasets, Mapping) else list(datasets)
    return [
        (series.get("name", f"series {number}"), series)
        for number, series in enumerate(datasets)
    ]


def _checked(series, name):
    n_rows, n_train = len(series["data"]), series.get("n_train", 0)
    if not 0 < n_train < n_rows:
        raise ValueError(
            f"The series {name!r} has n_train={n_train} of {n_rows} rows. Set n_train "
            "to the number of rows to fit on; the rows that follow are measured."
        )
    if not np.any(np.asarray(series["target"])[n_train:] == -1):
        raise ValueError(
            f"The series {name!r} has no abnormal row after the first {n_train}: "
            "nothing can be measured. Labels are -1 for abnormal rows and 1 for others."
        )
    return series


def _measured(detector, series):
    X, y, n_train = series["data"], np.asarray(series["target"]), series["n_train"]
    started = time.perf_counter()
    fitted = clone(detector).fit(X[:n_train])
    fit_seconds = time.perf_counter() - started
    started = time.perf_counter()
    scores = fitted.score_samples(X)[n_train:]
    score_seconds = time.perf_counter() - started
    alarms, truth = np.asarray(fitted.predict(X))[n_train:], y[n_train:]
    normal = truth == 1
    return {
        "vus_pr": vus_pr(truth, scores),
        "event_f1": event_f1(truth, alarms) if (alarms == -1).any() else 0.0,
        "normal_rows_alarmed": float(np.mean(alarms[normal] == -1)),
        "fit_seconds": fit_seconds,
        "score_seconds": score_seconds,
    }


def _table(names, rows):
    import pandas as pd

    index = pd.MultiIndex.from_tuples(names, names=["series", "detector"])
    return pd.DataFrame(rows, index=index)
