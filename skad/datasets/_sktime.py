"""Two labelled real series, read from where sktime is installed."""

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch


def load_ecg():
    """Load an electrocardiogram with a run of abnormal beats.

    Part of a record of the MIT-BIH Arrhythmia Database [1]_, one lead. The abnormal
    beats differ in shape and form one event.

    Returns
    -------
    data : sklearn.utils.Bunch
        With ``data``, ndarray of shape (7500, 1), float64, in the units of the file;
        ``target``, ndarray of shape (7500,), int64, -1 for the 352 abnormal rows and 1
        for the others; and ``feature_names``.

    Raises
    ------
    FileNotFoundError
        If the installed sktime does not bring the file.

    See Also
    --------
    load_yahoo : A series whose anomalies are single points.

    References
    ----------
    .. [1] G. B. Moody and R. G. Mark, "The impact of the MIT-BIH Arrhythmia Database",
       IEEE Engineering in Medicine and Biology 20(3), 2001.

    Examples
    --------
    >>> from skad.datasets import load_ecg
    >>> ecg = load_ecg()
    >>> ecg.data.shape, int((ecg.target == -1).sum())
    ((7500, 1), 352)
    """
    return _read("mitdb")


def load_yahoo():
    """Load a series of web traffic with a few abnormal points.

    One series of the Yahoo S5 benchmark [1]_.

    Returns
    -------
    data : sklearn.utils.Bunch
        With ``data``, ndarray of shape (1000, 1), float64, in the units of the file;
        ``target``, ndarray of shape (1000,), int64, -1 for the 7 abnormal rows and 1
        for the others; and ``feature_names``.

    Raises
    ------
    FileNotFoundError
        If the installed sktime does not bring the file.

    See Also
    --------
    load_ecg : A series whose anomaly is a stretch of another shape.

    References
    ----------
    .. [1] N. Laptev, S. Amizadeh and Y. Billawala, "S5 - A labeled anomaly detection
       dataset, version 1.0", Yahoo Webscope, 2015.

    Examples
    --------
    >>> from skad.datasets import load_yahoo
    >>> yahoo = load_yahoo()
    >>> yahoo.data.shape, int((yahoo.target == -1).sum())
    ((1000, 1), 7)
    """
    return _read("yahoo")


def _read(name):
    path = files("sktime.datasets") / "data" / name / f"{name}.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"The installed sktime has no {name}/{name}.csv among its data sets. "
            "Install sktime 1.2, which has."
        )
    with path.open() as file:
        names = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",")
    return Bunch(
        data=table[:, :1],
        target=np.where(table[:, -1] == 1, -1, 1),
        feature_names=names[:1],
    )
