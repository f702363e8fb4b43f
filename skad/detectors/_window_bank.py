"""A bank of training windows, and the search for those that are nearest.

The search is made in two steps: products of matrices in single precision find the few
that come into question, and of these the distances are computed in double precision.
So a stored window that is identical to the one asked about lies at exactly 0, and the
distances do not depend on how the products were rounded.
"""

from dataclasses import dataclass

import numpy as np

# Numbers in the widest register: see `skad.detectors._pca_detector`.
_LANES = 16
# Beyond what single precision can square and add.
_LARGEST = np.float32(1e15)
_NEVER = np.float32(1e38)


@dataclass(frozen=True)
class WindowBank:
    """Stored windows as points, and the matrix by which they are searched.

    ``points`` is (n, n_numbers), ``rows`` tells at which row of the training series
    each window ends. What is searched is centred and of size 1 or so.
    """

    points: np.ndarray
    rows: np.ndarray
    centre: np.ndarray
    size: float
    search: np.ndarray

    def nearest(
        self, asked: np.ndarray, k: int, left_out: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the k nearest of the bank to each of a block of points.

        Parameters
        ----------
        asked : ndarray of shape (n_block, n_numbers), float64
            A block of one fixed shape.
        k : int
            How many are sought.
        left_out : ndarray of shape (n_block, n_bank) or None, bool
            What of the bank does not count, for each point. Without it, one stored
            window identical to the point asked about does not count.

        Returns
        -------
        squares : ndarray of shape (n_block, k), float64
            The squared distances, the least first; infinite where there are no more.
        found : ndarray of shape (n_block, k), int64
            Which of the bank these are.
        """
        ranks = self._ranks(asked)
        if left_out is not None:
            np.putmask(ranks[:, : len(self.rows)], left_out, _NEVER)
        found, is_there = _least(ranks, min(k + 1, len(self.points)))
        differences = asked[:, np.newaxis] - self.points[found]
        squares = np.square(differences).sum(axis=2)
        squares[~is_there] = np.inf
        if left_out is None:  # the one that is identical goes to the end
            is_same = squares == 0
            is_same[:, 1:] &= ~np.maximum.accumulate(is_same, axis=1)[:, :-1]
            squares[is_same] = np.inf
        order = np.argsort(squares, axis=1, kind="stable")[:, :k]
        take = np.take_along_axis
        return take(squares, order, axis=1), take(found, order, axis=1)

    def _ranks(self, asked):
        """Return numbers that grow with the distance to each of the bank."""
        matrix = np.zeros((len(asked), len(self.search)), dtype=np.float32)
        scaled = (asked - self.centre) / self.size
        matrix[:, : asked.shape[1]] = np.clip(scaled, -_LARGEST, _LARGEST)
        matrix[:, asked.shape[1]] = 1.0
        return matrix @ self.search


def bank_of(points: np.ndarray, rows: np.ndarray) -> WindowBank:
    """Make a bank of points, (n, n_numbers), that end at the given training rows."""
    centre = points.mean(axis=0)
    centred = points - centre
    size = float(np.sqrt(np.square(centred).mean())) or 1.0
    n, n_numbers = points.shape
    search = np.zeros((_whole(n_numbers + 1), _whole(n)), dtype=np.float32)
    search[:n_numbers, :n] = -centred.T / size
    search[n_numbers] = _NEVER
    search[n_numbers, :n] = np.square(centred / size).sum(axis=1) / 2
    return WindowBank(points, rows, centre, size, search)


def _whole(length):
    """Round up to whole registers: other columns take other paths through the BLAS."""
    return length + -length % _LANES


def _least(ranks, count):
    """Return the columns of the least ranks of each row, and whether they count."""
    rows = np.arange(len(ranks))
    found = np.empty((len(ranks), count), dtype=np.int64)
    is_there = np.empty((len(ranks), count), dtype=bool)
    for place in range(count):  # a few passes are faster than a partition
        columns = ranks.argmin(axis=1)
        found[:, place] = columns
        is_there[:, place] = ranks[rows, columns] < _NEVER
        ranks[rows, columns] = _NEVER
    return found, is_there


def nearest_of_groups(
    banks: list[WindowBank],
    points: list[np.ndarray],
    k: int,
    rows: np.ndarray | None,
    zone: int,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Search each bank for its own points; see `WindowBank.nearest`.

    ``rows`` are the training rows at which the points end, if they are any: what is
    stored within ``zone`` rows does not count.

    Returned are the mean distances over the k nearest, (n_block, n_groups), and for
    each group which is nearest, (n_block,).
    """
    distances, found, stored, left_out = [], [], None, None
    for bank, asked in zip(banks, points, strict=True):
        if rows is not None and not np.array_equal(bank.rows, stored):
            stored = bank.rows
            left_out = np.abs(rows[:, np.newaxis] - stored) <= zone
        squares, places = bank.nearest(asked, k, left_out)
        distances.append(_mean_distance(squares / asked.shape[1]))
        found.append(places[:, 0])
    return np.stack(distances, axis=1), found


def _mean_distance(squares):
    """Return the mean of the roots that are finite."""
    is_there = np.isfinite(squares)
    roots = np.sqrt(np.where(is_there, squares, 0.0))
    return roots.sum(axis=1) / np.maximum(is_there.sum(axis=1), 1)
