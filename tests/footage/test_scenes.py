"""An artist's scene: its bytes for a clearance, as cleared, and never as a picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_pictures import LIN, Door, half_picture, sealed, write_rgb

from bottega.footage import open_scene, seal_scene
from bottega.model import ConsentError, CredentialError, Role, UsageError

CONTENT = b"BLENDER-v500" + bytes(range(256)) * 40


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "fall.blend"
    path.write_bytes(CONTENT)
    return path


def test_the_bytes_that_were_sealed_are_read_once_the_door_was_asked(scene: Path) -> None:
    door, exemplar = Door(), seal_scene(scene)
    assert exemplar.role is Role.MATTE
    assert open_scene(exemplar, "clearance", door=door) == CONTENT
    assert door.asked == [exemplar.digest]


def test_a_shut_door_gives_nothing(scene: Path) -> None:
    with pytest.raises(ConsentError, match="no_consent"):
        open_scene(seal_scene(scene), "clearance", door=Door(refuses=True))


@pytest.mark.parametrize("at", [0, 5000, len(CONTENT) - 1])
def test_one_changed_byte_is_refused(scene: Path, at: int) -> None:
    exemplar = seal_scene(scene)
    data = bytearray(CONTENT)
    data[at] ^= 1
    scene.write_bytes(bytes(data))
    with pytest.raises(ConsentError, match="hash_changed"):
        open_scene(exemplar, "clearance", door=Door())


def test_a_changed_record_is_refused(scene: Path) -> None:
    with pytest.raises(CredentialError, match="the record was changed"):
        open_scene(dataclasses.replace(seal_scene(scene), digest="0" * 64), "clearance", door=Door())


def test_a_picture_is_no_scene(tmp_path: Path) -> None:
    path = tmp_path / "matte.exr"
    write_rgb(path, half_picture())
    with pytest.raises(UsageError, match=r"is no scene: name one file that ends with \.blend"):
        seal_scene(path)
    with pytest.raises(UsageError, match=r"is no scene, allowed is one file that ends with \.blend"):
        open_scene(sealed(path, role=Role.MATTE, colour=LIN), "clearance", door=Door())


def test_a_link_to_a_scene_is_refused(scene: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.blend"
    link.symlink_to(scene)
    with pytest.raises(UsageError, match="is no scene"):
        seal_scene(link)
