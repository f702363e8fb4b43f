"""What a file may hold, checked before anything in it is built.

skops asks for the names of all types that are not its own to trust, and then builds an
instance of each in one of several ways, its *loaders*; one of them calls what the name
stands for. So each name that skad trusts is trusted for one loader, and functions only
for the one that looks them up.
"""

import hashlib
import io
import json
import zipfile

from skad.persistence._names import TRUSTED, name_in_file

# What a file may declare to hold: so many times its size, and no more than so many
# bytes above it. Built, a tree takes up to 25 times the room of its text. What is
# larger is saved as it is: nothing is refused but a huge sparse matrix of few values,
# which skops compresses.
MOST_INFLATED = 20
MOST_ADDED = 4_000_000
_TREE = "schema.json"
_ARCHIVE = b"PK\x03\x04"


def packed(body: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Write an archive anew, with a tree of names that takes little room.

    What skad defines gets the names that files keep it under. The tree loses its white
    space, objects that occur several times are told apart by small numbers and not by
    their addresses, and all of it is compressed. Arrays stay as they are: those of
    weights do not shrink.
    """
    anew = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as archive,
        zipfile.ZipFile(anew, "w") as target,
    ):
        for name in archive.namelist():
            content = archive.read(name)
            if name == _TREE:
                target.writestr(name, _compact(content), compression)
            else:
                target.writestr(name, content)
    return anew.getvalue()


def _compact(text):
    tree, numbers = json.loads(text), {}
    for node in _nodes(tree):
        if "__module__" in node:
            names = name_in_file(node["__module__"], node["__class__"])
            node["__module__"], node["__class__"] = names
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
    return json.dumps(tree, separators=(",", ":"))


def _nodes(tree):
    """Yield all dicts in a tree of dicts and lists, without recursion."""
    unseen = [tree]
    while unseen:
        node = unseen.pop()
        if isinstance(node, dict):
            yield node
            unseen.extend(node.values())
        elif isinstance(node, list):
            unseen.extend(node)


def names_of_others(body: bytes) -> set[str]:
    """Return the names of scikit-learn in a tree, which skops trusts and skad may not.

    For skops it is enough that building runs nothing; here, neither may what is built.
    """
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        nodes = _nodes(json.loads(archive.read(_TREE)))
        names = {f"{node.get('__module__')}.{node.get('__class__')}" for node in nodes}
    return {name for name in names if name.startswith("sklearn.")}


def refuse_misuse(body: bytes) -> None:
    """Raise where a tree is none that `save` would write, and building it does harm."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        text = archive.read(_TREE)
    for node in _nodes(json.loads(text)):
        _refuse_other_loader(node)
        _refuse_tables_of_objects(node)
        _refuse_voids(node)
    _refuse_references(text)


def _refuse_other_loader(node):
    """Raise where a trusted name is given to another loader than its own."""
    name = f"{node.get('__module__')}.{node.get('__class__')}"
    loader = node.get("__loader__")
    if TRUSTED.get(name, loader) != loader:
        raise ValueError(f"{name} is not saved by {loader}; the file is forged")


def _refuse_tables_of_objects(node):
    """Raise where numpy would unfold what a list of lists refers to."""
    if node.get("__loader__") == "NdArrayNode" and node.get("type") == "json":
        sides = node["shape"].get("content")
        if not isinstance(sides, list) or len(sides) != 1:
            raise ValueError("arrays of objects with several dimensions are not saved")


def _refuse_voids(node):
    """Raise where numpy would take a number for the size of what it is to make."""
    name = f"{node.get('__module__')}.{node.get('__class__')}"
    if name in ("numpy.void", "numpy.bytes_", "numpy.str_"):
        raise ValueError(f"{name} is not saved")


def _refuse_references(text):
    """Raise where a small tree stands for a large one.

    Of nodes with one ``__id__`` the first is built, and taken for all. `save` writes
    all of them down in full, and reads no member of the archive into two of them.
    """
    contents, owners = {}, {}

    def digest(node):
        number, member = node.pop("__id__", None), node.pop("file", None)
        found = hashlib.sha256(json.dumps(node).encode()).hexdigest()
        is_first = number is None or contents.setdefault(number, found) == found
        is_owner = member is None or owners.setdefault(member, number) == number
        if not is_first or not is_owner or (member is not None and number is None):
            raise ValueError(f"node {number!r} refers to another; the file is forged")
        return found

    json.loads(text, object_hook=digest)


def inflates(body: bytes) -> bool:
    """Tell an archive that would take much more memory than its file."""
    most = min(MOST_INFLATED * len(body), len(body) + MOST_ADDED)
    return _declared_size(body, most) > most


def _declared_size(body, most):
    """Add up what archives declare to hold, inflating no more than ``most`` bytes."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        if size > most:
            return size
        for member in members:
            with archive.open(member) as content:
                is_archive = content.read(len(_ARCHIVE)) == _ARCHIVE
            if is_archive:  # a sparse matrix
                size += _declared_size(archive.read(member), most - size)
    return size
