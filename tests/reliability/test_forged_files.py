"""Files of every class with a forged structure: nothing crashes, hangs or swells."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import skad
from skad.persistence._names import TRUSTED
from tests.support.file_faults import nodes_of, schema_and_members
from tests.support.honest_files import write_honest_files
from tests.support.shares import share

pytestmark = pytest.mark.files

ROOT = Path(skad.__file__).parents[1]
# Made by others alone: a stand-in for a forest's trees, or what only PyOD fits.
ELSEWHERE = {
    "skad.detectors.NetworkDetector",
    "skad.pyod.PyODAdapter",
    "skad.sktime.SktimeAdapter",
    "skad.postprocessing.ResampledDetector",
    "sklearn.ensemble._iforest.IsolationForest",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.TimeSeriesSplit",
    "sklearn.tree._classes.ExtraTreeRegressor",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forged")
    write_honest_files(folder)
    return folder


def names_in(path):
    schema, _ = schema_and_members(path)
    return {f"{n['__module__']}.{n['__class__']}" for n in nodes_of(schema)}


def test_no_forgery_of_any_class_crashes_hangs_or_swells(folder, record_property):
    n_each = share(300, 1)
    command = [sys.executable, "-m", "tests.support.forged_loads"]
    done = subprocess.run(
        [*command, str(folder), str(n_each)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    last = (folder / "last").read_text()
    assert done.returncode == 0, f"{last} ended the process: {done.stderr[-2000:]}"
    found = json.loads(done.stdout)
    record_property("forged structures", sum(found["outcomes"].values()))
    record_property("of these loaded", found["outcomes"].get("loaded", 0))
    record_property("crashed, hung or swelled", len(found["worst"]))
    assert found["worst"] == []


def test_every_class_that_is_trusted_is_forged(folder):
    classes = {name for name, loader in TRUSTED.items() if loader == "ObjectNode"}
    classes = {name for name in classes if not name.startswith("skad.model_selection")}
    found = set().union(*(names_in(path) for path in folder.glob("*.skad")))
    assert classes - found - ELSEWHERE == set()
