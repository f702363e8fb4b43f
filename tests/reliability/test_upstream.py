"""Faults of other packages that skad works around, each as what ought to hold.

All are expected to fail, strictly: what passes was mended upstream, and the part of
skad that its reason names may go. No code of skad runs here.
"""

import io
import numbers
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from threading import Barrier

import joblib
import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
import torch
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit
from sktime.detection.adapters import PyODDetector
from sktime.detection.hampel import HampelDetector
from sktime.performance_metrics.detection import WindowedF1Score
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.difference import Differencer
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import TensorDataset

from tests.support.pyod_stand_ins import MAD
from tests.support.signals import SPIKE

pytestmark = pytest.mark.upstream

works_around = partial(pytest.mark.xfail, strict=True)
NOTHING_RAISED = pytest.fail.Exception
ROWS = torch.linspace(0, 1, 40).reshape(20, 2)


def net(**parameters):
    parameters = {"max_epochs": 2, "verbose": 0, "train_split": None, **parameters}
    size = {"module__in_features": 2, "module__out_features": 2}
    return NeuralNet(nn.Linear, criterion=nn.MSELoss, **size, **parameters)


class CtrlC(Callback):
    def on_epoch_begin(self, net, **kwargs):
        raise KeyboardInterrupt("pressed")


# Of skorch, in skad._torch.training unless said otherwise.


@works_around(reason="train calls the fit loop itself", raises=NOTHING_RAISED)
def test_skorch_passes_an_interrupt_on():
    with pytest.raises(KeyboardInterrupt, match="pressed"):
        net(callbacks=[CtrlC]).fit(ROWS, ROWS)


@works_around(reason="StopTraining, PatientStopping", raises=AssertionError)
def test_skorch_tells_early_stopping_from_an_interrupt():
    stopping = EarlyStopping(patience=1, sink=lambda text: None)
    trained = net(lr=0.0, callbacks=[stopping], train_split=ValidSplit(5)).initialize()
    trained.notify("on_train_begin", X=ROWS, y=ROWS)
    try:
        trained.fit_loop(ROWS, ROWS, epochs=5)
        is_interrupt = False
    except KeyboardInterrupt:
        is_interrupt = True
    assert not is_interrupt


@works_around(reason="PatientStopping.on_train_end", raises=AssertionError)
def test_early_stopping_of_skorch_keeps_no_second_copy_of_the_weights():
    stopping = EarlyStopping(load_best=True)
    split = ValidSplit(5)
    net(callbacks=[("stop", stopping)], train_split=split).fit(ROWS, ROWS)
    assert stopping.best_model_weights_ is None


@works_around(reason="FiniteLoss", raises=NOTHING_RAISED)
def test_skorch_refuses_a_loss_that_is_no_number():
    with pytest.raises(Exception, match=r"(?i)nan|finite|diverge"):
        net(lr=1e30, max_epochs=4).fit(ROWS, ROWS)


@works_around(reason="WindowBatches in place of DataLoader", raises=AssertionError)
def test_skorch_predicts_without_drawing_from_the_global_generator():
    fitted = net().fit(ROWS, ROWS)
    before = torch.get_rng_state()
    fitted.predict(ROWS)
    assert torch.equal(torch.get_rng_state(), before)


@works_around(reason="early_stopping holds the last rows back", raises=AssertionError)
def test_skorch_validates_on_what_comes_after_the_training_rows():
    split = net(train_split=ValidSplit(5)).get_split_datasets
    training, validation = split(TensorDataset(torch.arange(20)))
    assert min(validation.indices) > max(training.indices)


@works_around(reason="EpochLines", raises=AssertionError)
def test_the_log_of_skorch_is_plain_where_no_terminal_shows_it():
    with redirect_stdout(io.StringIO()) as printed:
        net(verbose=1).fit(ROWS, ROWS)
    assert "\x1b" not in printed.getvalue()


@works_around(reason="skad._torch.plain_state", raises=AssertionError)
def test_a_net_of_skorch_is_saved_without_functions_to_trust():
    saved = skops.io.dumps(net().fit(ROWS, ROWS))
    assert "builtins.print" not in skops.io.get_untrusted_types(data=saved)


# Of torch.


@works_around(reason="skad._torch.drawing", raises=AssertionError)
def test_a_forked_generator_of_torch_belongs_to_its_thread():
    turns = Barrier(2, timeout=10)

    def draw(seed, *, first):
        with torch.random.fork_rng(devices=[]):
            turns.wait()
            if first:
                torch.manual_seed(seed)
            turns.wait()
            if not first:
                torch.manual_seed(seed)
            turns.wait()
            drawn = torch.rand(1).item() if first else None
            turns.wait()
            return drawn

    alone = torch.rand(1, generator=torch.Generator().manual_seed(1)).item()
    with ThreadPoolExecutor(2) as threads, torch.random.fork_rng(devices=[]):
        other = threads.submit(draw, 2, first=False)
        drawn = threads.submit(draw, 1, first=True).result()
        other.result()
    assert drawn == alone


class InterruptedMode(TorchFunctionMode):
    """Lies aside during a call; before it is back in place, an interrupt comes."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.monkeypatch = monkeypatch

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.monkeypatch.setattr(torch.overrides, "_push_mode", self.interrupted)
        return function(*args, **(kwargs or {}))

    def interrupted(self, mode):
        raise KeyboardInterrupt("pressed")


@works_around(reason="InterruptibleMode.__exit__", raises=RuntimeError)
def test_torch_passes_an_interrupt_on_that_comes_while_a_mode_lies_aside(monkeypatch):
    zero, mode = torch.zeros(1), InterruptedMode(monkeypatch)
    with pytest.raises(KeyboardInterrupt, match="pressed"), mode:
        nn.functional.relu(zero)


@works_around(reason="WindowBatches._chunks", raises=ValueError)
def test_batch_normalisation_takes_a_batch_of_one():
    nn.BatchNorm1d(2)(torch.zeros(1, 2))


@works_around(
    reason="blocks of one size, in skad._torch.network_errors", raises=AssertionError
)
def test_the_bits_of_a_network_do_not_depend_on_the_size_of_the_batch():
    rows = torch.linspace(-1, 1, 440 * 59).sin().reshape(440, 59)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        dense = nn.Linear(59, 7)
        convolution = nn.Sequential(nn.Unflatten(1, (1, 59)), nn.Conv1d(1, 8, 3))
        for network in (dense, convolution):
            whole = network(rows)
            for n in range(1, 40):
                assert torch.equal(network(rows[:n]), whole[:n])


# Of NumPy, joblib, pandas and narwhals.


@works_around(reason="fit_on cuts at an int", raises=AssertionError)
def test_narwhals_cuts_a_frame_at_a_whole_number_of_numpy():
    frame = narwhals.from_native(pl.DataFrame({"a": [1.0, 2.0, 3.0]}))
    assert len(frame[: np.int64(2)]) == 2


@works_around(reason="skad._torch.linear_map, PCADetector", raises=AssertionError)
def test_the_bits_of_a_product_do_not_depend_on_the_number_of_rows():
    rows = np.sin(np.linspace(-1e3, 1e3, 440 * 59)).reshape(440, 59)
    columns = rows[:59, :7]
    whole = rows @ columns
    for n in range(1, 40):
        np.testing.assert_array_equal(rows[:n] @ columns, whole[:n])


@works_around(reason="the order of checks in SlidingWindow", raises=AssertionError)
def test_a_span_of_time_is_no_whole_number():
    assert not isinstance(np.timedelta64(1, "h"), numbers.Integral)


@works_around(reason="skad._series.segments._span", raises=AssertionError)
def test_numpy_keeps_the_nanoseconds_of_pandas():
    assert np.timedelta64(pd.Timedelta(1, "ns")) > np.timedelta64(0)


@works_around(
    reason="skad._torch.remembered_net hashes the series", raises=AssertionError
)
def test_joblib_hashes_windows_without_writing_them_out():
    series = np.zeros((20_000, 1))
    windows = sliding_window_view(series, 64, axis=0)
    tracemalloc.start()
    try:
        joblib.hash(windows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * series.nbytes


# Of scikit-learn.


def windows_over(X):
    return sliding_window_view(X, 8, axis=0)


@works_around(reason="the memory of detectors themselves", raises=AssertionError)
def test_a_pipeline_with_a_memory_returns_windows_that_still_overlap(tmp_path):
    pipe = make_pipeline(FunctionTransformer(windows_over), "passthrough")
    pipe.set_params(memory=str(tmp_path))
    series = np.zeros((100, 1))
    first, second = pipe.fit_transform(series), pipe.fit_transform(series)
    assert second.strides == first.strides


@works_around(reason="TableOutputMixin of skad.preprocessing", raises=ValueError)
def test_windows_stay_an_array_where_tables_become_frames():
    step = FunctionTransformer(windows_over, feature_names_out="one-to-one")
    step.set_output(transform="pandas").fit_transform(np.zeros((100, 1)))


@works_around(reason="skad._series.tables", raises=NOTHING_RAISED)
@pytest.mark.parametrize(
    "table",
    [
        np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]]),
        np.array([["2024-01-01"]], dtype="datetime64[ns]"),
        np.array([[1]], dtype="timedelta64[s]"),
        np.array([["1"]], dtype=object),
        pd.DataFrame({"a": ["1"]}),
        pd.DataFrame({"a": pd.date_range("2024", periods=2)}),
    ],
    ids=["mask", "times", "spans", "digits", "frame of digits", "frame of times"],
)
def test_scikit_learn_refuses_what_is_no_table_of_numbers(table):
    with pytest.raises((TypeError, ValueError), match=r"\w"):
        check_array(table)


# Of sktime.


@works_around(reason="skad.sktime.as_cv", raises=TypeError)
def test_a_splitter_of_sktime_serves_scikit_learn(series):
    splitter = ExpandingWindowSplitter(fh=[1, 2, 3], initial_window=290)
    cross_val_score(IsolationForest(), series, cv=splitter, scoring=lowest_score)


@works_around(reason="skad.metrics.event_f1", raises=AssertionError)
def test_the_f1_score_of_sktime_is_one_for_a_perfect_answer():
    events = pd.DataFrame({"ilocs": [3, 7]})
    assert WindowedF1Score()(events, events) == 1


@works_around(reason="SktimeAdapter reads labels instead", raises=NotImplementedError)
def test_a_pipeline_of_sktime_passes_scores_on(series):
    pipe = Differencer() * HampelDetector()
    pipe.fit(series).transform_scores(series)


def lowest_score(detector, X, y=None):
    return detector.score_samples(X).min()


class WithoutPyOD(PyODDetector):
    _tags = {"python_dependencies": None}


@works_around(reason="skad.pyod.PyODAdapter", raises=AssertionError)
def test_the_pyod_detector_of_sktime_names_rows(series):
    detector = WithoutPyOD(MAD(contamination=1e-3))
    assert list(detector.fit(series).predict(series)["ilocs"]) == [SPIKE]
