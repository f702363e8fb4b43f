"""Series with planted anomalies, and where these stand."""

import numpy as np

N_TRAIN = 200
SPIKE = 250


def sine(n_rows, n_channels=1):
    """Shape (n_rows, n_channels); each channel a quarter period behind the last."""
    time = np.arange(n_rows)[:, np.newaxis]
    return np.sin(time / 5 - np.arange(n_channels) * np.pi / 2)
