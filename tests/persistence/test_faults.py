"""Files are written whole or not at all, and damage is told apart from content."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

import skad
from skad.persistence import _sealed_files
from skad.persistence._sealed_files import read_sealed, write_sealed
from tests.support.file_faults import outcome_of, strays

pytestmark = pytest.mark.files

OLD = {"age": "old"}, b"old"
NEW = {"age": "new"}, b"new" * 10_000


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.skad"
    write_sealed(path, *OLD)
    return path


def test_a_sealed_file_gives_back_header_and_body(path):
    assert read_sealed(path) == OLD
    write_sealed(path, *NEW)
    assert read_sealed(path) == NEW
    assert strays(path) == []


def test_every_bit_of_a_file_counts(path):
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        spoilt = bytearray(content)
        spoilt[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(spoilt))
        with pytest.raises(ValueError, match="is damaged.*Take another copy of it"):
            read_sealed(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04K\x05.", b"PK\x03\x04"])
def test_another_kind_of_file_is_named_so(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="or no file written by skad.save: it does"):
        skad.load(path)


def test_a_file_that_never_ends_is_not_read():
    with pytest.raises(ValueError, match="does not begin as such files do"):
        skad.load("/dev/zero")


@pytest.mark.parametrize("header", [b"", b"5", b"[" * 100_000, b"\xff", b'{"a": 1'])
def test_a_header_that_is_none_is_damage(path, monkeypatch, header):
    monkeypatch.setattr(_sealed_files.json, "dumps", lambda _: header.decode("latin-1"))
    write_sealed(path, {}, b"")
    with pytest.raises(ValueError, match="is damaged.*its header cannot be read"):
        read_sealed(path)


def test_a_folder_or_nothing_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing.skad"):
        skad.load(tmp_path / "missing.skad")
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        skad.load(tmp_path)


KILLED_AT = """
import os, signal, sys
from skad.persistence import _sealed_files
def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, sys.argv[2], die)
_sealed_files.write_sealed(sys.argv[1], {"age": "new"}, b"new")
"""


@pytest.mark.parametrize("moment", ["fchmod", "fsync", "replace"])
def test_a_kill_before_the_last_move_leaves_the_old_file(path, moment):
    assert outcome_of(KILLED_AT, path, moment)[0] == -9
    assert read_sealed(path) == OLD
    assert len(strays(path)) == 1


def test_what_a_kill_left_behind_is_swept_when_no_process_can_use_it(path):
    outcome_of(KILLED_AT, path, "replace")
    (left,) = strays(path)
    other = path.with_name(".model.skad.notes.tmp")
    other.touch()
    os.utime(other, (0, 0))
    write_sealed(path, *NEW)
    assert set(strays(path)) == {left, other.name}  # another process may still write it
    os.utime(path.with_name(left), (0, 0))
    write_sealed(path, *NEW)
    assert strays(path) == [other.name]


def test_a_folder_that_is_missing_is_named(tmp_path):
    path = tmp_path / "missing" / "model.skad"
    with pytest.raises(FileNotFoundError, match="was not written.*folder that exists"):
        write_sealed(path, *NEW)


def test_a_folder_that_may_not_be_written_to_is_named(tmp_path, path):
    tmp_path.chmod(0o555)
    # Who may do everything may not write here either.
    folder = Path("/sys") if os.access(tmp_path, os.W_OK) else tmp_path
    with pytest.raises(OSError, match=f"{folder}/model.skad was not written"):
        write_sealed(folder / "model.skad", *NEW)
    assert read_sealed(path) == OLD
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("wrong", ["/dev/null", "."])
def test_what_is_no_file_is_never_replaced(wrong):
    with pytest.raises(OSError, match="is no regular file. Pass a path with a file"):
        write_sealed(wrong, *NEW)
    assert not stat.S_ISREG(os.stat(wrong).st_mode)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_leaves_the_old_file_and_nothing_else(path, monkeypatch, error):
    def interrupted(descriptor):
        raise error("stop")

    monkeypatch.setattr(_sealed_files.os, "fsync", interrupted)
    with pytest.raises(error, match="stop"):
        write_sealed(path, *NEW)
    assert read_sealed(path) == OLD
    assert strays(path) == []


def test_a_new_file_has_the_usual_rights_and_an_old_one_keeps_its_own(path):
    plain = path.with_name("plain")
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o600)
    write_sealed(path, *NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_and_what_it_points_to_is_replaced(path):
    link = path.with_name("link.skad")
    link.symlink_to(path)
    write_sealed(link, *NEW)
    assert link.is_symlink()
    assert read_sealed(path) == NEW


def test_an_estimator_that_cannot_be_saved_leaves_the_old_file(path):
    wrong = MinMaxScaler()
    wrong.hidden_ = (number for number in range(3))
    with pytest.raises(ValueError, match="MinMaxScaler cannot be saved"):
        skad.save(wrong, path)
    assert read_sealed(path) == OLD


def test_saving_twice_gives_files_that_load_alike(tmp_path):
    scaler = MinMaxScaler().fit(np.eye(3))
    for name in ("one", "two"):
        skad.save(scaler, tmp_path / name)
    one, two = (skad.load(tmp_path / name) for name in ("one", "two"))
    assert np.array_equal(one.scale_, two.scale_)


@pytest.mark.parametrize("name", ["x" * 255, "\u00e9" * 127])
def test_a_name_may_be_as_long_as_the_system_takes(tmp_path, name):
    for header in ({"first": 1}, {"second": 2}):
        write_sealed(tmp_path / name, header, b"body")
        assert read_sealed(tmp_path / name) == (header, b"body")
    assert [path.name for path in tmp_path.iterdir()] == [name]
