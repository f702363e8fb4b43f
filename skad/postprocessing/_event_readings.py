"""How severe an event is, and what was read and expected at its peak."""

from dataclasses import dataclass

import numpy as np


def severity_of_rows(scores, thresholds, usual, is_labels):
    """Return z / (1 + z) of each row, z = 1 at the threshold and 0 at what is usual."""
    if is_labels:
        return (scores < 0).astype(np.float64)
    usual = np.median(scores) if usual is None and len(scores) else usual
    usual = 0.0 if usual is None else np.asarray(usual, dtype=np.float64)
    reach = usual - thresholds
    # A threshold that is not below what is usual leaves nothing to count by but itself.
    reach = np.where(reach > 0, reach, np.maximum(np.abs(thresholds), 1.0))
    z = np.maximum(1 + (thresholds - scores) / reach, 0)
    return z / (1 + z)


@dataclass(frozen=True)
class Readings:
    """What was read, expected and to be expected, of each row and channel."""

    names: list
    observed: np.ndarray
    expected: np.ndarray
    lower: np.ndarray | None
    upper: np.ndarray | None


def check_readings(observed, expected, band):
    """Read the tables, of one shape; None without any."""
    if expected is None and band is None:
        return None
    if observed is None or expected is None:
        missing = "observed" if observed is None else "expected"
        raise ValueError(
            f"{missing} is missing: to tell what was read and what was expected, pass "
            "observed=X and expected=skad.inspection.expected(detector, X)."
        )
    lower, upper = (None, None) if band is None else band
    names = list(getattr(observed, "columns", range(np.shape(observed)[1])))
    tables = [
        None if table is None else np.asarray(table, dtype=np.float64)
        for table in (observed, expected, lower, upper)
    ]
    shapes = {table.shape for table in tables if table is not None}
    if len(shapes) > 1:
        raise ValueError(
            f"observed, expected and band are of different shapes, {sorted(shapes)}. "
            "Pass tables of the same rows and channels."
        )
    return Readings(names, *tables)


def readings_of_events(readings, peaks, channels):
    """Return columns of the channel that each event is about, at its peak."""
    off = np.abs(readings.observed - readings.expected)[peaks]
    if readings.lower is not None:
        off = off / np.maximum(readings.upper - readings.lower, 1e-300)[peaks]
    at = np.argmax(off, axis=1) if len(peaks) else np.zeros(0, dtype=int)
    if channels is not None:
        first = [names[0] if names else None for names in channels]
        known = [name in readings.names for name in first]
        at = [
            readings.names.index(name) if is_known else furthest
            for name, is_known, furthest in zip(first, known, at, strict=True)
        ]
    at = np.asarray(at, dtype=int)
    columns = {"channel": np.array(readings.names, dtype=object)[at]}
    for name in ("observed", "expected", "lower", "upper"):
        table = getattr(readings, name)
        if table is not None:
            columns[name] = table[peaks, at]
    is_above = columns["observed"] > columns["expected"]
    columns["direction"] = np.where(is_above, "above", "below").astype(object)
    return columns
