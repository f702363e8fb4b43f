"""What is run: which series, which contenders, which seeds."""

from tests.benchmarks.accuracy.ablations import MOST_ROWS, ablations
from tests.benchmarks.accuracy.contenders import all_contenders
from tests.benchmarks.accuracy.runs import Run

ABLATION_SEED = 0


def quick_look(all_series, n_of_each=2):
    """Take the shortest series of each kind."""
    by_length = sorted(all_series, key=lambda series: len(series.X))
    taken = {}
    for series in by_length:
        taken.setdefault(series.kind, []).append(series)
    return [series for found in taken.values() for series in found[:n_of_each]]


def plan_runs(all_series, seeds) -> list[Run]:
    """Pair all contenders with all series, seed by seed; what is not random, once."""
    return [
        Run(contender, series, seed)
        for seed in seeds
        for series in all_series
        for contender in all_contenders()
        if contender.is_random or seed == seeds[0]
    ]


def plan_ablations(all_series) -> list[Run]:
    return [
        Run(contender, series, ABLATION_SEED)
        for contender in ablations()
        for series in all_series
        if len(series.X) <= MOST_ROWS
    ]
