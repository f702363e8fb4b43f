"""What every test may lean on; nothing here seeds a global generator."""

import os

# Bits depend on the number of threads: set before the first import of torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Without it scikit-learn skips its check of array API input: before that of SciPy.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import pytest

from tests.support.detectors import SOME_NETWORKS
from tests.support.signals import N_TRAIN, SPIKE, sine


@pytest.fixture(params=SOME_NETWORKS, ids=lambda row: row.name)
def make(request):
    """Build one of the network detectors, cheap, with these parameters changed."""

    def make(**parameters):
        return request.param.cheap(**{"max_epochs": 2, **parameters})

    return make


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def series():
    """Give a sine of shape (300, 1) with one spike, at row `SPIKE`."""
    X = sine(300)
    X[SPIKE] += 3.0
    return X


@pytest.fixture
def normal_part(series):
    return series[:N_TRAIN]


@pytest.fixture
def record_property(record_property):
    """Note a number for the report; those of NumPy do not travel between processes."""

    def record(name, number):
        record_property(name, float(number))

    return record
