import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skad.detectors import _window_detector
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from tests.support.checks import interrupt_in_epoch, noisy, windows_of

pytestmark = pytest.mark.interrupts

X = windows_of(noisy(100))


def test_an_interrupted_first_fit_leaves_an_unfitted_detector(make):
    detector = make(max_epochs=5)
    with interrupt_in_epoch(3), pytest.raises(KeyboardInterrupt, match="by the user"):
        detector.fit(X)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        detector.predict(X)
    assert not [name for name in vars(detector) if name.endswith("_")]


def test_the_next_fit_is_as_if_nothing_had_happened(make):
    scores = make().fit(X).score_samples(X)
    detector = make()
    with interrupt_in_epoch(1), pytest.raises(KeyboardInterrupt, match="by the user"):
        detector.fit(X)
    assert np.array_equal(detector.fit(X).score_samples(X), scores)


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interrupted_further_fit_leaves_the_first(make, warm_start, early_stopping):
    detector = make(
        warm_start=warm_start, early_stopping=early_stopping, max_epochs=3
    ).fit(X)
    scores, losses = detector.score_samples(X), list(detector.loss_curve_)
    with interrupt_in_epoch(2), pytest.raises(KeyboardInterrupt, match="by the user"):
        detector.fit(2 * X)
    assert np.array_equal(detector.score_samples(X), scores)
    assert detector.loss_curve_ == losses
    assert detector.n_iter_ == len(detector.net_.history) == len(losses)


def test_a_warm_start_after_an_interrupt_goes_on_from_before_it(make):
    expected = make(max_epochs=6).fit(X).score_samples(X)
    detector = make(max_epochs=3, warm_start=True).fit(X)
    with interrupt_in_epoch(2), pytest.raises(KeyboardInterrupt, match="by the user"):
        detector.fit(X)
    assert np.array_equal(detector.fit(X).score_samples(X), expected)


def test_an_interrupt_after_the_training_leaves_no_half_fitted_detector(
    make, monkeypatch
):
    def interrupted(scores, contamination):
        raise KeyboardInterrupt("while the threshold was set")

    detector = make()
    with monkeypatch.context() as patch:
        patch.setattr(_window_detector, "threshold", interrupted)
        with pytest.raises(KeyboardInterrupt, match="while the threshold was set"):
            detector.fit(X)
    assert not hasattr(detector, "net_")
    assert detector.fit(X).predict(X).shape == (100,)


def test_an_interrupt_ends_a_pipeline_a_search_and_reverse_windowing(make):
    rows = noisy(100)
    pipe = make_pipeline(SlidingWindow(8), make())
    search = GridSearchCV(
        pipe, {"slidingwindow__padding": ["edge", 0.0]}, scoring="roc_auc", cv=2
    )
    for outer in (pipe, ReverseWindowing(pipe), search):
        with (
            interrupt_in_epoch(1),
            pytest.raises(KeyboardInterrupt, match="by the user"),
        ):
            outer.fit(rows, np.arange(100) % 2)
