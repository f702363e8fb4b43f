"""Ctrl-C at any line of skad leaves a detector as it was, or as it is to be."""

import copy
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

import skad
from tests.support.checks import untouched_random_states
from tests.support.estimators import OF_EACH_KIND, TUNED_THRESHOLD_DETECTORS, answer_of
from tests.support.shares import share

pytestmark = pytest.mark.interrupts

HOUSE = str(Path(skad.__file__).parent)
FIRST, SECOND = np.random.default_rng(0).normal(size=(2, 60, 6))
KINDS = {**OF_EACH_KIND, "TunedThresholdDetectorCV": TUNED_THRESHOLD_DETECTORS[0]}
# scikit-learn's Pipeline fits its steps where they are, one after the other.
del KINDS["Pipeline"]


@contextmanager
def lines_of_skad(last=None):
    """Count the lines that are run, and press Ctrl-C, as it were, at the last."""
    seen = []

    def trace(frame, event, argument):
        if not frame.f_code.co_filename.startswith(HOUSE):
            return None
        if event == "line":
            seen.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
            if len(seen) == last:
                raise KeyboardInterrupt(f"at {seen[-1]}")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


def copied(estimator, is_fitted):
    return copy.deepcopy(estimator) if is_fitted else clone(estimator)


def lines_of_a_fit(estimator):
    with lines_of_skad() as lines:
        estimator.fit(SECOND)
    return lines


def is_as_before(estimator, before):
    now = vars(estimator)
    return now.keys() == before.keys() and all(now[k] is before[k] for k in now)


@pytest.mark.parametrize("is_fitted", [False, True], ids=["first", "further"])
@pytest.mark.parametrize("estimator", KINDS.values(), ids=KINDS.keys())
def test_an_interrupt_at_any_line_of_a_fit_is_raised_and_changes_nothing(
    estimator, is_fitted, rng, record_property
):
    fitted = clone(estimator).fit(FIRST) if is_fitted else clone(estimator)
    new = answer_of(clone(estimator).fit(SECOND), SECOND)
    lines = lines_of_a_fit(copied(fitted, is_fitted))
    moments = rng.choice(len(lines), min(share(50, 2), len(lines)), replace=False)
    n_kept = 0
    for moment in moments + 1:
        detector = copied(fitted, is_fitted)
        before = vars(detector).copy()
        with (
            untouched_random_states(),
            pytest.raises(KeyboardInterrupt, match="at /"),
            lines_of_skad(moment),
        ):
            detector.fit(SECOND)
        if is_as_before(detector, before):
            n_kept += 1
        else:  # the very last lines
            assert moment > len(lines) - 12, lines[moment - 1]
            assert np.array_equal(answer_of(detector, SECOND), new)
    record_property("lines interrupted", len(moments))
    record_property("old state kept at a line", n_kept)
    record_property("new state whole at one of the last lines", len(moments) - n_kept)
    assert n_kept > 0
    assert np.array_equal(answer_of(detector.fit(SECOND), SECOND), new)
