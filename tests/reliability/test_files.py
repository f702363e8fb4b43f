"""Whatever happens to a file, it is whole, or refused."""

import errno
import multiprocessing
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import skad
from skad.detectors import PCADetector
from skad.persistence import _sealed_files
from skad.preprocessing import SlidingWindow
from tests.support.file_faults import (
    cut,
    flipped,
    outcome_of,
    refusals_of_damage,
    strays,
)
from tests.support.golden import GOLDEN
from tests.support.shares import share
from tests.support.signals import sine

pytestmark = [
    pytest.mark.files,
    pytest.mark.filterwarnings("ignore:.*format_1.skad was saved with"),
]

X = sine(200, 2) + np.random.default_rng(0).normal(size=(200, 2)) / 10
ONE = make_pipeline(SlidingWindow(4), PCADetector()).fit(X)
OTHER = make_pipeline(SlidingWindow(30), PCADetector()).fit(X)
SCORES = [fitted.score_samples(X) for fitted in (ONE, OTHER)]


def is_whole(path):
    """Load a file, which answers as one of the two."""
    found = skad.load(path).score_samples(X)
    return any(np.array_equal(found, scores) for scores in SCORES)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "detector.skad"
    skad.save(ONE, path)
    return path


@pytest.mark.parametrize(
    ("spoil", "n_times", "damaged", "refused"),
    [
        (flipped, share(1000, 100), "bits flipped", "flips refused"),
        (cut, share(100, 20), "files cut", "cuts refused"),
    ],
)
def test_damage_anywhere_is_one_error(
    tmp_path, rng, record_property, spoil, n_times, damaged, refused
):
    path = shutil.copy(GOLDEN, tmp_path)
    n_refused = refusals_of_damage(Path(path), spoil, n_times, rng)
    record_property(damaged, n_times)
    record_property(refused, n_refused)
    assert n_refused == n_times


def save_for_ever(path, begun):
    """Save one after the other, in a process that is going to be killed."""
    skad.save(OTHER, path)
    begun.set()
    while True:
        skad.save(ONE, path)
        skad.save(OTHER, path)


@pytest.fixture(scope="module")
def fresh_processes():
    """Return what starts processes quickly: those have imported skad before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def test_a_kill_while_saving_leaves_a_whole_file(
    path, rng, record_property, fresh_processes
):
    n_kills, n_whole = share(50, 3), 0
    for _ in range(n_kills):
        begun = fresh_processes.Event()
        process = fresh_processes.Process(target=save_for_ever, args=(path, begun))
        process.start()
        assert begun.wait(60)
        process.join(rng.uniform(0, 0.05))
        process.kill()
        process.join()
        n_whole += is_whole(path)
    record_property("kills", n_kills)
    record_property("whole files after a kill", n_whole)
    record_property("kills while a file was written", len(strays(path)))
    assert n_whole == n_kills
    skad.save(ONE, path)
    assert is_whole(path)


def save_some(path, estimator, n_times):
    for _ in range(n_times):
        skad.save(estimator, path)


def test_who_loads_while_others_save_gets_one_whole_file(
    path, record_property, fresh_processes
):
    n_times = share(100, 5)
    tasks = [(path, fitted, n_times) for fitted in (ONE, OTHER)]
    writers = [fresh_processes.Process(target=save_some, args=t) for t in tasks]
    writers += [threading.Thread(target=save_some, args=task) for task in tasks]
    for writer in writers:
        writer.start()
    n_loaded = 0
    while n_loaded < n_times or any(writer.is_alive() for writer in writers):
        assert is_whole(path)
        n_loaded += 1
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers[:2]] == [0, 0]
    assert strays(path) == []
    record_property("files loaded while others saved", n_loaded)


DISK_FULL = """
import resource, sys
import skad
from sklearn.preprocessing import MinMaxScaler
path, *sizes = sys.argv[1:]
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for size in sizes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), most))
    try:
        skad.save(MinMaxScaler(), path)
    except OSError as error:
        print(error)
"""


def test_a_disk_that_is_full_at_any_byte_leaves_the_old_file(
    path, rng, record_property
):
    new = path.with_name("new.skad")
    skad.save(MinMaxScaler(), new)
    sizes = rng.integers(0, new.stat().st_size, share(50, 5))
    status, printed = outcome_of(DISK_FULL, path, *sizes)
    assert status == 0, printed
    assert printed.count("was not written (File too large)") == len(sizes)
    record_property("full disks", len(sizes))
    assert is_whole(path)
    assert strays(path) == []


def fails(code):
    def fail(*arguments, **named):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("stage", ["open", "fchmod", "fsync", "replace"])
def test_a_disk_that_fails_at_any_stage_leaves_the_old_file(
    path, monkeypatch, stage, code
):
    place = "builtins.open" if stage == "open" else f"os.{stage}"
    with monkeypatch.context() as patch:
        patch.setattr(place, fails(code))
        with pytest.raises(OSError, match=r"detector.skad was not written \("):
            skad.save(OTHER, path)
    assert np.array_equal(skad.load(path).score_samples(X), SCORES[0])
    assert strays(path) == []


def test_a_folder_that_cannot_be_flushed_is_no_reason_to_deny_the_file(
    path, monkeypatch
):
    for code in (errno.EINVAL, errno.EACCES):  # of some network disks
        with monkeypatch.context() as patch:
            patch.setattr(_sealed_files, "_flush", fails(code))
            skad.save(OTHER, path)
        assert np.array_equal(skad.load(path).score_samples(X), SCORES[1])
        skad.save(ONE, path)


def test_a_folder_that_fails_to_be_flushed_is_told_of_a_file_that_is_there(
    path, monkeypatch
):
    monkeypatch.setattr(_sealed_files, "_flush", fails(errno.EIO))
    with pytest.raises(OSError, match=r"detector.skad was written, but .*power fails"):
        skad.save(OTHER, path)
    assert np.array_equal(skad.load(path).score_samples(X), SCORES[1])


ODD_NAMES = ["Détecteur Ωλ 检测.skad", " a b ", "a[1]*?.skad", "x" * 200, "-", "ü" * 90]


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_a_file_may_have_any_name(tmp_path, monkeypatch, name, record_property):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        skad.save(ONE, name)
        assert is_whole(name)
    assert [each.name for each in tmp_path.iterdir()] == [name]
    record_property("odd names", 1)


def test_a_link_to_nothing_becomes_a_link_to_the_file(tmp_path):
    link, target = tmp_path / "link.skad", tmp_path / "target.skad"
    link.symlink_to(target)
    skad.save(ONE, link)
    assert link.is_symlink()
    assert is_whole(target)


def test_a_folder_is_no_place_for_a_file(tmp_path):
    with pytest.raises(OSError, match="is no regular file. Pass a path with a file"):
        skad.save(ONE, tmp_path)
    assert list(tmp_path.iterdir()) == []
