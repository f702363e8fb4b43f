"""Files that are written whole or not at all, and read only if they are whole.

A sealed file is a mark, a checksum of all that follows, one line of JSON (the header),
and the body::

    89 73 6b 61 64 0d 0a 1a   SHA-256 (32 bytes)   {"format": 1, ...} newline   body

The mark holds a byte above 127 and line ends of both kinds, which transfers as text
spoil. Later formats keep these first two parts and the key "format".
"""

import errno
import glob
import hashlib
import json
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

MARK = b"\x89skad\r\n\x1a"
_DIGEST_SIZE = hashlib.sha256().digest_size
# What a killed process left behind is in the way of nobody; after that long, no
# process can still be writing it.
_STALE = 3600
_TOKEN_SIZE = 8
_LONGEST_NAME = 200
# Of folders on some network disks, and of those that may be written to but not read.
_NOT_FLUSHED = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOTSUP}


def write_sealed(path: str | os.PathLike, header: dict, body: bytes) -> None:
    """Write a sealed file; whatever goes wrong, the file that was there stays."""
    content = json.dumps(header).encode() + b"\n" + body
    path = Path(os.path.realpath(path))  # a link stays, and what it points to changes
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no regular file. Pass a path with a file name.")
    try:
        _replace(path, [MARK, hashlib.sha256(content).digest(), content])
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} was not written ({error.strerror}); a file that was there before "
            "is unchanged. Pass a path in a folder that exists, may be written to and "
            "has room",
        ) from error
    _let_the_name_last(path)


def read_sealed(path: str | os.PathLike) -> tuple[dict, bytes]:
    """Return header and body of a sealed file, in about twice its size of memory."""
    with open(path, "rb") as file:
        if file.read(len(MARK)) != MARK:
            raise damaged(path, "it does not begin as such files do")
        digest, content = file.read(_DIGEST_SIZE), file.read()
    if hashlib.sha256(content).digest() != digest:
        raise damaged(path, "its checksum does not match its content")
    header, _, body = content.partition(b"\n")
    try:
        return dict(json.loads(header)), body
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(path, "its header cannot be read") from error


def damaged(path: str | os.PathLike, cause: str) -> ValueError:
    """Build the error for a file that was cut, changed, or never written by skad."""
    return ValueError(
        f"{os.fspath(path)} is damaged, or no file written by skad.save: {cause}. Take "
        "another copy of it, or save the estimator again."
    )


def _replace(path, parts):
    _sweep(path)
    token = secrets.token_hex(_TOKEN_SIZE)
    temporary = path.with_name(f".{_short_name(path)}.{token}.tmp")
    try:
        with open(temporary, "xb") as file:
            if path.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _short_name(path):
    """Return a name that leaves room, in the 255 bytes of one, for what is added."""
    name = os.fsencode(path.name)
    return path.name if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()


def _sweep(path):
    """Remove what saves of ``path`` that were killed have left behind."""
    token = "[0-9a-f]" * 2 * _TOKEN_SIZE
    for left in path.parent.glob(f".{glob.escape(_short_name(path))}.{token}.tmp"):
        with suppress(FileNotFoundError):  # another process sweeps too
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _let_the_name_last(path):
    """Tell the disk of the new file at once, where it can be told."""
    try:
        _flush(path.parent)
    except OSError as error:
        if error.errno in _NOT_FLUSHED:
            return
        raise OSError(
            error.errno,
            f"{path} was written, but the disk was not told of it ({error.strerror}): "
            "if the power fails now, the old file may be back. Save again",
        ) from error


def _flush(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
