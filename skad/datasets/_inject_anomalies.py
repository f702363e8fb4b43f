"""Labelled anomalies of known kinds, put into a normal series."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params


def _spike(readings, others, deviation, strength, rng):
    readings = readings.copy()
    readings[0] += rng.choice([-1, 1]) * strength * deviation
    return readings


def _level(readings, others, deviation, strength, rng):
    return readings + rng.choice([-1, 1]) * strength * deviation


def _trend(readings, others, deviation, strength, rng):
    ramp = np.linspace(0, strength * deviation, len(readings))
    return readings + rng.choice([-1, 1]) * ramp


def _stuck(readings, others, deviation, strength, rng):
    return np.full_like(readings, readings[0])


def _noise(readings, others, deviation, strength, rng):
    return readings + rng.normal(scale=strength * deviation / 2, size=len(readings))


def _frequency(readings, others, deviation, strength, rng):
    twice = np.concatenate([readings, readings[::-1]])[::2]
    return twice[: len(readings)]


def _amplitude(readings, others, deviation, strength, rng):
    middle = readings.mean()
    return middle + strength * (readings - middle)


def _correlation(readings, others, deviation, strength, rng):
    """Take the channel's own readings of another time: each one is usual."""
    start = rng.randint(len(others) - len(readings) + 1)
    return others[start : start + len(readings)]


KINDS = {
    "spike": _spike,
    "level": _level,
    "trend": _trend,
    "stuck": _stuck,
    "noise": _noise,
    "frequency": _frequency,
    "amplitude": _amplitude,
    "correlation": _correlation,
}


@validate_params(
    {
        "X": ["array-like"],
        "kinds": ["array-like", None],
        "length": [Interval(Integral, 2, None, closed="left")],
        "strength": [Interval(Real, 0, None, closed="neither")],
        "first_row": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def inject_anomalies(
    X, kinds=None, *, length=50, strength=5.0, first_row=0, random_state=None
):
    """Put one anomaly of each kind into a copy of a series, and label it.

    The rows from ``first_row`` on are divided evenly among the anomalies. Each stands
    somewhere in its part, in one channel, in random order, and no two touch.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_timestamps, n_channels)
        Normal readings of one series.
    kinds : sequence of str or None, default=None
        One anomaly for each entry; a kind may be given several times. None is one of
        each. With the
        standard deviation of the channel as the unit:

        - "spike": one row moves by ``strength``;
        - "level": all rows move by ``strength``;
        - "trend": the rows drift by up to ``strength``;
        - "stuck": the first reading repeats;
        - "noise": noise with a deviation of half of ``strength`` is added;
        - "frequency": the readings run at twice their pace, forth and back;
        - "amplitude": the distance from the mean is multiplied by ``strength``;
        - "correlation": the readings are those of the same channel at another time,
          so each is usual, but not together with the other channels.
    length : int, default=50
        Rows of an anomaly; a spike has one.
    strength : float, default=5.0
        How far readings move.
    first_row : int, default=0
        The first row that may be abnormal: pass the number of rows to fit on.
    random_state : int, RandomState instance or None, default=None
        Draws places, channels and directions.

    Returns
    -------
    data : sklearn.utils.Bunch
        With ``data``, a copy of X with the anomalies; ``target``, ndarray of shape
        (n_timestamps,), int64, -1 for abnormal rows and 1 for the others; ``events``,
        a list of dicts with "kind", "channel", "start" and "stop" (the row after the
        last), in time order; and ``n_train``, which is ``first_row``.

    Raises
    ------
    ValueError
        If a kind is unknown; if X has too few rows for so many anomalies, or one
        channel and "correlation" is asked for; if X holds no numbers.

    See Also
    --------
    make_series : A series to put them into.

    Examples
    --------
    >>> from skad.datasets import inject_anomalies, make_series
    >>> X = make_series(n_timestamps=1000, random_state=0)
    >>> faulty = inject_anomalies(X, ["spike", "stuck"], random_state=0)
    >>> [event["kind"] for event in faulty.events], int((faulty.target == -1).sum())
    (['stuck', 'spike'], 51)
    """
    rng = check_random_state(random_state)
    normal = np.array(X, dtype=np.float64, ndmin=2)
    kinds = _checked_kinds(kinds, normal)
    slots = _slots(len(normal), first_row, len(kinds), length)
    values, target = normal.copy(), np.ones(len(normal), dtype=np.int64)
    names = list(getattr(X, "columns", range(normal.shape[1])))
    events = []
    for kind, slot in zip(kinds, rng.permutation(len(kinds)), strict=True):
        start = rng.randint(slots[slot] + 1, slots[slot + 1] - length)
        stop = start + (1 if kind == "spike" else length)
        channel = rng.randint(len(names))
        own = normal[:, channel]
        altered = KINDS[kind](own[start:stop], own, own.std(), strength, rng)
        values[start:stop, channel], target[start:stop] = altered, -1
        event = {"kind": kind, "channel": names[channel], "start": start, "stop": stop}
        events.append(event)
    events.sort(key=lambda event: event["start"])
    data = type(X)(values, X.index, names) if hasattr(X, "iloc") else values
    return Bunch(data=data, target=target, events=events, n_train=first_row)


def _checked_kinds(kinds, values):
    kinds = list(KINDS if kinds is None else kinds)
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ValueError(
            f"kinds={kinds!r} holds {unknown or 'nothing'}; name one or more of "
            f"{sorted(KINDS)}."
        )
    if "correlation" in kinds and values.shape[1] < 2:
        raise ValueError(
            'The kind "correlation" takes a channel away from the others, and X has '
            f"{values.shape[1]} channel. Leave it out of kinds, or pass a series of "
            "two channels or more."
        )
    return kinds


def _slots(n_rows, first_row, n_slots, length):
    """Return the edges of the parts in which one anomaly each stands."""
    edges = np.linspace(first_row, n_rows, n_slots + 1).astype(int)
    needed = (length + 3) * n_slots
    if n_rows - first_row < needed:
        raise ValueError(
            f"X has {n_rows - first_row} rows from first_row={first_row} on, and "
            f"{n_slots} anomalies of length={length} need {needed}. Pass a longer "
            "series, or lower length or the number of kinds."
        )
    return edges
