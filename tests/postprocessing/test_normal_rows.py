"""Rows that y labels abnormal are left out of training and calibration, on request."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.pipeline import make_pipeline

from skad import make_detector
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    from_events,
)
from skad.preprocessing import SlidingWindow

W = 4
MINUTES = pd.date_range("2026-01-01", periods=200, freq="min")
MAINTENANCE = pd.DataFrame({"start": [MINUTES[60]], "end": [MINUTES[79]]})


class Recorder(OutlierMixin, BaseEstimator):
    """A detector whose score is minus the newest reading; it keeps what it was fed."""

    fits = []  # windows of all copies, in their order

    def fit(self, X, y=None):
        self.n_features_in_ = np.asarray(X).shape[1]
        Recorder.fits.append(np.asarray(X))
        return self

    def score_samples(self, X):
        return -np.abs(np.asarray(X)[:, -1].astype(np.float64))


def windows(max_gap=None):
    return make_pipeline(SlidingWindow(W, flatten=True, max_gap=max_gap), Recorder())


KINDS = {
    "adaptive": lambda part, **how: AdaptiveThresholdDetector(part, n_blocks=2, **how),
    "thresholded": lambda part, **how: ThresholdedDetector(part, n_blocks=2, **how),
    "reversed": ReverseWindowing,
    "ensemble": lambda part, **how: EnsembleDetector([("one", part)], **how),
}


@pytest.fixture
def X():
    Recorder.fits.clear()
    return pd.DataFrame({"value": np.arange(1.0, 201)}, MINUTES)


@pytest.mark.filterwarnings("ignore:.*channels of X drift")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", ["frame", "array", "polars", "list"])
def test_no_window_holds_a_row_of_maintenance_or_crosses_it(X, kind, of):
    y = from_events(MAINTENANCE, X.index)
    kinds = {
        "frame": X,
        "array": X.to_numpy(),
        "polars": pl.DataFrame({"value": X["value"].to_numpy()}),
        "list": X.to_numpy().tolist(),
    }
    KINDS[kind](windows(), train="normal").fit(kinds[of], y)
    learnt = np.concatenate(Recorder.fits)
    assert not np.isin(learnt, np.arange(61.0, 81)).any()
    assert np.ptp(learnt, axis=1).max() == W - 1
    assert {1.0, 60.0, 81.0, 200.0} <= set(learnt[:, -1])


def test_by_default_labels_leave_out_nothing(X):
    y = from_events(MAINTENANCE, X.index)
    ReverseWindowing(windows()).fit(X, y)
    assert 70.0 in Recorder.fits[0]


def test_a_cut_of_one_row_is_widened_until_the_clock_sees_a_gap(X):
    """Timestamps may skip two readings, so two more rows are left out."""
    y = np.ones(200)
    y[100] = -1
    ReverseWindowing(windows(), train="normal").fit(X, y)
    (learnt,) = Recorder.fits
    assert len(learnt) == 197
    assert np.ptp(learnt, axis=1).max() == W - 1
    ReverseWindowing(windows(), train="normal").fit(X.to_numpy(), y)
    assert len(Recorder.fits[-1]) == 199


def test_windows_that_are_never_cut_are_not_cut_here(X):
    y = from_events(MAINTENANCE, X.index)
    ReverseWindowing(windows(np.inf), train="normal").fit(X, y)
    assert np.ptp(Recorder.fits[0], axis=1).max() == W - 1 + 20


def test_rows_left_out_do_not_set_the_threshold(X):
    """The planted fault: maintenance that reads ten times as much as anything else."""
    y = from_events(MAINTENANCE, X.index)
    X.loc[y == -1] = 5000.0
    naive = ThresholdedDetector(Recorder(), strategy="sigma").fit(X, y)
    told = ThresholdedDetector(Recorder(), strategy="sigma", train="normal").fit(X, y)
    assert naive.offset_ < -4000
    assert told.offset_ > -400
    assert told.n_calibration_rows_ == 180


def test_each_series_has_its_own_maintenance(X):
    panel = pd.concat({"a": X, "b": X + 1000}, names=["machine", "time"])
    periods = MAINTENANCE.set_index(
        pd.MultiIndex.from_tuples([("b", 0)], names=["machine", "event"])
    )
    ReverseWindowing(windows(), train="normal").fit(
        panel, from_events(periods, panel.index)
    )
    (learnt,) = Recorder.fits
    assert 70.0 in learnt
    assert 1070.0 not in learnt


def test_the_outer_of_two_layers_may_train_on_all(X):
    y = from_events(MAINTENANCE, X.index)
    inner = ReverseWindowing(windows(), train="normal")
    ensemble = EnsembleDetector([("one", inner), ("two", ReverseWindowing(windows()))])
    fitted = ThresholdedDetector(ensemble, n_blocks=2).fit(X, y)
    assert fitted.training_scores_.shape == (200,)
    first = Recorder.fits[0]
    assert len(first) == 180


def test_all_normal_labels_leave_out_nothing(X):
    no_event = MAINTENANCE.iloc[:0]
    told = ReverseWindowing(windows(), train="normal")
    told.fit(X, from_events(no_event, X.index))
    assert len(Recorder.fits[0]) == 200


def test_make_detector_takes_the_word_and_passes_it_to_the_outermost(X):
    for contamination in ("auto", 0.01):
        chain = make_detector(
            Recorder(), train="normal", contamination=contamination, window_size=W
        )
        assert chain.train == "normal"
        assert chain.estimator.get_params().get("train", "all") == "all"


def test_training_on_normal_rows_needs_labels(X):
    with pytest.raises(ValueError, match="y is None. Pass labels, such as .*from_even"):
        ReverseWindowing(windows(), train="normal").fit(X)


def test_labels_of_other_rows_are_refused(X):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ReverseWindowing(windows(), train="normal").fit(X, np.ones(5))


def test_no_normal_row_is_refused(X):
    with pytest.raises(ValueError, match="No row is left to train on: y labels 200"):
        ReverseWindowing(windows(), train="normal").fit(X, -np.ones(200))
