"""A few rows for many: stretches of neighbouring rows, spread over a series."""


def stretches(n_rows: int, most: int, count: int) -> list[tuple[int, int]]:
    """Spread ``count`` equal stretches over the rows, ``most`` rows together.

    Each is a pair of its first row and the row after its last; together they are all
    rows where there are no more than ``most``.
    """
    if n_rows <= most:
        return [(0, n_rows)]
    length = most // count
    firsts = [place * (n_rows - length) // (count - 1) for place in range(count)]
    return [(first, first + length) for first in firsts]
