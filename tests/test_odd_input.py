"""What is merely odd is taken, and answered as if it were not."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.support.estimators import OF_EACH_KIND, SCORING, answer_of
from tests.support.inputs import GOOD, TAKEN

pytestmark = pytest.mark.bad_input


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize(
    "fine", ["a read-only array", "a tensor", "Fortran order", "numbers in lists"]
)
def test_the_container_makes_no_difference(name, fine):
    X = TAKEN[fine]
    expected = clone(SCORING[name]).fit(GOOD).score_samples(GOOD)
    assert np.array_equal(clone(SCORING[name]).fit(X).score_samples(X), expected)


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("n_rows", [1, 2])
def test_fewer_rows_than_a_window_are_answered(name, n_rows):
    fitted = clone(OF_EACH_KIND[name]).fit(GOOD)
    answer = answer_of(fitted, GOOD[:n_rows])
    assert len(answer) == n_rows
    assert np.isfinite(answer).all()
