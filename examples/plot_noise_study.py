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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, GaussianNoise, SlidingWindow

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"
max_epochs = 1 if small else 60

# %%
# The signal
# ----------
# Two channels swing together, between -10 and 10. The rows to be scored have a little
# noise, and around row 300 the second channel stands still. Frames have an index, by
# which the noisy copies are told apart: no window reaches from one into the next.

rows = np.arange(1440)
signal = pd.DataFrame(
    {"inlet": 10 * np.sin(rows / 7), "outlet": 10 * np.sin(rows / 7 + 1)}
)
train, test = signal[:1000], signal[1000:].copy()
test += np.random.default_rng(0).normal(size=test.shape)
test.iloc[290:320, 1] = test.iloc[290, 1]

# %%
# Two networks
# ------------
# Each of the four copies is ``x + factor * standard normal`` with a factor of its own,
# drawn from U(0, 6). The scaler comes after the noise and sees it.

steps = [
    StandardScaler().set_output(transform="pandas"),
    SlidingWindow(window_size=32),
    ConvAutoencoder(
        (16, 4),
        kernel_size=7,
        stride=2,
        max_epochs=max_epochs,
        max_windows_per_epoch=len(train),
        lr=2e-3,
        random_state=0,
    ),
]
noise = GaussianNoise(scale=(0, 6), n_copies=4, relative=False, random_state=81)
networks = {
    "clean": make_pipeline(*clone(steps)),
    "noisy copies": make_pipeline(noise, *clone(steps)),
}
for network in networks.values():
    network.fit(train)

# %%
# 40 windows, alone and among 440
# -------------------------------
# A score depends on its own window and on nothing that happens to be scored with it:
# the 40 get the very bits that they get among the 440. And scoring adds no noise, so
# doing it again gives the same again.

for name, network in networks.items():
    windows = network[:-1].transform(test)
    among = network[-1].score_samples(windows)
    alone = network[-1].score_samples(windows[200:240])
    again = network.score_samples(test)
    print(
        f"{name:12}: {len(alone)} of {len(among)} windows alone, largest difference "
        f"{np.abs(alone - among[200:240]).max()}; again, {np.abs(again - among).max()}"
    )

# %%
# What augmentation changes
# -------------------------
# Both networks took the same number of steps. The one that has seen noisy copies had to
# rebuild noise as well, and has learnt to rebuild more than the signal: its errors are
# smaller at every level of noise on the scored rows, and smaller in the fault, too. The
# fault stands out less: compare the ratios of the error there to the usual one.

levels = [0, 1, 2, 3, 4, 5, 6]
draw = np.random.default_rng(1).normal(size=test.shape)
errors = pd.DataFrame(
    {
        name: [
            -network.score_samples(signal[1000:] + level * draw).mean()
            for level in levels
        ]
        for name, network in networks.items()
    },
    index=pd.Index(levels, name="noise on the scored rows"),
)
print(errors.round(4).to_string())
scores = {name: network.score_samples(test) for name, network in networks.items()}
for name, values in scores.items():
    ratio = values[300:330].mean() / np.median(values)
    print(f"{name:12}: mean error in the fault over the usual one {ratio:.1f}")

# %%
# So appended noise is no cure by itself. For a network that *removes* noise, targets
# have to stay clean: see :ref:`sphx_glr_auto_examples_plot_denoising.py`.

figure, axes = plt.subplots(3, figsize=(9, 8), layout="constrained")
axes[0].plot(test.to_numpy(), linewidth=0.9, label=test.columns)
axes[0].set(title="Rows to be scored", xlabel="row", ylabel="reading")
axes[0].axvspan(290, 320, color="0.85", label="standstill")
axes[0].set_ylim(-14, 20)
axes[0].legend(loc="upper left", ncols=3)
for color, (name, values) in zip(["C0", "C1"], scores.items(), strict=True):
    axes[1].plot(values, color=color, linewidth=1, label=f"fitted on {name}")
    alone = networks[name][-1].score_samples(
        networks[name][:-1].transform(test)[200:240]
    )
    axes[1].plot(range(200, 240), alone, "o", color=color, markersize=3)
axes[1].axvspan(290, 320, color="0.85")
axes[1].set(
    title="Scores; dots: windows 200 to 239, scored alone", xlabel="row", ylabel="score"
)
axes[1].legend(loc="lower left")
errors.plot(ax=axes[2], style="o-", color=["C0", "C1"], ylabel="mean squared error")
axes[2].set(title="Errors by the noise on the scored rows", yscale="log")
plt.show()
