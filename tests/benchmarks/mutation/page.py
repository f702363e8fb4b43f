"""The page of the documentation that a run writes."""

from dataclasses import dataclass
from pathlib import PurePath

HEAD = """.. This page is written by make mutation; do not edit it.

.. _mutation:

================
Mutation testing
================

How much do the tests notice? ``make mutation`` changes one thing at a time in the
modules below (``<`` to ``<=``, ``+`` to ``-``, 1 to 2, an argument to None or away), by
the operators of `mutmut <https://mutmut.readthedocs.io>`_, and runs the tests of the
module against each. A change that some test notices is killed. What survives is either
a hole in the tests, which has then been filled, or one of the kinds explained here.

Words of error messages and type annotations are not changed. Where fewer mutants were
tried than there are (``make mutation MOST=50``), they were drawn by a hash, and of the
rest nothing is known. The numbers are those of {date}, after the holes were filled.

"""


@dataclass(frozen=True)
class Outcome:
    """What became of the mutants of a module."""

    module: str
    n_mutants: int
    n_tried: int
    explained: list[str]
    unexplained: list[str]

    @classmethod
    def of(cls, *, module, mutants, tried, survivors, kinds):
        known = {change for kind in kinds for change in kind["survivors"]}
        survivors = [f"{PurePath(module).stem}: {change}" for change in survivors]
        return cls(
            module,
            n_mutants=mutants,
            n_tried=tried,
            explained=[change for change in survivors if change in known],
            unexplained=[change for change in survivors if change not in known],
        )

    @property
    def counts(self):
        """Return what the table says: mutants, tried, killed, explained."""
        killed = self.n_tried - len(self.explained) - len(self.unexplained)
        return [self.n_mutants, self.n_tried, killed, len(self.explained)]


def page(outcomes, kinds, date) -> str:
    """Put the page together: a table, the reasons, and what is left."""
    left = [change for one in outcomes for change in one.unexplained]
    survivors = {change for one in outcomes for change in one.explained}
    sections = [_table(outcomes), _reasons(kinds, survivors)]
    if left:
        sections.append(_listing("Not explained", left))
    return HEAD.format(date=date) + "\n".join(sections)


_TABLE = """.. list-table::
   :header-rows: 1
   :widths: 44 14 14 14 14

"""


def _table(outcomes):
    counts = {f"``{one.module}``": one.counts for one in outcomes}
    counts["All"] = [sum(column) for column in zip(*counts.values(), strict=True)]
    rows = [["Module", "Mutants", "Tried", "Killed", "Explained"]]
    rows += [[name, *numbers] for name, numbers in counts.items()]
    return _TABLE + "".join(
        "   * - " + "\n     - ".join(str(cell) for cell in row) + "\n" for row in rows
    )


def _reasons(kinds, survivors):
    """List each kind of survivors with its number and reason."""
    items = []
    for kind in kinds:
        n_found = len(survivors.intersection(kind["survivors"]))
        if n_found:
            items.append(f"* {kind['reason']} ({n_found})\n")
    heading = "Survivors\n=========\n\n"
    return heading + "".join(items)


def _listing(heading, changes):
    lines = [heading, "=" * len(heading), ""]
    lines += [f"* ``{change}``" for change in changes]
    return "\n".join(lines) + "\n"
