"""The tables of the page, each from all that was measured."""

import pandas as pd

from tests.benchmarks.accuracy.bars import Verdict
from tests.benchmarks.accuracy.comparing import (
    by_series,
    difference,
    published,
    seed_deviation,
    seed_spread,
)
from tests.benchmarks.speed.page import Section, table

KINDS = {"M": "multivariate", "U": "univariate", "SKAB": "SKAB"}
METRICS = ("VUS-PR", "VUS-ROC", "AUC-PR", "range F1")
NAMED = ("LSTMAD", "CNN", "AutoEncoder")


def kinds_in(measured: pd.DataFrame) -> list[str]:
    return [kind for kind in KINDS if (measured["kind"] == kind).any()]


def number(value) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"


def bars_section(verdicts: list[Verdict]) -> Section:
    rows = [
        (
            f"{v.bar.method}, {KINDS[v.bar.kind]}",
            f">= {v.bar.limit:.2f}",
            "" if v.number is None else f"{v.number:.3f}",
            v.answer,
        )
        for v in verdicts
    ]
    return Section(
        "Bars", "Mean VUS-PR.", ("What", "Bar", "Measured", "Met"), tuple(rows)
    )


def means_section(measured: pd.DataFrame, kind: str, all_series) -> Section:
    """Average each metric over the series of a kind; beside it, what is published."""
    averages = {metric: by_series(measured, metric).loc[kind] for metric in METRICS}
    methods = averages["VUS-PR"].mean().sort_values(ascending=False).index
    rows = [
        (method, *(number(averages[metric][method].mean()) for metric in METRICS))
        for method in methods
        if averages["VUS-PR"][method].notna().any()
    ]
    n_series = len(averages["VUS-PR"])
    text = f"Means over {n_series} series and all seeds, the best VUS-PR first."
    text += _published_means(averages["VUS-PR"], kind, all_series)
    title = f"{KINDS[kind][0].upper()}{KINDS[kind][1:]} series"
    return Section(title, text, ("Method", *METRICS), tuple(rows))


def _published_means(averages, kind, all_series):
    """Say what is published for those of the series that have it."""
    known = published(s for s in all_series if s.kind == kind)
    if known.empty:
        return ""
    known = known.loc[kind]
    ours = averages.loc[averages.index.intersection(known.index)].mean()
    means = known.mean().sort_values(ascending=False)
    lines = [
        (f"{name} (published)", number(means[name]))
        for name in dict.fromkeys([means.index[0], *NAMED])
        if name in means
    ]
    lines.append(("best method for each series (published)", number(_oracle(known))))
    lines += [(name, number(ours[name])) for name in ours.sort_values().index[::-1]]
    rows = table(("VUS-PR where it is published", "Mean"), lines)
    return (
        f"\n\n{len(known)} of them have published values (TSB-AD, 2024; first the best "
        f"single method); the others of this page on the same series:\n\n{rows}\n\nAll:"
    )


def _oracle(known):
    return known.max(axis=1).mean()


def differences_section(measured, pairs) -> Section:
    """Compare pairs of methods within each series."""
    rows = [
        (
            f"{one} - {other}",
            *(
                str(difference(measured, kind, one, other))
                for kind in kinds_in(measured)
            ),
        )
        for one, other in pairs
    ]
    text = (
        "VUS-PR of one method minus that of another on the same series, averaged over "
        "the seeds: mean ± standard error over the series. A series is won or lost by "
        "more than 0.01."
    )
    header = ("Difference", *(KINDS[kind] for kind in kinds_in(measured)))
    return Section("Differences", text, header, tuple(rows))


def controls_section(measured, methods, controls) -> Section:
    """List where a control that learns nothing does better than the best of skad."""
    averages = by_series(measured)
    ours = averages[methods]
    best_control = averages[controls].max(axis=1)
    won = averages[best_control > ours[methods[0]] + 0.01]
    rows = [
        (
            name,
            kind,
            averages.loc[(kind, name), controls].idxmax(),
            number(best_control[kind, name]),
            *(number(ours.loc[(kind, name), method]) for method in methods),
        )
        for kind, name in won.index
    ]
    text = (
        f"On {len(won)} of {len(averages)} series one of the controls, which learn "
        f"nothing, is better by more than 0.01 than {methods[0]}:"
    )
    header = ("Series", "Kind", "Control", "VUS-PR", *methods)
    return Section("Where a control wins", text, header, tuple(rows))


def seeds_section(measured, methods) -> Section:
    rows = []
    for method in methods:
        spreads = (seed_spread(measured, kind, method) for kind in kinds_in(measured))
        cells = (f"{low:.3f} to {high:.3f}" for low, high in spreads)
        rows.append((method, *cells, number(seed_deviation(measured, method))))
    n_seeds = measured["seed"].nunique()
    text = (
        f"The least and the largest mean VUS-PR of {n_seeds} seed(s), and the standard "
        "deviation on one series, averaged over all of them."
    )
    kinds = [KINDS[kind] for kind in kinds_in(measured)]
    header = ("Method", *kinds, "on one series")
    return Section("Seeds", text, header, tuple(rows))


def series_section(measured, metric, methods) -> Section:
    """List a metric series by series."""
    averages = by_series(measured, metric)[methods]
    rows = [
        (name, *map(number, averages.loc[(kind, name)]))
        for kind, name in averages.index
    ]
    text = f"{metric}, averaged over the seeds."
    return Section(
        f"Series by series: {metric}", text, ("Series", *methods), tuple(rows)
    )


def published_section(measured, method, all_series) -> Section:
    """List the published VUS-PR series by series, beside that of one method."""
    averages = by_series(measured)[method]
    known = published(all_series)
    rows = []
    for kind, name in known.index:
        row = known.loc[(kind, name)]
        cells = [row.get(one, float("nan")) for one in NAMED] + [row.max()]
        rows.append((name, *map(number, [averages.loc[(kind, name)], *cells])))
    header = ("Series", method, *(f"{name} (p.)" for name in NAMED), "best (p.)")
    text = "VUS-PR; (p.) marks published values, the last the best of all methods."
    return Section("Published, series by series", text, header, tuple(rows))
