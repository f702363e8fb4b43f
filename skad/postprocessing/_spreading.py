"""How scores of windows are spread over rows, and how far that looks."""

from dataclasses import dataclass

import numpy as np

from skad._series.rolling import rolling, rolling_shares


@dataclass(frozen=True)
class Spreading:
    """Reduce the scores of the windows that cover a row, then smooth along the rows."""

    window_size: int
    reduce: str
    smoothing: int
    causal: bool

    def __call__(self, scores: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return a score for each row; segments begin at ``starts``."""
        for reduce, back, ahead in self._steps():
            scores = rolling(scores, starts, reduce, back, ahead)
        return scores

    @property
    def picks(self) -> bool:
        """Tell whether some of the covering windows decide, by their scores."""
        return self.reduce in ("median", "max")

    def of_channels(
        self, shares: np.ndarray, scores: np.ndarray | None, starts: np.ndarray
    ) -> np.ndarray:
        """Spread what each channel adds, (n, n_channels), as the scores are spread.

        The scores are those of the windows; None will do where none is picked.
        """
        for reduce, back, ahead in self._steps():  # the second one is a mean
            shares = rolling_shares(shares, scores, starts, reduce, back, ahead)
        return shares

    def context(self) -> tuple[int, int]:
        """Count the rows back and ahead whose windows enter the score of a row."""
        steps = self._steps()
        return sum(back for _, back, _ in steps), sum(ahead for _, _, ahead in steps)

    def _steps(self):
        """List what is done one after the other, each with its reach."""
        size, width = self.window_size, self.smoothing
        if self.causal:
            cover, around = (size - 1, 0), (width - 1, 0)
        else:
            # Of an even number, one more before the row than after it.
            cover, around = (0, size - 1), (width // 2, (width - 1) // 2)
        if self.reduce == "centre":
            first = ("last", 0, (size - 1) // 2)
        else:
            # The lowest score is the most abnormal one: the maximum of the error.
            first = ("min" if self.reduce == "max" else self.reduce, *cover)
        return [first, ("mean", *around)]
