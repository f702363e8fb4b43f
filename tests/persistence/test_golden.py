"""Files of all releases are read for ever: `python -m tests.support.golden`."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import skad
from skad.persistence._saving import FORMAT
from tests.support.golden import golden_series

pytestmark = pytest.mark.files

GOLDEN = sorted((Path(__file__).parents[1] / "data").glob("format_*.skad"))


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request):
    """Load a detector; others may warn of their versions, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector = skad.load(request.param)
    return detector, json.loads(request.param.with_suffix(".json").read_text())


def test_every_format_has_its_golden_file():
    assert [path.name for path in GOLDEN] == [
        f"format_{number}.skad" for number in range(1, FORMAT + 1)
    ]
    assert max(path.stat().st_size for path in GOLDEN) < 250_000


def test_a_golden_file_answers_as_on_its_first_day(golden):
    detector, answers = golden
    series = golden_series()
    assert np.allclose(
        detector.score_samples(series), answers["scores"], rtol=1e-6, atol=1e-6
    )
    assert np.array_equal(detector.predict(series), answers["predictions"])
    assert np.isclose(detector.offset_, answers["offset"], rtol=1e-6, atol=1e-6)
    assert answers["predictions"][90] == -1


def test_a_golden_file_can_be_fitted_and_saved_again(golden, tmp_path):
    detector, _ = golden
    series = golden_series()
    detector.fit(series)
    skad.save(detector, tmp_path / "again.skad")
    again = skad.load(tmp_path / "again.skad")
    assert np.array_equal(again.score_samples(series), detector.score_samples(series))
