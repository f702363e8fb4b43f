"""Files whose structure was changed at random: numbers, names, shapes, places."""

import copy
import io
import json

import numpy as np

from skad.persistence._names import TRUSTED
from tests.support.file_faults import nodes_of

_NUMBERS = [0, 1, -1, 2, 7, 255, 2**31, -(2**31), 2**63, 300_000_000, 1e308, -1e-320]
_TEXTS = ["null", "true", '""', '"auto"', "[]", "NaN", "Infinity", '"mean"']
_SHAPES = [(0,), (1,), (3_000_000,), (0, 3), (3, 0), (1, 1), (2, 2, 2), (1000, 2)]
_DTYPES = ["<f8", "<f4", "<i8", "<i4", "|b1", "<U3", "<c16", "|u1"]
_TRUSTED = sorted(name for name, kind in TRUSTED.items() if kind == "ObjectNode")


def forged(schema, members, rng):
    """Change one to three things in a copy of the tree and of the arrays of a file."""
    schema, members = copy.deepcopy(schema), dict(members)
    for _ in range(rng.integers(1, 4)):
        change = _CHANGES[rng.integers(len(_CHANGES))]
        change(schema, members, rng)
    return schema, members


def _any(options, rng):
    return options[rng.integers(len(options))]


def _change_number(schema, members, rng):
    leaves = [node for node in nodes_of(schema) if node.get("is_json")]
    if leaves:
        number = _any(_NUMBERS, rng) * _any([1, 1, 0.5], rng)
        content = json.dumps(number) if rng.random() < 0.7 else _any(_TEXTS, rng)
        _any(leaves, rng).update(content=content, __id__=None)


def _change_learnt_number(schema, members, rng):
    learnt = [
        leaf
        for node in nodes_of(schema)
        if isinstance(node.get("content"), dict)
        for name, leaf in node["content"].items()
        if name.endswith("_") and isinstance(leaf, dict) and leaf.get("is_json")
    ]
    if learnt:
        _any(learnt, rng).update(content=json.dumps(_any(_NUMBERS, rng)), __id__=None)


def _swap_nodes(schema, members, rng):
    first, second = _any(nodes_of(schema), rng), _any(nodes_of(schema), rng)
    first_was, second_was = copy.deepcopy(first), copy.deepcopy(second)
    _refill(first, second_was)
    _refill(second, first_was)


def _refill(node, other):
    node.clear()
    node.update(other)
    node["__id__"] = None


def _drop_entry(schema, members, rng):
    full = [node for node in nodes_of(schema) if node.get("content")]
    content = _any(full, rng)["content"] if full else ""
    if isinstance(content, dict):
        del content[_any(sorted(content), rng)]
    elif isinstance(content, list):
        del content[rng.integers(len(content))]


def _rename(schema, members, rng):
    objects = [n for n in nodes_of(schema) if n.get("__loader__") == "ObjectNode"]
    module, _, name = _any(_TRUSTED, rng).rpartition(".")
    _any(objects or [schema], rng).update(__module__=module, __class__=name)


def _array(content):
    return np.load(io.BytesIO(content), allow_pickle=False)


def _bytes(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _arrays(members):
    return sorted(name for name in members if name.endswith(".npy"))


def _change_values(schema, members, rng):
    for name in _arrays(members)[: rng.integers(1, 4)]:
        array = np.array(_array(members[name]))
        if array.dtype.kind in "iuf" and array.size:
            with np.errstate(all="ignore"):
                values = np.asarray(_any(_NUMBERS, rng), float).astype(array.dtype)
            array.flat[rng.integers(array.size)] = values
            members[name] = _bytes(array)


def _change_array(schema, members, rng):
    names = _arrays(members)
    if names:
        name = _any(names, rng)
        dtype = np.dtype(_any(_DTYPES, rng))
        if rng.random() < 0.5:
            shape = _array(members[name]).shape
        else:
            shape = _any(_SHAPES, rng)
        members[name] = _bytes(np.zeros(shape, dtype))


def _swap_arrays(schema, members, rng):
    names = _arrays(members)
    if names:
        first, second = _any(names, rng), _any(names, rng)
        members[first], members[second] = members[second], members[first]


_CHANGES = [
    *(_change_number, _change_number, _change_learnt_number, _change_learnt_number),
    *(_swap_nodes, _drop_entry, _rename, _change_values, _change_array, _swap_arrays),
]
