"""Run it: ``make bench-accuracy``, or ``python -m tests.benchmarks.accuracy``."""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

import skad
from tests.benchmarks.accuracy.ablations import ablations, ablations_section
from tests.benchmarks.accuracy.alarms import alarms_section, measure_alarms
from tests.benchmarks.accuracy.bars import all_bars, judge
from tests.benchmarks.accuracy.contenders import CONTROLS, ENSEMBLE, FOREST, KNN, PAIR
from tests.benchmarks.accuracy.page import page
from tests.benchmarks.accuracy.plan import (
    ABLATION_SEED,
    plan_ablations,
    plan_runs,
    quick_look,
)
from tests.benchmarks.accuracy.runs import measure_all
from tests.benchmarks.accuracy.sections import (
    METRICS,
    bars_section,
    controls_section,
    differences_section,
    kinds_in,
    means_section,
    published_section,
    seeds_section,
    series_section,
)
from tests.benchmarks.accuracy.series import MissingSeriesError, load_folder
from tests.benchmarks.accuracy.two_series import two_section, two_series

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "benchmarks" / "accuracy.rst"
RESULTS = ROOT / "build" / "accuracy.jsonl"
PACKAGES = ("torch", "skorch", "numpy", "scikit-learn")
OURS = [ENSEMBLE, "autoencoder", "forecaster", PAIR.name, "pattern", "pca"]
OTHERS = [FOREST.name, KNN.name]
LEARN_NOTHING = [control.name for control in CONTROLS]


def read_options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accuracy")
    add = parser.add_argument
    add("--data", default=os.environ.get("SKAD_LABELLED_SERIES"), help="the folder")
    add("--check", action="store_true", help="exit with 1 when a bar is missed")
    add("--quick", action="store_true", help="two series of each kind, one seed")
    add("--seeds", type=int, default=3, help="how many")
    add("--rows", type=int, default=9000, help="leave out longer series")
    add("--no-ablations", action="store_true", help="leave out what choices are worth")
    add("--jobs", type=int, default=2, help="processes, of one thread each")
    add("--results", type=Path, default=RESULTS, help="where runs are written down")
    add("--page", type=Path, default=PAGE, help="where to write")
    return parser.parse_args(arguments)


def measure(all_series, options):
    """Measure everything that is asked for, and lay it out."""
    seeds = range(1 if options.quick else options.seeds)
    pair = two_series()
    runs = plan_runs([*all_series, *pair], seeds)
    if not options.no_ablations:
        runs += plan_ablations(all_series)
    records = measure_all(runs, options.results, options.jobs)
    changed = {contender.name for contender in ablations()}
    of_pair = [r for r in records if r["kind"] == "sktime"]
    table = pd.DataFrame([r for r in records if r["kind"] != "sktime"])
    measured = table[~table["method"].isin(changed)]
    verdicts = judge(all_bars(ENSEMBLE), measured)
    sections = [bars_section(verdicts), *_main_sections(measured, all_series)]
    if not options.no_ablations:
        sections.append(ablations_section(table, ABLATION_SEED))
    if "SKAB" in kinds_in(measured):
        found = measure_alarms(all_series, ABLATION_SEED, options.jobs)
        sections.append(alarms_section(found))
    sections.append(two_section(of_pair, pair))
    sections += _sections_by_series(measured, all_series)
    return sections, verdicts


def _sections_by_series(measured, all_series):
    methods = [*OURS, *OTHERS, *LEARN_NOTHING]
    return [
        *(series_section(measured, metric, methods) for metric in METRICS),
        published_section(measured, ENSEMBLE, all_series),
    ]


def _main_sections(measured, all_series):
    pairs = [(one, other) for one in OURS[:3] for other in LEARN_NOTHING[:1] + OTHERS]
    pairs += [(ENSEMBLE, member) for member in OURS[1:]]
    return [
        *(means_section(measured, kind, all_series) for kind in kinds_in(measured)),
        differences_section(measured, pairs),
        controls_section(measured, OURS[:3], LEARN_NOTHING),
        seeds_section(measured, [*OURS[:3], FOREST.name]),
    ]


def facts(all_series, options):
    """Name what the numbers depend on."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    kinds = [series.kind for series in all_series]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    what = f"{counts}, of at most {options.rows} rows"
    left_out = "what each choice is worth" if options.no_ablations else "nothing"
    return {
        "Series": what + ("; a quick look only" if options.quick else ""),
        "Seeds": str(1 if options.quick else options.seeds),
        "Left out": left_out,
        "Versions": f"skad {skad.__version__}, Python {platform.python_version()}, "
        + versions,
    }


def main(arguments=None, measure=measure):
    options = read_options(arguments)
    try:
        all_series = load_folder(options.data, options.rows)
    except MissingSeriesError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if options.quick:
        all_series = quick_look(all_series)
    sections, verdicts = measure(all_series, options)
    text = page(
        date=datetime.now(UTC).date(),
        command="make bench-accuracy" + (" QUICK=1" if options.quick else ""),
        facts=facts(all_series, options),
        sections=sections,
    )
    options.page.write_text(text)
    print(text)  # noqa: T201
    return int(options.check and not all(verdict.is_met for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
