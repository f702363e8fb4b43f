"""All kinds of input to every estimator: named refusals, or finite answers."""

import re
from operator import length_hint

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skad.streaming import StreamScorer
from tests.support.estimators import OF_EVERY_KIND, SCORING, answer_of
from tests.support.inputs import (
    DEPENDS,
    FRAME,
    GOOD,
    NAMES,
    REFUSED,
    TAKEN,
    TIMES,
    memory_mapped,
)
from tests.support.shares import share

pytestmark = [
    pytest.mark.bad_input,
    pytest.mark.filterwarnings(
        "ignore:X (has|does not have valid) feature names:UserWarning",
        "ignore:.* windows hold padding:UserWarning",
        "ignore:.* of the .* segments of X have one row:UserWarning",
        # scikit-learn's forests compute in single precision, and then refuse infinity.
        "ignore:overflow encountered in cast:RuntimeWarning",
        # scikit-learn's scalers ask NumPy about arrays of Dask, which warns.
        "ignore:The `numpy.may_share_memory` function is not:FutureWarning",
    ),
]
LABELS = np.where(np.arange(40) % 10 == 5, -1, 1)
METHODS = ["fit", "score"]


def some_of(kinds, names=tuple(OF_EVERY_KIND), n_less=2):
    """Pair every kind with all estimators, or with a few that take turns."""
    n = share(len(names), n_less)
    return [
        pytest.param(
            kind, [names[(n * number + i) % len(names)] for i in range(n)], id=kind
        )
        for number, kind in enumerate(kinds)
    ]


def fit(name, X, y=None):
    estimator = clone(OF_EVERY_KIND[name])
    if y is None and name == "TunedThresholdDetectorCV":
        y = np.resize(LABELS, length_hint(X, len(LABELS)))
    return estimator.fit(X, y)


@pytest.fixture(scope="module")
def fitted():
    return {name: fit(name, GOOD) for name in OF_EVERY_KIND}


def said_of(answer):
    """Return the words of a refusal, or None where there are finite numbers."""
    try:
        numbers = answer()
    except (TypeError, ValueError) as error:
        return str(error)
    assert numbers.dtype.kind == "f"
    # Scores are finite; rows and windows hold what is missing as they did.
    assert numbers.ndim > 1 or np.isfinite(numbers).all()
    return None


def heard(name, method, X, fitted):
    """Return what an estimator says of X, at fit or when fitted on other rows."""
    if method == "fit":
        return said_of(lambda: answer_of(fit(name, X), X))
    return said_of(lambda: answer_of(fitted[name], X))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "names"), some_of(REFUSED))
def test_what_is_no_table_of_numbers_is_refused_by_naming_the_cause(
    kind, names, method, fitted, record_property
):
    X, cause = REFUSED[kind]
    for name in names:
        said = heard(name, method, X, fitted)
        assert said is not None, f"{name} takes {kind} in silence"
        assert re.search(cause, said, re.DOTALL), f"{name}: {said}"
    record_property("kinds of input", int(method == "fit"))
    record_property("cases refused by name", len(names))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "names"), some_of([*TAKEN, "a memory map"]))
def test_what_is_a_table_of_numbers_is_taken(
    kind, names, method, fitted, tmp_path, record_property
):
    X = memory_mapped(tmp_path) if kind == "a memory map" else TAKEN[kind]
    for name in names:
        said = heard(name, method, X, fitted)
        assert said is None, f"{name}: {said}"
    record_property("kinds of input", int(method == "fit"))
    record_property("cases scored", len(names))


@pytest.mark.filterwarnings("ignore:The step 'standardscaler':UserWarning")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "names"), some_of(DEPENDS))
def test_what_some_cannot_take_is_refused_by_naming_the_cause_or_taken(
    kind, names, method, fitted, record_property
):
    X, cause = DEPENDS[kind]
    said = {name: heard(name, method, X, fitted) for name in names}
    refused = {name: words for name, words in said.items() if words is not None}
    for name, words in refused.items():
        assert re.search(cause, words, re.DOTALL), f"{name}: {words}"
    record_property("kinds of input", int(method == "fit"))
    record_property("cases refused by name", len(refused))
    record_property("cases scored", len(said) - len(refused))


OTHER_COLUMNS = {
    "columns in another order": (FRAME[NAMES[::-1]], "must be in the same order"),
    "a column less": (FRAME[NAMES[:-1]], "seen at fit time, yet now missing:.*- f"),
    "a column more": (FRAME.assign(g=0.0), "unseen at fit time:.*- g"),
    "another column": (FRAME.rename(columns={"f": "z"}), "unseen at fit time:.*- z"),
    "capitals": (FRAME.rename(columns=str.upper), "unseen at fit time:.*- A"),
    "fewer columns of an array": (GOOD[:, :5], "X has 5 features, .* expecting 6"),
    "more columns of an array": (
        np.ones((40, 7)),
        "X has 7 features, .* expecting 6",
    ),
    "channels for rows": (GOOD.T, "X has 40 features, .* expecting 6"),
}


@pytest.mark.parametrize(("kind", "names"), some_of(OTHER_COLUMNS))
def test_other_columns_than_at_fit_are_refused_by_name(kind, names, record_property):
    X, cause = OTHER_COLUMNS[kind]
    for name in names:
        said = said_of(lambda: answer_of(fit(name, FRAME), X))  # noqa: B023
        assert said is not None, f"{name} takes {kind} in silence"
        assert re.search(cause, said, re.DOTALL), f"{name}: {said}"
    record_property("kinds of input", 1)
    record_property("cases refused by name", len(names))


OTHER_LABELS = {
    "no labels where they are needed": (None, "the target y is None.* Pass labels"),
    "fewer labels than rows": (LABELS[:30], "inconsistent numbers of samples"),
    "more labels than rows": (np.resize(LABELS, 50), "inconsistent numbers of samples"),
    "words for labels": (np.where(LABELS < 0, "bad", "good"), "needed are -1"),
    "labels with NaN": (np.where(LABELS < 0, np.nan, 1.0), "needed are -1"),
    "labels 1 and 2": (np.where(LABELS < 0, 1, 2), "needed are -1"),
    "scores for labels": (GOOD[:, 0], "needed are -1"),
    "labels in a column": (LABELS.reshape(-1, 1), r"needed? one dimension|\.ravel"),
    "one event": (np.where(np.arange(40) == 5, -1, 1), "[Ll]abel more events"),
    "no event": (np.full(40, -1), "only anomalies|more events|label"),
    "labels 0 and 1": (LABELS < 0, "never refused"),
    "labels as floats": (LABELS.astype(float), "never refused"),
    "labels in a frame's column": (pd.Series(LABELS, TIMES), "never refused"),
}


@pytest.mark.parametrize(("kind", "names"), some_of(OTHER_LABELS))
def test_other_labels_are_refused_by_naming_the_cause_or_not_looked_at(
    kind, names, record_property
):
    y, cause = OTHER_LABELS[kind]
    n_refused = 0
    for name in names:
        estimator = clone(OF_EVERY_KIND[name])
        said = said_of(lambda: answer_of(estimator.fit(GOOD, y), GOOD))  # noqa: B023
        n_refused += said is not None
        assert said is None or re.search(cause, said, re.DOTALL), f"{name}: {said}"
    record_property("kinds of input", 1)
    record_property("cases refused by name", n_refused)
    record_property("cases scored", len(names) - n_refused)


# There, a single row may have one dimension, and no row is none too few.
NO_ROWS = {
    kind: REFUSED[kind]
    for kind in REFUSED
    if "Expected (2D" not in REFUSED[kind][1] and "0 sample" not in REFUSED[kind][1]
}
STREAMED = ["LSTMForecaster", "Pipeline", "PCADetector", "PyODAdapter"]


@pytest.mark.parametrize(("kind", "names"), some_of(NO_ROWS, STREAMED, n_less=1))
def test_a_stream_refuses_what_its_detector_does(kind, names, fitted, record_property):
    X, _ = NO_ROWS[kind]
    for name in names:
        stream = StreamScorer(fitted[name], context=GOOD)
        said = said_of(lambda: stream.update(X))  # noqa: B023
        assert said is not None, f"{name} takes {kind} in silence"
        after = stream.update(GOOD[:3])
        again = StreamScorer(fitted[name], context=GOOD).update(GOOD[:3])
        assert np.array_equal(after, again), "rows that were refused are not kept"
    record_property("cases refused by name", len(names))


@pytest.mark.parametrize("name", SCORING)
def test_input_is_never_changed(name):
    X = GOOD.copy()
    fit(name, X).predict(X)
    assert np.array_equal(X, GOOD)
