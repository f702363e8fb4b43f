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
import torch

from skad import ConvAutoencoder, SlidingWindow

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"
max_epochs = 1 if small else 30

# %%
# A clean signal to learn from
# ----------------------------
# A sum of two waves, and the same wave later on with noise of standard deviation 0.5.

rows = np.arange(3000)
clean = (np.sin(rows / 9) + 0.5 * np.sin(rows / 4)).astype(np.float32).reshape(-1, 1)
noise = np.random.default_rng(0).normal(scale=0.5, size=clean.shape)
noisy = (clean + noise).astype(np.float32)

# %%
# Two networks of the same shape
# ------------------------------
# One learns to rebuild clean windows, the other to rebuild them from noisy ones.

window = SlidingWindow(window_size=64).fit(clean[:2000])
plain, denoising = (
    ConvAutoencoder(
        (32, 16),
        7,
        input_noise=input_noise,
        max_epochs=max_epochs,
        lr=2e-3,
        random_state=0,
    ).fit(window.transform(clean[:2000]))
    for input_noise in (0.0, 0.5)
)

# %%
# What they make of noisy windows
# -------------------------------
# ``net_.module_`` is the trained torch module. It maps windows to windows; of each we
# take the row in the middle, which has a past and a future to go by.


def rebuilt(detector, series):
    """Return the middle rows of the windows that the network makes of a series."""
    windows = torch.from_numpy(window.transform(series).copy())
    with torch.inference_mode():
        return detector.net_.module_(windows)[:, 32, 0].numpy()


later = slice(2000, 3000)
truth = window.transform(clean[later])[:, 32, 0]
seen = window.transform(noisy[later])[:, 32, 0]
answers = {
    "noisy input": seen,
    "plain autoencoder": rebuilt(plain, noisy[later]),
    "denoising autoencoder": rebuilt(denoising, noisy[later]),
}
for name, answer in answers.items():
    error = np.sqrt(np.mean((answer - truth) ** 2))
    print(f"{name:22} root mean squared error {error:.3f}")

# %%
# The plain autoencoder has never seen noise and copies it; the denoising one takes most
# of it away. On a clean signal it pays for that with a larger error of its own.

for name, detector in {"plain": plain, "denoising": denoising}.items():
    error = np.sqrt(np.mean((rebuilt(detector, clean[later]) - truth) ** 2))
    print(f"{name:22} on clean windows        {error:.3f}")

# %%
# For detection, this is a choice and no free gift: a detector that forgives noise
# forgives small faults too, and on real series it made no measurable difference.

part = slice(200, 360)
figure, axes = plt.subplots(
    2, figsize=(9, 5), sharex=True, sharey=True, layout="constrained"
)
for axis, name in zip(
    axes, ["plain autoencoder", "denoising autoencoder"], strict=True
):
    axis.plot(seen[part], color="0.7", linewidth=0.8, label="noisy input")
    axis.plot(
        truth[part], color="black", linestyle="--", linewidth=1, label="clean signal"
    )
    axis.plot(answers[name][part], color="C0", linewidth=1.5, label="rebuilt")
    axis.set(title=name.capitalize(), ylabel="reading")
axes[0].legend(loc="upper right", ncols=3)
axes[1].set_xlabel("row")
plt.show()
