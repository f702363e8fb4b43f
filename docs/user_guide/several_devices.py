"""Train one network on several devices, each on its share of the series.

Run by ``torchrun --nproc-per-node 2 several_devices.py``.
"""

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, SlidingWindow

accelerator = Accelerator(cpu=not torch.accelerator.is_available())


class AveragedAdam(torch.optim.Adam):
    """Adam on the gradients' mean over all processes."""

    def step(self, closure):  # noqa: D102
        loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = accelerator.reduce(parameter.grad, "mean")
        super().step()
        return loss


def main():
    """Train, and keep the weights."""
    rank, n_processes = accelerator.process_index, accelerator.num_processes
    X = np.sin(np.arange(2_000, dtype=np.float32) / 9).reshape(-1, 1)
    windows = SlidingWindow(32).fit_transform(StandardScaler().fit_transform(X))
    share = len(windows) // n_processes  # equal: all take the same number of steps
    detector = ConvAutoencoder(
        (8, 4),
        7,
        stride=2,
        max_epochs=2,
        batch_size=128 // n_processes,
        optimizer=AveragedAdam,
        device=accelerator.device,
        random_state=0,  # the same first weights everywhere
    ).fit(windows[rank * share : (rank + 1) * share])

    # The weights are now the same in all processes, and what the first one has
    # learnt of its share alone is the threshold.
    torch.save(detector.net_.module_.state_dict(), f"weights_{rank}.pt")
    accelerator.end_training()


if __name__ == "__main__":
    main()
