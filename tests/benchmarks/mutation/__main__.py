"""Change one thing in a module, and see whether its tests notice: ``make mutation``."""

import argparse
import json
import os
import sys
import tomllib
from datetime import date
from pathlib import Path

from tests.benchmarks.mutation.modules import MODULES
from tests.benchmarks.mutation.mutants import mutants_of
from tests.benchmarks.mutation.page import Outcome, page
from tests.benchmarks.mutation.trials import passes, preload

ROOT = Path(__file__).parents[3]
EXPLAINED = Path(__file__).with_name("explained.toml")
# No trial of a mutant takes longer than that of the module, but for endless loops.
PATIENCE = 3


def read_options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutation")
    add = parser.add_argument
    add("--check", action="store_true", help="exit with 1 if one is not explained")
    add("--most", type=int, help="mutants of a module, drawn by a hash; else all")
    add(
        "--modules",
        nargs="+",
        choices=list(MODULES),
        default=list(MODULES),
        help="try these alone; the others stand on the page as they were tried last",
    )
    add("--again", action="store_true", help="the survivors of the last run alone")
    add("--results", type=Path, default=ROOT / "build" / "mutation")
    add("--page", type=Path, default=ROOT / "docs" / "benchmarks" / "mutation.rst")
    return parser.parse_args(arguments)


def try_module(module, n_most, last=None):
    """Return how many mutants there are, how many were tried, and who survived.

    With the outcome of the ``last`` run, only who survived that is tried again.
    """
    path, tests = Path(module), MODULES[module]
    n_most = last["tried"] if last else n_most
    is_green, seconds = passes(path, path.read_text(), tests, seconds=600)
    if not is_green:
        raise RuntimeError(f"{tests} fail without any change of {module}.")
    n_mutants, mutants = mutants_of(path, n_most)
    survivors = []
    for mutant in mutants:
        if last and mutant.change not in last["survivors"]:
            continue
        if passes(path, mutant.source, tests, PATIENCE * seconds + 5)[0]:
            print(f"{module}: {mutant.change}", flush=True)  # noqa: T201
            survivors.append(mutant.change)
    return {"mutants": n_mutants, "tried": len(mutants), "survivors": survivors}


def main(arguments=None):
    options = read_options(arguments)
    options.results.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)  # tests are named from here
    preload()
    for module in options.modules:
        report = options.results / f"{Path(module).stem}.json"
        last = json.loads(report.read_text()) if options.again else None
        found = try_module(module, options.most, last)
        report.write_text(json.dumps({"module": module, **found}, indent=1))
    kinds = tomllib.loads(EXPLAINED.read_text())["kind"]
    reports = [options.results / f"{Path(module).stem}.json" for module in MODULES]
    found = [json.loads(report.read_text()) for report in reports if report.exists()]
    outcomes = [Outcome.of(**one, kinds=kinds) for one in found]
    options.page.write_text(page(outcomes, kinds, date.today()))
    return int(options.check and any(outcome.unexplained for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
