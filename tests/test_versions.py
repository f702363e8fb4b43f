"""The versions that pyproject.toml names are those that the tests run."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def requirements():
    """List what skad, its extras and its tests need, but not its documentation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    listed = [needs for extra, needs in extras.items() if extra != "docs"]
    found = map(Requirement, sum(listed, project["dependencies"]))
    return [needed for needed in found if needed.name != "skad"]


def pins_of(text):
    """Map names to the versions that a file of constraints pins."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pairs = [line.split("==") for line in lines]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def pins_in(name):
    return pins_of((ROOT / name).read_text())


def not_the_lowest(requirements, pins):
    """Name what is pinned to another version than its lower bound, or not at all."""
    return [
        str(needed)
        for needed in requirements
        if [Version(s.version) for s in needed.specifier if s.operator == ">="]
        != [pins.get(canonicalize_name(needed.name))]
    ]


def not_allowed(requirements, pins):
    return [
        str(needed)
        for needed in requirements
        if pins[canonicalize_name(needed.name)] not in needed.specifier
    ]


def test_lower_bounds_are_what_make_test_lowest_runs():
    assert not_the_lowest(requirements(), pins_in("constraints-lowest.txt")) == []


def test_what_make_test_runs_is_allowed():
    assert not_allowed(requirements(), pins_in("constraints.txt")) == []


def test_both_take_the_torch_that_is_no_download_of_gigabytes():
    lowest, pinned = pins_in("constraints-lowest.txt"), pins_in("constraints.txt")
    assert lowest["torch"] == pinned["torch"]


@pytest.mark.parametrize("line", ["Some.Name==1.2", "some-name==1.2.1", "other==1.3"])
def test_another_version_is_noticed(line):
    needed = [Requirement("some_name>=1.3")]
    assert not_the_lowest(needed, pins_of(f"# Pins.\n{line}")) == ["some_name>=1.3"]


def test_a_version_below_the_bound_is_noticed():
    needed = [Requirement("some_name>=1.3")]
    assert not_allowed(needed, pins_of("some-name==1.2")) == ["some_name>=1.3"]
    assert not_allowed(needed, pins_of("some-name==1.3.0")) == []
    assert not_the_lowest(needed, pins_of("some-name==1.3.0")) == []
