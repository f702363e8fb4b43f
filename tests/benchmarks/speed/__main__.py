"""Run the benchmark: ``make bench-speed``, or ``python -m tests.benchmarks.speed``."""

import argparse
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch

import skad
from tests.benchmarks.speed.against_peers import compare_with, peers_section
from tests.benchmarks.speed.bars import all_bars, judge
from tests.benchmarks.speed.forest import forest_section
from tests.benchmarks.speed.gpu import gpu_section
from tests.benchmarks.speed.long_and_short import (
    growth,
    growth_section,
    importing,
    one_new_row,
    reverse_windowing,
)
from tests.benchmarks.speed.memory import LONG, memory_of_long_series, memory_section
from tests.benchmarks.speed.page import page
from tests.benchmarks.speed.plan import FULL, QUICK
from tests.benchmarks.speed.scoring import score_all, scoring_section
from tests.benchmarks.speed.training import train_all, training_section

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks" / "speed.rst"
PACKAGES = ("torch", "skorch", "numpy", "scikit-learn")


def measure(plan):
    """Return the sections of the page, and the values that have a bar."""
    # Needs an environment of its own, which the tests of the rest do without.
    peers = import_module("tests.benchmarks.speed.peers")
    torch.set_num_threads(1)
    trained, scored = train_all(plan), score_all(plan)
    sections = [
        training_section(trained, plan),
        scoring_section(scored),
        peers_section(
            compare_with(peers.AS_THEY_COME + peers.WITHOUT_SCALING, plan), plan
        ),
        forest_section(trained, scored, plan),
        memory_section([peer.name for peer in peers.AS_THEY_COME], plan),
        growth_section(growth(plan), plan),
        gpu_section(),
    ]
    values = {key: v for section in sections for key, v in section.values.items()}
    values |= memory_of_long_series(plan)
    values |= reverse_windowing() | one_new_row(plan) | importing()
    return sections, values


def facts(plan):
    """Name what the numbers depend on."""
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
    sizes = "full" if plan is FULL else "small, with few rounds: a quick look only"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "Machine": f"{processor}, {platform.system()}, one thread",
        "Sizes": sizes,
        "Versions": f"skad {skad.__version__}, Python {platform.python_version()}, "
        + versions,
    }


def main(arguments=None, measure=measure):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a bar is missed"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, for work on the benchmark"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    options = parser.parse_args(arguments)
    plan = QUICK if options.quick else FULL
    sections, values = measure(plan)
    series_mib = plan.long_rows * LONG.n_channels * 4 / 2**20
    verdicts = judge(all_bars(series_mib), values)
    text = page(
        date=datetime.now(UTC).date(),
        command=f"make bench-speed{' QUICK=1' if options.quick else ''}",
        facts=facts(plan),
        verdicts=verdicts,
        sections=sections,
    )
    options.page.write_text(text)
    print(text)  # noqa: T201
    return int(options.check and not all(verdict.is_met for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
