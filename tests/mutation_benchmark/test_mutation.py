"""The check of the tests themselves: its trials and its page, on planted modules."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.mutation.modules import MODULES
from tests.benchmarks.mutation.page import Outcome, page
from tests.benchmarks.mutation.trials import passes

ROOT = Path(__file__).parents[2]
SOURCE = "def double(x):\n    return 2 * x\n"
TESTS = """
    from planted import double

    def test_it_doubles():
        assert double(0) == 0
        assert double(3) == 6
"""
SLOW = "def double(x):\n    while True:\n        pass\n"
KINDS = [
    {
        "reason": "Nobody sees it.",
        "survivors": ["_x: a -> b", "_x: c -> d", "_y: g -> h"],
    },
    {"reason": "It is no longer there.", "survivors": ["_x: e -> f"]},
]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Give a module, and the name of its tests."""
    (tmp_path / "planted.py").write_text(SOURCE)
    (tmp_path / "test_planted.py").write_text(textwrap.dedent(TESTS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Path("planted.py"), ["test_planted.py"]


def test_the_module_as_it_is_passes(module):
    is_green, seconds = passes(module[0], SOURCE, module[1], seconds=30)
    assert is_green
    assert 0 < seconds < 30


@pytest.mark.parametrize("source", [SOURCE.replace("*", "/"), "", "1 +"])
def test_a_change_that_a_test_notices_does_not_pass(module, source):
    assert not passes(module[0], source, module[1], seconds=30)[0]
    assert module[0].read_text() == SOURCE


def test_a_change_that_no_test_notices_passes(module):
    assert passes(module[0], SOURCE.replace("2 * x", "x + x"), module[1], 30)[0]


def test_an_endless_loop_is_ended(module):
    is_green, seconds = passes(module[0], SLOW, module[1], seconds=1)
    assert not is_green
    assert seconds > 1


def test_survivors_are_explained_or_listed():
    outcome = Outcome.of(
        module="skad/_x.py",
        mutants=80,
        tried=50,
        survivors=["a -> b", "g -> h"],
        kinds=KINDS,
    )
    assert outcome.counts == [80, 50, 48, 1]
    assert outcome.unexplained == ["_x: g -> h"]
    text = page([outcome, replace(outcome, module="skad/_y.py")], KINDS, "2026-11-22")
    assert "``skad/_x.py``\n     - 80\n     - 50\n     - 48\n     - 1\n" in text
    assert "* - All\n     - 160\n     - 100\n     - 96\n     - 2\n" in text
    assert "* Nobody sees it. (1)" in text
    assert "2026-11-22, after" in text
    assert "no longer there" not in text
    assert "* ``_x: g -> h``" in text


def test_a_page_without_holes_has_no_list_of_them():
    outcome = Outcome.of(
        module="skad/_x.py", mutants=8, tried=8, survivors=["c -> d"], kinds=KINDS
    )
    assert "Not explained" not in page([outcome], KINDS, "2026-11-22")


def test_modules_and_their_tests_are_there():
    files = {name.partition("::")[0] for names in MODULES.values() for name in names}
    assert all((ROOT / name).is_file() for name in files | MODULES.keys())
