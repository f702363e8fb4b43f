"""Load forged files, and use what they hold: ``python -m ... FOLDER N [FIRST]``.

Of each honest file of a folder, N forgeries are loaded; if that succeeds, the methods
are called as a user would. Prints as JSON how many there were, what was loaded, which
took too long or too much, and what `skad.load` raised that it should not. Before each
one stands its name in the file ``last``, for whoever finds the process dead.
"""

import json
import resource
import signal
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

import skad
from skad.persistence import _saving
from tests.support import file_faults
from tests.support.file_faults import forge, schema_and_members
from tests.support.forgeries import forged
from tests.support.resident import (
    forget_most_resident,
    most_resident,
    resident,
)

SECONDS, MEGABYTES = 10, 200
METHODS = ("transform", "score_samples", "predict")


class TooLong(BaseException):
    """No exception that anything may handle."""


def stop(*signalled):
    raise TooLong


def loaded_and_used(path, rows):
    """Load and use; return how far that went."""
    try:
        estimator = skad.load(path)
    except (TypeError, ValueError):
        return "refused"
    except Exception as error:
        return f"raised {type(error).__name__}"
    for method in METHODS:
        try:
            getattr(estimator, method)(rows)
        except Exception:
            continue
    return "loaded"


def outcome(path, rows):
    forget_most_resident()
    before = resident()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        how = loaded_and_used(path, rows)
    except TooLong:
        return "too long"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    taken = (most_resident() - before) / 1e6
    return how if taken < MEGABYTES else f"took {taken:.0f} MB"


def main(folder, n_each, first=0):
    folder, found, worst = Path(folder), Counter(), []
    versions = _saving.versions_here()  # which takes longer than all the rest
    for module in (_saving, file_faults):
        module.versions_here = lambda: versions
    signal.signal(signal.SIGALRM, stop)
    space = 8 * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (space, resource.RLIM_INFINITY))
    for path in sorted(folder.glob("*.skad")):
        schema, members = schema_and_members(path)
        rows = np.load(path.with_suffix(".npy"))
        loaded_and_used(path, rows)  # imports what files of its kind take
        for number in range(int(first), int(first) + int(n_each)):
            (folder / "last").write_text(f"{path.stem} {number}")
            rng = np.random.default_rng((number, *path.stem.encode()))
            forge(folder / "forgery", *forged(schema, members, rng))
            how = outcome(folder / "forgery", rows)
            found[how] += 1
            if how not in ("refused", "loaded"):
                worst.append(f"{path.stem} {number}: {how}")
    print(json.dumps({"outcomes": found, "worst": worst}))  # noqa: T201


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
