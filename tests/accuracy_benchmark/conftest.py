"""Tiny labelled series for the tests of the benchmark of accuracy."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.accuracy.series import LabelledSeries

EVENT = slice(60, 70)


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(100, 2))
    X[EVENT] += 8
    return X


@pytest.fixture
def is_anomaly():
    y = np.zeros(100, dtype=np.int8)
    y[EVENT] = 1
    return y


@pytest.fixture
def folder(tmp_path, rows, is_anomaly):
    """One series in each of the two formats, side by side."""
    np.savez(
        tmp_path / "one.npz",
        X=rows.astype(np.float32),
        y=is_anomaly,
        T=40,
        kind="M",
        published=json.dumps({"LSTMAD": 0.25, "KMeansAD": 0.5}),
    )
    table = pd.DataFrame({"value": rows[:, 0], "Label": is_anomaly})
    table.to_csv(tmp_path / "002_two_id_1_Facility_tr_50_1st_60.csv", index=False)
    (tmp_path / "notes.csv").write_text("not,a,series\n")
    return tmp_path


@pytest.fixture
def series(rows, is_anomaly):
    return LabelledSeries("planted", "M", rows, np.where(is_anomaly, -1, 1), 40)
