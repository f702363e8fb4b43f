"""The page of the documentation that a run of the benchmark writes."""

import math
from dataclasses import dataclass

from tests.benchmarks.reliability.rows import Row
from tests.benchmarks.reliability.running import Outcome

HEAD = """.. This page is written by make bench-reliability; do not edit it.

.. _reliability:

===========
Reliability
===========

Measured by ``{command}``; each row says when.

{facts}

Each row is a marker of the tests: ``SKAD_RELIABILITY=whole pytest -m bad_input tests``
runs one of them alone. ``make test`` runs a share of every row; ``make test-lowest``
and ``make test-newest`` run the rows API, drop-in and upstream, and all other tests,
with the lowest and the newest versions of the packages below skad. A row is met when
none of its tests fails, its numbers keep their bounds, and it keeps to its budget.

"""


@dataclass(frozen=True)
class Verdict:
    """A row and what came of it."""

    row: Row
    outcome: Outcome

    @property
    def shortcomings(self) -> list[str]:
        found, row = self.outcome.measured, self.row
        missed = [
            f"{name}: {number(found.get(name, 0))}, needed {number(bound)} or more"
            for name, bound in row.at_least.items()
            if found.get(name, 0) < bound
        ]
        missed += [
            f"{name}: {number(found.get(name, math.nan))}, allowed {number(bound)}"
            for name, bound in row.at_most.items()
            if not found.get(name, math.nan) <= bound
        ]
        if self.outcome.n_passed + self.outcome.n_expected == 0:
            missed.append("no test ran")
        if self.outcome.minutes > row.minutes:
            missed.append(f"took {self.outcome.minutes:.1f} minutes")
        return missed + [f"``{name}``: {cause}" for name, cause in self._failures]

    @property
    def is_met(self) -> bool:
        return not self.shortcomings

    @property
    def _failures(self):
        return [
            (name, cause.replace("``", "'").replace("\\", "\\\\"))
            for name, cause in self.outcome.failures
        ]


def number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


def page(*, command, facts, verdicts) -> str:
    """Put the page together."""
    listed = "\n".join(f"* {name}: {value}" for name, value in facts.items())
    head = HEAD.format(command=command, facts=listed)
    rows = "\n".join(_row(verdict) for verdict in verdicts)
    table = f"{_TABLE}{rows}\n"
    return "\n".join([head + table, *map(_section, verdicts)])


_TABLE = """.. list-table::
   :header-rows: 1
   :widths: 13 52 20 15

   * - Row
     - What is tried
     - Bar
     - Met
"""


def _row(verdict):
    row = verdict.row
    answer = "yes" if verdict.is_met else "**no**"
    cells = [f":ref:`{row.anchor} <reliability_{row.marker}>`", row.measure, row.bar]
    return "   * - " + "\n     - ".join([*cells, answer])


def _section(verdict):
    """Write down all numbers of a row, and what is missing."""
    row, outcome = verdict.row, verdict.outcome
    counts = f"{outcome.n_passed:,} tests passed"
    if outcome.n_expected:
        counts += f", {outcome.n_expected:,} failed as expected of them"
    if outcome.n_skipped:
        counts += f", {outcome.n_skipped:,} were skipped"
    budget = f"{outcome.minutes:.1f} of {row.minutes:g} minutes"
    facts = [f"{outcome.date}: {counts}, in {budget}"]
    facts += [f"{name}: {number(value)}" for name, value in outcome.measured.items()]
    facts += [f"**missed**: {what}" for what in verdict.shortcomings]
    lines = [f".. _reliability_{row.marker}:", "", row.anchor, "=" * len(row.anchor)]
    lines += ["", *(f"* {fact}" for fact in facts), ""]
    if row.reason and not verdict.is_met:
        lines += [row.reason, ""]
    return "\n".join(lines)
