"""Load files from strangers: ``python -m tests.support.hostile_loads FOLDER ...``.

Prints as JSON what the files of a folder led to: which were refused, what ran, and how
much memory one took at most. Further arguments are names to trust. The process is one
of its own, because what listens to the interpreter is never taken off again, and
because memory has to be counted.
"""

import json
import sys
from functools import partial
from pathlib import Path

import skad
from tests.support.resident import forget_most_resident, most_resident, resident

# Events of the interpreter (see "Audit events" in Python's manual) that data has no
# business with. Modules that were imported before raise none.
HARMFUL = ("ctypes.", "exec", "import", "os.", "pickle.", "shutil.", "socket.", "subp")
HARMLESS = "os.listdir"  # for the versions of packages
HONEST = "{folder}/../honest.skad"  # imports what files of its kind take


def megabytes_taken_by(work):
    forget_most_resident()
    before = resident()
    work()
    return (most_resident() - before) / 1e6


def main(folder, *trusted):
    paths, run, refused = sorted(Path(folder).glob("*.skad")), [], []
    skad.load(HONEST.format(folder=folder))

    def listen(event, arguments):
        if event.startswith(HARMFUL) and event != HARMLESS:
            run.append(f"{event} {arguments}")

    def load(path):
        try:
            skad.load(path, trusted)
        except (TypeError, ValueError) as error:
            refused.append(f"{path.name}: {error}")

    sys.addaudithook(listen)
    taken = [megabytes_taken_by(partial(load, path)) for path in paths]
    found = {"files": len(paths), "refused": refused, "run": list(run)}
    print(json.dumps({**found, "megabytes": max(taken)}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
