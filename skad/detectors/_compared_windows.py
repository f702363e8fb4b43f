"""What of windows is compared: their scaled readings, or features of them.

Windows become points, a row of numbers each: one for all channels (*joint*), or one for
each channel, which is then a group of its own. Points come in blocks of one fixed
shape, with the number of the first window; the last block is filled up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skad._estimators.window_scaling import centre_and_scale
from skad._series.fixed_blocks import fixed_blocks
from skad._series.missing import filled
from skad.detectors._channel_distances import channels_of

# Windows that are compared at a time; fewer where a window holds many numbers.
_BLOCK, _LARGEST_BLOCK = 512, 2**21
# Windows whose features are computed at a time.
_FEATURES_AT_ONCE = 2**13


@dataclass(frozen=True)
class ComparedWindows:
    """How windows are filled, scaled, and made points.

    Of each channel, ``usual`` stands where it has no reading, ``floor`` is the least
    deviation by which it is divided, and ``weights`` multiply the readings that are
    compared jointly. With ``features``, a fitted transformer for each group, what these
    make of the windows is compared instead.
    """

    scaling: str | None
    usual: np.ndarray
    floor: np.ndarray
    is_joint: bool
    weights: np.ndarray | None = None
    features: tuple = ()

    def scaled(self, windows) -> Iterator[tuple[int, tuple]]:
        """Yield blocks of scaled windows, with what was taken out of them."""
        size = _block_size(windows)
        for start, block in fixed_blocks(windows, size, dtype=np.float64):
            block = filled(block, self.usual)
            if self.scaling is None:
                yield start, (block, 0.0, 1.0)
                continue
            centre, scale = centre_and_scale(block, self.scaling)
            if self.scaling == "standard":
                scale = np.maximum(scale, self.floor)
            yield start, ((block - centre) / scale, centre, scale)

    def points(self, windows) -> Iterator[tuple[int, list[np.ndarray]]]:
        """Yield blocks of points, one for each group of channels."""
        if self.features:
            yield from self._points_of_features(windows)
            return
        for start, (block, *_) in self.scaled(windows):
            if self.is_joint:
                yield start, [(block * self.weights).reshape(len(block), -1)]
            else:
                parts = [part[:, :, 0] for part in channels_of(block)]
                yield start, [np.ascontiguousarray(part) for part in parts]

    def groups_of(self, windows: np.ndarray) -> list[np.ndarray]:
        """Return the windows of each group of channels."""
        return [windows] if self.is_joint else channels_of(windows)

    def _points_of_features(self, windows):
        size = _block_size(windows)
        at_once = max(1, _FEATURES_AT_ONCE // size) * size
        for first in range(0, len(windows), at_once):
            part = np.asarray(windows[first : first + at_once])
            parts = self.groups_of(filled(part, self.usual))
            features = [
                np.asarray(transformer.transform(part))
                for transformer, part in zip(self.features, parts, strict=True)
            ]
            groups = [fixed_blocks(each, size, dtype=np.float64) for each in features]
            for blocks in zip(*groups, strict=True):
                yield first + blocks[0][0], [block for _, block in blocks]


def _block_size(windows):
    return max(8, min(_BLOCK, _LARGEST_BLOCK // windows[0].size))
