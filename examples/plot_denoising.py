"""
=======================
Denoising by rebuilding
=======================

With ``input_noise``, a :class:`~skad.detectors.ConvAutoencoder` is given noisy windows
and has to return the clean ones, with new noise in every batch: a denoising
autoencoder. Appending noisy copies to the data instead would make the noise part of
what is to be rebuilt.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, SlidingWindow
from skad.datasets import load_ecg

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# The signal
# ----------
# An electrocardiogram with little noise of its own. The first half is to learn
# from; the normal beats after it are what noise is added to. In what follows, one unit
# is the standard deviation of the training half.

ecg = load_ecg().data
ecg = StandardScaler().fit(ecg[:3750]).transform(ecg).astype(np.float32)
train, test = ecg[:3750], ecg[3750:6900]

# %%
# Two networks of one shape
# -------------------------
# One learns to rebuild clean windows, the other to rebuild them from noisy ones.

window = SlidingWindow(window_size=64).fit(train)
shape_and_training = {
    "channels": (32, 16),
    "kernel_size": 7,
    "max_epochs": 1 if small else 40,
    "max_windows_per_epoch": 1024,
    "batch_size": 32,
    "lr": 2e-3,
    "random_state": 0,
}
plain = ConvAutoencoder(**shape_and_training)
denoising = ConvAutoencoder(**shape_and_training, input_noise=0.5)
for detector in [plain, denoising]:
    detector.fit(window.transform(train))

# %%
# What they make of noisy windows
# -------------------------------
# ``net_.module_`` is the trained torch module; it maps windows to windows. Of each we
# take the row in the middle, which has a past and a future to go by. Running means over
# three and nine rows are there to compare with.

middle = 32
truth = window.transform(test)[:, middle, 0]
rng = np.random.default_rng(0)
outputs, errors = {}, {}
for noise in [0, 0.125, 0.25, 0.5, 0.75, 1]:
    noisy = test + noise * rng.standard_normal(test.shape, dtype=np.float32)
    windows = window.transform(noisy)
    with torch.inference_mode():
        batch = torch.from_numpy(windows.copy())
        rebuilt, denoised = (d.net_.module_(batch).numpy() for d in [plain, denoising])
    outputs[noise] = {
        "noisy input": windows[:, middle, 0],
        "plain autoencoder": rebuilt[:, middle, 0],
        "running mean, 3 rows": windows[:, middle - 1 : middle + 2, 0].mean(axis=1),
        "running mean, 9 rows": windows[:, middle - 4 : middle + 5, 0].mean(axis=1),
        "denoising autoencoder": denoised[:, middle, 0],
    }
    errors[noise] = {
        name: np.sqrt(np.mean((output - truth) ** 2))
        for name, output in outputs[noise].items()
    }

errors = pd.DataFrame(errors)
print("Root mean squared distance from the clean signal, by the noise added\n")
print(errors.to_string(float_format="{:.3f}".format))

# %%
# The plain autoencoder has never seen noise; being wider inside than outside, it hands
# it on, and adds to it. The denoising one takes most of it away and keeps the spikes,
# which a running mean flattens.
#
# There is a price: with little noise or none, it leaves the signal further from the
# truth than it was. Nor is this a filter for any signal: the network has seen the
# normal beats of one person, and what it makes of another shape is anyone's guess. And
# whether forgiving noise helps *detection* is another question, since small faults may
# be forgiven with it.

blue, vermilion, green = "#0072B2", "#D55E00", "#009E73"  # told apart by all eyes
styles = {
    "noisy input": ("0.6", "-", ""),
    "plain autoencoder": (vermilion, "-", "s"),
    "running mean, 3 rows": (green, ":", "^"),
    "running mean, 9 rows": (green, "--", "v"),
    "denoising autoencoder": (blue, "-", "o"),
}
fig, axes = plt.subplot_mosaic(
    [["plain autoencoder", "errors"], ["denoising autoencoder", "errors"]],
    width_ratios=[3, 2],
    figsize=(11, 5.5),
    layout="constrained",
)
part = slice(1000, 1600)
for name in ["plain autoencoder", "denoising autoencoder"]:
    ax, color = axes[name], styles[name][0]
    rows = np.arange(3750, 6900)[part] - (63 - middle)  # a window ends 31 rows later
    ax.plot(
        rows, outputs[0.5]["noisy input"][part], color="0.75", lw=0.8, label="noisy"
    )
    ax.plot(rows, outputs[0.5][name][part], color=color, lw=1.2, label="rebuilt")
    ax.plot(rows, truth[part], color="black", lw=1, ls="--", label="clean")
    ax.set_title(f"Noise 0.5, {name}", loc="left")
    ax.set_ylabel("signal")
    ax.margins(x=0)
    ax.legend(loc="upper center", frameon=False)
axes["denoising autoencoder"].set_xlabel("row")
axes["denoising autoencoder"].sharey(axes["plain autoencoder"])
for name, (color, line, marker) in styles.items():
    axes["errors"].plot(
        errors.columns,
        errors.loc[name],
        color=color,
        ls=line,
        marker=marker,
        label=name,
    )
axes["errors"].set(
    xlabel="standard deviation of the noise added",
    ylabel="root mean squared distance",
)
axes["errors"].set_title("Distance from the clean signal", loc="left")
axes["errors"].legend()
plt.show()
