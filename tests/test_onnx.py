import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.onnx import to_onnx
from skad.preprocessing import SlidingWindow
from tests.support.detectors import NETWORKS

SHORT = {"max_epochs": 1, "random_state": 0}
# Of each network the last set, which is the furthest from the defaults.
DETECTORS = {row.name: row.furthest() for row in NETWORKS}
DETECTORS["strides"] = ConvAutoencoder(
    (4, 2), 5, stride=2, window_scaling="mean", **SHORT
)
DETECTORS["rules for channels"] = ConvAutoencoder(
    (4, 2),
    window_scaling="standard",
    channel_aggregation="standardised",
    direction={0: "above"},
    min_deviation=0.5,
    context_channels=[1],
    **SHORT,
)
DETECTORS["a forecaster with context"] = LSTMForecaster(
    4, direction="below", context_channels=[0, 2], **SHORT
)


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    return rng.normal(5, size=(60, 17, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=DETECTORS.values(), ids=DETECTORS)
def exported(request, windows, tmp_path_factory):
    """Give a detector, and a session that runs what was exported of it."""
    detector = request.param.fit(windows)
    path = tmp_path_factory.mktemp("exported") / "detector.onnx"
    to_onnx(detector, path)
    onnx.checker.check_model(path, full_check=True)
    return detector, onnxruntime.InferenceSession(path)


@pytest.mark.parametrize("n", [1, 60])
def test_any_number_of_windows_is_scored_as_by_the_detector(exported, windows, n):
    detector, session = exported
    scores, expected = session.run(None, {"windows": windows[:n]})
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, detector.score_samples(windows[:n]), rtol=1e-5)
    np.testing.assert_allclose(
        expected[:, -1], detector.expected(windows[:n]), rtol=1e-5
    )


def test_a_missing_reading_leaves_the_scores_of_other_windows_alone(exported, windows):
    detector, session = exported
    holed = windows[:8].copy()
    holed[3, 5, 1] = np.nan
    scores, _ = session.run(None, {"windows": holed})
    complete, _ = session.run(None, {"windows": windows[:8]})
    np.testing.assert_array_equal(np.delete(scores, 3), np.delete(complete, 3))
    if detector.direction == "both":
        assert np.isnan(scores[3])
    assert np.isfinite(detector.score_samples(holed)).all()


def test_the_threshold_travels_with_the_graph(exported):
    detector, session = exported
    metadata = session.get_modelmeta().custom_metadata_map
    assert float(metadata["offset"]) == detector.offset_


def test_names_and_shapes_are_as_promised(exported):
    detector, session = exported
    steps = getattr(detector, "horizon", 17)
    found = {
        port.name: (port.type, *port.shape[1:])
        for port in [*session.get_inputs(), *session.get_outputs()]
    }
    assert found == {
        "windows": ("tensor(float)", 17, 3),
        "scores": ("tensor(double)",),
        "expected": ("tensor(float)", steps, 3),
    }


def test_the_detector_is_as_it_was(windows, tmp_path, capfd):
    detector = ConvAutoencoder((2,), **SHORT).fit(windows)
    before = detector.score_samples(windows)
    to_onnx(detector, tmp_path / "detector.onnx")
    assert np.array_equal(detector.score_samples(windows), before)
    assert not detector.net_.module_.training
    assert capfd.readouterr() == ("", ""), "an export says nothing"


def test_parameters_that_changed_since_the_fit_are_not_exported(windows, tmp_path):
    detector = LSTMForecaster(4, **SHORT).fit(windows)
    detector.set_params(window_scaling="mean", channel_aggregation="max", horizon=2)
    to_onnx(detector, tmp_path / "detector.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "detector.onnx")
    (scores,) = session.run(["scores"], {"windows": windows})
    np.testing.assert_allclose(scores, detector.score_samples(windows), rtol=1e-5)


@pytest.mark.parametrize(
    "estimator", [PCADetector(), make_pipeline(SlidingWindow(), LSTMForecaster())]
)
def test_what_holds_no_network_is_refused(estimator, tmp_path):
    with pytest.raises(TypeError, match=r"has no network of its own.*pipe\[-1\]"):
        to_onnx(estimator, tmp_path / "detector.onnx")


def test_a_detector_has_to_be_fitted(tmp_path):
    with pytest.raises(NotFittedError, match="LSTMForecaster instance is not fitted"):
        to_onnx(LSTMForecaster(), tmp_path / "detector.onnx")


def test_without_onnxscript_the_extra_is_named(windows, tmp_path, monkeypatch):
    detector = LSTMForecaster(4, **SHORT).fit(windows)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r'pip install "skad\[onnx\]"'):
        to_onnx(detector, tmp_path / "detector.onnx")
