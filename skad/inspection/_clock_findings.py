"""What an index shows: its step, gaps, duplicates, disorder and jitter."""

from dataclasses import dataclass

import numpy as np

# Of the step: a difference further from it than that is jitter, and from _GAP on a gap.
_JITTER, _GAP = 0.01, 3.0


@dataclass(frozen=True)
class ClockFindings:
    """Counts are of rows; ``step`` and ``widest_gap`` in the units of the index."""

    kind: str
    n_series: int = 1
    step: object = None
    n_gaps: int = 0
    widest_gap: object = None
    n_duplicates: int = 0
    n_backwards: int = 0
    jitter: float = 0.0


def look_at_clock(index) -> ClockFindings:
    """Look at a pandas index, or at None, which counts rows."""
    if index is None or callable(index):
        return ClockFindings("row numbers")
    n_series, new_series = 1, np.zeros(max(len(index) - 1, 0), dtype=bool)
    if hasattr(index, "levels"):
        codes = np.array(index.codes[:-1]).reshape(-1, len(index))
        new_series = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
        n_series = int(new_series.sum()) + 1
        index = index.get_level_values(-1)
    values = np.asarray(index.infer_objects().values)
    if values.dtype.kind not in "Miuf":
        return ClockFindings("labels", n_series)
    kind = "timestamps" if values.dtype.kind == "M" else "numbers"
    return _of_differences(kind, n_series, np.diff(values)[~new_series])


def _of_differences(kind, n_series, differences):
    zero = np.zeros(1, dtype=differences.dtype)[0]
    forward = np.sort(differences[differences > zero])
    if not len(forward):
        return ClockFindings(kind, n_series, n_duplicates=len(differences))
    step = forward[(len(forward) - 1) // 2]
    ratios = differences / step
    gaps = ratios > _GAP
    regular = (ratios > 0) & ~gaps
    return ClockFindings(
        kind,
        n_series,
        step=step,
        n_gaps=int(gaps.sum()),
        widest_gap=differences[gaps].max() if gaps.any() else None,
        n_duplicates=int((ratios == 0).sum()),
        n_backwards=int((ratios < 0).sum()),
        jitter=float(np.mean(abs(ratios[regular] - 1) > _JITTER)),
    )
