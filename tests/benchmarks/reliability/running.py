"""Run the tests of a row by pytest, and read what came of it from its report."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.reliability.rows import Row

ROOT = Path(__file__).parents[3]
# Of its budget, until a row is given up.
PATIENCE = 3


@dataclass
class Outcome:
    """How many tests ended how, what they measured, and what failed with its cause."""

    date: str = ""
    minutes: float = 0.0
    n_passed: int = 0
    n_expected: int = 0  # failed, as expected of them
    n_skipped: int = 0
    measured: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failures: list[tuple[str, str]] = field(default_factory=list)


def report_of(row: Row, folder: Path) -> Path:
    return folder / f"{row.marker}.xml"


def run(row: Row, folder: Path, *, whole: bool = True, tests: str = "tests") -> None:
    """Leave the report of a row in a folder, in the format of JUnit."""
    report = report_of(row, folder)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    command += ["-m", row.marker, f"--junitxml={report}", "--dist", "worksteal"]
    command += ["-n", str(row.n_processes)]
    share = {"SKAD_RELIABILITY": "whole" if whole else "part"}
    try:
        subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env={**os.environ, **share},
            timeout=60 * row.minutes * PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        sys.stderr.write(f"{row.anchor}: {error}\n")


def outcome_of(row: Row, folder: Path) -> Outcome:
    """Count up the report of a row; without one, the row came to no end."""
    report = report_of(row, folder)
    if not report.exists():
        return Outcome(failures=[("pytest", "came to no end")])
    root = ElementTree.parse(report)
    suite = next(root.iter("testsuite"))
    outcome = Outcome(suite.get("timestamp")[:10], float(suite.get("time")) / 60)
    for case in root.iter("testcase"):
        _count(outcome, case)
        for measured in case.iter("property"):
            _note(outcome.measured, measured.get("name"), float(measured.get("value")))
    return outcome


def _count(outcome, case):
    wrong = [part for part in case if part.tag in ("failure", "error")]
    skipped = case.find("skipped")
    if wrong:
        cause = (wrong[0].get("message") or wrong[0].tag).splitlines()[0]
        outcome.failures.append((case.get("name"), cause))
    elif skipped is None:
        outcome.n_passed += 1
    elif skipped.get("type") == "pytest.xfail":
        outcome.n_expected += 1
    else:
        outcome.n_skipped += 1


def _note(measured, name, value):
    """Add numbers of one name up, but keep the largest of what is called largest."""
    if name.startswith("largest "):
        value = max(value, measured.get(name, value))
        measured[name] = value
    else:
        measured[name] += value
