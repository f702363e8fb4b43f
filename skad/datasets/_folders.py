"""Readers for folders of the labelled archives that the field measures on."""

import json
import re
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

_UCR_NAME = re.compile(r"_(\d+)_(\d+)_(\d+)$")
_TSB_NAME = re.compile(r"_tr_(\d+)_1st_\d+$")
# NAB's own rule: the first 15 % of a file, and of at most 5000 rows of it.
_NAB_SHARE, _NAB_ROWS = 0.15, 5000


def read_ucr(folder):
    r"""Read the UCR anomaly archive [1]_ from a folder of its text files.

    Each series has one anomaly, after the rows to train on.

    Parameters
    ----------
    folder : str or path-like
        Holds files such as ``001_UCR_Anomaly_DISTORTED1sddb40_35000_52000_52620.txt``,
        also in folders below. The three numbers are the rows to train on, and the
        first and last row of the anomaly, counted from 1.

    Returns
    -------
    series : list of sklearn.utils.Bunch
        By name, each with ``name``; ``data``, ndarray of shape (n_timestamps, 1),
        float64; ``target``, ndarray of shape (n_timestamps,), int64, -1 for abnormal
        rows and 1 for the others; and ``n_train``, the rows to fit on.

    Raises
    ------
    FileNotFoundError
        If the folder holds no such file.

    See Also
    --------
    read_tsb_ad : Files of TSB-AD.
    read_nab : Files of the Numenta benchmark.

    References
    ----------
    .. [1] R. Wu and E. Keogh, "Current Time Series Anomaly Detection Benchmarks are
       Flawed and are Creating the Illusion of Progress", IEEE TKDE 35(3), 2021.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skad.datasets import read_ucr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "1.0\n2.0\n9.0\n2.0\n"
    ...     _ = (Path(folder) / "001_UCR_Anomaly_toy_2_3_3.txt").write_text(text)
    ...     series = read_ucr(folder)
    >>> series[0].target, series[0].n_train
    (array([ 1,  1, -1,  1]), 2)
    """
    return [_ucr(path) for path in _named(folder, "*.txt", _UCR_NAME, "UCR")]


def _ucr(path):
    n_train, first, last = map(int, _UCR_NAME.search(path.stem).groups())
    # Some files hold one number a line, some all numbers in one line.
    values = np.array(path.read_text().split(), dtype=np.float64)
    rows = np.arange(1, len(values) + 1)
    is_anomaly = (rows >= first) & (rows <= last)
    return _series(path.stem, values[:, np.newaxis], is_anomaly, n_train)


def read_tsb_ad(folder):
    r"""Read series of TSB-AD [1]_ from a folder of its CSV files.

    Series of one channel and of several are read alike.

    Parameters
    ----------
    folder : str or path-like
        Holds files such as ``001_NAB_id_1_Facility_tr_1007_1st_2014.csv``, also in
        folders below: columns of readings and the column ``Label``. The number after
        ``tr`` counts the rows to train on.

    Returns
    -------
    series : list of sklearn.utils.Bunch
        As `read_ucr` returns, with ``feature_names``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no such file.

    See Also
    --------
    read_ucr : Files of the UCR anomaly archive.

    References
    ----------
    .. [1] Q. Liu and J. Paparrizos, "The Elephant in the Room: Towards A Reliable
       Time-Series Anomaly Detection Benchmark", NeurIPS 2024.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skad.datasets import read_tsb_ad
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "a,b,Label\n1,2,0\n1,2,0\n7,2,1\n"
    ...     _ = (Path(folder) / "001_toy_tr_2_1st_2.csv").write_text(text)
    ...     series = read_tsb_ad(folder)
    >>> series[0].data.shape, series[0].feature_names
    ((3, 2), ['a', 'b'])
    """
    return [_tsb_ad(path) for path in _named(folder, "*.csv", _TSB_NAME, "TSB-AD")]


def _tsb_ad(path):
    names, table = _read_csv(path)
    labels = names.index("Label")
    readings = [column for column in range(len(names)) if column != labels]
    n_train = int(_TSB_NAME.search(path.stem)[1])
    series = _series(path.stem, table[:, readings], table[:, labels] == 1, n_train)
    series.feature_names = [names[column] for column in readings]
    return series


def read_nab(folder):
    r"""Read the Numenta anomaly benchmark [1]_ from its folder.

    Each series has one channel, and a label for each window around an anomaly.

    Parameters
    ----------
    folder : str or path-like
        Holds ``labels/combined_windows.json`` and the CSV files that it names under
        ``data``.

    Returns
    -------
    series : list of sklearn.utils.Bunch
        As `read_ucr` returns, with ``index``, the times, ndarray of shape
        (n_timestamps,), datetime64. Rows within a labelled window are abnormal; the
        rows to fit on are NAB's own, 15 % of the file and at most 750.

    Raises
    ------
    FileNotFoundError
        If the folder holds no labels, or a file that they name is missing.

    See Also
    --------
    read_ucr : Files of the UCR anomaly archive.

    References
    ----------
    .. [1] A. Lavin and S. Ahmad, "Evaluating Real-Time Anomaly Detection Algorithms:
       the Numenta Anomaly Benchmark", ICMLA 2015.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from skad.datasets import read_nab
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder)
    ...     for name in ("labels", "data"):
    ...         (root / name).mkdir()
    ...     windows = {"toy.csv": [["2026-01-01 00:05:00", "2026-01-01 00:10:00"]]}
    ...     _ = (root / "labels/combined_windows.json").write_text(json.dumps(windows))
    ...     rows = [f"2026-01-01 00:{minute:02}:00,{minute}" for minute in (0, 5, 10)]
    ...     text = "\n".join(["timestamp,value", *rows])
    ...     _ = (root / "data" / "toy.csv").write_text(text)
    ...     series = read_nab(folder)
    >>> series[0].target
    array([ 1, -1, -1])
    """
    labels = Path(folder) / "labels" / "combined_windows.json"
    if not labels.is_file():
        raise FileNotFoundError(
            f"{labels} is missing. Pass the folder of NAB that holds data and labels."
        )
    windows = json.loads(labels.read_text())
    return [_nab(Path(folder) / "data" / name, windows[name]) for name in windows]


def _nab(path, windows):
    rows = [line.split(",") for line in path.read_text().split("\n")[1:] if line]
    times = np.array([row[0] for row in rows], dtype="datetime64[us]")
    values = np.array([row[1] for row in rows], dtype=np.float64)
    is_anomaly = np.zeros(len(times), dtype=bool)
    for start, stop in windows:
        is_anomaly |= (times >= np.datetime64(start)) & (times <= np.datetime64(stop))
    n_train = int(_NAB_SHARE * min(len(times), _NAB_ROWS))
    series = _series(path.stem, values[:, np.newaxis], is_anomaly, n_train)
    series.index = times
    return series


def _named(folder, pattern, name, archive):
    paths = sorted(p for p in Path(folder).rglob(pattern) if name.search(p.stem))
    if not paths:
        raise FileNotFoundError(
            f"{folder} holds no file of {archive}: none of its {pattern} files has a "
            f"name that ends as {name.pattern!r} says. Pass the folder that holds them."
        )
    return paths


def _read_csv(path):
    with path.open() as file:
        names = file.readline().strip().split(",")
        return names, np.loadtxt(file, delimiter=",", ndmin=2)


def _series(name, data, is_anomaly, n_train):
    target = np.where(is_anomaly, -1, 1)
    return Bunch(name=name, data=data, target=target, n_train=n_train)
