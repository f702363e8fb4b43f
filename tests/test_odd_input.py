"""What is merely odd is taken, and answered with finite numbers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone

from tests.estimators import OF_EACH_KIND, SCORING, answer_of

GOOD = np.random.default_rng(0).normal(size=(40, 6))
FRAME = pd.DataFrame(GOOD, columns=list("abcdef"))


def memory_mapped(folder):
    file = folder / "readings.dat"
    mapped = np.memmap(file, dtype=np.float64, mode="w+", shape=GOOD.shape)
    mapped[:] = GOOD
    mapped.flush()
    return np.memmap(file, dtype=np.float64, mode="r", shape=GOOD.shape)


def read_only(folder):
    X = GOOD.copy()
    X.setflags(write=False)
    return X


FINE = {
    "constant channels": lambda folder: np.where([True, False] * 3, 0.1, GOOD),
    "nothing but a constant": lambda folder: np.full(GOOD.shape, 3.0),
    "integers": lambda folder: (10 * GOOD).astype(int),
    "unsigned bytes": lambda folder: np.abs(10 * GOOD).astype(np.uint8),
    "booleans": lambda folder: GOOD > 0,
    "half precision": lambda folder: GOOD.astype(np.float16),
    "extended precision": lambda folder: GOOD.astype(np.longdouble),
    "big-endian numbers": lambda folder: GOOD.astype(">f8"),
    "numbers as objects": lambda folder: GOOD.astype(object),
    "numbers in lists": lambda folder: GOOD.tolist(),
    "rows as tuples": lambda folder: tuple(map(tuple, GOOD)),
    "a read-only array": read_only,
    "a memory map": memory_mapped,
    "every second column": lambda folder: np.repeat(GOOD, 2, axis=1)[:, ::2],
    "a reversed array": lambda folder: GOOD[::-1],
    "Fortran order": lambda folder: np.asfortranarray(GOOD),
    "a pandas frame": lambda folder: FRAME,
    "a frame of integers and booleans": lambda folder: FRAME.assign(
        e=True, f=range(40)
    ),
    "nullable numbers": lambda folder: FRAME.astype("Float64"),
    "a frame with integer names": lambda folder: pd.DataFrame(GOOD),
    "a polars frame": lambda folder: pl.DataFrame(GOOD, schema=list("abcdef")),
    "a tensor": lambda folder: torch.tensor(GOOD),
}


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize("fine", FINE)
def test_odd_but_fine_input_is_fitted_and_scored(name, fine, tmp_path):
    X = FINE[fine](tmp_path)
    scores = clone(SCORING[name]).fit(X).score_samples(X)
    assert scores.shape == (40,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize(
    "fine", ["a read-only array", "a memory map", "Fortran order", "numbers in lists"]
)
def test_the_container_makes_no_difference(name, fine, tmp_path):
    X = FINE[fine](tmp_path)
    expected = clone(SCORING[name]).fit(GOOD).score_samples(GOOD)
    assert np.array_equal(clone(SCORING[name]).fit(X).score_samples(X), expected)


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("n_rows", [1, 2])
def test_fewer_rows_than_a_window_are_answered(name, n_rows):
    fitted = clone(OF_EACH_KIND[name]).fit(GOOD)
    answer = answer_of(fitted, GOOD[:n_rows])
    assert len(answer) == n_rows
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("name", SCORING)
def test_input_is_never_changed(name):
    X = GOOD.copy()
    clone(SCORING[name]).fit(X).predict(X)
    assert np.array_equal(X, GOOD)
