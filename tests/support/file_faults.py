"""What goes wrong with files: flips, cuts, forged contents, and what is left."""

import copy
import io
import json
import subprocess
import sys
import zipfile

import skad
from skad.persistence._saving import FORMAT, versions_here
from skad.persistence._sealed_files import read_sealed, write_sealed


def flipped(content, rng):
    """Flip one bit."""
    flipped = bytearray(content)
    flipped[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def cut(content, rng):
    """Leave the beginning."""
    return content[: rng.integers(len(content))]


def refusal(path, trusted=()):
    """Return what `skad.load` raises of what it is to raise, or None."""
    try:
        skad.load(path, trusted)
    except (TypeError, ValueError) as error:
        return error
    return None


def refusals_of_damage(path, spoil, n_times, rng):
    """Count for how many damaged copies of a file the error says so."""
    content = path.read_bytes()
    copy_of = path.with_name("copy.skad")
    found = []
    for _ in range(n_times):
        copy_of.write_bytes(spoil(content, rng))
        found.append("is damaged" in str(refusal(copy_of)))
    return sum(found)


def outcome_of(code, *arguments):
    """Run code in another process; return its exit status and what it printed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def strays(path):
    """Name the temporary files beside ``path``."""
    return [other.name for other in path.parent.iterdir() if other.suffix == ".tmp"]


def schema_and_members(path):
    """Read the tree of a file, and its arrays."""
    with zipfile.ZipFile(io.BytesIO(read_sealed(path)[1])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop("schema.json")), members


def forge(path, schema, members=(), *, text=None):
    """Write a file with a valid seal around whatever tree, or around a short text."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in dict(members).items():
            archive.writestr(name, content)
        if text is None:
            archive.writestr("schema.json", json.dumps(schema))
        else:
            archive.writestr("schema.json", text, zipfile.ZIP_DEFLATED)
    header = {"format": FORMAT, "versions": versions_here()}
    write_sealed(path, header, body.getvalue())


def nodes_of(tree):
    """List the nodes of a tree, in order."""
    found = [tree] if isinstance(tree, dict) and "__loader__" in tree else []
    parts = tree.values() if isinstance(tree, dict) else tree
    for part in parts if isinstance(tree, (dict, list)) else []:
        found += nodes_of(part)
    return found


def forged_trees(schema, name, first, every):
    """Yield copies of a tree in which one node has another name, by any loader."""
    module, _, name = name.rpartition(".")
    for number in range(first, len(nodes_of(schema)), every):
        forged = copy.deepcopy(schema)
        nodes_of(forged)[number].update(__module__=module, __class__=name)
        yield forged


def plant_evil(folder, monkeypatch):
    """Put a module within reach that tells when it is imported."""
    (folder / "evil.py").write_text(
        "from pathlib import Path\n"
        "(Path(__file__).parent / 'ran').touch()\n"
        "def run(*args, **kwargs): return args\n"
    )
    monkeypatch.syspath_prepend(folder)
    return folder / "ran"
