"""Labelled series from a folder of the user's: the public sets are not part of skad."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import argrelextrema

WHERE = """\
{found}

The labelled series do not come with skad. Name a folder that holds them:
    make bench-accuracy DATA=folder
    python -m tests.benchmarks.accuracy --data folder
    SKAD_LABELLED_SERIES=folder, in the environment

Public sets:
    TSB-AD   https://github.com/TheDatumOrg/TSB-AD (TSB-AD-M and TSB-AD-U)
    SKAB     https://github.com/waico/SKAB

Read are
    *_tr_<T>_1st_<k>.csv of TSB-AD: columns of numbers, and the column Label;
    *.npz with X (n, n_channels); y (n,), 1 = anomaly; T, the rows to fit on; kind, "M",
        "U" or "SKAB"; and, if there are any, published, VUS-PR by method as JSON.
"""
_CSV_NAME = re.compile(r"_tr_(\d+)_1st_\d+$")
# TSB-AD's rule, by which the window of its volumes is found.
_FIRST_LAG, _LAST_LAG, _LONGEST_PERIOD, _NO_PERIOD = 3, 400, 300, 125
_MOST_ROWS = 20_000


class MissingSeriesError(Exception):
    """There is nothing to measure on; the message says where to find it."""


@dataclass(frozen=True)
class LabelledSeries:
    """A series, whose first ``n_train`` rows are normal and there to be fitted on."""

    name: str
    kind: str
    X: np.ndarray
    y: np.ndarray  # -1 for anomalies, 1 for other rows
    n_train: int
    published: dict[str, float] = field(default_factory=dict)

    @property
    def max_window(self) -> int:
        """Return the window of the volumes: a period of the first channel."""
        return period_of(self.X[:, 0])


def load_folder(folder: str | Path | None, n_most: int | None = None):
    """Read all series of a folder of at most ``n_most`` rows, by name."""
    if not folder:
        raise MissingSeriesError(WHERE.format(found="No folder was named."))
    paths = sorted(Path(folder).rglob("*.npz")) + sorted(
        path for path in Path(folder).rglob("*.csv") if _CSV_NAME.search(path.stem)
    )
    if not paths:
        found = f"The folder {folder} holds no labelled series."
        raise MissingSeriesError(WHERE.format(found=found))
    read = (read_npz(p) if p.suffix == ".npz" else read_csv(p) for p in paths)
    return [series for series in read if n_most is None or len(series.X) <= n_most]


def read_npz(path: Path) -> LabelledSeries:
    with np.load(path, allow_pickle=False) as file:
        published = json.loads(str(file["published"])) if "published" in file else {}
        return LabelledSeries(
            name=path.stem,
            kind=str(file["kind"]),
            X=file["X"].astype(np.float64),
            y=_labels(file["y"]),
            n_train=int(file["T"]),
            published=published,
        )


def read_csv(path: Path) -> LabelledSeries:
    table = pd.read_csv(path)
    X = table.drop(columns="Label").to_numpy(dtype=np.float64)
    return LabelledSeries(
        name=path.stem,
        kind="U" if X.shape[1] == 1 else "M",
        X=X,
        y=_labels(table["Label"].to_numpy()),
        n_train=int(_CSV_NAME.search(path.stem)[1]),
    )


def _labels(is_anomaly):
    return np.where(is_anomaly == 1, -1, 1)


def period_of(values: np.ndarray) -> int:
    """Find the lag of the highest peak of the autocorrelation, as TSB-AD does."""
    values = values[:_MOST_ROWS] - values[:_MOST_ROWS].mean()
    spectrum = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    correlation = np.fft.irfft(spectrum)[_FIRST_LAG : min(_LAST_LAG + 1, len(values))]
    peaks = argrelextrema(correlation, np.greater)[0]
    if not len(peaks):
        return _NO_PERIOD
    highest = int(peaks[np.argmax(correlation[peaks])])
    if not _FIRST_LAG <= highest <= _LONGEST_PERIOD:
        return _NO_PERIOD
    return highest + _FIRST_LAG
