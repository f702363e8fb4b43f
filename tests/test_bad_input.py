"""What must not pass is refused, and its cause is named."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.base import clone

from skad.preprocessing import SlidingWindow
from tests.estimators import OF_EACH_KIND, SCORING, answer_of

GOOD = np.random.default_rng(0).normal(size=(40, 6))
FRAME = pd.DataFrame(GOOD, columns=list("abcdef"))


def changed(value, dtype=float):
    X = GOOD.astype(dtype)
    X[7, 3] = value
    return X


def with_column(values):
    return FRAME.drop(columns="f").assign(f=values)


TIMES = pd.date_range("2026-01-01", periods=40)
CURE_FOR_NAN = r"NaN.* row 7, column 3.* impute.*X\.ffill\(\)\) before SlidingWindow"
IS_TEXT = r"holds text such as '.*', not numbers\. Convert it"
ARE_TIMES = r"holds times such as .* belong to the index"
NOT_A_TABLE = "which is no table. Pass an array, a DataFrame or a list of rows"
ONE_DIMENSION = (
    r"(?s)Expected (2D array|a 2-dimensional container).*(Reshape|DataFrame)"
)
ABOUT_WINDOWS_OR_ROWS = CURE_FOR_NAN.replace(" row 7", " (row|window) 7")

BAD = {
    "NaN": (changed(np.nan), ABOUT_WINDOWS_OR_ROWS),
    "NaN in a frame": (FRAME.mask(FRAME > 1), r"NaN.* impute .*ffill"),
    "None among numbers": (changed(None, object), ABOUT_WINDOWS_OR_ROWS),
    "missing integers": (
        with_column(pd.array([None, 1] * 20, dtype="Int64")),
        r"NaN.* 0, column 5",
    ),
    "infinity": (changed(np.inf), r"infinity.* 7, column 3.* replace it"),
    "minus infinity": (changed(-np.inf), r"infinity.* 7, column 3.* replace it"),
    "no rows": (GOOD[:0], r"0 sample\(s\) .*minimum of 1 is required"),
    "no columns": (GOOD[:, :0], r"0 feature\(s\) .*minimum of 1 is required"),
    "one dimension": (GOOD[:, 0], ONE_DIMENSION),
    "a pandas Series": (FRAME["a"], ONE_DIMENSION),
    "a list of numbers": ([1.0, 2.0, 3.0], ONE_DIMENSION),
    "four dimensions": (GOOD[..., np.newaxis, np.newaxis], "X has 4 dimensions"),
    "a word among objects": (changed("high", object), IS_TEXT),
    "a dict among objects": (changed({}, object), "not 'dict'.* hold numbers alone"),
    "digits as text": (GOOD.astype(str), IS_TEXT),
    "digits as bytes": (GOOD.astype(bytes), r"text such as b'.*', not numbers"),
    "digits as objects": (GOOD.astype(str).astype(object), IS_TEXT),
    "digits in a list": (GOOD.astype(str).tolist(), IS_TEXT),
    "a column of digits": (with_column("1.5"), f"Column 'f' {IS_TEXT}"),
    "a column of categories": (
        with_column(pd.Categorical(["on", "off"] * 20)),
        "Column 'f' holds text such as 'on'",
    ),
    "complex numbers": (GOOD + 1j, r"Complex data not supported: .*np\.abs\(X\)"),
    "datetime64": (np.full(GOOD.shape, np.datetime64("2026-01-01")), ARE_TIMES),
    "timedelta64": (np.full(GOOD.shape, np.timedelta64(3, "s")), ARE_TIMES),
    "a column of times": (with_column(TIMES), r"Column 'f' .*X\.set_index\(column\)"),
    "a column of local times": (
        with_column(TIMES.tz_localize("Europe/Rome")),
        r"Column 'f' .*X\.set_index\(column\)",
    ),
    "a column of durations": (with_column(TIMES - TIMES[0]), f"'f' {ARE_TIMES}"),
    "a column of periods": (
        with_column(TIMES.to_period("D")),
        "not 'Period'.* hold numbers alone",
    ),
    "times in a list": ([[TIMES[0], 1.0]] * 40, ARE_TIMES),
    "a sparse matrix": (scipy.sparse.csr_matrix(GOOD), r"Sparse data .*\.toarray\(\)"),
    "a sparse array": (scipy.sparse.csr_array(GOOD), r"Sparse data .*\.toarray\(\)"),
    "a masked array": (np.ma.masked_less(GOOD, 0), r"masked array.* X\.filled"),
    "rows of different lengths": ([[1.0, 2.0], [3.0]], "no rectangular table.* rows"),
    "None": (None, f"NoneType, {NOT_A_TABLE}"),
    "a dict": ({"a": [1.0, 2.0]}, f"dict, {NOT_A_TABLE}"),
    "a string": ("readings.csv", f"str, {NOT_A_TABLE}"),
    "a number": (5.0, f"float, {NOT_A_TABLE}"),
    "a generator": ((row for row in GOOD), f"generator, {NOT_A_TABLE}"),
    "a tensor with a gradient": (
        torch.tensor(GOOD, requires_grad=True),
        r"requires a gradient.* X\.detach\(\)\.numpy\(\)",
    ),
    "names of two types": (FRAME.rename(columns={"a": 0}), "all input features have"),
}


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("bad", BAD)
def test_fit_refuses_by_naming_the_cause(name, bad):
    X, match = BAD[bad]
    with pytest.raises((TypeError, ValueError), match=match):
        clone(OF_EACH_KIND[name]).fit(X)


@pytest.fixture(scope="module")
def fitted():
    return {name: clone(kind).fit(GOOD) for name, kind in OF_EACH_KIND.items()}


@pytest.mark.filterwarnings("ignore:X has feature names, but:UserWarning")
@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("bad", BAD)
def test_a_fitted_estimator_refuses_by_naming_the_cause(fitted, name, bad):
    X, match = BAD[bad]
    with pytest.raises((TypeError, ValueError), match=match):
        answer_of(fitted[name], X)


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("width", [1, 5, 7])
def test_another_number_of_channels_is_refused(fitted, name, width):
    X = np.ones((40, width))
    with pytest.raises(ValueError, match=f"X has {width} features, .* expecting 6"):
        answer_of(fitted[name], X)


@pytest.mark.parametrize("detector", ["LSTMForecaster", "ConvAutoencoder"])
def test_windows_of_another_shape_are_refused(detector):
    windows = GOOD.reshape(40, 3, 2)
    detector = clone(SCORING[detector]).fit(windows)
    for shape in [(40, 2, 3), (40, 6, 1), (40, 3, 1), (40, 4, 2)]:
        with pytest.raises(
            ValueError,
            match=rf"windows of {shape[1]} timesteps and {shape[2]} channels, but "
            r".* fitted on 3 timesteps and 2 channels\. Cut X with the SlidingWindow",
        ):
            detector.score_samples(np.ones(shape))


@pytest.mark.parametrize("detector", ["LSTMForecaster", "ConvAutoencoder"])
@pytest.mark.parametrize("shape", [(0, 3, 2), (40, 0, 2), (40, 3, 0)])
def test_windows_without_content_are_refused(detector, shape):
    with pytest.raises(ValueError, match=r"0 (sample|feature)\(s\)"):
        clone(SCORING[detector]).fit(np.ones(shape))


@pytest.mark.parametrize("name", ["SlidingWindow", "ReverseWindowing", "Pipeline"])
def test_windows_are_no_series(name):
    with pytest.raises(ValueError, match="3 dimensions|are these windows already"):
        clone(OF_EACH_KIND[name]).fit(SlidingWindow(3).fit_transform(GOOD))


@pytest.mark.filterwarnings("ignore:1 of 1 windows hold padding:UserWarning")
@pytest.mark.parametrize("name", SCORING)
def test_one_row_is_not_enough_to_fit_a_detector(name):
    with pytest.raises(ValueError, match=r"n_samples = 1; .* longer series"):
        clone(SCORING[name]).fit(GOOD[:1])


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize("value", [1e18, -1e18, 1e30, 1e150])
def test_what_single_precision_cannot_square_is_refused(fitted, name, value):
    too_large = r"value of magnitude 1e\+.* below 1e\+17\. Scale X"
    with pytest.raises(ValueError, match=too_large):
        answer_of(fitted[name], changed(value))
    with pytest.raises(ValueError, match=too_large):
        clone(SCORING[name]).fit(np.full((40, 6), value))


@pytest.mark.parametrize("name", SCORING)
def test_what_single_precision_can_square_is_scored(fitted, name):
    for value in (9.9e16, -9.9e16, 1e-300, 5e-324):
        scores = answer_of(fitted[name], changed(value))
        assert scores.shape == (40,)
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", ["SlidingWindow", "GaussianNoise"])
@pytest.mark.parametrize("value", [1e18, 1e150, 1e300])
def test_a_transformer_keeps_large_values_finite(name, value):
    assert np.isfinite(clone(OF_EACH_KIND[name]).fit_transform(changed(value))).all()
