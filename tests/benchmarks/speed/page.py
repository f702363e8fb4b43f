"""The page of the documentation that a run of the benchmark writes."""

from dataclasses import dataclass, field

from tests.benchmarks.speed.bars import Value, Verdict

HEAD = """.. This page is written by make bench-speed; do not edit it.

.. _speed:

=====
Speed
=====

Measured on {date} by ``{command}``.

{facts}

What is compared is CPU time, of one thread. The contenders take turns in one process,
round after round, and a ratio is the median of the ratios within the rounds: below 1,
skad is the faster one. The plain loop runs twice in every round, as if it were two
contenders. Where this control, the one over the other, did not come out between 0.97
and 1.03, the comparison was repeated, at most five times.

Promises
========

{verdicts}
"""

LOOP = """The plain loop
==============

The same network in layers of torch, the same initial weights, the same batches in the
same order, and Adam with its defaults:

.. literalinclude:: ../../tests/benchmarks/speed/plain_loop.py
   :language: python
   :start-at: import numpy
"""


@dataclass(frozen=True)
class Section:
    """A table with its title and text, and the numbers in it that have a bar."""

    title: str
    text: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    values: dict[str, Value] = field(default_factory=dict)

    def render(self) -> str:
        parts = [self.title, "=" * len(self.title), "", self.text, ""]
        if self.rows:
            parts += [table(self.header, self.rows), ""]
        return "\n".join(parts)


def table(header, rows) -> str:
    """Lay out cells as a simple table of reStructuredText."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    rule = "  ".join("=" * width for width in widths)

    def laid_out(line):
        cells = zip(line, widths, strict=True)
        return "  ".join(cell.ljust(width) for cell, width in cells).rstrip()

    body = [laid_out(row) for row in rows]
    return "\n".join([rule, laid_out(header), rule, *body, rule])


def verdict_table(verdicts: list[Verdict]) -> str:
    """Lay out one row per bar, and under it a sentence for each that is missed."""
    rows = [
        (v.bar.what, _limit(v.bar), f"{v.value.number:.3g}{v.bar.unit}", v.answer)
        for v in verdicts
    ]
    parts = [table(("What", "Bar", "Measured", "Met"), rows)]
    missed = [v for v in verdicts if not v.is_met and v.value.is_settled]
    parts += [f"* {v.explanation}" for v in missed]
    return "\n\n".join(parts)


def _limit(bar):
    sign = "<" if bar.is_strict else "<="
    return f"{sign} {bar.limit:.3g}{bar.unit}"


def page(*, date, command, facts, verdicts, sections) -> str:
    """Put the page together."""
    listed = "\n".join(f"* {name}: {value}" for name, value in facts.items())
    head = HEAD.format(
        date=date, command=command, facts=listed, verdicts=verdict_table(verdicts)
    )
    parts = [head, *(section.render() for section in sections), LOOP]
    return "\n".join(parts)
