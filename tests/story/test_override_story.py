"""Case 51, the pictures' side: what is made under an override says so, in every picture and in its credit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from bottega import Studio
from bottega.attribution import CreditMap, regather
from bottega.footage import Band, Box, read_delivered
from bottega.model import ConsentError, Role, Take

from .stage import SHOT, Stage, build, deage, open_show

SIZE = (216, 384)  # rows, columns: a fifth of 1080 lines


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, Stage, Take, Take]]:
    """A show, and a take of it that was approved beside one that two people let pass."""
    root = tmp_path_factory.mktemp("override")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        stage = build(root / "shot", frames=3, keys=(1001,), size=SIZE)
        studio = open_show(stage)
        clean = deage(studio, stage)
        yield studio, stage, clean, overridden(studio, stage)


def overridden(studio: Studio, stage: Stage, **options: Any) -> Take:
    """A final delivery without approvals, which two people let pass."""
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, delivery="final", **options)
    for name, role in (("Legal C", "legal"), ("Studio D", "studio")):
        studio.add_person(name, role="artist")
        studio.rulings.new_key(name, role=role)
    let_pass(studio, stage.root / "override.json", refusal.value)
    return deage(studio, stage, delivery="final", also=["png16", "prores"], **options)


def let_pass(studio: Studio, file: Path, refused: ConsentError) -> None:
    """Two people sign that what was just refused may go on for a day."""
    until = datetime.now(UTC) + timedelta(days=1)
    studio.rulings.request_override(SHOT, job="deage", codes=sorted(set(refused.codes)), why="a screening", until=until, to=file)
    for name in ("Legal C", "Studio D"):
        studio.rulings.sign_override(file, person=name)
    studio.rulings.record_override(file)


def frame(studio: Studio, take: Take, number: int = 1002):
    [output] = [o for o in take.outputs if o.path.startswith("frames/") and o.frame == number]
    return read_delivered(studio.folder.root / take.folder / output.path, sha256=output.sha256)


def box(take: Take) -> Box:
    return Band(take.band.text).box(Box(0, 0, SIZE[1], SIZE[0]))


def has_band(picture: np.ndarray, text: str, tolerance: int) -> bool:
    """Whether the foot of a screen picture is the band's: dark ground, and bright letters where they belong."""
    wanted = Band(text).on_screen(np.zeros_like(picture))
    foot = Band(text).box(Box(0, 0, picture.shape[1], picture.shape[0])).y
    return bool(np.abs(picture[foot:].astype(int) - wanted[foot:]).mean() < tolerance)


def test_the_record_says_it(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, clean, marked = told
    assert clean.band is None and marked.band is not None
    [used] = {e.data["override_id"] for e in studio.ledger.entries(kind="override.used")}
    assert marked.band.override_id == used and marked.band.text == f"NOT CLEARED - {used}"
    assert marked.plan_digest != clean.plan_digest


def test_frames_and_all_that_is_made_of_them(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, _, marked = told
    root, text = studio.folder.root / marked.folder, marked.band.text
    made = frame(studio, marked)
    where = box(marked).inside(made.canvas)
    assert (made.rgb[where] == Band(text).light(made.display)).all()
    assert np.allclose((made.rgb - made.delta)[where], frame(studio, told[2]).rgb[where] - frame(studio, told[2]).delta[where], atol=2e-3)
    for name in (f"png16/{marked.name}.1002.png", f"credit/{marked.name}.1002.png"):
        with Image.open(root / name) as picture:
            codes = np.asarray(picture.convert("RGB") if picture.mode == "RGB" else picture)
        assert codes.std() > 0
    with Image.open(root / f"credit/{marked.name}.1002.png") as picture:
        assert has_band(np.asarray(picture.convert("RGB")), text, 1)
    for name in ("proxy.mp4", f"{marked.name}.mov"):
        with av.open(str(root / name)) as movie:
            shown = next(movie.decode(video=0)).to_ndarray(format="rgb24")
        foot = shown[box(marked).y :].astype(int)
        assert foot.min() < 60 and foot.max() > 200, "dark ground, bright letters"


def test_every_cell_of_the_contact_sheet(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, _, marked = told
    with Image.open(studio.folder.root / marked.folder / "contact.png") as picture:
        sheet = np.asarray(picture.convert("RGB"))
    height, width = SIZE
    label, gap = 26, 4
    for row in range(3):
        for column in range(4):
            y, x = gap + row * (height + label + gap) + label, gap + column * (width + gap)
            assert has_band(sheet[y : y + height, x : x + width], marked.band.text, 1), (row, column)


def test_outside_the_band_the_credit_gathers_the_same_bits(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, clean, marked = told
    made, before = frame(studio, marked), frame(studio, clean)
    credit, plain = (CreditMap.from_channels(dict(f.credit), f.manifest) for f in (made, before))
    outside = np.ones(credit.shape, bool)
    outside[box(marked).inside(made.canvas)] = False
    assert (made.rgb[outside] == before.rgb[outside]).all()
    assert (credit.parts[: len(plain.sources), outside] == plain.parts[:, outside]).all() and not credit.parts[-1, outside].any()
    pictures = {s.id: before.rgb if s.role is Role.PLATE else np.zeros_like(before.rgb) for s in credit.sources}
    pictures[credit.sources[-1].id] = made.rgb
    again, copied = regather(credit, pictures)
    plate = copied & outside & (credit.parts[0] > 0)
    assert plate.any() and (again[plate] == before.rgb[plate]).all()
    assert copied[~outside].all() and (again[~outside] == made.rgb[~outside]).all()


def test_the_band_is_no_artists_work(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, _, marked = told
    credit = CreditMap.from_channels(dict(frame(studio, marked).credit), frame(studio, marked).manifest)
    band = credit.sources[-1]
    assert (band.role, band.author_id, band.licence_id, band.exemplar) == (Role.BAND, None, None, marked.band.digest)
    [share] = [s for s in marked.shares if s.exemplar == marked.band.digest]
    height = box(marked).height
    assert share.author_id is None and share.share * SIZE[0] == height
    assert sum(s.share for s in marked.shares) == 1
    said = studio.report(marked.folder)
    [row] = [s for s in said["shares"] if s["work"].startswith("visible mark")]
    assert row["by"] == "nobody"


def test_the_two_takes_never_stand_for_each_other(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, stage, clean, marked = told
    assert deage(studio, stage).name == clean.name
    assert deage(studio, stage, delivery="final", also=["png16", "prores"]).name == marked.name


def test_it_can_be_made_again_while_the_override_holds(told: tuple[Studio, Stage, Take, Take]) -> None:
    studio, _, _, marked = told
    assert studio.remake(marked.folder).different == ()


def test_letters_stay_letters_when_small(tmp_path: Path) -> None:
    """At 1080 lines they are 45 pixels high, in a cell of a contact sheet a dozen: more than a label's."""
    text = "NOT CLEARED - o_0123456789abcdef"
    high = Band(text).light(Box(0, 0, 1920, 1080))[..., 0]
    rows = np.flatnonzero((high > 0.4).any(1))
    assert 30 <= np.ptp(rows) <= 60
    small = Band(text).light(Box(0, 0, 512, 288))[..., 0]
    assert 7 <= np.ptp(np.flatnonzero((small > 0.4).any(1))) <= 16
    for width, height in ((1, 1), (16, 9), (128, 96), (4096, 1716), (300, 4000)):
        light = Band(text).light(Box(-7, 5, width, height))
        assert light.shape[1] == width and np.isfinite(light).all() and (light == light.astype(np.float16)).all()
