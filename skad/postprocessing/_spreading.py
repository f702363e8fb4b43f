"""How scores of windows are spread over rows, and how far that looks."""

from dataclasses import dataclass

import numpy as np

from skad._rolling import rolling


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
