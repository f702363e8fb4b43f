"""The errors of channels, computed where the network is."""

import torch
from torch.nn import functional as F

from skad._estimators.channel_errors import ChannelErrors

# The last bits of a product depend on the number of rows, and on where a row stands if
# rows or columns do not fill up the registers; those of multiples of these do not.
_ROWS, _LANES = 256, 16


class TensorErrors(ChannelErrors):
    """The same for tensors, in operations that an exporter can follow."""

    def largest(self, errors):
        return errors.amax(axis=1)


class FilledTensorErrors(TensorErrors):
    """The same for any number of steps, whose bits do not depend on that number."""

    def weighed(self, differences):
        n_channels = differences.shape[-1]
        rows = differences.reshape(-1, n_channels)
        filled = F.pad(rows, (0, 0, 0, -len(rows) % _ROWS))
        product = (filled @ self.precision)[: len(rows), :n_channels]
        return product.reshape(differences.shape)


def errors_to_export(errors: ChannelErrors) -> TensorErrors:
    """Copy what was learnt to tensors."""
    scale, precision = (
        None if array is None else torch.from_numpy(array.copy())
        for array in (errors.scale, errors.precision)
    )
    return TensorErrors(errors.error, errors.aggregation, scale, precision)


def errors_of_tensors(errors: ChannelErrors, device: str) -> ChannelErrors:
    """Bring to a device what the errors of steps need."""
    if errors.precision is None:
        return errors
    precision = torch.from_numpy(errors.precision).to(device)
    precision = F.pad(precision, (0, -len(precision) % _LANES))
    return FilledTensorErrors(errors.error, errors.aggregation, precision=precision)
