"""The page of the documentation that a run of the benchmark writes."""

HEAD = """.. This page is written by make bench-accuracy; do not edit it.

.. _accuracy:

========
Accuracy
========

Measured on {date} by ``{command}``.

{facts}

Labelled real series, which do not come with skad: of `TSB-AD
<https://github.com/TheDatumOrg/TSB-AD>`_ and of `SKAB <https://github.com/waico/SKAB>`_.
The protocol is that of TSB-AD: a detector is fitted on the first rows, which are free
of anomalies, and scores the whole series. One configuration serves all series, that of
`skad.make_detector`; it was chosen on these very series, so expect a little less on
yours. *VUS-PR* and *VUS-ROC* are `skad.metrics.vus_pr` and `skad.metrics.vus_roc` with
a period of the first channel as largest window, *AUC-PR* is
`skad.metrics.average_precision`, *range F1* is `skad.metrics.range_f1` at the best of
50 thresholds.

The controls learn nothing but the range of each channel: the variance of the last 32
rows, the distance to the row before, and the distance to the mean of the fitted rows,
each smoothed by a centred moving average of 100 rows. They do better than most
published detectors: a number says little unless it stands beside theirs. *autoencoder*,
*pattern* and *pca* are the members of ``make_detector()``, the first being
``make_detector("autoencoder")``; *forecaster* is
``make_detector("forecaster")``, and *autoencoder and forecaster* an
`skad.EnsembleDetector` of these two. IsolationForest and nearest neighbours get windows
of 64 rows, the same scaler and the same spreading over rows.
"""


def page(*, date, command, facts, sections) -> str:
    """Put the page together."""
    listed = "\n".join(f"* {name}: {value}" for name, value in facts.items())
    head = HEAD.format(date=date, command=command, facts=listed)
    return "\n".join([head, *(section.render() for section in sections)])
