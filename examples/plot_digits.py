"""
====================
Pictures are windows
====================

Eight rows of eight pixels: a picture of a digit is a window of 8 steps and 8 channels,
and a :class:`~skad.detectors.ConvAutoencoder` takes it as it is. With ``input_noise``
it learns to take noise away, here from scikit-learn's handwritten digits.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skad import ConvAutoencoder

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# The digits
# ----------
# 1200 to learn from and 597 to test on. Ink is 1 and paper is 0. No
# :class:`~skad.preprocessing.SlidingWindow` is needed: each picture is a window.

digits = (load_digits().images / 16).astype(np.float32)
train, test = digits[:1200], digits[1200:]
print("Windows to learn from:", train.shape)

# %%
# Two networks of one shape
# -------------------------
# One rebuilds digits as they are; the other is given noise, new in every batch, and has
# to return the clean digit. Components of the pixels, 16 of 64, are there to compare
# with: they know what ink goes with what ink, but are linear.

shape_and_training = {
    "channels": (32, 16),
    "kernel_size": 5,
    "max_epochs": 1 if small else 40,
    "batch_size": 32,
    "lr": 2e-3,
    "random_state": 0,
}
plain = ConvAutoencoder(**shape_and_training).fit(train)
denoising = ConvAutoencoder(**shape_and_training, input_noise=0.4).fit(train)
components = PCA(16).fit(train.reshape(-1, 64))

# %%
# What is left of the noise
# -------------------------
# ``net_.module_`` is the trained torch module; it maps windows to windows.


def rebuilt(detector, windows):
    """Return what the network makes of windows."""
    with torch.inference_mode():
        return detector.net_.module_(torch.from_numpy(windows)).numpy()


rng = np.random.default_rng(0)
outputs, errors = {}, {}
for noise in [0, 0.125, 0.25, 0.375, 0.5]:
    noisy = test + noise * rng.standard_normal(test.shape, dtype=np.float32)
    pressed = components.transform(noisy.reshape(-1, 64))
    outputs[noise] = {
        "clean": test,
        "noisy": noisy,
        "plain autoencoder": rebuilt(plain, noisy),
        "16 components": components.inverse_transform(pressed).reshape(-1, 8, 8),
        "denoising autoencoder": rebuilt(denoising, noisy),
    }
    errors[noise] = {
        name: np.sqrt(np.mean((output - test) ** 2))
        for name, output in outputs[noise].items()
        if name != "clean"
    }

errors = pd.DataFrame(errors)
print("Root mean squared distance from the clean digits, by the noise added\n")
print(errors.to_string(float_format="{:.3f}".format))

# %%
# The plain network has never seen noise and hands most of it on. The denoising one
# takes away more than the components do, and pays for it where there is little noise:
# it redraws a digit as it thinks a digit should be, and so changes even a clean one.
#
# In the pictures, digits that were hard to read can be read again. Some have become
# another: what is not in the noisy picture, no network can know.

blue, vermilion, green = "#0072B2", "#D55E00", "#009E73"  # told apart by all eyes
styles = {
    "noisy": ("0.5", "-", ""),
    "plain autoencoder": (vermilion, "-", "s"),
    "16 components": (green, "--", "^"),
    "denoising autoencoder": (blue, "-", "o"),
}
n_shown, noise = 10, 0.5
fig = plt.figure(figsize=(11, 4.6), layout="constrained")
pictures, curves = fig.subfigures(1, 2, width_ratios=[3, 2])
axes = pictures.subplots(len(outputs[noise]), n_shown)
for row, (name, output) in zip(axes, outputs[noise].items(), strict=True):
    for ax, picture in zip(row, output, strict=False):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color("0.8")
    row[0].set_ylabel(name.replace(" ", "\n"), rotation=0, ha="right", va="center")
pictures.suptitle(f"Noise {noise}", x=0.02, ha="left")

ax = curves.subplots()
for name, (color, line, marker) in styles.items():
    ax.plot(
        errors.columns,
        errors.loc[name],
        color=color,
        ls=line,
        marker=marker,
        label=name,
    )
ax.set(
    xlabel="standard deviation of the noise added",
    ylabel="root mean squared distance",
    ylim=(0, None),
)
ax.set_title("Distance from the clean digits", loc="left")
ax.legend()
plt.show()
