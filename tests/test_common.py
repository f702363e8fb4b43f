"""scikit-learn's own checks, on every public estimator."""

import inspect
from importlib import import_module
from unittest import SkipTest

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import skad
from skad._estimators.row_context import row_context
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import GaussianNoise, ScalingJitter, SlidingWindow
from skad.sktime import SktimeAdapter
from tests.support.detectors import ROWS
from tests.support.estimators import EXPECTED_FAILURES, FIRST_AND_LAST, INSTANCES
from tests.support.further_estimators import EXPECTED_OF_FURTHER, FURTHER_INSTANCES
from tests.support.shares import share

pytestmark = pytest.mark.api

ALL_INSTANCES = INSTANCES + FURTHER_INSTANCES
ALL_EXPECTED = {**EXPECTED_FAILURES, **EXPECTED_OF_FURTHER}
# Said of the windows of 64 rows that are the default: the checks bring 10 to 100 rows.
ABOUT_PADDING = "ignore:.* windows hold padding. window_size=64 is long:UserWarning"


@pytest.mark.filterwarnings(ABOUT_PADDING)
@parametrize_with_checks(
    share(ALL_INSTANCES, FIRST_AND_LAST),
    expected_failed_checks=lambda estimator: ALL_EXPECTED.get(estimator, {}),
    xfail_strict=True,
)
def test_scikit_learn_finds_no_fault(estimator, check, record_property):
    try:
        check(estimator)
    except SkipTest:
        record_property("checks of scikit-learn that do not apply", 1)
        raise
    record_property("checks of scikit-learn passed", 1)


def estimators():
    """Map the names of the public estimators to their classes."""
    rooms = [import_module(f"skad.{room}") for room in skad._ROOMS]
    found = {
        name: getattr(room, name)
        for room in (skad, *rooms)
        for name in getattr(room, "__all__", ())
    }
    return {
        name: kind
        for name, kind in sorted(found.items())
        if inspect.isclass(kind) and issubclass(kind, BaseEstimator)
    }


def changed_parameters(estimator):
    """Name what was set to something else than its default, where it has one."""
    parameters = inspect.signature(type(estimator)).parameters
    return {
        name
        for name, value in estimator.get_params(deep=False).items()
        if parameters[name].default not in (inspect.Parameter.empty, value)
    }


@pytest.mark.parametrize("name", estimators())
def test_every_estimator_is_checked_with_its_defaults_and_three_other_sets(
    name, record_property
):
    kind = estimators()[name]
    checked = [each for each in ALL_INSTANCES if isinstance(each, kind)]
    assert len({str(each) for each in checked}) >= 4
    assert any(not changed_parameters(each) for each in checked)
    record_property("public estimators", 1)
    record_property("sets of parameters", len(checked))


def test_all_estimators_are_found():
    named = {"LSTMForecaster", "NetworkDetector", "PyODAdapter", "SktimeAdapter"}
    assert named < set(estimators())


def test_the_table_of_detectors_has_a_row_for_each():
    kinds = [getattr(skad.detectors, name) for name in skad.detectors.__all__]
    concrete = {kind for kind in kinds if not inspect.isabstract(kind)}
    assert {row.kind for row in ROWS} == concrete


def test_nothing_else_is_expected_to_fail():
    for estimator, failures in ALL_EXPECTED.items():
        if isinstance(estimator, (GaussianNoise, ScalingJitter)):
            assert estimator.n_copies > 0
            assert set(failures) == {
                "check_transformer_data_not_an_array",
                "check_transformer_general",
            }
        elif isinstance(estimator, AdaptiveThresholdDetector):
            assert set(failures) <= {
                "check_methods_sample_order_invariance",
                "check_methods_subset_invariance",
                "check_outliers_fit_predict",
                "check_outliers_train",
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
