"""Which deviations of which channels count: directions, least sizes, context.

Three parameters of the detectors say so: by one value for all channels, by one for
each, or by a dict from names or positions. Here they become one entry per channel.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skad._estimators.forgotten_channels import LAST

DIRECTIONS = ("both", "above", "below")
RULES = {
    "direction": [StrOptions(set(DIRECTIONS)), dict, "array-like"],
    "min_deviation": [Interval(Real, 0, None, closed="left"), dict, "array-like"],
    "context_channels": ["array-like", None],
}


@dataclass(frozen=True)
class RulesByPosition:
    """The three parameters with one entry per channel, channels by their positions."""

    direction: tuple[str, ...]
    min_deviation: tuple[float, ...]
    context_channels: tuple[int, ...]

    def as_parameters(self) -> dict:
        """Return those parameters that differ from their defaults."""
        usual = {"direction": {"both"}, "min_deviation": {0}, "context_channels": ()}
        return {
            name: getattr(self, name)
            for name, value in usual.items()
            if set(getattr(self, name)) - set(value)
        }

    def least(self) -> np.ndarray | None:
        """Return by how much a channel has to lie below, and above, what is expected.

        The shape is (2, n_channels); None stands for any deviation of any channel.
        """
        sizes = np.array(self.min_deviation, dtype=np.float64)
        directions = np.array(self.direction)
        least = np.where(directions == [["above"], ["below"]], np.inf, sizes)
        return least if least.any() else None

    def scored(self) -> np.ndarray | None:
        """Tell which channels are no context, (n_channels,); None for all."""
        everywhere = np.arange(len(self.direction))
        if not self.context_channels:
            return None
        return ~np.isin(everywhere, self.context_channels)


def rules_of(detector, names: Sequence) -> RulesByPosition:
    """Read the parameters of a detector for channels of these names.

    Where they have none, the names are their positions.

    Raises
    ------
    ValueError
        If a parameter names a channel that there is not, has another number of
        entries, or a value it does not know; or if no channel is left to score.
    """
    rules = RulesByPosition(
        tuple(map(_direction, _of_channels(detector, "direction", names, "both"))),
        tuple(map(_size, _of_channels(detector, "min_deviation", names, 0))),
        tuple(sorted({*positions(detector, "context_channels", names)})),
    )
    if len(rules.context_channels) == len(names):
        raise ValueError(
            f"context_channels={detector.context_channels!r} are all the channels of "
            "X: none is left to score. Leave out those that may be abnormal."
        )
    return rules


def positions(detector, parameter: str, names: Sequence) -> list[int]:
    """Return where the channels stand that a parameter lists, or has as keys."""
    listed = getattr(detector, parameter)
    if listed is None:
        return []
    _refuse_no_list(listed, parameter)
    return [_position(key, parameter, names) for key in listed]


def names_in_windows(columns: Iterable | None, n_channels: int) -> list:
    """Read the names of channels off the columns of flattened windows.

    `SlidingWindow` writes ``<channel>_lag0`` for the last row of a window.
    """
    last = [] if columns is None else list(columns)[-n_channels:]
    if last and all(isinstance(each, str) and each.endswith(LAST) for each in last):
        return [each.removesuffix(LAST) for each in last]
    return list(range(n_channels))


def _of_channels(detector, parameter, names, usual):
    given = getattr(detector, parameter)
    if isinstance(given, (str, Real)):
        return [given] * len(names)
    if isinstance(given, Mapping):
        values = [usual] * len(names)
        places = positions(detector, parameter, names)
        for place, value in zip(places, given.values(), strict=True):
            values[place] = value
        return values
    _refuse_no_list(given, parameter)
    if len(given) != len(names):
        raise ValueError(
            f"{parameter} has {len(given)} entries, and X has {len(names)} channels. "
            "Give one value for all channels, one for each, or a dict from channels to "
            "values."
        )
    return list(given)


def _refuse_no_list(given, parameter):
    if isinstance(given, type) or not isinstance(given, (Sized, np.ndarray)):
        raise ValueError(
            f"{parameter}={given!r} is no list of channels. Give one entry for "
            "each, or name the channels that are meant."
        )


def _position(key, parameter, names):
    if key in names:
        return names.index(key)
    is_position = isinstance(key, Integral) and not isinstance(key, bool)
    if is_position and 0 <= key < len(names):
        return int(key)
    raise ValueError(
        f"{parameter} names the channel {key!r}, and the channels of X are "
        f"{list(names)}. Where these are only counted, as behind SlidingWindow, give "
        "positions, or names to make_detector."
    )


def _direction(value):
    if value in DIRECTIONS:
        return str(value)
    raise ValueError(
        f"direction holds {value!r}; each channel takes one of {list(DIRECTIONS)}."
    )


def _size(value):
    if isinstance(value, Real) and 0 <= value < np.inf:
        return float(value)
    raise ValueError(
        f"min_deviation holds {value!r}; each channel takes a number of at least 0, in "
        "the units of X."
    )
