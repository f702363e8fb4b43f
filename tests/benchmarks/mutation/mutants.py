"""Mutants of a module: the module with one small change, by the operators of mutmut.

mutmut's own runner leaves decorated functions alone, and every metric is decorated.
"""

import difflib
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from mutmut.mutation.mutators import mutation_operators


@dataclass(frozen=True)
class Mutant:
    """The source of a module after one change, and the change as a reader sees it."""

    source: str
    change: str


class _Changes(cst.CSTVisitor):
    """Collect what each operator makes of each node."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_visit(self, node):
        if isinstance(node, (cst.Annotation, cst.Import, cst.ImportFrom)):
            return False
        if isinstance(node, cst.SimpleString) and _is_prose(node.raw_value):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(node, changed) for changed in operator(node)]
        return True


def _is_prose(text):
    """Tell the words of messages, each of which has a test that matches it."""
    return " " in text or text.endswith(".")


def mutants_of(path: Path, n_most: int | None) -> tuple[int, list[Mutant]]:
    """Count the changes there may be, and make all or ``n_most`` drawn by their hashes.

    So a draw stays as it is while other parts of the module change.
    """
    tree = cst.parse_module(path.read_text())
    changes = _Changes()
    tree.visit(changes)
    seen, by_hash = Counter(), {}
    for node, changed in changes.found:
        words = f"{tree.code_for_node(node)} -> {tree.code_for_node(changed)}"
        seen[words] += 1
        key = hashlib.sha256(f"{words} {seen[words]}".encode()).hexdigest()
        by_hash[key] = tree.deep_replace, node, changed
    drawn = [by_hash[key] for key in sorted(by_hash)[:n_most]]
    sources = [replace(node, changed).code for replace, node, changed in drawn]
    return len(by_hash), [Mutant(text, _change(tree.code, text)) for text in sources]


def _change(before, after):
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    sides = [
        " ".join(" ".join(line[2:] for line in lines if line[:2] == mark).split())
        for mark in ("- ", "+ ")
    ]
    return " -> ".join(sides)
