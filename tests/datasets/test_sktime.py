"""The two labelled series that come with sktime."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import sktime.datasets

from skad.datasets import load_ecg, load_yahoo

SKTIME = Path(sktime.datasets.__file__).parent / "data"


@pytest.mark.parametrize(
    ("load", "file", "n_rows", "n_abnormal"),
    [(load_ecg, "mitdb", 7500, 352), (load_yahoo, "yahoo", 1000, 7)],
)
def test_values_and_labels_are_those_of_the_file(load, file, n_rows, n_abnormal):
    data = load()
    values, labels = np.loadtxt(
        SKTIME / file / f"{file}.csv", delimiter=",", skiprows=1, usecols=(0, -1)
    ).T
    assert data.data.shape == (n_rows, 1)
    assert data.data.dtype == np.float64
    np.testing.assert_array_equal(data.data[:, 0], values)
    np.testing.assert_array_equal(data.target == -1, labels == 1)
    assert np.sum(data.target == -1) == n_abnormal
    assert set(data.target.tolist()) == {-1, 1}
    assert np.isfinite(data.data).all()
    assert data.data.std() > 0


def test_the_abnormal_beats_form_one_event_in_the_second_half():
    rows = np.flatnonzero(load_ecg().target == -1)
    assert rows.max() - rows.min() + 1 == len(rows)
    assert rows.min() > 7500 / 2


def test_the_abnormal_points_of_the_traffic_stand_after_row_400():
    assert np.flatnonzero(load_yahoo().target == -1).min() >= 400


def test_the_column_is_named_as_in_the_file():
    for load in (load_ecg, load_yahoo):
        (name,) = load().feature_names
        assert isinstance(name, str)
        assert name


def test_each_call_reads_anew():
    first = load_yahoo()
    first.data[:] = 0
    assert load_yahoo().data.any()


def test_an_sktime_without_the_file_is_named(monkeypatch, tmp_path):
    shutil.copytree(SKTIME / "yahoo", tmp_path / "data" / "yahoo")
    monkeypatch.setattr("skad.datasets._sktime.files", lambda package: tmp_path)
    assert load_yahoo().data.shape == (1000, 1)
    message = (
        r"sktime has no mitdb/mitdb\.csv among its data sets\. Install sktime 1\.2"
    )
    with pytest.raises(FileNotFoundError, match=message):
        load_ecg()


@pytest.mark.parametrize("load", [load_ecg, load_yahoo])
def test_frames_and_pairs_hold_the_same_numbers(load):
    data = load()
    X, y = load(return_X_y=True)
    assert np.array_equal(X, data.data)
    assert np.array_equal(y, data.target)
    frame = load(as_frame=True)
    assert list(frame.data.columns) == frame.feature_names
    assert np.array_equal(frame.data, data.data)
    assert np.array_equal(frame.target, data.target)
    X, y = load(as_frame=True, return_X_y=True)
    assert X.equals(frame.data)
    assert y.equals(frame.target)
