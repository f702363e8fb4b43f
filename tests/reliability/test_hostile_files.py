"""A hostile file runs nothing, and takes hardly more memory than its own size."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import skad
from skad.detectors import ConvAutoencoder
from skad.persistence._archives import MOST_ADDED
from skad.preprocessing import SlidingWindow
from tests.support.file_faults import forge, forged_trees, schema_and_members
from tests.support.shares import share
from tests.support.signals import sine

pytestmark = pytest.mark.files

ROOT = Path(skad.__file__).parents[1]
# What runs code, starts programs, writes, or opens the door to any of these.
NAMES = [
    "builtins.__import__",
    "builtins.eval",
    "builtins.exec",
    "builtins.getattr",
    "builtins.open",
    "importlib.import_module",
    "joblib.load",
    "numpy.load",
    "os.mkdir",
    "os.system",
    "pickle.loads",
    "posix.system",
    "shutil.rmtree",
    "subprocess.Popen",
    "torch.load",
]


def outcome_of_loading(folder, *trusted):
    command = [sys.executable, "-m", "tests.support.hostile_loads", folder]
    done = subprocess.run(
        [*command, *trusted],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    skad.save(MinMaxScaler(), tmp_path / "honest.skad")
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "evil.py").write_text("raise SystemExit('evil was imported')\n")
    return folder


def test_no_name_at_any_node_is_run_or_imported(folder, record_property):
    honest = folder.parent / "honest.skad"
    detector = ConvAutoencoder((2,), max_epochs=1, random_state=0)
    chain = make_pipeline(MinMaxScaler(), SlidingWindow(3), detector)
    skad.save(chain.fit(sine(40, 2)), honest)
    schema, members = schema_and_members(honest)
    names = ["evil.run", *NAMES]
    for number, name in enumerate(names):
        every = share(1, 40) * len(names)
        for place, forged in enumerate(forged_trees(schema, name, number, every)):
            forge(folder / f"{name} {place}.skad", forged, members)
    found = outcome_of_loading(folder)
    record_property("forged files", found["files"])
    record_property("forged code run", len(found["run"]))
    assert found["files"] >= len(names)
    assert found["run"] == []


def a(kind, loader, **more):
    module, _, name = kind.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def text(value):
    content = {"content": json.dumps(value), "is_json": True}
    return a("builtins.str", "JsonNode", **content)


def listed(nodes, **more):
    return a("builtins.list", "ListNode", content=nodes, **more)


def root(node):
    return {"protocol": 2, "_skops_version": "0.16.0", **node}


def call(name, argument):
    arguments = a("builtins.tuple", "TupleNode", content=[text(argument)])
    return root(a(name, "ConstructorFromReduceNode", content=arguments))


def test_a_call_that_is_trusted_would_have_been_heard(folder):
    forge(folder / "call.skad", call("os.mkdir", str(folder / "harm")))
    assert "os.mkdir" in outcome_of_loading(folder, "os.mkdir")["run"][0]
    assert (folder / "harm").exists()


def array(**more):
    return a("numpy.ndarray", "NdArrayNode", type="numpy", file="zeros.npy", **more)


def doublings(n_times):
    """Return lists that hold the last one twice, in little room."""
    nodes = [listed([text(0), text(0)], __id__=1)]
    for number in range(2, n_times):
        last = {"__id__": number - 1}
        nodes.append(listed([last, last], __id__=number))
    return nodes


def unfolded():
    """Return an array of objects that numpy would make of the last list."""
    sides = a("builtins.tuple", "TupleNode", content=[text(1), text(1)])
    content = {"type": "json", "content": [{"__id__": 29}], "shape": sides}
    return a("numpy.ndarray", "NdArrayNode", **content)


ZEROS = io.BytesIO()
np.save(ZEROS, np.zeros(250_000))
SMALL_BOMBS = {
    "one array many times": root(listed([array() for _ in range(2000)])),
    "one array by many names": root(listed([array(__id__=n) for n in range(2000)])),
    "one list, doubled": root(listed([*doublings(30), unfolded()])),
    "other nodes of one name": root(listed(doublings(30))),
}


def deflate(path, content, n_bytes_more=0):
    """Write a tree as text, beside random bytes that do not shrink."""
    forge(path, {}, {"more": os.urandom(n_bytes_more)}, text=content)


def test_bombs_take_little_memory(folder, record_property):
    for name, schema in SMALL_BOMBS.items():
        forge(folder / f"{name}.skad", schema, {"zeros.npy": ZEROS.getvalue()})
    deflate(folder / "far.skad", '{"bomb":"' + "0" * share(500, 20) * 10**6 + '"}')
    # As much as a file of its size may declare, in the objects that take most.
    nested = "[" + "[]," * (MOST_ADDED // 3) + "[]]"
    deflate(folder / "near.skad", nested, n_bytes_more=MOST_ADDED // 15)
    found = outcome_of_loading(folder)
    record_property("bombs", found["files"])
    record_property("largest MB a bomb took", round(found["megabytes"]))
    assert len(found["refused"]) == found["files"] == 6
    assert found["megabytes"] < 150
    reasons = "\n".join(found["refused"])
    for reason in ("more memory than the file", "refers to another", "dimensions are"):
        assert reason in reasons
