"""Versions are never overwritten, and what an unfinished take left behind is taken up only where it is whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.jobs.runner.takefolder import TakeFolder, named, new_version, record_sha256, same_plan, versions
from bottega.model import BottegaError, JobError, TakeState, UsageError

from .cases import a_take, digest, output


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sh010").mkdir()
    return tmp_path


def test_two_runs_at_once_get_two_versions(root: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: new_version(root, "sh010", "deage")[1], range(40)))
    assert sorted(numbers) == list(range(1, 41))
    assert [f.path.name for f in versions(root, "sh010", "deage")] == [f"v{n:03d}" for n in range(1, 41)]


def test_a_version_after_the_last_even_with_gaps_and_strangers(root: Path) -> None:
    for name in ("v002", "v1000", "v07", "vx", "v003.old", "notes"):
        (root / "sh010" / "deage" / name).mkdir(parents=True)
    (root / "sh010" / "deage" / "v2000").write_text("a file")
    folder, number = new_version(root, "sh010", "deage")
    assert number == 2001 and folder.path.is_dir()
    assert [f.path.name for f in versions(root, "sh010", "deage")] == ["v002", "v1000", "v2001"]


@pytest.mark.parametrize("text", ["sh010/deage/v003", "sh010_deage_v003", "/elsewhere/show/sh010/deage/v003", "my_show/sh010/deage/v003/"])
def test_the_names_of_a_take(root: Path, text: str) -> None:
    path = root / "sh010" / "deage" / "v003"
    path.mkdir(parents=True)
    TakeFolder(path).write(a_take(3))
    assert named(root, text).path == path


@given(
    st.text(max_size=40) | st.sampled_from(["../../etc/v001", "sh010/../v001", "sh010/deage/v001/../..", "a/b/v001\0", "SH010/deage/v001"])
)
def test_hostile_names_are_refused_and_lead_nowhere(text: str) -> None:
    with pytest.raises(UsageError):
        named(Path("/nonexistent/show"), text)


def test_the_take_of_a_plan(root: Path) -> None:
    assert same_plan(root, "sh010", "deage", digest()) is None
    made = []
    for changes in ({}, {"plan_digest": "0" * 64}, {"state": TakeState.QUARANTINED}, {"remake_of": "1" * 32}):
        folder, number = new_version(root, "sh010", "deage")
        folder.write(a_take(number, **changes))
        made.append(folder)
    found = same_plan(root, "sh010", "deage", digest())
    assert found is not None and found.path == made[0].path
    damaged, _ = new_version(root, "sh010", "deage")
    (damaged.path / "take.json").write_text("{")
    assert same_plan(root, "sh010", "deage", digest()).path == made[0].path


def test_a_finished_take_that_lost_a_file_is_not_the_take_of_its_plan(root: Path) -> None:
    folder, number = new_version(root, "sh010", "deage")
    (folder.path / "frames").mkdir()
    (folder.path / "frames" / "a.1001.exr").write_bytes(b"picture")
    take = a_take(number, state=TakeState.DONE, outputs=(output("frames/a.1001.exr", b"picture", 1001),))
    folder.write(take)
    assert same_plan(root, "sh010", "deage", digest()).path == folder.path and folder.lacks(take) == []
    (folder.path / "frames" / "a.1001.exr").unlink()
    assert same_plan(root, "sh010", "deage", digest()) is None and folder.lacks(take) == ["frames/a.1001.exr"]


def test_the_digest_of_a_record_is_that_of_its_file(root: Path) -> None:
    import hashlib

    folder, number = new_version(root, "sh010", "deage")
    folder.write(a_take(number))
    assert record_sha256(a_take(number)) == hashlib.sha256((folder.path / "take.json").read_bytes()).hexdigest()
    assert folder.read() == a_take(number)


def noted(folder: TakeFolder, number: int) -> Path:
    """A delivered frame with its note."""
    file = folder.path / "frames" / f"a.{number}.exr"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"picture %d" % number)
    out = output(f"frames/a.{number}.exr", b"picture %d" % number, number)
    folder.note_frame(number, {"outputs": [out.to_json()], "tally": {}, "carried": 1.0, "non_finite": 0})
    return file


def test_only_whole_frames_with_a_whole_note_are_kept(root: Path) -> None:
    folder, number = new_version(root, "sh010", "deage")
    folder.write(a_take(number))
    files = {n: noted(folder, n) for n in range(1001, 1007)}
    files[1002].write_bytes(b"picture, painted over")
    files[1003].unlink()
    (folder.work / "1004.json").write_text('{"outputs": [')
    (folder.work / "1005.json").write_text('{"outputs": []}')
    (folder.path / "frames" / ".half.partial").write_bytes(b"x")
    folder.drop_unnoted()
    assert [n for n in files if folder.noted_frame(n)] == [1001, 1006]
    assert sorted(p.name for p in (folder.path / "frames").iterdir()) == ["a.1001.exr", "a.1006.exr"]
    assert folder.read() == a_take(number)
    folder.finish()
    assert not folder.work.exists()


def test_a_held_take_is_held_once(root: Path) -> None:
    folder, _ = new_version(root, "sh010", "deage")
    with folder.held(), pytest.raises(JobError, match="sh010/deage/v001 is being made by another run"), TakeFolder(folder.path).held():
        pass
    with TakeFolder(folder.path).held():
        assert issubclass(JobError, BottegaError)
