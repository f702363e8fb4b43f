"""Steps before a detector; none of them imports torch.

Imports `skad._series` and `skad._estimators`.
"""

from skad.preprocessing._gaussian_noise import GaussianNoise
from skad.preprocessing._per_series import PerSeries
from skad.preprocessing._random_convolutions import RandomConvolutions
from skad.preprocessing._scaling_jitter import ScalingJitter
from skad.preprocessing._sliding_window import SlidingWindow

__all__ = [
    "GaussianNoise",
    "PerSeries",
    "RandomConvolutions",
    "ScalingJitter",
    "SlidingWindow",
]
