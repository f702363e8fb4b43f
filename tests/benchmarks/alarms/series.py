"""Normal series of four kinds; whatever a detector finds in them is a false alarm."""

import numpy as np


def white(rng, n_rows):
    return rng.normal(size=n_rows)


def seasonal(rng, n_rows):
    """Two harmonics of a period between 10 and 50 rows, in noise."""
    turns = np.arange(n_rows) / rng.uniform(10, 50) + rng.uniform()
    wave = np.sin(2 * np.pi * turns) + 0.5 * np.sin(
        4 * np.pi * turns + rng.uniform(0, 6)
    )
    return wave + 0.3 * rng.normal(size=n_rows)


def autoregressive(rng, n_rows):
    """Each row 0.9 of the one before, and noise."""
    values = rng.normal(size=n_rows)
    values[0] /= np.sqrt(1 - 0.9**2)  # so that it starts as it goes on
    for row in range(1, n_rows):
        values[row] += 0.9 * values[row - 1]
    return values


def random_walk(rng, n_rows):
    return np.cumsum(rng.normal(size=n_rows))


KINDS = {
    "white": white,
    "seasonal": seasonal,
    "AR(1)": autoregressive,
    "random walk": random_walk,
}
# Rows to come are exchangeable with those held back, but for what neighbours share.
WITH_A_PROMISE = ("white", "seasonal")


def make_series(kind, number, n_rows):
    """Return series number so-and-so of a kind, always the same one."""
    rng = np.random.default_rng([list(KINDS).index(kind), number])
    return KINDS[kind](rng, n_rows).reshape(-1, 1)
