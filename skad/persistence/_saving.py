"""Estimators in files that are written whole, checked when read, and run nothing.

Inside is the format of skops: types by name, and plain data. This module adds a list
of names that a file may hold, a checksum, the versions, and writing in one move.
"""

import platform
import warnings
from importlib.metadata import version
from os import fspath
from zipfile import ZIP_STORED

from skad.persistence._archives import (
    inflates,
    names_of_others,
    packed,
    refuse_misuse,
)
from skad.persistence._checked_state import checked
from skad.persistence._names import TRUSTED, names_of
from skad.persistence._sealed_files import damaged, read_sealed, write_sealed

FORMAT = 1
_PACKAGES = ("skad", "scikit-learn", "torch", "skorch", "numpy", "scipy", "skops")


def save(estimator, path):
    """Save an estimator to a file that `load` reads without running what is in it.

    The estimator is read back from memory first, so that a file which was written can
    be loaded. How files are written, and what they withstand: :ref:`saving`.

    Parameters
    ----------
    estimator : estimator
        Any of skad or scikit-learn, fitted or not: a detector, a Pipeline, a
        meta-detector, a search. Networks are kept as arrays: parameters, buffers and
        the state of the optimiser, so that a warm start goes on as if nothing had been
        saved.
    path : str or path-like
        The file, in a folder that exists. It is replaced in one move: whatever happens
        meanwhile, the old file stays whole until the new one is.

    Returns
    -------
    None
        The file is there.

    Raises
    ------
    TypeError
        If ``estimator`` is none.
    ValueError
        If the estimator holds what cannot be read again, such as a function without a
        name, or a class that is defined inside a function.
    OSError
        If the file cannot be written. The old one, if any, is unchanged.
    ImportError
        If skops is not installed: ``pip install "skad[safe]"``.

    See Also
    --------
    load : Reads the file.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import skad
    >>> from skad.detectors import ConvAutoencoder
    >>> windows = np.random.default_rng(0).normal(size=(50, 8))
    >>> detector = ConvAutoencoder((4, 2), random_state=0).fit(windows)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skad.save(detector, os.path.join(folder, "detector.skad"))
    ...     loaded = skad.load(os.path.join(folder, "detector.skad"))
    >>> np.array_equal(loaded.score_samples(windows), detector.score_samples(windows))
    True
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            f"skad.save takes an estimator, and got {estimator!r}. Pass an instance of "
            "an estimator, a Pipeline or a search."
        )
    body = _packed(estimator)
    write_sealed(path, {"format": FORMAT, "versions": versions_here()}, body)


def load(path, trusted=()):
    """Load what `save` has written, if it is whole and holds nothing unknown.

    All that a file names is held against a list before any of it is imported or built.
    What that promises and what it does not: :ref:`security`.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : sequence of str, type or function, default=()
        Types and functions of other packages, and your own, that the file may hold: by
        full name ("package.module.Class"), or as they are. Those of skad are trusted,
        and of scikit-learn those that are listed in the guide. Others follow numbers of
        the file unchecked, such as trees ("sklearn.tree._tree.Tree", in an
        IsolationForest) and libsvm ("sklearn.svm._classes.OneClassSVM"): a forged one
        can crash the process that scores with it.

    Returns
    -------
    estimator : estimator
        With the scores, threshold and predictions that it had, to the bit, as long as
        versions and machine are the same.

    Raises
    ------
    ValueError
        If the file is damaged or no such file, was written in a later format, or does
        not fit together. Nothing is ever half loaded.
    TypeError
        If the file holds types that are not trusted; they are named. Nothing of them
        was imported or run.
    OSError
        If the file cannot be opened.
    ImportError
        If skops is not installed: ``pip install "skad[safe]"``.

    Warns
    -----
    UserWarning
        If Python, skad or a package it leans on is of another minor version than when
        the file was written; if torch cannot use the device that a network was trained
        on, which is then loaded to the CPU.

    See Also
    --------
    save : Writes the file.

    Notes
    -----
    What is loaded are parameters too. One of them names a folder of pickles, which a
    further *fit* would read: look at ``memory`` before you fit a stranger's estimator.

    Examples
    --------
    >>> import os, tempfile
    >>> import skad
    >>> from skad.preprocessing import SlidingWindow
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skad.save(SlidingWindow(8), os.path.join(folder, "window.skad"))
    ...     skad.load(os.path.join(folder, "window.skad"))
    SlidingWindow(window_size=8)
    """
    names = names_of(trusted)
    skops_io = _skops_io()
    header, body = read_sealed(path)
    _check_header(path, header)
    try:
        _refuse_forgery(body)
        found = {*skops_io.get_untrusted_types(data=body), *names_of_others(body)}
        unknown = found - {*TRUSTED, *names}
        if not unknown:
            return checked(skops_io.loads(body, trusted=[*TRUSTED, *names]))
    except Warning:  # which the caller has turned into an error
        raise
    except Exception as error:  # whatever a forged file leads to
        raise ValueError(
            f"{fspath(path)} is whole, but what it holds cannot be built here: "
            f"{type(error).__name__}: {error}. Load it with the code and the versions "
            f"it was saved with ({header['versions']})."
        ) from error
    raise TypeError(
        f"{fspath(path)} holds types that are not trusted: {sorted(unknown)}. If you "
        "know who wrote the file, and what these types do, load it with "
        f"skad.load(path, trusted={sorted(unknown)})."
    )


def _packed(estimator):
    """Return the estimator in the format of skops, once it was read back."""
    skops_io = _skops_io()
    try:
        loose = skops_io.dumps(estimator)
        body = packed(loose)
        if inflates(body):  # the same over and over
            body = packed(loose, ZIP_STORED)
        _refuse_forgery(body)
        checked(skops_io.loads(body, trusted=skops_io.get_untrusted_types(data=body)))
    except Exception as error:  # of any object that the estimator holds
        raise ValueError(
            f"{type(estimator).__name__} cannot be saved, because it could not be "
            f"loaded again: {type(error).__name__}: {error}. Define classes and "
            "functions at the top level of a module, and let it hold numbers, texts, "
            "arrays and estimators, but no frames of pandas."
        ) from error
    return body


def _refuse_forgery(body):
    if inflates(body):
        raise ValueError(
            "it would take much more memory than the file, as a bomb does, or a large "
            "sparse matrix of few values (keep that as an array)"
        )
    refuse_misuse(body)


def _skops_io():
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "skad.save and skad.load need skops. Install it with "
            'pip install "skad[safe]".'
        ) from error
    return skops.io


def versions_here():
    return {"python": platform.python_version()} | {
        package: version(package) for package in _PACKAGES
    }


def _check_header(path, header):
    found, versions = header.get("format"), header.get("versions")
    if not isinstance(found, int) or not isinstance(versions, dict):
        raise damaged(path, "its header names no format or no versions")
    if found > FORMAT:
        raise ValueError(
            f"{fspath(path)} was written by a later skad ({versions.get('skad')}, "
            f"format {found}; this one reads up to format {FORMAT}). Update skad."
        )
    others = [
        f"{name} {versions.get(name)} (here {here})"
        for name, here in versions_here().items()
        if _minor(versions.get(name)) != _minor(here)
    ]
    if others:
        warnings.warn(
            f"{fspath(path)} was saved with {', '.join(others)}. Scores may differ, if "
            "it can be read: compare them with known ones, then save it anew, or "
            "install these versions.",
            UserWarning,
            stacklevel=3,
        )


def _minor(text):
    return str(text).split(".")[:2]
