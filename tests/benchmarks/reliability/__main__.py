"""Try to break it: ``make bench-reliability``."""

import argparse
import platform
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import skad
from tests.benchmarks.reliability.page import Verdict, page
from tests.benchmarks.reliability.rows import ROWS
from tests.benchmarks.reliability.running import outcome_of, run

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "benchmarks" / "reliability.rst"
REPORTS = ROOT / "build" / "reliability"
PACKAGES = ("torch", "skorch", "sktime", "numpy", "scikit-learn", "skops", "dask")


def read_options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reliability")
    add = parser.add_argument
    add("--check", action="store_true", help="exit with 1 when a row is missed")
    add("--quick", action="store_true", help="the share of make test")
    add(
        "--rows",
        nargs="+",
        choices=[row.marker for row in ROWS],
        default=[row.marker for row in ROWS],
        help="run these alone; the others stand on the page as they were run last",
    )
    add("--reports", type=Path, default=REPORTS, help="where reports are kept")
    add("--page", type=Path, default=PAGE, help="where to write")
    return parser.parse_args(arguments)


def facts(options):
    """Name what the numbers depend on."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "Sizes": "the share of make test: a quick look only"
        if options.quick
        else "whole",
        "Versions": f"skad {skad.__version__}, Python {platform.python_version()}, "
        + versions,
    }


def main(arguments=None, run=run):
    options = read_options(arguments)
    options.reports.mkdir(parents=True, exist_ok=True)
    for row in ROWS:
        if row.marker in options.rows:
            run(row, options.reports, whole=not options.quick)
    rows = [replace(row, at_least={}) for row in ROWS] if options.quick else ROWS
    verdicts = [Verdict(row, outcome_of(row, options.reports)) for row in rows]
    text = page(
        command="make bench-reliability" + (" QUICK=1" if options.quick else ""),
        facts=facts(options),
        verdicts=verdicts,
    )
    options.page.write_text(text)
    print(text)  # noqa: T201
    return int(options.check and not all(verdict.is_met for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
