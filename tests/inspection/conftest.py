"""Figures are drawn without a screen, and closed after each test."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def no_screen():
    with mpl.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")
