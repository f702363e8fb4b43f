"""skad's own checks, on every detector; and that they can fail."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, OutlierMixin

from tests.support import checks
from tests.support.detectors import NETWORKS, ROWS
from tests.support.shares import share

DETECTORS = [
    instance for row in NETWORKS for instance in row.instances()[: share(None, 1)]
]
UNTRAINED = [
    instance for row in ROWS if not row.is_network for instance in row.instances()
]


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_skad_finds_no_fault(detector, check):
    check(detector)


@pytest.mark.parametrize(
    "check",
    [check for check in checks.CHECKS if check not in checks.OF_TRAINING],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize("detector", UNTRAINED, ids=str)
def test_what_is_not_trained_has_no_fault_either(detector, check):
    check(detector)


class Indifferent(OutlierMixin, BaseEstimator):
    """Scores every window alike, or at random."""

    def __init__(self, at_random=False, random_state=None):
        self.at_random = at_random
        self.random_state = random_state

    def fit(self, X, y=None):
        self.rng_ = np.random.default_rng(self.random_state)
        return self

    def score_samples(self, X):
        return self.rng_.normal(size=len(X)) if self.at_random else np.zeros(len(X))


@pytest.mark.parametrize("at_random", [False, True])
@pytest.mark.parametrize(
    "check",
    [
        checks.check_a_planted_spike_is_found,
        checks.check_a_planted_change_of_shape_is_found,
    ],
)
def test_a_detector_that_does_not_look_is_caught(check, at_random):
    with pytest.raises(AssertionError, match="is not the most abnormal"):
        check(Indifferent(at_random))
