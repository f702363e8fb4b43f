"""The benchmark of reliability: its rows, its runs of pytest, and its page."""

import textwrap
import tomllib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.reliability import __main__ as benchmark
from tests.benchmarks.reliability.page import Verdict, number
from tests.benchmarks.reliability.rows import ROWS, Row
from tests.benchmarks.reliability.running import Outcome, outcome_of, report_of, run

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
ROW = Row("Bad input", "everything odd", "none silent", minutes=2, n_processes=1)

TRIED = """
    import pytest

    from tests.support.shares import share

    pytestmark = pytest.mark.bad_input

    @pytest.mark.parametrize("n", [3, 5])
    def test_kinds(n, record_property):
        record_property("kinds", n)
        record_property("largest difference", 1 / n)
        record_property("examples", share(500, 7))

    def test_wrong():
        assert 1 == 2, "one is not two"

    @pytest.mark.xfail(reason="known", strict=True)
    def test_known():
        raise ValueError("known")

    @pytest.mark.skip
    def test_skipped():
        pass

    @pytest.fixture
    def broken():
        raise OSError("no such thing")

    def test_of_a_broken_fixture(broken):
        pass
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """Run a row over one file of tests; give its outcome."""
    folder = tmp_path_factory.mktemp("rows")
    tests = folder / "test_tried.py"
    tests.write_text(textwrap.dedent(TRIED))
    run(ROW, folder, tests=str(tests))
    return outcome_of(ROW, folder)


def test_every_row_is_a_marker_of_the_tests():
    markers = tomllib.loads(PYPROJECT.read_text())["tool"]["pytest"]["ini_options"]
    named = [marker.partition(":")[0] for marker in markers["markers"]]
    assert [row.marker for row in ROWS] == [name for name in named if name != "gpu"]


def test_the_rows_together_take_less_than_75_minutes():
    assert sum(row.minutes for row in ROWS) <= 75


def test_all_ends_of_a_test_are_counted(tried):
    assert (tried.n_passed, tried.n_expected, tried.n_skipped) == (2, 1, 1)
    assert [name for name, _ in tried.failures] == [
        "test_wrong",
        "test_of_a_broken_fixture",
    ]
    assert "one is not two" in tried.failures[0][1]
    assert "no such thing" in tried.failures[1][1]
    assert 0 < tried.minutes < 1
    assert tried.date.startswith("20")


def test_numbers_are_added_up_and_the_largest_is_kept(tried):
    assert tried.measured["kinds"] == 8
    assert tried.measured["examples"] == 1000
    assert tried.measured["largest difference"] == pytest.approx(1 / 3)


def test_a_row_that_comes_to_no_end_is_given_up_and_missed(tmp_path):
    endless = tmp_path / "test_endless.py"
    endless.write_text(
        "import time, pytest\n"
        "@pytest.mark.bad_input\n"
        "def test_endless():\n"
        "    time.sleep(600)\n"
    )
    report_of(ROW, tmp_path).write_text("of an earlier run")
    run(replace(ROW, minutes=0.01), tmp_path, tests=str(endless))
    outcome = outcome_of(ROW, tmp_path)
    assert outcome.failures == [("pytest", "came to no end")]
    assert not Verdict(ROW, outcome).is_met


def verdict(row=ROW, **found):
    found = {"n_passed": 1, "minutes": 1.0, **found}
    found["measured"] = defaultdict(float, found.get("measured", {}))
    return Verdict(row, Outcome(**found))


@pytest.mark.parametrize(
    ("given", "missed"),
    [
        ({"n_passed": 0}, "no test ran"),
        ({"minutes": 2.5}, "took 2.5 minutes"),
        ({"failures": [("test_it", "not ``1``")]}, "``test_it``: not '1'"),
        ({"measured": {"silent": 1}}, "silent: 1, allowed 0"),
        ({"measured": {"kinds": 59}}, "kinds: 59, needed 60 or more"),
    ],
)
def test_a_row_is_missed_and_says_by_what(given, missed):
    row = replace(ROW, at_least={"kinds": 60}, at_most={"silent": 0})
    measured = {"kinds": 60, "silent": 0, **given.get("measured", {})}
    assert verdict(row, **{**given, "measured": measured}).shortcomings == [missed]


def test_a_number_that_was_not_recorded_is_missing():
    row = replace(ROW, at_least={"kinds": 1})
    assert verdict(row).shortcomings == ["kinds: 0, needed 1 or more"]
    row = replace(ROW, at_most={"silent": 0})
    assert verdict(row).shortcomings == ["silent: nan, allowed 0"]


def test_faults_that_are_expected_are_tests_that_ran():
    assert verdict(n_passed=0, n_expected=3).is_met


def test_numbers_are_laid_out_to_be_read():
    assert [number(x) for x in (1234.0, 0, 0.04567)] == ["1,234", "0", "0.0457"]


@pytest.fixture
def pretend():
    """Give a stand-in for a run, which writes a report of one test."""

    def run(row, folder, *, whole):
        failure = '<failure message="broke"/>' if row.marker == "files" else ""
        report_of(row, folder).write_text(
            '<testsuites><testsuite time="30" timestamp="2026-01-02T00:00:00">'
            f'<testcase name="test_{row.marker}_{"all" if whole else "some"}">'
            '<properties><property name="kinds of input" value="70"/></properties>'
            f"{failure}</testcase></testsuite></testsuites>"
        )

    return run


def test_the_page_tells_each_row_and_what_is_missed(tmp_path, pretend, capsys):
    target = tmp_path / "page.rst"
    arguments = ["--page", str(target), "--reports", str(tmp_path), "--check"]
    assert benchmark.main(arguments, run=pretend) == 1
    text = target.read_text()
    assert text in capsys.readouterr().out
    for row in ROWS:
        assert f".. _reliability_{row.marker}:\n\n{row.anchor}\n===" in text
        assert row.measure in text
    assert "* **missed**: ``test_files_all``: broke" in text
    assert "* 2026-01-02: 1 tests passed, in 0.5 of 7 minutes" in text
    assert "* kinds of input: 70" in text


def test_a_quick_look_need_not_count_up_to_the_whole(tmp_path, pretend):
    target = tmp_path / "page.rst"
    arguments = ["--page", str(target), "--reports", str(tmp_path)]
    benchmark.main(arguments, run=pretend)
    assert "**missed**: kills: 0, needed 50 or more" in target.read_text()
    benchmark.main([*arguments, "--quick"], run=pretend)
    assert "needed" not in target.read_text()
    assert "**missed**: forged code run: nan, allowed 0" in target.read_text()


def test_some_rows_run_alone_and_the_others_stand_as_before(tmp_path, pretend):
    ran = []

    def listed(row, folder, *, whole):
        ran.append(row.marker)
        pretend(row, folder, whole=whole)

    arguments = ["--page", str(tmp_path / "page.rst"), "--reports", str(tmp_path)]
    benchmark.main(arguments, run=pretend)
    before = (tmp_path / "page.rst").read_text()
    benchmark.main([*arguments, "--rows", "load", "files"], run=listed)
    assert sorted(ran) == ["files", "load"]
    assert (tmp_path / "page.rst").read_text() == before
