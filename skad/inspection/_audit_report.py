"""The words of an audit: what was found in each channel, and what to do about it."""

import numpy as np

from skad.inspection._channel_findings import ChannelFindings
from skad.inspection._clock_findings import ClockFindings

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_LONGEST_WINDOW = 128
_FEW_NAMES = 8


# What to do, and the channels that it concerns; a channel of text has no findings.
_CURES = (
    (
        "Turn text into numbers by pandas.get_dummies, or drop it",
        lambda found: found is None,
    ),
    (
        "Leave missing readings in, or fill short bursts by X.interpolate(limit=...). "
        "Filling by the last reading makes a sensor look stuck",
        lambda found: found and found.missing > 0,
    ),
    (
        "Drop what never changes, unless a change would be a fault",
        lambda found: found and found.is_constant,
    ),
    (
        "Look at the longest repeats. A sensor that hangs is a fault, which training "
        "should not learn",
        lambda found: found and found.is_stuck,
    ),
    (
        "Take the differences of counters, X.diff()",
        lambda found: found and found.is_counter,
    ),
    (
        "Expect alarms where a level drifts beyond what training saw. Fit on later "
        "rows, subtract a trailing median, or drop",
        lambda found: found and found.is_drifting,
    ),
    (
        f"A window holds {_LONGEST_WINDOW} rows at most by itself. For longer periods "
        "average rows, for example by X.resample, or set window_size",
        lambda found: found and max(found.periods, default=0) > _LONGEST_WINDOW,
    ),
)


def report(n_rows: int, clock: ClockFindings, channels: dict) -> str:
    """Write the report: a line on the table, one on its clock, one for each channel."""
    lines = [
        f"{n_rows} rows, {_counted(len(channels), 'channel')}, "
        f"{clock.n_series} series.",
        f"Clock: {_clock_in_words(clock)}.",
        *(f"{name}: {_channel_in_words(found)}." for name, found in channels.items()),
    ]
    advice = [*_advice_on_clock(clock), *_advice_on_channels(channels)]
    if advice:
        lines += ["What to do:", *(f"- {line}" for line in advice)]
    return "\n".join(lines)


def _clock_in_words(clock):
    if clock.kind == "row numbers":
        return "no index, so rows are counted"
    if clock.kind == "labels":
        return "the index holds labels, which show neither time nor row numbers"
    parts = [clock.kind]
    if clock.step is not None:
        parts.append(f"one every {_span(clock.step)}")
    parts.append(
        f"{_counted(clock.n_gaps, 'gap')}, the widest {_span(clock.widest_gap)}"
        if clock.n_gaps
        else "no gaps"
    )
    if clock.n_duplicates:
        parts.append(_counted(clock.n_duplicates, "duplicate"))
    if clock.n_backwards:
        parts.append(f"{_counted(clock.n_backwards, 'step')} back in time")
    if clock.jitter:
        parts.append(f"{100 * clock.jitter:.1f} % of the steps off the clock")
    return ", ".join(parts)


def _channel_in_words(found: ChannelFindings | None):
    if found is None:
        return "text, no numbers"
    parts = []
    if found.missing:
        parts.append(
            f"{100 * found.missing:.1f} % missing, up to {found.longest_missing} rows "
            "in a row"
        )
    if found.is_constant:
        parts.append("never changes")
    if found.is_stuck:
        parts.append(f"repeats one reading for {found.longest_repeat} rows")
    if found.is_counter:
        parts.append("counts upwards")
    if found.is_drifting:
        way = "up" if found.drift > 0 else "down"
        parts.append(f"drifts {way}, by {abs(found.drift):.1f} usual deviations")
    if found.periods:
        parts.append(f"period of about {' and '.join(map(str, found.periods))} rows")
    return ", ".join(parts) or "nothing stands out"


def _advice_on_clock(clock):
    if clock.kind == "labels":
        yield "Give X an index of times, for example by pandas.to_datetime(X.index)."
    if clock.n_backwards:
        yield "Sort the rows: X.sort_index()."
    if clock.n_duplicates:
        yield "Drop duplicate times: X[~X.index.duplicated()]."
    if clock.n_gaps:
        yield (
            "Leave gaps in: no window crosses one. Keep the index on the way, with "
            'set_output(transform="pandas") for every step before the windows.'
        )


def _advice_on_channels(channels):
    for cure, concerns in _CURES:
        names = [str(name) for name, found in channels.items() if concerns(found)]
        more = f" and {len(names) - _FEW_NAMES} more" if len(names) > _FEW_NAMES else ""
        if names:
            yield f"{cure}: {', '.join(names[:_FEW_NAMES])}{more}."


def _counted(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _span(difference):
    if not isinstance(difference, np.timedelta64):
        return f"{difference:g}"
    seconds = difference / np.timedelta64(1, "s")
    name, size = next(
        ((name, size) for name, size in _UNITS if seconds >= size), ("second", 1)
    )
    return _counted(f"{seconds / size:g}", name) if seconds != size else f"1 {name}"
