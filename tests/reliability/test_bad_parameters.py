"""All kinds of values for every parameter: the parameter is named, or scores follow."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.support.estimators import OF_EVERY_KIND, answer_of
from tests.support.inputs import GOOD
from tests.support.shares import share

pytestmark = [
    pytest.mark.bad_input,
    pytest.mark.filterwarnings(
        "ignore:.* windows hold padding:UserWarning",
        "ignore:.* was trained without its memory:UserWarning",
    ),
]
LABELS = np.where(np.arange(40) % 10 == 5, -1, 1)
ESTIMATORS = {
    type(estimator).__name__: estimator
    for name, estimator in OF_EVERY_KIND.items()
    if type(estimator).__name__ == name != "Pipeline"
}
PARAMETERS = [
    (name, parameter)
    for name, estimator in ESTIMATORS.items()
    for parameter in inspect.signature(type(estimator)).parameters
]
# Not True, which is the number 1 to Python and to scikit-learn.
VALUES = {
    "an object": object(),
    "a word": "no such choice",
    "an empty word": "",
    "bytes": b"mean",
    "minus one": -1,
    "minus a half": -0.5,
    "zero": 0,
    "one and a half": 1.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a complex number": 1j,
    "None": None,
    "an empty list": [],
    "a list of words": ["mean"],
    "an empty tuple": (),
    "a tuple of None": (None,),
    "a pair the wrong way round": (2.0, 1.0),
    "a dict": {},
    "a missing value": pd.NA,
    "an array": np.zeros(3),
    "a time": pd.Timestamp("2026-01-01"),
    "a class": dict,
    "a function": np.mean,
}
# What is right there: words name folders, numbers start processes, whatever can be
# called scores, and bytes have a method `split`, as splitters have.
UNTRIED = {
    ("memory", "a word"),
    ("memory", "an empty word"),
    ("n_jobs", "minus one"),
    ("scoring", "a class"),
    ("scoring", "a function"),
    ("cv", "bytes"),
}


def said_of(name, parameter, value):
    """Return the words of a refusal or a warning; None where there are numbers."""
    given = ESTIMATORS[name].get_params(deep=False) | {parameter: value}
    estimator = clone(type(ESTIMATORS[name])(**given))
    y = LABELS if name == "TunedThresholdDetectorCV" else None
    try:
        numbers = answer_of(estimator.fit(GOOD, y), GOOD)
    except (TypeError, ValueError, UserWarning) as error:
        return f"{error}"
    assert np.isfinite(numbers).all()
    return None


def turns(values, number):
    n = share(len(values), 2)
    return [values[(n * number + i) % len(values)] for i in range(n)]


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_wrong_value_is_refused_by_the_name_of_its_parameter(
    name, parameter, record_property, capsys
):
    number = PARAMETERS.index((name, parameter))
    n_refused, tried = 0, turns(list(VALUES), number)
    for kind in tried:
        if (parameter, kind) in UNTRIED:
            continue
        said = said_of(name, parameter, VALUES[kind])
        assert said is None or parameter in said, f"{kind}: {said}"
        n_refused += said is not None
    record_property("values of parameters refused by name", n_refused)
    record_property("values of parameters that are right", len(tried) - n_refused)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_no_parameter_takes_just_anything(name, parameter):
    said = said_of(name, parameter, object())
    assert said is not None
    assert parameter in said
