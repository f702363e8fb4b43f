"""Two labelled real series, read from where sktime is installed."""

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch


def load_ecg(*, as_frame=False, return_X_y=False):
    """Load an electrocardiogram with a run of abnormal beats.

    Part of a record of the MIT-BIH Arrhythmia Database [1]_, one lead. The abnormal
    beats differ in shape and form one event.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether ``data`` is a `pandas.DataFrame` and ``target`` a `pandas.Series`.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of the Bunch.

    Returns
    -------
    data : sklearn.utils.Bunch
        With ``data``, ndarray of shape (7500, 1), float64, in the units of the file;
        ``target``, ndarray of shape (7500,), int64, -1 for the 352 abnormal rows and 1
        for the others; and ``feature_names``. With ``return_X_y``, the first two.

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
    return _read("mitdb", as_frame, return_X_y)


def load_yahoo(*, as_frame=False, return_X_y=False):
    """Load a series of web traffic with a few abnormal points.

    One series of the Yahoo S5 benchmark [1]_.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether ``data`` is a `pandas.DataFrame` and ``target`` a `pandas.Series`.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of the Bunch.

    Returns
    -------
    data : sklearn.utils.Bunch
        With ``data``, ndarray of shape (1000, 1), float64, in the units of the file;
        ``target``, ndarray of shape (1000,), int64, -1 for the 7 abnormal rows and 1
        for the others; and ``feature_names``. With ``return_X_y``, the first two.

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
    return _read("yahoo", as_frame, return_X_y)


def _read(name, as_frame, return_X_y):
    path = files("sktime.datasets") / "data" / name / f"{name}.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"The installed sktime has no {name}/{name}.csv among its data sets. "
            "Install sktime 1.2, which has."
        )
    with path.open() as file:
        names = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",")
    data, target = table[:, :1], np.where(table[:, -1] == 1, -1, 1)
    if as_frame:
        data, target = _framed(data, target, names[:1])
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, feature_names=names[:1])


def _framed(data, target, names):
    import pandas as pd

    return pd.DataFrame(data, columns=names), pd.Series(target, name="target")
