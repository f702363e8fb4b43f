import numpy as np
import pytest

from skad.detectors import VariationalAutoencoder
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(200, n_channels=2)).astype(np.float32)


def test_its_parameters_are_those_of_its_network():
    detector = VariationalAutoencoder(5, 3, max_epochs=1, random_state=0).fit(X)
    network = detector.net_.module_
    assert network.encoder.weight.shape == (5, 32)
    assert network.moments.weight.shape == (6, 5)


def test_the_loss_counts_the_divergence_and_the_validation_does_not():
    def fitted(kl_weight):
        detector = VariationalAutoencoder(
            kl_weight=kl_weight, max_epochs=1, early_stopping=True, random_state=0
        )
        return detector.fit(X)

    light, heavy = fitted(0.0), fitted(1e3)
    assert heavy.loss_curve_[0] > 10 * light.loss_curve_[0]
    assert -heavy.validation_scores_[0] < 3 * -light.validation_scores_[0]


def test_a_large_weight_leaves_nothing_but_the_mean_to_rebuild():
    detector = VariationalAutoencoder(
        kl_weight=100.0, max_epochs=40, lr=1e-2, random_state=0
    ).fit(X)
    rebuilt = detector.expected(X)
    assert (rebuilt.std(axis=0) < 0.2 * X[:, -1].std(axis=0)).all()


def test_a_negative_weight_is_refused_by_name():
    with pytest.raises(ValueError, match="'kl_weight' parameter of VariationalAuto"):
        VariationalAutoencoder(kl_weight=-1).fit(X)
