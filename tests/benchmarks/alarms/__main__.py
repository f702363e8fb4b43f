"""Run by ``make bench-alarms``: ``python -m tests.benchmarks.alarms``."""

import argparse
import platform
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

import skad
from tests.benchmarks.alarms.contenders import CONTENDERS, STRATEGIES
from tests.benchmarks.alarms.labelled import BARS
from tests.benchmarks.alarms.labelled import measure as alarms_on_labelled
from tests.benchmarks.alarms.page import is_met, page, promises
from tests.benchmarks.alarms.real import rates_on_real_series
from tests.benchmarks.alarms.series import KINDS
from tests.benchmarks.alarms.simulation import alarm_rates

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks" / "alarms.rst"
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn")
N_NEW = 3000


def measure(contenders):
    """Return a list of (contender, rates by kind of series), and those of real ones."""
    torch.set_num_threads(1)
    results = []
    for contender in contenders:
        by_kind = {}
        for kind in KINDS:
            print(f"{contender.name}: {kind}", file=sys.stderr, flush=True)  # noqa: T201
            by_kind[kind] = alarm_rates(
                contender.make,
                STRATEGIES,
                kind,
                n_series=contender.n_series,
                n_fit=contender.n_fit,
                n_new=N_NEW,
            )
        results.append((contender, by_kind))
    return results, rates_on_real_series(contenders, STRATEGIES)


def _command(options):
    words = ["make bench-alarms", *(["QUICK=1"] if options.quick else [])]
    words += [f"MOST={options.most}"] if options.most else []
    folders = " ".join(str(folder) for folder in options.data)
    return " ".join(words + ([f'DATA="{folders}"'] if folders else []))


def main(arguments=None, measure=measure):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.alarms")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a promise is broken"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the series, for a first look"
    )
    parser.add_argument(
        "--data", type=Path, nargs="*", default=[], help="folders of labelled series"
    )
    parser.add_argument("--most", type=int, help="so many series of each group at most")
    parser.add_argument(
        "--kept", type=Path, help="a file for the results on labelled series"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    options = parser.parse_args(arguments)
    contenders = CONTENDERS
    if options.quick:
        contenders = [replace(c, n_series=max(5, c.n_series // 10)) for c in CONTENDERS]
    most = 2 if options.quick and not options.most else options.most
    labelled = alarms_on_labelled(options.data, most, options.kept)
    results, real = measure(contenders)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    text = page(
        date=datetime.now(UTC).date(),
        command=_command(options),
        versions=f"skad {skad.__version__}, Python {platform.python_version()}, "
        + versions,
        n_new=N_NEW,
        results=results,
        real=real,
        labelled=labelled,
        n_most=most,
    )
    options.page.write_text(text)
    print(text)  # noqa: T201
    kept = all(rates.keeps_its_promise for *_, rates in promises(results))
    kept &= all(is_met(group, labelled[group]) for group in BARS if group in labelled)
    return int(options.check and not kept)


if __name__ == "__main__":
    sys.exit(main())
