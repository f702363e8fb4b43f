"""How scores of windows are spread over rows, and how far that looks."""

from dataclasses import dataclass, replace

import numpy as np

from skad._series.rolling import rolling, rolling_shares


@dataclass(frozen=True)
class Spreading:
    """Reduce the scores of the windows that cover a row, then smooth along the rows.

    Rows that are left out enter no mean, and get the usual score.
    """

    window_size: int
    reduce: str
    smoothing: int
    causal: bool
    usual: float = np.nan  # the median score of the training rows

    def __call__(
        self,
        scores: np.ndarray,
        starts: np.ndarray,
        left_out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return a score for each row; segments begin at ``starts``."""
        if left_out is None:
            return self._spread(scores, starts)
        spread = self._spread(np.where(left_out, np.nan, scores), starts)
        return np.where(left_out | np.isnan(spread), self.usual, spread)

    def learnt(
        self, scores: np.ndarray, starts: np.ndarray, left_out: np.ndarray | None
    ) -> "Spreading":
        """Learn the usual score from training rows that are not left out."""
        spread = self(scores, starts, left_out)
        there = spread[~np.isnan(spread)]
        if not len(there):
            there = self._spread(scores, starts)
        return replace(self, usual=float(np.median(there)))

    def _spread(self, scores, starts):
        for reduce, back, ahead in self._steps():
            scores = rolling(scores, starts, reduce, back, ahead)
        return scores

    @property
    def picks(self) -> bool:
        """Tell whether some of the covering windows decide, by their scores."""
        return self.reduce in ("median", "max")

    def of_channels(
        self,
        shares: np.ndarray,
        scores: np.ndarray | None,
        starts: np.ndarray,
        left_out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Spread what each channel adds, (n, n_channels), as the scores are spread.

        The scores are those of the windows; None will do where none is picked.
        """
        if left_out is not None:
            shares = np.where(left_out[:, np.newaxis], np.nan, shares)
            scores = None if scores is None else np.where(left_out, np.nan, scores)
        for reduce, back, ahead in self._steps():  # the second one is a mean
            shares = rolling_shares(shares, scores, starts, reduce, back, ahead)
        if left_out is not None:
            is_usual = left_out | np.isnan(shares).any(axis=1)
            shares[is_usual] = -self.usual / shares.shape[1]
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
