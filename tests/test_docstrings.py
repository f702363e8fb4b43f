"""Docstrings: complete, in numpydoc's form, and true to the code."""

import ast
import inspect
import re
import textwrap
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.detection.dummy import DummyRegularAnomalies

import skad
from skad.detectors import PCADetector
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    ChannelRules,
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import (
    GaussianNoise,
    PerSeries,
    RandomConvolutions,
    ScalingJitter,
    SlidingWindow,
)
from skad.pyod import PyODAdapter
from skad.sktime import SktimeAdapter
from tests.support import shared_words
from tests.support.detectors import ROWS
from tests.support.pyod_stand_ins import MAD

ROOMS = ("preprocessing", "detectors", "postprocessing", "metrics", "datasets")
ROOMS += (
    "model_selection",
    "inspection",
    "onnx",
    "pyod",
    "sktime",
    "streaming",
    "dask",
)
# numpydoc's checks that are not asked for, each with its reason.
LEFT_OUT = {"RT02"}  # what is returned has a name here, to which the text can refer
LEFT_OUT_OF_METHODS = {
    "ES01",  # the summary of a method may say it all
    "SA01",  # See Also stands in the docstring of the class
    "EX01",  # and so do the examples
}
# Parameters that share a name and differ in meaning, each with its reason.
OTHER_MEANING = {
    "channel_aggregation",  # of errors, or of distances
    "context",  # what sktime does not tell, or what a stream keeps
    "context_channels",  # by positions, or by the names of a table
    "direction",  # likewise
    "detector",  # of PyOD, or of sktime
    "estimator",  # to be fitted, or for a stream fitted already
    "n_blocks",  # of all scores, or of the scales of members alone
    "strategy",  # of a threshold that stays, or of one that follows
    "scale",  # of noise that is added, or of factors
    "max_gap",  # between rows of a window, or between readings of a grid
    "train",  # on the events outside a test block, or on what y labels abnormal
    "random_state",  # what it decides differs: noise here, weights and batches there
    "window_scaling",  # of what a network sees, or of what is compared
    "window_size",  # the rows in a window, or the windows over a row
}


def public_objects():
    """Map the dotted name of each public class and function to the object."""
    found = {f"skad.{n}": getattr(skad, n) for n in skad.__all__ if n.islower()}
    for room in ROOMS:
        package = import_module(f"skad.{room}")
        found |= {f"skad.{room}.{n}": getattr(package, n) for n in package.__all__}
    return found


def methods_of(name, kind):
    """Map dotted names to the public methods of a class that skad itself defines."""
    return {
        f"{name}.{method}": function
        for method, function in inspect.getmembers(kind, inspect.isfunction)
        if not method.startswith("_") and function.__module__.startswith("skad")
    }


OBJECTS = public_objects()
CLASSES = {name: obj for name, obj in OBJECTS.items() if inspect.isclass(obj)}
METHODS = {
    k: v for name, kind in CLASSES.items() for k, v in methods_of(name, kind).items()
}
EVERYTHING = OBJECTS | METHODS


def is_method(obj):
    return (
        inspect.isfunction(obj) and "." in obj.__qualname__.rpartition("<locals>.")[2]
    )


def breaches_of_numpydoc(obj):
    left_out = LEFT_OUT | (LEFT_OUT_OF_METHODS if is_method(obj) else set())
    faults = validate(get_doc_object(obj))["errors"]
    return [f"{code}: {text}" for code, text in faults if code not in left_out]


def missing_sections(obj):
    """Name the sections that a docstring ought to have and has not."""
    doc = get_doc_object(obj)
    needed = {"Summary"} | (set() if is_method(obj) else {"See Also", "Examples"})
    if inspect.isclass(obj):
        needed |= {"Parameters"}
        needed |= {"Attributes"} if issubclass(obj, BaseEstimator) else set()
    else:
        names = set(inspect.signature(obj).parameters) - {"self"}
        needed |= {"Returns"} | ({"Parameters"} if names else set())
        # Whoever reads an X refuses some; and "raise" in the source speaks for itself.
        reads_X = ("X", "Ignored") not in [(p.name, p.type) for p in doc["Parameters"]]
        is_picky = ("X" in names and reads_X) or has_raise(obj)
        needed |= {"Raises"} if is_picky else set()
    return [f"no section {section}" for section in sorted(needed) if not doc[section]]


def has_raise(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def wrong_defaults(obj):
    """Compare each documented default with the signature."""
    types = {p.name: p.type for p in get_doc_object(obj)["Parameters"]}
    faults = []
    for name, parameter in inspect.signature(obj).parameters.items():
        text = types.get(name, "Ignored")
        if text == "Ignored" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        _, says, value = text.partition("default=")
        has = parameter.default is not parameter.empty
        if bool(says) != has or (has and ast.literal_eval(value) != parameter.default):
            faults.append(f"{name} : {text}, but the signature says {parameter}")
        if (
            has
            and parameter.default is None
            and "None" not in text.split(", default")[0]
        ):
            faults.append(f"{name} : {text} does not list None among what it takes")
    return faults


CHECKS = [breaches_of_numpydoc, missing_sections, wrong_defaults]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_public_docstring_is_complete_and_true(name, check):
    faults = check(EVERYTHING[name])
    assert not faults, "\n".join([f"The docstring of {name}:", *faults])


class Faulty(BaseEstimator):
    """Do something."""

    def __init__(self, size=3):
        self.size = size

    def transform(self, X, size=3, scale=None):
        """Return X.

        Parameters
        ----------
        X : ndarray
            Rows.
        size : int, default=4
            Rows of a window.
        scale : float, default=None
            a factor.
        """


@pytest.mark.parametrize(
    ("check", "obj", "fault"),
    [
        (breaches_of_numpydoc, Faulty, "PR01: Parameters {'size'} not documented"),
        (
            breaches_of_numpydoc,
            Faulty.transform,
            'PR08: Parameter "scale" description should',
        ),
        (missing_sections, Faulty, "no section Attributes"),
        (missing_sections, Faulty, "no section Examples"),
        (missing_sections, Faulty.transform, "no section Raises"),
        (missing_sections, Faulty.transform, "no section Returns"),
        (wrong_defaults, Faulty.transform, "size : int, default=4, but the signature"),
        (wrong_defaults, Faulty.transform, "scale : float, default=None does not list"),
    ],
)
def test_a_planted_fault_is_found(check, obj, fault):
    assert fault in "\n".join(check(obj))


def contradictions(docs):
    """List parameters that are described in other words in other places.

    One description may go on where the other ends.
    """
    first, faults = {}, []
    for place, parameters in docs.items():
        for parameter in parameters:
            said = (parameter.type, " ".join(parameter.desc))
            other, before = first.setdefault(parameter.name, (place, said))
            shorter, longer = sorted([before, said], key=lambda words: len(words[1]))
            if shorter[0] != longer[0] or not longer[1].startswith(shorter[1]):
                faults.append(
                    f"{parameter.name}: {place} says {said}, {other} {before}"
                )
    return faults


def test_a_constructor_parameter_is_described_in_the_same_words_everywhere():
    docs = {
        name: [
            p for p in get_doc_object(kind)["Parameters"] if p.name not in OTHER_MEANING
        ]
        for name, kind in CLASSES.items()
    }
    assert contradictions(docs) == []


@pytest.mark.parametrize("path", shared_words.detectors(), ids=lambda path: path.stem)
def test_detectors_say_what_they_share_in_the_words_of_the_table(path):
    table = shared_words.table_of(shared_words.TABLE.read_text())
    source = path.read_text()
    kind = shared_words.detectors()[path]
    assert shared_words.updated(source, kind, table) == source, "Run make words."


def test_other_words_a_missing_and_a_misplaced_entry_are_rewritten():
    (path,) = [path for path in shared_words.detectors() if "_lstm_fore" in path.name]
    kind, source = shared_words.detectors()[path], path.read_text()
    table = shared_words.table_of(shared_words.TABLE.read_text())
    rate = "    lr : float, default=1e-3\n        Learning rate.\n"
    assert rate in source
    for planted in (
        source.replace("Learning rate.", "Rate of learning."),
        source.replace(rate, ""),
        source.replace(rate, "").replace(
            "    horizon : int", rate + "    horizon : int"
        ),
        source.replace("    offset_ : float\n", "    offset_ : double\n"),
    ):
        assert planted != source
        assert shared_words.updated(planted, kind, table) == source


def test_a_planted_contradiction_is_found():
    def shown(words):
        return [
            get_doc_object(Faulty.transform)["Parameters"][1]._replace(desc=[words])
        ]

    assert contradictions({"A": shown("Rows."), "B": shown("Rows. At least 1.")}) == []
    (fault,) = contradictions({"A": shown("Rows."), "B": shown("Steps.")})
    assert fault.startswith("size: B says ('int, default=4', 'Steps.'), A")


def fitted(estimator):
    """Fit on a small frame, so that feature_names_in_ is there."""
    values = np.random.default_rng(0).normal(size=(12, 4))
    labels = np.where(np.arange(12) % 6 == 3, -1, 1)
    return estimator.fit(pd.DataFrame(values, columns=list("abcd")), labels)


FITTED = {
    "skad.preprocessing.SlidingWindow": lambda: SlidingWindow(3),
    "skad.preprocessing.GaussianNoise": GaussianNoise,
    "skad.postprocessing.ChannelRules": lambda: ChannelRules(PCADetector(2)),
    "skad.postprocessing.ResampledDetector": lambda: ResampledDetector(PCADetector(2)),
    "skad.preprocessing.PerSeries": lambda: PerSeries(StandardScaler()),
    "skad.preprocessing.RandomConvolutions": lambda: RandomConvolutions(3),
    "skad.preprocessing.ScalingJitter": ScalingJitter,
    **{f"skad.detectors.{row.name}": row.cheap for row in ROWS},
    "skad.postprocessing.AdaptiveThresholdDetector": lambda: AdaptiveThresholdDetector(
        IsolationForest(n_estimators=2)
    ),
    "skad.postprocessing.EnsembleDetector": lambda: EnsembleDetector(
        [("forest", IsolationForest(n_estimators=2))]
    ),
    "skad.postprocessing.ReverseWindowing": lambda: ReverseWindowing(
        make_pipeline(SlidingWindow(3, flatten=True), IsolationForest(n_estimators=2))
    ),
    "skad.postprocessing.ThresholdedDetector": lambda: ThresholdedDetector(
        IsolationForest(n_estimators=2)
    ),
    "skad.postprocessing.TunedThresholdDetectorCV": lambda: TunedThresholdDetectorCV(
        IsolationForest(n_estimators=2), store_cv_results=True
    ),
    "skad.pyod.PyODAdapter": lambda: PyODAdapter(MAD()),
    "skad.sktime.SktimeAdapter": lambda: SktimeAdapter(DummyRegularAnomalies(2)),
}


def test_every_estimator_is_fitted_here():
    concrete = {name for name, kind in CLASSES.items() if not inspect.isabstract(kind)}
    concrete = {name for name in concrete if issubclass(CLASSES[name], BaseEstimator)}
    assert set(FITTED) == concrete


@pytest.mark.parametrize("name", FITTED)
def test_fitted_attributes_are_documented_and_documented_ones_are_there(name):
    estimator = fitted(FITTED[name]())
    present = {a for a in vars(estimator) if a.endswith("_") and not a.startswith("_")}
    documented = {a.name for a in get_doc_object(type(estimator))["Attributes"]}
    assert present == documented


def test_descriptions_end_in_a_sentence():
    """Ask of attributes and errors what numpydoc asks of parameters."""
    for name, obj in EVERYTHING.items():
        for section in ("Attributes", "Raises", "Warns"):
            for entry in get_doc_object(obj).get(section, []):
                text = " ".join(entry.desc)
                assert re.search(r"^\S.*\.$", text), f"{name}, {section}: {entry}"
