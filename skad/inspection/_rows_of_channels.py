"""What a display is given: rows of channels, with their names and their times."""

from dataclasses import dataclass

import numpy as np

from skad.inspection._time_axis import TimeAxis
from skad.metrics._labels_and_scores import is_anomaly


@dataclass(frozen=True)
class Rows:
    """Rows of channels: ``values`` of shape (n, n_channels), float64."""

    values: np.ndarray
    names: list
    time: TimeAxis

    @classmethod
    def of(cls, X, name="X") -> "Rows":
        """Read a table, an array, or windows, which stand for their last rows."""
        values = np.asarray(X)
        values = values[:, np.newaxis] if values.ndim == 1 else values
        values = values[:, -1] if values.ndim == 3 else values
        if values.ndim != 2 or values.size == 0:
            raise ValueError(
                f"{name} has shape {np.shape(X)}; needed are rows of channels, "
                "(n, n_channels), at least one of each."
            )
        names = list(getattr(X, "columns", [f"x{i}" for i in range(values.shape[1])]))
        return cls(_as_numbers(values, name), names, TimeAxis.of(X, len(values)))

    def __len__(self):
        return len(self.values)


def _as_numbers(values, name):
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} holds {values.dtype} values that are no numbers, and cannot be "
            "drawn. Pass the columns that are, for example "
            'X.select_dtypes("number"), to from_predictions.'
        ) from error


def framed_like(X, values: np.ndarray):
    """Give numbers of rows and channels the index and, if it fits, the names of X."""
    columns = list(getattr(X, "columns", []))
    fits = len(columns) == values.shape[1]
    return framed(values, X, columns if fits else range(values.shape[1]))


def framed(values: np.ndarray, X, names):
    """Put numbers into a table of the kind and with the index of X, if it is one."""
    if hasattr(X, "iloc"):
        return type(X)(values, index=X.index, columns=list(names))
    if hasattr(X, "with_columns"):  # polars
        return type(X)(values, schema=[str(name) for name in names])
    return values


def read_scores(scores, n_rows: int) -> np.ndarray:
    """Check that there is one score for each row."""
    scores = np.asarray(scores, dtype=np.float64)
    _refuse_other_length(scores, n_rows, "scores")
    return scores


def read_band(band, rows: Rows) -> list[np.ndarray] | None:
    """Check that a band is two tables of the rows; None stays None."""
    if band is None:
        return None
    sides = [np.asarray(side, dtype=np.float64) for side in band]
    if len(sides) != 2 or any(side.shape != rows.values.shape for side in sides):
        raise ValueError(
            f"band holds tables of the shapes {[side.shape for side in sides]}, and X "
            f"has the shape {rows.values.shape}. Pass (lower, upper) for the very rows "
            "of X, as skad.inspection.expected(detector, X, interval=0.99) gives them."
        )
    return sides


def read_truth(y, n_rows: int, pos_label) -> np.ndarray | None:
    """Tell which rows are anomalies by their labels; None stays None."""
    if y is None:
        return None
    truth = is_anomaly(y, pos_label=pos_label)
    _refuse_other_length(truth, n_rows, "y")
    return truth


def _refuse_other_length(values, n_rows, name):
    if values.shape != (n_rows,):
        raise ValueError(
            f"{name} has shape {values.shape} and X {n_rows} rows; one value per row "
            f"is needed. Pass {name} of the very rows of X."
        )
