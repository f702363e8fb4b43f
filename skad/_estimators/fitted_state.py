"""Whether what was loaded can have been learnt with the parameters that it has."""

from numbers import Integral
from typing import Any

# Numbers that one window may hold. Those of larger windows are not loaded: a small file
# could ask for more memory than there is.
_MOST_IN_A_WINDOW = 2**22


def refuse_unlearnt_size(
    estimator: Any, learnt: Any, asked: int | str, n_channels: int = 1
) -> None:
    """Raise where ``window_size_`` does not follow from ``window_size``."""
    name = type(estimator).__name__
    if isinstance(learnt, bool) or not isinstance(learnt, Integral) or learnt < 1:
        raise ValueError(f"window_size_={learnt!r} of {name} is no length of a window.")
    if asked not in ("auto", learnt):
        raise ValueError(
            f"{name} learnt window_size_={learnt} and now has window_size={asked!r}. "
            "Set window_size back, or fit anew, and save it again."
        )
    if learnt * n_channels > _MOST_IN_A_WINDOW:
        raise ValueError(
            f"window_size_={learnt} of {name} makes windows of more than "
            f"{_MOST_IN_A_WINDOW} numbers, which are not loaded."
        )
