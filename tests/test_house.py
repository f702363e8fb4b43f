"""The house: who may import whom, read off the syntax trees of skad/."""

import ast
import csv
import graphlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import skad

SKAD = Path(skad.__file__).parent

TABLE = SKAD.parent / "docs" / "rooms.csv"


def rooms_of(table):
    """Read what each room may import, besides the standard library and itself."""
    rooms = {"skad": set()}
    for row in csv.DictReader(table.splitlines()):
        inside = re.findall(r"``(\w+)``", row["rooms it imports"])
        packages = re.findall(r"\w+", row["packages it imports"])
        rooms[f"skad.{row['room'].strip('`')}"] = {
            *packages,
            *(f"skad.{room}" for room in inside),
        }
    return rooms


ROOMS = rooms_of(TABLE.read_text())
# Their names are loaded when they are first used: torch costs seconds.
LAZY = {"skad", "skad.detectors"}
LAZY |= {"skad.persistence._names", "skad.persistence.parts"}
# Not among the requirements: whoever brings such a table has it installed.
OPTIONAL = {"dask", "matplotlib", "onnxscript", "pandas", "polars", "skops"}


# The frames that detectors share, and may import beside private helpers.
FRAMES = {"_window_detector", "_network_detector", "_network_scores", "_forecaster"}
# The rule of alarms is a parameter of thresholds, and of tables of events.
FRAMES |= {"_alarm_rule"}


class Import(NamedTuple):
    line: int
    module: str
    is_plain: bool
    level: int
    in_function: bool


def imports_of(source):
    """List the import statements of a module, wherever they stand."""
    tree = ast.parse(source)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        late = id(node) in inside
        if isinstance(node, ast.Import):
            found += [Import(node.lineno, a.name, True, 0, late) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found.append(Import(node.lineno, module, False, node.level, late))
    return found


def modules():
    """Map the dotted name of each module of skad to its source."""
    sources = {}
    for path in sorted(SKAD.rglob("*.py")):
        parts = path.relative_to(SKAD.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources[name] = path.read_text()
    return sources


MODULES = modules()
PACKAGES = {name for name in MODULES if (SKAD.parent / name.replace(".", "/")).is_dir()}


def room_of(module):
    room = ".".join(module.split(".")[:2])
    return room if room in ROOMS else None


def is_within(module, room):
    return module == room or module.startswith(room + ".")


def stays_in_its_room(module, source):
    room = room_of(module)
    if room is None:
        return [f"{module} has no row in ROOMS: say there what it may import."]
    allowed = ROOMS[room] | ({room} if room in PACKAGES and room != "skad" else set())
    return [
        f"{module}, line {i.line}: imports {i.module}, but {room} may import only "
        f"{sorted(ROOMS[room])} and the standard library."
        for i in imports_of(source)
        if i.level == 0
        and i.module.split(".")[0] not in sys.stdlib_module_names
        and not any(is_within(i.module, name) for name in allowed)
    ]


def imports_absolutely(module, source):
    return [
        f"{module}, line {i.line}: relative import. Write from skad... import ..."
        for i in imports_of(source)
        if i.level
    ]


def imports_from_the_defining_module(module, source):
    return [
        f"{module}, line {i.line}: imports from the package {i.module} (or binds it), "
        "which is how cycles begin. Write from <defining module> import <name>."
        for i in imports_of(source)
        if i.module in PACKAGES or (i.is_plain and is_within(i.module, "skad"))
    ]


def imports_skad_at_the_top(module, source):
    return [
        f"{module}, line {i.line}: imports {i.module} inside a function, which hides "
        "a cycle or a wrong room. Import it at the top of the module."
        for i in imports_of(source)
        if i.in_function and is_within(i.module, "skad")
    ]


def imports_optional_packages_late(module, source):
    return [
        f"{module}, line {i.line}: {i.module} is no requirement of skad. Import it in "
        "the function that is handed one of its objects."
        for i in imports_of(source)
        if i.module.split(".")[0] in OPTIONAL and not i.in_function
    ]


def imports_by_statement(module, source):
    """Leave loading by a call to the packages whose names are lazy."""
    calls = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call))
    return [
        f"{module}, line {call.lineno}: imports by a call, which no reader and no test "
        "sees. Write an import statement."
        for call in calls
        if module not in LAZY
        and ast.unparse(call.func).split(".")[-1] in ("import_module", "__import__")
    ]


def leaves_its_siblings_alone(module, source, sources=MODULES):
    """Keep the modules whose names a package exports from using one another."""
    package, _, name = module.rpartition(".")
    source_of_package = sources.get(package, "")
    exported = {i.module for i in imports_of(source_of_package)}
    exported |= homes_in(source_of_package)
    exported -= {f"{package}.{frame}" for frame in FRAMES}
    return [
        f"{module}, line {i.line}: imports {i.module}, a public neighbour. Move what "
        f"both need to one of {sorted(FRAMES)} or to a private module of its own."
        for i in imports_of(source)
        if name and i.module in exported and package != "skad"
    ]


def homes_in(source):
    """Read the modules named in a table of lazy names."""
    constants = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant))
    return {constant.value for constant in constants} & set(MODULES)


RULES = [
    stays_in_its_room,
    imports_absolutely,
    imports_from_the_defining_module,
    imports_skad_at_the_top,
    imports_optional_packages_late,
    imports_by_statement,
    leaves_its_siblings_alone,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule):
    broken = [fault for name, source in MODULES.items() for fault in rule(name, source)]
    assert not broken, "\n".join(broken)


PLANTED = [
    (stays_in_its_room, "_series.windows", "import torch"),
    (stays_in_its_room, "_series.windows", "from skad._estimators.x import y"),
    (stays_in_its_room, "_series.segments", "import pandas as pd"),
    (stays_in_its_room, "_estimators.validation", "from skad.metrics._vus import x"),
    (stays_in_its_room, "_torch.training", "from skad.detectors._x import X"),
    (stays_in_its_room, "networks._gru", "import numpy as np"),
    (stays_in_its_room, "preprocessing._noise", "from torch import nn"),
    (stays_in_its_room, "detectors._gru", "import os, skorch.callbacks"),
    (stays_in_its_room, "detectors._gru", "import torch"),
    (stays_in_its_room, "postprocessing._x", "import skad.detectors._x"),
    (stays_in_its_room, "metrics._scorer", "from skad._torch.batches import x"),
    (stays_in_its_room, "_new_room", ""),
    (imports_absolutely, "detectors._x", "from ._frame import NetworkDetector"),
    (imports_absolutely, "detectors._x", "from . import _frame"),
    (imports_from_the_defining_module, "detectors._x", "from skad import row_context"),
    (imports_from_the_defining_module, "detectors._x", "import skad._series.windows"),
    (imports_from_the_defining_module, "_x", "from skad.networks import _lstm"),
    (imports_skad_at_the_top, "_x", "def f():\n    from skad._series.windows import a"),
    (imports_optional_packages_late, "preprocessing._x", "import pandas as pd"),
    (imports_by_statement, "_x", "import_module('skad.detectors')"),
    (imports_by_statement, "_x", "importlib.import_module(name)"),
    (
        leaves_its_siblings_alone,
        "detectors._x",
        "import skad.detectors._lstm_forecaster",
    ),
]


@pytest.mark.parametrize(("rule", "module", "source"), PLANTED)
def test_a_planted_fault_is_found(rule, module, source):
    (fault,) = rule(f"skad.{module}", source)
    assert fault.startswith(f"skad.{module}")


def test_the_right_imports_are_no_faults():
    source = (
        "import math\nimport numpy\nfrom skad._series.windows import as_dtype\n"
        "from skad.detectors._network_detector import NetworkDetector\n"
        "from skad._estimators.window_scaling import centre_and_scale\n"
    )
    assert [
        fault for rule in RULES for fault in rule("skad.detectors._x", source)
    ] == []


def cycle_in(sources):
    """Return the modules of one import cycle, or nothing."""
    graph = {
        name: {i.module for i in imports_of(source) if i.module in sources}
        for name, source in sources.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("room", sorted(PACKAGES - {"skad"}))
def test_each_room_says_what_it_may_import(room):
    says = ast.get_docstring(ast.parse(MODULES[room]))
    inside = {name for name in ROOMS[room] if name.startswith("skad.")}
    assert inside <= set(re.findall(r"`(skad\.\w+)`", says)), says
    assert len(says.splitlines()) <= 5


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("sklearn.callback", "skad._estimators.callbacks"),
        ("sktime", r"skad\.(sktime|datasets)\b.*"),
    ],
)
def test_few_modules_name_what_may_go_or_bounds_versions(package, homes):
    where = {
        name
        for name, source in MODULES.items()
        for found in imports_of(source)
        if f"{found.module}.".startswith(f"{package}.")
    }
    assert where
    assert [name for name in where if not re.fullmatch(homes, name)] == []


def test_no_loose_module_lies_in_the_front_door():
    doors = {"__init__.py", "dask.py", "onnx.py"}
    assert {path.name for path in SKAD.glob("*.py")} == doors


def test_no_modules_import_each_other_in_a_circle():
    cycle = cycle_in(MODULES)
    assert not cycle, "import cycle: " + " -> ".join(cycle)


def test_a_planted_cycle_is_found():
    sources = {
        "skad._a": "from skad._b import x",
        "skad._b": "from skad._c import x",
        "skad._c": "from skad._a import x",
    }
    assert set(cycle_in(sources)) == set(sources)
