"""From the differences of windows to their errors, and to the shares of channels."""

from collections.abc import Iterable

import numpy as np

from skad.detectors._incomplete_windows import by_evidence, of_complete_windows


class WindowErrors:
    """What a fitted `WindowDetector` makes of the differences that its model leaves.

    Those of complete windows are averaged over all of their readings, those of others
    over what is there.
    """

    def _window_errors(self, windows):
        """Return the errors of windows; NaN of those without enough evidence."""
        ways = self._errors_of, self._errors_there
        max_missing = self._fitted_as.max_missing
        shape, scored = (len(windows),), self._errors.scored
        return by_evidence(windows, max_missing, *ways, shape, scored)

    def _errors_of(self, windows):
        blocks = self._channel_means(windows, merge=True)
        errors = ((start, self._errors.of_windows(means)) for start, means in blocks)
        return joined(errors, len(windows))

    def _errors_there(self, windows):
        errors = self._raw_errors_there(windows)
        return of_complete_windows(errors, windows, self._growth)

    def _raw_errors_there(self, windows):
        errors, blocks = self._errors, self._means_there(windows)
        parts = ((start, errors.of_windows_there(means)) for start, means in blocks)
        return joined(parts, len(windows))

    def _shares_of(self, windows):
        blocks = self._channel_means(windows, merge=False)
        shares = ((start, self._errors.shares(means)) for start, means in blocks)
        return joined(shares, (len(windows), windows.shape[2]))

    def _shares_there(self, windows):
        errors, blocks = self._errors, self._means_there(windows)
        parts = ((start, errors.shares_there(means)) for start, means in blocks)
        shares = joined(parts, (len(windows), windows.shape[2]))
        total = shares.sum(axis=1)
        scaled = of_complete_windows(total, windows, self._growth)
        ratio = np.divide(scaled, total, out=np.ones(len(total)), where=total > 0)
        return shares * ratio[:, np.newaxis]

    def _means_there(self, windows):
        for start, *differences in self._differences(windows):
            yield start, self._errors.means_there(*differences)

    def _channel_means(self, windows, *, merge):
        """Yield blocks of errors of complete windows, averaged over the steps.

        They are (n, n_channels) arrays. With ``merge``, channels may be one where that
        does not change their mean.
        """
        for start, *differences in self._differences(windows):
            yield start, self._errors.means(*differences, merge=merge)


def joined(blocks: Iterable[tuple[int, np.ndarray]], shape) -> np.ndarray:
    """Join blocks, each with the number of its first row; the last is filled up."""
    whole = np.empty(shape, dtype=np.float64)
    for start, block in blocks:
        whole[start : start + len(block)] = block[: len(whole) - start]
    return whole
