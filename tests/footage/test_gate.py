import dataclasses
import os

import numpy as np
import pytest
from made_pictures import LIN, SRGB, Door, half_picture, opened, sealed, write_rgb, write_still

from bottega import footage
from bottega.footage import frames as frames_module
from bottega.model import ConsentError, CredentialError, FootageError, Role


@pytest.fixture
def reads(monkeypatch):
    """Every file opened by the room, in order, among what the door was asked."""
    log: list[str] = []
    real = os.open

    def noted(path, *rest, **more):
        log.append(f"read {os.fspath(path).rsplit('/', 1)[-1]}")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", noted)
    return log


def two_frames(folder):
    for number in (1001, 1002):
        write_rgb(folder / f"a.{number}.exr", half_picture(seed=number))
    return sealed(folder / "a.####.exr")


def test_a_shut_door_lets_nothing_be_read(tmp_path, reads):
    plate = two_frames(tmp_path)
    reads.clear()
    with pytest.raises(ConsentError, match="no_consent"):
        footage.open_frames(plate, "clearance", door=Door(refuses=True), working=LIN)
    assert reads == []


def test_the_door_is_asked_before_every_frame(tmp_path, reads, monkeypatch):
    plate = two_frames(tmp_path)
    door = Door()
    monkeypatch.setattr(Door, "admit", lambda self, c, d: reads.append(f"ask {c}"))
    with footage.open_frames(plate, "clearance", door=door, working=LIN) as frames:
        reads.clear()
        frames.read(1002)
        frames.read(1001)
    assert reads == ["ask clearance", "read a.1002.exr", "ask clearance", "read a.1001.exr"]


def test_a_door_that_shuts_meanwhile_stops_the_next_frame(tmp_path):
    door = Door()
    with footage.open_frames(two_frames(tmp_path), "clearance", door=door, working=LIN) as frames:
        frames.read(1001)
        door.refuses = True
        with pytest.raises(ConsentError):
            frames.read(1002)
    assert len(set(door.asked)) == 1


def test_a_record_that_was_changed_is_refused(tmp_path):
    plate = two_frames(tmp_path)
    other = dataclasses.replace(plate.files[0], sha256="0" * 64)
    with pytest.raises(CredentialError, match="the record was changed"):
        footage.open_frames(dataclasses.replace(plate, files=(other, plate.files[1])), "c", door=Door(), working=LIN)


@pytest.mark.parametrize("when", ["before opening", "while open"])
def test_one_changed_byte_is_refused_with_file_and_frame(tmp_path, when):
    plate = two_frames(tmp_path)
    path = tmp_path / "a.1002.exr"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    if when == "before opening":
        path.write_bytes(bytes(data))
    with footage.open_frames(plate, "c", door=Door(), working=LIN) as frames:
        frames.read(1001)
        path.write_bytes(bytes(data))
        with pytest.raises(ConsentError, match=r"a\.1002\.exr', frame 1002: its bytes differ from what was sealed") as caught:
            frames.read(1002)
    assert caught.value.codes == ("hash_changed",)


def test_another_size_is_refused_before_any_header_is_read(tmp_path, reads):
    plate = two_frames(tmp_path)
    (tmp_path / "a.1002.exr").write_text("shorter")
    reads.clear()
    with pytest.raises(ConsentError, match=r"frame 1002: its 7 bytes \(then \d+\) differ"):
        footage.open_frames(plate, "c", door=Door(), working=LIN)
    assert reads == []


def test_a_link_put_in_a_files_place_is_refused(tmp_path):
    plate = two_frames(tmp_path)
    path = tmp_path / "a.1002.exr"
    path.rename(tmp_path / "same_bytes.exr")
    path.symlink_to(tmp_path / "same_bytes.exr")
    with pytest.raises(ConsentError, match=r"hash_changed: .*frame 1002: it has become a link"):
        footage.open_frames(plate, "c", door=Door(), working=LIN)
    path.unlink()
    with pytest.raises(FootageError, match=r"frame 1002 is gone: .*put the file back"):
        footage.open_frames(plate, "c", door=Door(), working=LIN)


def test_what_is_decoded_is_what_was_hashed(tmp_path, monkeypatch):
    """A file that changes right after it was hashed changes nothing: the bytes in memory are decoded."""
    path = write_rgb(tmp_path / "a.exr", half_picture(seed=1))
    one = sealed(path)
    real = frames_module.sealed_bytes

    def swapped(file, where):
        data = real(file, where)
        write_rgb(path, half_picture(seed=2))
        return data

    monkeypatch.setattr(frames_module, "sealed_bytes", swapped)
    with footage.open_frames(one, "c", door=Door(), working=LIN) as frames:
        assert (frames.read(1).native == half_picture(seed=1)).all()


def test_without_memfd_a_private_folder_serves_the_same_bytes(tmp_path, monkeypatch):
    exr = write_rgb(tmp_path / "a.exr", half_picture())
    png = write_still(tmp_path / "a.png", np.arange(300, dtype=np.uint16).reshape(10, 10, 3))
    monkeypatch.delattr(os, "memfd_create")
    with opened(exr) as frames:
        assert (frames.read(1).native == half_picture()).all()
    with opened(png, colour=SRGB) as frames:
        assert frames.read(1).native.sum() == np.arange(300).sum()


def test_a_frame_that_is_not_there(tmp_path):
    for number in (1001, 1003):
        write_rgb(tmp_path / f"a.{number}.exr", half_picture())
    with opened(tmp_path) as frames:
        assert frames.numbers == (1001, 1003)
        with pytest.raises(FootageError, match="frame 1002 is missing, there are 1001,1003: supply it"):
            frames.read(1002)


def test_a_still_stands_for_any_frame(tmp_path):
    with opened(write_rgb(tmp_path / "a.exr", half_picture()), Role.KEY) as frames:
        assert frames.numbers == (0,)
        assert [f.number for f in frames] == [0]
        assert [frames.read(n).number for n in (1001, 1024)] == [1001, 1024]


def test_paths_under_a_root(tmp_path):
    write_rgb(tmp_path / "a.exr", half_picture())
    one = sealed(tmp_path / "a.exr")
    moved = dataclasses.replace(one, files=(dataclasses.replace(one.files[0], path="a.exr"),))
    with footage.open_frames(moved, "c", door=Door(), working=LIN, root=tmp_path) as frames:
        assert (frames.read(1).native == half_picture()).all()
