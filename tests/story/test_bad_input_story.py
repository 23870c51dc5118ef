"""What goes wrong in a studio: each is a clear error that names file and frame, or a documented behaviour; nothing is half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega import Studio
from bottega.model import BottegaError, FootageError, UsageError

from .stage import ARTIST, PERFORMER, SHOT, Stage, build, deage, open_show, painted, picture, srgb, write_exr, write_png


def takes(studio: Studio) -> list[str]:
    return sorted(p.name for p in (studio.folder.root / SHOT).glob("deage/*"))


def fails(studio: Studio, stage: Stage, *words: str, kind: type[BottegaError] = FootageError, **options: object) -> None:
    """The job fails with all of `words` in its message, and leaves no take behind."""
    with pytest.raises(kind) as problem:
        deage(studio, stage, **options)
    for word in words:
        assert word in str(problem.value), str(problem.value)
    assert takes(studio) == []


def repaint(studio: Studio, stage: Stage, name: str, values: np.ndarray, *, bits: int = 16) -> Path:
    """Put a key of its own into a folder of its own, on record."""
    folder = stage.root / "again"
    folder.mkdir(exist_ok=True)
    if name.endswith(".exr"):
        write_exr(folder / name, values)
    else:
        write_png(folder / name, values, bits=bits)
    studio.add_exemplars([folder / name], by=ARTIST, licence="work-for-hire")
    return folder


def test_a_truncated_plate_frame(stage: Stage) -> None:
    victim = stage.plates / "1001.exr"
    victim.write_bytes(victim.read_bytes()[:-700])
    studio = open_show(stage)
    fails(studio, stage, "1001.exr", "frame 1001")


def test_a_truncated_plate_frame_in_the_middle_is_found_before_anything_is_made(stage: Stage) -> None:
    victim = stage.plates / "1009.exr"
    victim.write_bytes(victim.read_bytes()[:-700])
    studio = open_show(stage)
    fails(studio, stage, "1009.exr", "frame 1009")


def test_a_missing_frame_in_the_middle(stage: Stage) -> None:
    (stage.plates / "1005.exr").unlink()
    studio = Studio.create(stage.root / "my_show", show="demo")
    with pytest.raises(UsageError, match=r"lacks 1 frame.*1005.*--allow-holes"):
        studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb")
    assert studio.shots() == [] and not (studio.folder.root / SHOT).exists()


def test_a_hole_that_was_accepted_stays_a_hole(stage: Stage) -> None:
    (stage.plates / "1005.exr").unlink()
    studio = open_show(stage, consent=False, shot=False)
    shot = studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb", allow_holes=True)
    assert shot.holes == (1005,)
    take = studio.repair(SHOT, keys=stage.keys, matte=stage.mattes, no_performer=True)
    frames = {o.frame for o in take.outputs if o.path.startswith("frames/")}
    assert frames == set(range(1001, 1011)) - {1005}


def test_a_key_of_the_wrong_size(stage: Stage) -> None:
    studio = open_show(stage)
    keys = repaint(studio, stage, "1004.png", srgb(picture(1004, (48, 64))[0]))
    fails(studio, stage, "1004.png", "64x48", "128x96", keys=keys)


def test_a_key_outside_the_range(stage: Stage) -> None:
    studio = open_show(stage)
    keys = repaint(studio, stage, "1044.png", srgb(picture(1004)[0]))
    fails(studio, stage, "1044.png", "1001-1010", keys=keys, kind=UsageError)


def test_an_8_bit_key(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1004)
    keys = repaint(studio, stage, "1004.png", srgb(painted(plate, matte)), bits=8)
    fails(studio, stage, "1004.png", "8 bits", "16-bit", keys=keys)
    assert deage(studio, stage, keys=keys, allow_8bit_keys=True).number == 1


def test_a_key_without_a_number(stage: Stage) -> None:
    studio = open_show(stage)
    keys = repaint(studio, stage, "face.png", srgb(picture(1004)[0]))
    fails(studio, stage, "face.png", "frame number", keys=keys, kind=UsageError)


def test_a_painted_layer_with_straight_alpha(stage: Stage) -> None:
    """A transparent layer from a paint program: only where it is opaque does it count; between, it mixes in light."""
    studio = open_show(stage)
    plate, matte = picture(1004)
    layer = np.concatenate([srgb(painted(plate, matte)), (matte[..., None] > 0.5).astype(np.float32)], -1)
    keys = repaint(studio, stage, "1004.png", layer)
    take = deage(studio, stage, keys=keys)
    result = OpenEXR.File(str(studio.folder.root / take.folder / "frames" / "sh010_deage_v001.1004.exr")).parts[0].channels["RGB"].pixels
    inside, outside = matte == 1, matte < 0.4
    assert np.allclose(result[inside], painted(plate, matte)[inside], rtol=2e-3)
    assert np.array_equal(result[outside], plate.astype(np.float16)[outside])


def test_an_exr_key(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1004)
    keys = repaint(studio, stage, "1004.exr", painted(plate, matte))
    take = deage(studio, stage, keys=keys)
    result = OpenEXR.File(str(studio.folder.root / take.folder / "frames" / "sh010_deage_v001.1004.exr")).parts[0].channels["RGB"].pixels
    solid = matte == 1
    assert np.array_equal(result[solid], painted(plate, matte).astype(np.float16)[solid])


def test_nan_and_inf_in_a_plate_stay_and_are_reported(stage: Stage) -> None:
    plate, matte = picture(1004)
    row, column = np.argwhere(matte == 0)[0]
    plate[row, column] = (np.nan, np.inf, 0.2)
    inside = tuple(np.argwhere(matte == 1)[0])
    plate[inside] = np.nan
    write_exr(stage.plates / "1004.exr", plate)
    studio = open_show(stage)
    take = deage(studio, stage)
    result = OpenEXR.File(str(studio.folder.root / take.folder / "frames" / "sh010_deage_v001.1004.exr")).parts[0].channels["RGB"].pixels
    assert np.array_equal(result[row, column].view(np.uint16), plate.astype(np.float16)[row, column].view(np.uint16))
    assert np.isfinite(result[inside]).all()
    assert np.isnan(result).sum() + np.isinf(result).sum() == 2
    assert any("1004" in w for w in take.warnings)


def test_nan_in_a_key(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1004)
    wrong = painted(plate, matte)
    wrong[5, 7] = np.nan
    keys = repaint(studio, stage, "1004.exr", wrong)
    fails(studio, stage, "1004.exr", "NaN", "x 7, y 5", keys=keys)


def test_a_folder_of_keys_is_added_picture_by_picture(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1003)
    folder = repaint(studio, stage, "1003.png", srgb(painted(plate, matte)))
    write_png(folder / "1008.png", srgb(painted(*picture(1008))))
    added = studio.add_exemplars([folder], by=ARTIST, licence="work-for-hire")
    assert [Path(e.came_from or "").name for e in added] == ["1003.png", "1008.png"]
    assert deage(studio, stage, keys=folder).number == 1
    (stage.root / "empty").mkdir()
    with pytest.raises(UsageError, match="no picture"):
        studio.add_exemplars([stage.root / "empty"], by=ARTIST, licence="work-for-hire")


def test_a_plate_of_one_frame(tmp_path: Path) -> None:
    stage = build(tmp_path, frames=1, keys=(1001,))
    studio = open_show(stage)
    take = deage(studio, stage)
    assert [o.frame for o in take.outputs if o.path.startswith("frames/")] == [1001]
    assert (studio.folder.root / take.folder / "contact.png").is_file()


def test_a_matte_that_lacks_frames(stage: Stage) -> None:
    (stage.mattes / "1007.png").unlink()
    fails(open_show(stage), stage, "matte", "1007", kind=UsageError)


def test_a_matte_of_another_size(stage: Stage) -> None:
    other = stage.root / "small"
    other.mkdir()
    for number in range(1001, 1011):
        write_png(other / f"{number}.png", picture(number, (48, 64))[1], bits=8)
    fails(open_show(stage), stage, "64x48", "128x96", matte=other, kind=UsageError)


def test_an_unreadable_folder(stage: Stage) -> None:
    studio = open_show(stage)
    nothing = stage.root / "nothing"
    nothing.write_text("a file where a folder should be")
    with pytest.raises(BottegaError, match="nothing"):
        deage(studio, stage, keys=nothing)
    assert takes(studio) == []


@pytest.mark.parametrize("name", ["../x", "sh 010", "SH010", "sh\n010", "", "é", "sh010/..", "exemplars", "-sh"])
def test_hostile_shot_names(stage: Stage, name: str) -> None:
    studio = open_show(stage, consent=False)
    before = sorted(p.name for p in studio.folder.root.iterdir())
    with pytest.raises(UsageError):
        studio.add_shot(name, stage.plates, colour="lin_rec709_srgb")
    assert sorted(p.name for p in studio.folder.root.iterdir()) == before


def test_names_in_any_script_and_no_hostile_ones(stage: Stage) -> None:
    studio = open_show(stage, consent=False)
    added = studio.add_person("Исполнитель Ä", role="performer")
    assert studio.records.find("Исполнитель A\u0308").subject_id == added.subject_id
    for hostile in ("A\u202eB", "A\x1b[31m", "A\nB", " ", "x" * 500):
        with pytest.raises(UsageError):
            studio.add_person(hostile, role="performer")
    assert PERFORMER in [name for _, name in studio.people()]


def test_a_folder_with_a_non_ascii_name(stage: Stage) -> None:
    moved = stage.root / "Plates Ünïcode"
    shutil.move(stage.plates, moved)
    studio = open_show(Stage(stage.root, moved, stage.keys, stage.mattes, stage.frames))
    assert deage(studio, stage).number == 1


def test_a_colour_space_that_nobody_declared(stage: Stage) -> None:
    studio = Studio.create(stage.root / "my_show", show="demo")
    with pytest.raises(UsageError, match="--colour"):
        studio.add_shot(SHOT, stage.plates)
    with pytest.raises(UsageError, match="lin_rec709"):
        studio.add_shot(SHOT, stage.plates, colour="lin_rec708_srgb")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small_disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root with CAP_SYS_ADMIN")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_and_then_room_again(stage: Stage, small_disk: Path) -> None:
    studio = open_show(stage)
    whole = deage(studio, stage)
    show = small_disk / "my_show"
    shutil.copytree(studio.folder.root, show, ignore=shutil.ignore_patterns("v001"))
    small = Studio.open(show)
    with pytest.raises(BottegaError) as problem:
        deage(small, stage)
    assert "space" in str(problem.value).lower() or "ledger_unreachable" in str(problem.value)
    assert not list(show.rglob("*.part"))
    for frame in show.glob(f"{SHOT}/deage/v*/frames/*.exr"):
        assert len(OpenEXR.File(str(frame)).parts) == 4
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again = deage(Studio.open(show), stage)
    wanted = {o.path.split(".")[-2]: o.sha256 for o in whole.outputs if o.path.startswith("frames/")}
    assert {o.path.split(".")[-2]: o.sha256 for o in again.outputs if o.path.startswith("frames/")} == wanted
