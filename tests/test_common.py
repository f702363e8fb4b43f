"""scikit-learn's own checks, on every public estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skad._context import row_context
from skad.postprocessing import ReverseWindowing, ThresholdedDetector
from skad.preprocessing import GaussianNoise, ScalingJitter, SlidingWindow
from skad.sktime import SktimeAdapter
from tests.estimators import EXPECTED_FAILURES, INSTANCES


@parametrize_with_checks(
    INSTANCES,
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(estimator, {}),
    xfail_strict=True,
)
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)


def test_nothing_else_is_expected_to_fail():
    for estimator, failures in EXPECTED_FAILURES.items():
        if isinstance(estimator, (GaussianNoise, ScalingJitter)):
            assert estimator.n_copies > 0
            assert set(failures) == {
                "check_transformer_data_not_an_array",
                "check_transformer_general",
            }
        else:
            kinds = (SlidingWindow, ReverseWindowing, ThresholdedDetector)
            kinds += (SktimeAdapter,)
            assert isinstance(estimator, kinds)
            assert row_context(estimator) > (0, 0)
            assert set(failures) == {
                "check_methods_sample_order_invariance",
                "check_methods_subset_invariance",
            }
