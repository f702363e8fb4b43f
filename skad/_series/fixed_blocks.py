"""Blocks of one shape, whatever the number of rows.

Kernels of linear algebra give other last bits for other shapes. What is computed from
a block of one fixed shape has the same bits in whichever block a row stands, and
beside whatever else.
"""

from collections.abc import Iterator

import numpy as np


def fixed_blocks(
    rows: np.ndarray, size: int, overlap: int = 0, dtype: type = np.float32
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield contiguous blocks of ``size`` rows and the ``overlap`` rows after them.

    With each comes the number of its first row; the last is filled up.
    """
    for start in range(0, len(rows) - overlap, size):
        found = rows[start : start + size + overlap]
        block = np.empty((size + overlap, *rows.shape[1:]), dtype=dtype)
        block[: len(found)] = found
        block[len(found) :] = found[-1]
        yield start, block
