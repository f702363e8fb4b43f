"""Channels that have left the range of their past."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from skad.postprocessing import AdaptiveThresholdDetector
from skad.postprocessing._drift import drifting_channels


def table(rng, n_rows=1000):
    waves = np.sin(np.arange(n_rows) / 9)
    columns = {
        "noise": rng.normal(size=n_rows),
        "wave": waves + 0.1 * rng.normal(size=n_rows),
        "wear": np.linspace(0, 3, n_rows) + 0.2 * rng.normal(size=n_rows),
        "constant": np.ones(n_rows),
    }
    return pd.DataFrame(columns)


def test_what_grows_beyond_its_past_drifts_and_what_swings_does_not(rng):
    assert drifting_channels(table(rng)) == ["wear"]
    assert drifting_channels(table(rng).to_numpy()) == [2]


def test_of_several_series_most_have_to_drift(rng):
    still, wearing = table(rng).assign(wear=0.0), table(rng)
    few = pd.concat([still, still, wearing], keys=list("abc"))
    most = pd.concat([still, wearing, wearing], keys=list("abc"))
    assert drifting_channels(few) == []
    assert drifting_channels(most) == ["wear"]


def test_short_or_other_tables_show_no_drift(rng):
    assert drifting_channels(table(rng)[:90]) == []
    assert drifting_channels(rng.normal(size=(200, 3, 2))) == []
    assert drifting_channels([["a"]]) == []
    assert drifting_channels(table(rng).assign(wear=np.nan)) == []


def test_the_detector_warns_once_and_names_them(rng):
    forest = IsolationForest(n_estimators=5, random_state=0)
    detector = AdaptiveThresholdDetector(forest)
    with pytest.warns(UserWarning, match=r"1 of the channels of X drift \('wear'\)"):
        detector.fit(table(rng))
    assert detector.drifting_channels_ == ["wear"]
    assert detector.fit(table(rng).drop(columns="wear")).drifting_channels_ == []
