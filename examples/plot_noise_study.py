"""
================================
What noise at fit does to scores
================================

:class:`~skad.preprocessing.GaussianNoise` adds noise to the rows that the next steps
are fitted on, and to no others. Here one autoencoder learns a clean signal, a second
one the same signal followed by noisy copies; the noise goes onto the series, then
windows are cut. Both score 440 windows, and 40 of them once more by themselves.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, GaussianNoise, SlidingWindow

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# The signal
# ----------
# Two channels swing together, between -10 and 10. The first 1000 rows are for training,
# the next 440 are scored; with the 31 rows before them, which fill the first windows.
# The second channel stands still for 30 rows, which show in 61 windows.

swing = np.arange(1440) / 7
signal = pd.DataFrame({"inlet": 10 * np.sin(swing), "outlet": 10 * np.sin(swing + 1)})
train, test = signal[:1000], signal[1000 - 31 :].copy()
test.loc[1290:1319, "outlet"] = test.loc[1290, "outlet"]

scored = test.index[31:]
holds_fault = (scored >= 1290) & (scored <= 1319 + 31)

# %%
# Two networks
# ------------
# Each of the four copies is ``x + factor * standard normal``, with a factor of its own
# drawn from U(0, 6). Frames have an index, by which the copies are told apart: no
# window reaches from one into the next. The scaler comes after the noise and sees it.
# Both networks take the same number of training steps.

steps = [
    StandardScaler().set_output(transform="pandas"),
    SlidingWindow(window_size=32),
    ConvAutoencoder(
        channels=(16, 4),
        kernel_size=7,
        stride=2,
        max_epochs=1 if small else 60,
        max_windows_per_epoch=len(train),
        lr=2e-3,
        contamination=0.01,
        random_state=0,
    ),
]
noise = GaussianNoise(scale=(0, 6), n_copies=4, relative=False, random_state=81)
networks = {
    "clean signal": make_pipeline(*clone(steps)).fit(train),
    "noisy copies": make_pipeline(noise, *clone(steps)).fit(train),
}

# %%
# 40 windows, alone and among 440
# -------------------------------
# A score depends on its own window and on nothing that happens to be scored with it:
# the 40 get the very bits that they get among the 440. This is no matter of course.
# The network itself, called on 40 windows and on 440, may differ in the last bits.
# Nor does scoring add any noise: a second time gives the same again.

rng = np.random.default_rng(0)
noisy_test = test + rng.normal(size=test.shape)
alone, among = {}, {}
for name, network in networks.items():
    windows = network[:-1].transform(noisy_test)[31:]
    among[name] = network[-1].score_samples(windows)
    alone[name] = network[-1].score_samples(windows[200:240])
    np.testing.assert_array_equal(alone[name], among[name][200:240])
    np.testing.assert_array_equal(network.score_samples(noisy_test)[31:], among[name])
    print(
        f"fitted on {name}: {len(alone[name])} windows score the same alone as among "
        f"{len(among[name])}, to the last bit"
    )

# %%
# What augmentation changes
# -------------------------
# The fault, under more and more noise. Two things can be asked of a network: how well
# does it put the windows with the fault before the others (ROC AUC), and which windows
# lie beyond its threshold? All numbers are means over twenty draws of the noise.

rows = []
for level in [0, 1, 2, 3, 4, 5, 6]:
    for _ in range(1 if small else 20):
        noisy = test + level * rng.normal(size=test.shape)
        for name, network in networks.items():
            decision = network.decision_function(noisy)[31:]
            row = {
                "noise": level,
                "fitted on": name,
                "ROC AUC": roc_auc_score(~holds_fault, decision),
                "alarms, fault": np.mean(decision[holds_fault] < 0),
                "alarms, no fault": np.mean(decision[~holds_fault] < 0),
            }
            rows.append(row)

table = pd.DataFrame(rows).groupby(["fitted on", "noise"]).mean()
print(table.to_string(float_format="{:.2f}".format))

# %%
# The order gains nothing; under middling noise it even loses (under noise 3 by 0.02 to
# 0.20 with three seeds for the networks). To an autoencoder the noise of a copy is part
# of what is to be rebuilt: the second network has smaller errors everywhere, in the
# fault as well.
#
# What has moved is the threshold. One training row in a hundred is to lie beyond it,
# and now most of these are noisy. The first network raises an alarm at every window as
# soon as there is noise; the second keeps quiet about noise up to 2, and about the
# fault too.
#
# So copies are a way to tell a detector how much noise is normal. For a network that
# *removes* noise see :ref:`sphx_glr_auto_examples_plot_denoising.py`; for a threshold
# set on the clean rows, put a meta-detector such as
# :class:`~skad.postprocessing.ReverseWindowing` around the Pipeline.

colors = dict(zip(networks, ["#0072B2", "#D55E00"], strict=True))  # told apart by all
fig, axes = plt.subplot_mosaic(
    [["signal", "auc"], ["errors", "alarms"]],
    width_ratios=[3, 2],
    figsize=(11, 6.2),
    layout="constrained",
)
for channel, color in zip(test.columns, ["black", "0.6"], strict=True):
    axes["signal"].plot(
        noisy_test.loc[scored, channel], color=color, lw=1, label=channel
    )
axes["signal"].set(
    title="Scored rows, noise of deviation 1", ylabel="reading", ylim=(-14, 20)
)
for name, color in colors.items():
    result = table.loc[name]
    axes["errors"].plot(scored, -among[name], color=color, lw=1, label=name)
    axes["errors"].plot(scored[200:240], -alone[name], "o", color=color, ms=3)
    axes["errors"].axhline(-networks[name][-1].offset_, color=color, ls="--", lw=1)
    axes["auc"].plot(result["ROC AUC"], "o-", color=color, label=name)
    axes["alarms"].plot(result["alarms, fault"], "o-", color=color)
    axes["alarms"].plot(result["alarms, no fault"], "s:", color=color, mfc="none")
axes["errors"].set(
    title="Their errors, thresholds (dashed), and 40 scored alone (dots)",
    xlabel="row",
    ylabel="minus score",
    yscale="log",
)
for name in ["signal", "errors"]:
    axes[name].axvspan(1290, 1319, color="0.88", lw=0, label="standstill")
    axes[name].margins(x=0)
axes["auc"].axhline(0.5, color="0.6", lw=1)
axes["auc"].set(title="Order of the windows", ylabel="ROC AUC", ylim=(0.4, 1.03))
axes["alarms"].plot([], [], "o-", color="0.4", label="windows with the fault")
axes["alarms"].plot([], [], "s:", color="0.4", mfc="none", label="other windows")
axes["alarms"].set(
    title="Windows beyond the threshold",
    xlabel="standard deviation of the noise on the scored rows",
    ylabel="share",
)
axes["signal"].legend(loc="upper left", ncols=3, frameon=False)
axes["auc"].legend(title="fitted on", loc="lower left")
axes["alarms"].legend(loc="lower right", bbox_to_anchor=(1, 0.08))
plt.show()
