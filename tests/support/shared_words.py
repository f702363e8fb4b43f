"""Repeat in the docstrings of the detectors the words that they share.

``docs/shared_words.txt`` says once what each parameter and attribute of a frame means.
``make words`` (``python -m tests.support.shared_words``) writes them into the docstring
of each class that has them, so that a hover in an editor and whoever reads the file see
the whole text. A test holds both equal.
"""

import ast
import inspect
import re
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import skad.detectors

TABLE = Path(skad.__file__).parents[1] / "docs" / "shared_words.txt"
SECTION = r"^{name}\n-+\n(.*?)(?=\n\n\S[^\n]*\n-+\n|\Z)"


def entries_of(text: str) -> dict[str, str]:
    """Map the names that a numpydoc section describes to their whole entries."""
    parts = re.split(r"^(?=\w+ : )", text.strip("\n"), flags=re.M)
    return {part.split(" : ")[0]: part.strip("\n") for part in parts if part.strip()}


def table_of(text: str) -> dict[str, dict[str, str]]:
    """Read, for each class named in a heading, the entries that it adds."""
    parts = re.split(r"^(\w[\w, ]*)\n=+\n", text, flags=re.M)[1:]
    sections = zip(parts[::2], map(entries_of, parts[1::2]), strict=True)
    return {kind: words for names, words in sections for kind in names.split(", ")}


def shared_by(kind: type, table: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the entries that a class shares, those of the nearest frame first."""
    frames = [each.__name__ for each in kind.__mro__ if each.__name__ in table]
    shared = {}
    for name in frames:
        shared = shared | {k: v for k, v in table[name].items() if k not in shared}
    return shared


def rewritten(docstring: str, kind: type, table: dict[str, dict[str, str]]) -> str:
    """Return a docstring, without indentation, that says what is shared anew."""
    shared = shared_by(kind, table)
    own = entries_of(_section(docstring, "Parameters"))
    words = own | shared
    order = [name for name in inspect.signature(kind).parameters if name in words]
    docstring = _replaced(docstring, "Parameters", [words[name] for name in order])
    attributes = {k: v for k, v in shared.items() if k.endswith("_")}
    own = entries_of(_section(docstring, "Attributes"))
    words = {k: v for k, v in own.items() if k not in attributes} | attributes
    return _replaced(docstring, "Attributes", words.values())


def _pattern(name):
    return re.compile(SECTION.format(name=name), re.S | re.M)


def _section(docstring, name):
    return _pattern(name).search(docstring).group(1)


def _replaced(docstring, name, entries):
    text = f"{name}\n{'-' * len(name)}\n" + "\n".join(entries)
    return _pattern(name).sub(lambda _: text, docstring)


def updated(source: str, kind: type, table: dict[str, dict[str, str]]) -> str:
    """Return the source of a module with the docstring of its class rewritten."""
    classes = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef)]
    (node,) = [each for each in classes if each.name == kind.__name__]
    before, (first, last) = source.split("\n"), _lines_of(node)
    quoted = "\n".join(before[first:last])
    docstring = textwrap.dedent(quoted).strip("\n")
    after = textwrap.indent(rewritten(docstring, kind, table), "    ")
    return "\n".join([*before[:first], after, *before[last:]])


def _lines_of(node):
    """Return where a docstring begins and ends, but for the quotes of its end."""
    expression = node.body[0]
    return expression.lineno - 1, expression.end_lineno - 1


def detectors() -> dict[Path, type]:
    """Map the modules of the public detectors to their classes."""
    kinds = [getattr(skad.detectors, name) for name in skad.detectors.__all__]
    return {Path(import_module(kind.__module__).__file__): kind for kind in kinds}


def main() -> None:
    """Rewrite the docstrings of all detectors."""
    table = table_of(TABLE.read_text())
    for path, kind in detectors().items():
        before = path.read_text()
        after = updated(before, kind, table)
        if after != before:
            path.write_text(after)
            sys.stdout.write(f"{path.name}: rewritten\n")


if __name__ == "__main__":
    main()
