"""Save and load estimators, in files that run nothing when they are read.

Imports skops, and looks up the public names of the other rooms.
"""

from skad.persistence._saving import load, save

__all__ = ["load", "save"]
