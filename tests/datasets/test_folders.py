"""Readers of the archives, on small files of their form."""

import json

import numpy as np
import pytest

from skad.datasets import read_nab, read_tsb_ad, read_ucr


@pytest.mark.parametrize("separator", ["\n", "   "])
def test_a_file_of_the_ucr_archive_counts_rows_from_one(tmp_path, separator):
    numbers = separator.join(str(float(n)) for n in range(10))
    name = "025_UCR_Anomaly_toy1_4_6_7.txt"
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / name).write_text(numbers)
    (series,) = read_ucr(tmp_path)
    assert series.name == name.removesuffix(".txt")
    assert series.n_train == 4
    assert np.array_equal(series.data, np.arange(10.0)[:, np.newaxis])
    assert list(np.flatnonzero(series.target == -1)) == [5, 6]


def test_a_file_of_tsb_ad_keeps_its_labels_apart(tmp_path):
    text = "Label,a,b\n0,1,2\n1,3,4\n"
    (tmp_path / "002_toy_id_1_X_tr_1_1st_2.csv").write_text(text)
    (tmp_path / "notes.csv").write_text("no series")
    (series,) = read_tsb_ad(tmp_path)
    assert series.feature_names == ["a", "b"]
    assert np.array_equal(series.data, [[1, 2], [3, 4]])
    assert list(series.target) == [1, -1]
    assert series.n_train == 1


def test_a_file_of_nab_is_abnormal_within_its_windows(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "data" / "real").mkdir(parents=True)
    windows = {"real/a.csv": [["2020-01-01 00:10:00.000000", "2020-01-01 00:15:00"]]}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(windows))
    rows = "\n".join(f"2020-01-01 00:{minute:02}:00,{minute}" for minute in range(60))
    (tmp_path / "data" / "real" / "a.csv").write_text(f"timestamp,value\n{rows}\n")
    (series,) = read_nab(tmp_path)
    assert list(np.flatnonzero(series.target == -1)) == list(range(10, 16))
    assert series.n_train == 9
    assert series.index[1] - series.index[0] == np.timedelta64(1, "m")


def test_a_folder_without_such_files_is_named(tmp_path):
    (tmp_path / "other.txt").write_text("1")
    with pytest.raises(FileNotFoundError, match="holds no file of UCR: none of its"):
        read_ucr(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file of TSB-AD: none of its \*"):
        read_tsb_ad(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"combined_windows.json is missing"):
        read_nab(tmp_path)
