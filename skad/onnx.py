"""Networks for deployment: windows in, scores out, without Python if need be."""

import logging
import warnings
from contextlib import contextmanager

import torch
from sklearn.utils.validation import check_is_fitted

from skad._torch.exported_network import scored_network
from skad.detectors._network_detector import NetworkDetector

__all__ = ["to_onnx"]


def to_onnx(detector, path):
    """Write the network of a detector, and the score around it, to an ONNX file.

    The graph has one input and two outputs, for any number n of windows:

    =============  ==========================================  =======
    name           shape                                       dtype
    =============  ==========================================  =======
    ``windows``    ``(n, n_timesteps, n_channels)``            float32
    ``scores``     ``(n,)``                                    float64
    ``expected``   ``(n, n_target_steps, n_channels)``         float32
    =============  ==========================================  =======

    ``scores`` are those of `score_samples`: the ``window_scaling``, the ``error`` and
    the ``channel_aggregation`` of the detector are part of the graph. ``expected`` is
    what the network makes of a window, in the units of the window: its forecast of the
    last ``horizon`` steps, or the rebuilt window. Its last step is what the method
    `expected` returns. The metadata holds the threshold, under ``offset``.

    Parameters
    ----------
    detector : NetworkDetector
        Fitted: a `~skad.detectors.LSTMForecaster`, a `~skad.detectors.ConvAutoencoder`
        or one around a network of your own.
    path : str or path-like
        The file, in a folder that exists.

    Returns
    -------
    None
        The file is written.

    Raises
    ------
    TypeError
        If ``detector`` holds no network, as a Pipeline or another meta-estimator.
    RuntimeError
        If torch cannot export the network, which may happen to one of your own.
    ImportError
        If onnxscript is not installed: ``pip install "skad[onnx]"``.
    OSError
        If the file cannot be written.

    See Also
    --------
    skad.save : Files of whole Pipelines, for Python.
    skad.streaming.StreamScorer : Scores as rows arrive, in Python.

    Notes
    -----
    Steps before the detector are not part of the file. Whoever runs it scales the rows
    as the scaler in front did, and cuts the last ``n_timesteps`` rows, oldest first.

    The graph takes every reading as it is: none is missing, and with a ``direction`` a
    harmless one beyond those seen at fit does not count as such.

    Another runtime rounds otherwise: scores agree with those of the detector to about
    1e-6 of their size, and not to the bit.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> from skad.detectors import ConvAutoencoder
    >>> from skad.onnx import to_onnx
    >>> windows = np.random.default_rng(0).normal(size=(50, 8, 1)).astype(np.float32)
    >>> detector = ConvAutoencoder((4, 2), random_state=0).fit(windows)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(detector, os.path.join(folder, "detector.onnx"))
    ...     session = onnxruntime.InferenceSession(
    ...         os.path.join(folder, "detector.onnx")
    ...     )
    >>> (scores,) = session.run(["scores"], {"windows": windows})
    >>> np.allclose(scores, detector.score_samples(windows), rtol=1e-5)
    True
    """
    if not isinstance(detector, NetworkDetector):
        raise TypeError(
            f"{type(detector).__name__} has no network of its own. Pass the fitted "
            "detector inside, such as pipe[-1] of a Pipeline."
        )
    check_is_fitted(detector)
    _refuse_absence()
    windows = torch.zeros(2, *detector.window_shape_)
    with _quiet():
        program = torch.onnx.export(
            scored_network(detector),
            (windows,),
            dynamo=True,
            verbose=False,
            input_names=["windows"],
            output_names=["scores", "expected"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
        )
    program.model.metadata_props["offset"] = repr(float(detector.offset_))
    program.save(path)


def _refuse_absence():
    try:
        import onnxscript  # noqa: F401, torch does not name the extra
    except ImportError as error:
        raise ImportError(
            'skad.onnx needs onnxscript. Install it with pip install "skad[onnx]".'
        ) from error


@contextmanager
def _quiet():
    """Keep what torch tells of its own old calls, and of torchvision, from users."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.setLevel(level)
