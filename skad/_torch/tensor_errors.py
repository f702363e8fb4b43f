"""The errors of channels, computed where the network is."""

from dataclasses import fields, replace

import numpy as np
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

    def without(self, differences, is_cut):
        return torch.where(is_cut, 0.0, differences)


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
    return TensorErrors(*_tensors(errors))


def errors_of_tensors(errors: ChannelErrors, device: str) -> ChannelErrors:
    """Bring to a device what the errors of steps need."""
    if errors.precision is None and errors.least is None and errors.scored is None:
        return errors
    tensors = FilledTensorErrors(*_tensors(errors, device))
    if tensors.precision is None:
        return tensors
    precision = F.pad(tensors.precision, (0, -len(tensors.precision) % _LANES))
    return replace(tensors, precision=precision)


def _tensors(errors, device="cpu"):
    """List the fields, with tensors for arrays.

    Channels are taken by positions, whose number an exporter knows.
    """
    if errors.scored is not None:
        errors = replace(errors, scored=np.flatnonzero(errors.scored))
    values = (getattr(errors, field.name) for field in fields(errors))
    return [
        torch.from_numpy(value.copy()).to(device)
        if isinstance(value, np.ndarray)
        else value
        for value in values
    ]
