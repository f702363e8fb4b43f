"""The page of the documentation that a run of the benchmark writes."""

from tests.benchmarks.alarms.contenders import STRATEGIES
from tests.benchmarks.alarms.labelled import (
    BARS,
    FOREST,
    LEAST_OVER_GROUPS,
    OURS,
    over_groups,
    ranking,
    summary,
)
from tests.benchmarks.alarms.series import KINDS, WITH_A_PROMISE
from tests.benchmarks.speed.page import table

HEAD = """.. This page is written by make bench-alarms; do not edit it.

.. _false_alarms:

============
False alarms
============

Measured on {date} by ``{command}``.

* Versions: {versions}

Of a normal series, every alarm is a false one. Here are as many such series as each
table says, of each of four kinds: white noise; two harmonics of a random period in
noise; an AR(1) process with coefficient 0.9; a random walk. A detector is trained on
the first 80 % of the first rows, and `~skad.postprocessing.ThresholdedDetector` sets
its threshold on the other 20 % of them (for "quantile of training scores", it is
trained on all of them, and these set it). The {n_new} rows that follow are new.

A cell holds the mean rate of alarms among the new rows and its standard error, in per
cent, and next to it how many series were refused a threshold, if any: "conformal"
refuses where the held-back rows count as too few independent ones, "pot" where the
tail holds nothing but ties. Means are over the others. What "sigma", "mad" and "iqr"
promise is what a normal distribution has there; scores are seldom so distributed.

The promise
===========

The mean rate of "conformal", on white and seasonal series, is at most ``alpha`` plus
two standard errors. On the others nothing can be promised from rows of the past.

{verdicts}
"""


REAL = """Two real series
===============

Those of `skad.datasets`, in per cent: fitted on three quarters of the rows before the
first anomaly, at most 3,000, and counted on all later rows whose window holds no
anomaly. The electrocardiogram goes on as it was. The Yahoo series does not, and hardly
a threshold from its past is of use there: "conformal" refuses to set one.
"""


def page(
    *, date, command, versions, n_new, results, real, labelled=None, n_most=None
) -> str:
    """Put the page together.

    ``results`` is a list of (contender, rates by kind); ``real`` maps series to the
    rates of each contender, and ``labelled`` groups of labelled series to what the
    alarms on each are worth.
    """
    parts = [
        HEAD.format(
            date=date,
            command=command,
            versions=versions,
            n_new=n_new,
            verdicts=_verdict_table(results),
        )
    ]
    for contender, by_kind in results:
        text = f"{contender.text} {contender.n_series} series of each kind; "
        text += f"{contender.n_fit} rows to train and to set the threshold."
        title = [contender.name, "=" * len(contender.name), "", text, ""]
        parts.append("\n".join([*title, _rates_table(by_kind), ""]))
    tables = [_real_table(name, rates) for name, rates in real.items()]
    parts += [REAL, "\n\n".join(tables), ""]
    if labelled:
        parts.append(labelled_section(labelled, n_most))
    return "\n".join(parts)


def promises(results):
    """List (detector, strategy, kind, rates) wherever a promise has to be kept."""
    return [
        (contender.name, strategy, kind, by_kind[kind][strategy.name])
        for contender, by_kind in results
        for strategy in STRATEGIES
        if strategy.has_to_keep_it
        for kind in WITH_A_PROMISE
    ]


def _verdict_table(results):
    rows = [
        (
            name,
            kind,
            in_per_cent(rates.promised),
            cell(rates),
            "yes" if rates.keeps_its_promise else "**no**",
        )
        for name, _, kind, rates in promises(results)
    ]
    return table(("Detector", "Series", "Promised", "Measured", "Kept"), rows)


def _rates_table(by_kind):
    rows = [
        (
            strategy.name,
            in_per_cent(strategy.promised),
            *(cell(by_kind[kind][strategy.name]) for kind in KINDS),
        )
        for strategy in STRATEGIES
    ]
    return table(("Strategy", "Promised", *KINDS), rows)


def _real_table(name, by_contender):
    rows = [
        (
            strategy.name,
            in_per_cent(strategy.promised),
            *(
                _rate_or_refusal(rates[strategy.name])
                for rates in by_contender.values()
            ),
        )
        for strategy in STRATEGIES
    ]
    return table((name, "Promised", *by_contender), rows)


def _rate_or_refusal(rate):
    return "refused" if rate is None else f"{100 * rate:.2f}"


def in_per_cent(rate):
    return f"{100 * rate:.3g}"


def cell(rates):
    """Lay out a mean and its standard error, and the refusals."""
    refused = f" ({rates.n_refused} refused)" if rates.n_refused else ""
    if rates.n_refused >= len(rates.of_series) - 1:  # one alone has no error
        return f"-{refused}"
    return f"{100 * rates.mean:.2f} ± {100 * rates.standard_error:.2f}{refused}"


LABELLED = """Labelled series
===============

``make_detector().predict`` as it is, fitted on the rows that each series offers for
training; below it, other rules on the same scores, begun with the same calibration
scores; the forest scores single rows. Event F1 is the harmonic mean of two shares:
alarms that are right (at least half of their rows within 100 rows of an event) and
events that are found (an alarm touches them, or the 50 rows around them); the mean over
series. Next to it the share of the rows further than 100 rows from any event that are
alarmed, in per cent, over all rows and of the median series. The last line chooses one
threshold per series by its labels.
{share}
"""
BY_GROUP = """
How the scores rank
-------------------

Mean VUS-PR of ``make_detector()`` and of the forest, over all rows of a series, the
training prefix included; and seconds of the processor per series, to fit and to score.

"""


def labelled_section(groups, n_most=None) -> str:
    """Lay out a table of verdicts, and one of contenders for each group."""
    rows = [_verdict(group, groups[group]) for group in BARS if group in groups]
    mean = over_groups(groups)
    is_met = "yes" if mean >= LEAST_OVER_GROUPS else "**no**"
    rows.append(
        ("Mean of groups", f"{mean:.2f} (>= {LEAST_OVER_GROUPS})", "", "", is_met)
    )
    share = f"Of each group at most {n_most} series, spread evenly.\n" if n_most else ""
    parts = [
        LABELLED.format(share=share),
        table(("Series", "Event F1", "Rows, %", "Median, %", "Met"), rows),
        BY_GROUP,
        _ranking_table(groups),
    ]
    for group, results in groups.items():
        title = f"{group}: {len(results)} series"
        lines = [
            (name, *(f"{value:.2f}" for value in _in_units(summary(results, name))))
            for name in next(iter(results.values()))["alarms"]
        ]
        header = ("Threshold", "Event F1", "Rows, %", "Median, %")
        parts += ["", title, "-" * len(title), "", table(header, lines)]
    return "\n".join(parts) + "\n"


def _ranking_table(groups):
    rows = [
        (
            group,
            str(len(results)),
            f"{ranking(results, OURS):.3f}",
            f"{ranking(results, FOREST):.3f}",
            *_mean_seconds(results),
        )
        for group, results in groups.items()
    ]
    return table(("Series", "Number", OURS, FOREST, "Fit, s", "Score, s"), rows)


def _mean_seconds(results):
    fits, scores = zip(*(of["seconds"] for of in results.values()), strict=True)
    return (f"{sum(part) / len(part):.1f}" for part in (fits, scores))


def is_met(group, results) -> bool:
    f1, pooled, median = summary(results, OURS)
    least, most, most_of_median = BARS[group]
    return f1 >= least and pooled <= most and median <= most_of_median


def _verdict(group, results):
    found = _in_units(summary(results, OURS))
    bars = _in_units(BARS[group])
    signs = (">=", "<=", "<=")
    cells = [
        f"{value:.2f} ({sign} {bar:.3g})"
        for value, sign, bar in zip(found, signs, bars, strict=True)
    ]
    return (group, *cells, "yes" if is_met(group, results) else "**no**")


def _in_units(found):
    f1, pooled, median = found
    return f1, 100 * pooled, 100 * median
