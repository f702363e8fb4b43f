"""The scores of several detectors on one scale, and one number out of them.

A number that is NaN is of a row that the member cannot judge: the others answer for it.
"""

import numpy as np

# Differences below this share of the largest error are taken for rounding.
_ROUNDING = 10 * np.finfo(np.float64).eps
# By what the quartiles of a normal distribution lie apart, in standard deviations.
_QUARTILES = 1.349
# Keeps sums finite, whatever a detector returns.
_LARGEST = 1e100


def learn_scale(scores: np.ndarray, name: str) -> tuple[float, float]:
    """Return the median of the training errors, and their robust deviation."""
    errors = -np.asarray(scores, dtype=np.float64)
    if not np.isfinite(errors).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(errors))} of the {len(errors)} training scores of "
            f"{name!r} are not finite, so they show no scale. Scale its input, or drop "
            f'it with set_params({name}="drop").'
        )
    low, median, high = np.percentile(errors, [25, 50, 75])
    rounding = _ROUNDING * np.max(np.abs(errors))
    # In turn, where most training errors are equal, and where all of them are.
    spreads = ((high - low) / _QUARTILES, np.std(errors), abs(median))
    spread = next((spread for spread in spreads if spread > rounding), 1.0)
    return float(median), float(spread)


def on_scale(scores: np.ndarray, median: float, spread: float) -> np.ndarray:
    """Count how many spreads each error lies above the median."""
    with np.errstate(over="ignore"):
        numbers = (-np.asarray(scores, dtype=np.float64) - median) / spread
    return np.clip(numbers, -_LARGEST, _LARGEST)


def combine_numbers(
    numbers: list[np.ndarray], how: str, shares: np.ndarray
) -> np.ndarray:
    """Make one number of the members' numbers, row by row."""
    # One after the other, so that a row gets the same bits whatever is scored with it.
    return sum(parts_of_members(numbers, how, shares))


def usual_of(combined: np.ndarray) -> float:
    """Return the median of what there is; 0, which is usual, where there is nothing."""
    there = combined[~np.isnan(combined)]
    return float(np.median(there)) if len(there) else 0.0


def parts_of_members(
    numbers: list[np.ndarray], how: str, shares: np.ndarray
) -> list[np.ndarray]:
    """Return what each member adds to the combined number, row by row.

    It is nothing where the member cannot judge, and NaN where none can.
    """
    weights = weights_of_members(numbers, how, shares)
    if how == "mean_log":
        numbers = [np.sign(z) * np.log1p(np.abs(z)) for z in numbers]
    silent = np.isnan(numbers)
    if silent.any():
        silent &= _is_judged(silent, shares)
        numbers = np.where(silent, 0.0, numbers)
    return [weight * z for weight, z in zip(weights, numbers, strict=True)]


def weights_of_members(
    numbers: list[np.ndarray], how: str, shares: np.ndarray
) -> list[np.ndarray]:
    """Return what each member counts, row by row or everywhere alike; they sum to 1."""
    silent = np.isnan(numbers)
    if how == "max":
        largest = np.argmax(np.where(silent, -np.inf, numbers), axis=0)
        return [(largest == i).astype(np.float64) for i in range(len(numbers))]
    if not silent.any():
        return list(shares)
    as_ever = ~silent.any(axis=0) | ~_is_judged(silent, shares)  # to the bit
    weights = np.where(silent & ~as_ever, 0.0, shares[:, np.newaxis])
    return list(weights / np.where(as_ever, 1.0, weights.sum(axis=0)))


def weighed(weight: np.ndarray | float, rows: np.ndarray) -> np.ndarray:
    """Multiply each row by its weight, or all by one."""
    return np.reshape(weight, (-1, 1)) * rows


def _is_judged(silent, shares):
    """Tell of each row whether a member that counts judges it."""
    return (~silent & (shares > 0)[:, np.newaxis]).any(axis=0)


def share_out(parts: list[np.ndarray], shares: list[np.ndarray]) -> np.ndarray:
    """Share the sum of the members' parts out among channels, row by row.

    A channel gets what it has in the members that find the row odd, those with a part
    above 0; where none does, in all of them. So no channel gets less than nothing, or
    more than there is, of whatever the parts sum up to: one member may find a row odd
    and another find it usual.
    """
    odd = [np.maximum(part, 0) for part in parts]
    is_usual = np.sum(odd, axis=0) == 0
    claims = [np.where(is_usual, 1, part)[:, np.newaxis] for part in odd]
    weighed = sum(w * _of_one(s) for w, s in zip(claims, shares, strict=True))
    return sum(parts)[:, np.newaxis] * weighed / sum(claims)


def _of_one(shares):
    """Divide shares by their sum; of a distance some may be negative."""
    shares = np.maximum(shares, 0)
    totals = shares.sum(axis=1, keepdims=True)
    alike = np.full(shares.shape, 1 / shares.shape[1])
    return np.divide(shares, totals, out=alike, where=totals != 0)
