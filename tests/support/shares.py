"""How much of what is slow a run takes on: the whole, or a share that is quick."""

import os

WHOLE = os.environ.get("SKAD_RELIABILITY") == "whole"


def share(whole, part):
    """Return what ``make bench-reliability`` takes, or what ``make test`` takes."""
    return whole if WHOLE else part
