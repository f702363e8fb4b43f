"""scikit-learn's own checks, on every public estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.estimators import EXPECTED_FAILURES, INSTANCES


@parametrize_with_checks(
    INSTANCES,
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(estimator, {}),
    xfail_strict=True,
)
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)
