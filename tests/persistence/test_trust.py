"""A hostile file runs nothing, and takes no memory to speak of."""

import importlib
import inspect
import io
import os
import pickle
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import NuSVR, OneClassSVM

import skad
import skad.pyod
from skad.detectors import ConvAutoencoder, LSTMForecaster, NetworkDetector
from skad.persistence._names import TRUSTED, name_in_file
from skad.persistence._sealed_files import read_sealed, write_sealed
from skad.preprocessing import SlidingWindow
from tests.support.file_faults import (
    forge,
    nodes_of,
    plant_evil,
    schema_and_members,
)
from tests.support.signals import sine

pytestmark = pytest.mark.files

X = sine(40, 2)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Save a pipeline with a network."""
    path = tmp_path_factory.mktemp("honest") / "pipe.skad"
    detector = ConvAutoencoder((2,), max_epochs=1, random_state=0)
    skad.save(make_pipeline(MinMaxScaler(), SlidingWindow(3), detector).fit(X), path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.skad"


def test_a_file_that_was_only_packed_anew_is_loaded(honest, path):
    forge(path, *schema_and_members(honest))
    expected = skad.load(honest).score_samples(X)
    assert np.array_equal(skad.load(path).score_samples(X), expected)


def leaf(content):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": f'"{content}"',
        "is_json": True,
    }


def tree(name, loader, **more):
    module, _, name = name.rpartition(".")
    node = {"__class__": name, "__module__": module, "__loader__": loader, **more}
    return {"protocol": 2, "_skops_version": "0.16.0", **node}


NOTHING = tree("builtins.tuple", "TupleNode", content=[])
EVIL = tree("evil.run", "FunctionNode")
CALLS = {
    "a function": EVIL,
    "a type": tree("evil.run", "TypeNode"),
    "an object": tree("evil.run", "ObjectNode"),
    "a call": tree("evil.run", "ConstructorFromReduceNode", content=NOTHING),
    "a list": tree("evil.run", "ListNode", content=[]),
    "a dict": tree(
        "evil.run",
        "DictNode",
        content={},
        key_types=tree("builtins.list", "ListNode", content=[]),
    ),
    "a key": tree(
        "builtins.dict",
        "DictNode",
        content={"a": leaf("b")},
        key_types=tree("builtins.list", "ListNode", content=[EVIL]),
    ),
    "a partial": tree(
        "functools.partial",
        "PartialNode",
        content={"func": EVIL, "args": NOTHING, "kwds": NOTHING, "namespace": NOTHING},
    ),
    "a method": tree(
        "evil.run",
        "MethodNode",
        content={"func": "run", "obj": tree("evil.run", "ObjectNode")},
    ),
    "an operator": tree("operator.methodcaller", "OperatorFuncNode", attrs=NOTHING),
    "a loss": tree(
        "evil.run", "LossNode", content=NOTHING, __reduce__={"args": NOTHING}
    ),
}


@pytest.mark.parametrize("schema", CALLS.values(), ids=CALLS.keys())
def test_whatever_is_called_must_be_trusted_first(path, tmp_path, monkeypatch, schema):
    ran = plant_evil(tmp_path, monkeypatch)
    forge(path, schema)
    with pytest.raises(TypeError, match=r"not trusted: \['(evil.run|functools|operat)"):
        skad.load(path)
    assert not ran.exists()


def test_the_module_that_tells_would_have_told(path, tmp_path, monkeypatch):
    ran = plant_evil(tmp_path, monkeypatch)
    forge(path, CALLS["a call"])
    assert skad.load(path, ["evil.run"]) == ()
    assert ran.exists()


class Runs(BaseEstimator):
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_an_object_that_a_pickle_would_run_stays_untouched(path, tmp_path):
    harm = tmp_path / "harm"
    skad.save(make_pipeline(Runs(str(harm))), path)
    with pytest.raises(TypeError, match=r"\['tests.persistence.test_trust.Runs'\]"):
        skad.load(path)
    assert skad.load(path, [Runs])[0].path == str(harm)
    assert not harm.exists()
    pickle.loads(pickle.dumps(Runs(str(harm))))
    assert harm.exists()


def test_a_pickle_under_a_valid_seal_is_not_opened(path, tmp_path, honest):
    harm = tmp_path / "harm"
    header, _ = read_sealed(honest)
    write_sealed(path, header, pickle.dumps(Runs(str(harm))))
    with pytest.raises(ValueError, match="is whole, but.*BadZipFile"):
        skad.load(path)
    assert not harm.exists()


def test_a_function_that_is_trusted_is_never_called(path):
    names = [name for name, loader in TRUSTED.items() if loader == "FunctionNode"]
    for loader in ("ConstructorFromReduceNode", "ListNode", "TypeNode", "SetNode"):
        forge(path, tree(names[0], loader, content=NOTHING["content"]))
        with pytest.raises(ValueError, match=f"not saved by {loader}; the file is for"):
            skad.load(path)


def test_a_function_of_ones_own_is_trusted_by_name(path):
    skad.save(FunctionTransformer(np.linalg.norm), path)
    with pytest.raises(TypeError, match=r"trusted=\['numpy.linalg.norm'\]"):
        skad.load(path)
    assert skad.load(path, ["numpy.linalg.norm"]).func is np.linalg.norm


def test_a_function_of_ones_own_is_trusted_as_it_is(path):
    skad.save(FunctionTransformer(np.linalg.norm), path)
    for trusted in (np.linalg.norm, [np.linalg.norm]):
        assert skad.load(path, trusted).func is np.linalg.norm


@pytest.mark.parametrize("name", ["bfill", "clip", "diff", "ffill", "interpolate"])
def test_methods_of_frames_that_repair_a_series_need_no_trust(path, name):
    method = getattr(pd.DataFrame, name)
    skad.save(FunctionTransformer(method), path)
    assert b"pandas.core" not in path.read_bytes()
    assert skad.load(path).func is method


@pytest.mark.parametrize("ufunc", [np.log1p, np.abs, np.sqrt])
def test_functions_of_numpy_by_element_need_no_trust(path, ufunc):
    skad.save(FunctionTransformer(ufunc), path)
    assert skad.load(path).func is ufunc


@pytest.mark.parametrize("make", [OneClassSVM, lambda: NuSVR(kernel="linear")])
def test_what_follows_numbers_unchecked_needs_trust(path, make):
    machine = make().fit(X, X[:, 0])
    skad.save(machine, path)
    name = f"{type(machine).__module__}.{type(machine).__name__}"
    with pytest.raises(TypeError, match=rf"not trusted: \['{name}'\]"):
        skad.load(path)
    assert np.array_equal(skad.load(path, [name]).predict(X), machine.predict(X))


@pytest.mark.parametrize(
    ("learnt", "asked", "words"),
    [
        (300_000_000, 8, "learnt window_size_=300000000 and now has window_size=8"),
        (300_000_000, 300_000_000, "more than 4194304 numbers, which are not loaded"),
        (300_000_000, "auto", "more than 4194304 numbers, which are not loaded"),
        (-1, 8, "window_size_=-1 of SlidingWindow is no length"),
        (True, 1, "window_size_=True of SlidingWindow is no length"),
    ],
)
def test_a_window_that_was_not_learnt_is_not_loaded(path, learnt, asked, words):
    window = SlidingWindow(8).fit(X)
    window.window_size_, window.window_size = learnt, asked
    with pytest.raises(ValueError, match=words):
        skad.save(make_pipeline(window), path)
    assert not path.exists()


def test_a_number_that_would_be_taken_for_a_size_is_refused(path):
    scaler = MinMaxScaler()
    scaler.seen_ = np.void(b"abc")
    with pytest.raises(ValueError, match=r"numpy\.void is not saved"):
        skad.save(scaler, path)


@pytest.mark.parametrize("trusted", [True, 5, [7]], ids=str)
def test_trust_is_given_by_name_only(path, trusted):
    skad.save(MinMaxScaler(), path)
    with pytest.raises(TypeError, match="trusted=.*full names, classes or func"):
        skad.load(path, trusted)


def bomb(compression, size=20_000_000):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as archive:
        archive.writestr("schema.json", bytes(size))
    return body.getvalue()


def test_a_bomb_is_refused_before_it_goes_off(honest, path):
    header, _ = read_sealed(honest)
    inner = bomb(zipfile.ZIP_DEFLATED)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("matrix.npz", inner)
        archive.writestr("schema.json", "{}")
    lying = bytearray(inner)
    at = lying.index(b"PK\x01\x02") + 24  # the size that the directory declares
    lying[at : at + 4] = (1000).to_bytes(4, "little")
    for body in (inner, outer.getvalue(), bytes(lying)):
        write_sealed(path, header, body)
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match="is whole, but"):
                skad.load(path)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("hidden_size", "another network"),
        ("num_layers", "more layers than there are"),
    ],
)
def test_a_giant_that_parameters_ask_for_is_not_built(path, parameter, words):
    detector = LSTMForecaster(4, max_epochs=1)
    skad.save(detector.fit(SlidingWindow(3).fit_transform(X)), path)
    schema, members = schema_and_members(path)
    (parameters,) = (
        node["content"]
        for node in nodes_of(schema)
        if node["__class__"] == "dict"
        and parameter in node.get("content", {})
        and "net_" not in node["content"]
    )
    parameters[parameter].update(content="200001", __id__=None)
    forge(path, schema, members)
    with pytest.raises(ValueError, match=words):
        skad.load(path)


def test_nests_without_end_are_an_error(path):
    nested = leaf("a")
    for _ in range(300):
        nested = tree("builtins.list", "ListNode", content=[nested])
    for _ in range(100):  # json itself stops at some depth
        nested = tree("builtins.list", "ListNode", content=[nested])
    forge(path, nested)
    with pytest.raises(ValueError, match="is whole, but.*RecursionError"):
        skad.load(path)


def test_sparse_matrices_are_no_bombs(path):
    scaler = MinMaxScaler()
    scaler.seen_ = scipy.sparse.eye_array(100, format="csr")
    skad.save(scaler, path)
    loaded = skad.load(path, ["scipy.sparse._csr.csr_array"])
    assert (loaded.seen_ != scaler.seen_).nnz == 0


def test_a_sparse_matrix_that_is_almost_empty_is_refused_before_it_is_written(path):
    scaler = MinMaxScaler()
    scaler.seen_ = scipy.sparse.csr_array((2_000_000, 1))
    with pytest.raises(ValueError, match=r"cannot be saved.*keep that as an array"):
        skad.save(scaler, path)
    assert not path.exists()


def named(name):
    module, _, name = name.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", TRUSTED)
def test_a_trusted_name_is_there_and_of_its_kind(name):
    is_function = TRUSTED[name] == "FunctionNode"
    assert inspect.isfunction(named(name)) == is_function
    assert inspect.isclass(named(name)) != is_function


def full_name(named):
    return ".".join(name_in_file(named.__module__, named.__qualname__))


def test_all_estimators_and_metrics_are_trusted():
    rooms = [skad.detectors, skad.preprocessing, skad.postprocessing, skad.pyod]
    public = {
        getattr(room, name)
        for room in [*rooms, skad.model_selection, skad.metrics]
        for name in room.__all__
    }
    estimators = {p for p in public if inspect.isclass(p) and p is not NetworkDetector}
    metrics = {getattr(skad.metrics, name) for name in skad.metrics.__all__}
    metrics -= {skad.metrics.make_anomaly_scorer}
    missing = {full_name(part) for part in estimators | metrics} - set(TRUSTED)
    assert not missing, f"Add them to the names that files may hold: {missing}"
