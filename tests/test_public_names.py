"""What users import: the names, where they live, and what loading them costs."""

import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import skad

ROOMS = [module.name for module in pkgutil.iter_modules(skad.__path__) if module.ispkg]
API = Path(skad.__file__).parents[1] / "docs" / "api.rst"


def names_bound_in(package):
    """Name what a package binds besides modules and private names."""
    if hasattr(package, "_HOME"):  # the names are bound when they are first used
        return set(package._HOME)
    return {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and type(value).__name__ != "module"
    }


@pytest.mark.parametrize("room", ROOMS)
def test_all_is_sorted_and_names_exactly_what_the_package_binds(room):
    package = import_module(f"skad.{room}")
    names = getattr(package, "__all__", [])
    assert names == sorted(set(names))
    assert set(names) == names_bound_in(package)


def test_all_of_skad_is_sorted_and_holds_what_it_can_load():
    assert skad.__all__ == sorted(skad._HOME)
    for name in skad.__all__:
        assert getattr(skad, name).__name__ == name


def test_each_name_is_one_object_wherever_it_is_imported_from():
    for name, home in skad._HOME.items():
        assert getattr(skad, name) is getattr(import_module(home), name)


def test_dir_lists_the_lazy_names_before_they_are_loaded():
    code = "import skad; print(*dir(skad))"
    assert set(skad.__all__) < set(output_of(code).split())


def test_the_public_rooms_are_reached_as_attributes():
    code = "import skad; print(skad.metrics.make_anomaly_scorer.__module__)"
    assert output_of(code) == "skad.metrics._anomaly_scorer\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(
        AttributeError, match="'skad' has no attribute 'SlidingWindows'"
    ):
        skad.SlidingWindows  # noqa: B018


def test_an_unknown_import_is_an_import_error():
    with pytest.raises(ImportError, match="cannot import name 'LSTM' from 'skad'"):
        from skad import LSTM  # noqa: F401


def test_the_version_is_a_release():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", skad.__version__)


def entries_of(text):
    """Read the names listed by the autosummary directives of a page."""
    module, found = None, set()
    for line in text.splitlines():
        if line.startswith(".. currentmodule::"):
            module = line.split("::")[1].strip()
        elif re.fullmatch(r" {3}\w+", line):
            found.add(f"{module}.{line.strip()}")
    return found


def test_every_public_name_has_its_entry_in_the_reference():
    public = {
        f"skad.{room}.{name}"
        for room in ROOMS
        for name in getattr(import_module(f"skad.{room}"), "__all__", [])
    }
    for module in (skad.onnx, skad.dask):
        public |= {f"{module.__name__}.{name}" for name in module.__all__}
    # What lives in a private room, or in that of files, is listed under skad itself.
    public = {name for name in public if not name.startswith("skad.persistence.")}
    listed = {name.rpartition(".")[2] for name in public}
    public |= {f"skad.{name}" for name in skad.__all__ if name not in listed}
    assert entries_of(API.read_text()) == public


def test_a_name_that_is_not_listed_is_missed():
    page = ".. currentmodule:: skad.x\n\n.. autosummary::\n   :toctree: g\n\n   One\n"
    assert entries_of(page) == {"skad.x.One"}


def output_of(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def loaded_after(statement, packages=("torch", "skorch", "sktime")):
    """Name the packages that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*set(sys.modules) & set({packages}))"
    return output_of(code).split()


def test_windows_and_scorers_do_not_wait_for_torch():
    rooms = "import skad, skad.preprocessing, skad.postprocessing, skad.metrics"
    rooms += ", skad.model_selection, skad.inspection"
    loaded = loaded_after(f"{rooms}\nskad.SlidingWindow, skad.row_context, dir(skad)")
    assert loaded == [], f"{rooms} loads {loaded}, which costs seconds."


def test_components_do_not_wait_for_torch_either():
    fit = "skad.PCADetector().fit([[0.0, 1.0], [2.0, 4.0]]).predict([[0.0, 0.0]])"
    assert loaded_after(f"import skad, skad.detectors\n{fit}") == []


def test_the_names_of_the_detectors_are_listed_before_they_are_loaded():
    code = "import skad.detectors; print(*dir(skad.detectors))"
    assert {"LSTMForecaster", "PCADetector"} < set(output_of(code).split())
    with pytest.raises(AttributeError, match="'skad.detectors' has no attribute 'GRU'"):
        skad.detectors.GRU  # noqa: B018


def test_skad_alone_does_not_even_load_numpy():
    assert loaded_after("import skad", packages=("numpy", "sklearn", "torch")) == []


def test_a_loaded_package_is_seen():
    assert loaded_after("import graphlib", packages=("graphlib",)) == ["graphlib"]
