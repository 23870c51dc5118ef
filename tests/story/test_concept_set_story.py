"""A set board: one angle of a room is painted, another is made of the painting's own pixels; refused, stopped, made again. And a painting
in other frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from bottega import Studio
from bottega.attribution import CreditMap
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, Take, UsageError

from .board import SAID

pytestmark = pytest.mark.timeout(900)  # on a new machine the first angle compiles the kernels
SIZE = (72, 96)
LABELS = {"floor": (80, 60, 40), "wall": (160, 160, 150), "door": (20, 40, 120)}
ANGLES = {"stairs": (40, 14), "bar": (46, 60), "window": (38, 40)}  # the floor's upper edge, the door's left one


@dataclass(frozen=True)
class Lounge:
    root: Path
    studio: Studio


def labels(name: str) -> np.ndarray:
    edge, left = ANGLES[name]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.where(y >= edge, 0, np.where((x >= left) & (x < left + 18) & (y > 14), 2, 1))


def painting() -> np.ndarray:
    """Strokes in a colour of their own for each label, (H, W, 3) uint8."""
    rng = np.random.default_rng(4)
    base = np.array([(120, 70, 50), (170, 175, 160), (30, 70, 140)])[labels("stairs")]
    strokes = np.kron(rng.normal(0, 14, (SIZE[0] // 2, SIZE[1] // 6, 1)), np.ones((2, 6, 1)))
    return np.clip(base + strokes + rng.normal(0, 2, (*SIZE, 3)), 0, 255).astype(np.uint8)


def draw(root: Path) -> str:
    """Write the room, and give its sheet."""
    named = ", ".join(f'{n} = "#{r:02x}{g:02x}{b:02x}"' for n, (r, g, b) in LABELS.items())
    text = f'[board]\ncode = "lounge"\nkind = "set"\ntitle = "The lounge"\nscene = "9"\n[set]\nlabels = {{{named}}}\n'
    for name in ANGLES:
        kind, folder = labels(name), root / name
        folder.mkdir(parents=True)
        edge = np.zeros(SIZE, bool)
        edge[1:] |= kind[1:] != kind[:-1]
        edge[:, 1:] |= kind[:, 1:] != kind[:, :-1]
        normal = np.array([(128, 255, 128), (128, 128, 255), (128, 128, 255)], np.uint8)[kind]
        depth = (20000 + 300 * np.arange(SIZE[0])[::-1, None] + 0 * kind).astype(np.uint16)
        ink = np.dstack([np.zeros((*SIZE, 3), np.uint8), edge.astype(np.uint8) * 255])
        pictures = {
            "line": ink, "flats": np.array(list(LABELS.values()), np.uint8)[kind], "normal": normal, "depth": depth,
            "shade": np.full(SIZE, 200, np.uint8),
        }  # fmt: skip
        text += f'[[angle]]\nname = "{name}"\n'
        for what, pixels in pictures.items():
            Image.fromarray(pixels).save(folder / f"{what}.png")
            text += f'{what} = "{name}/{what}.png"\n'
        if name == "stairs":
            Image.fromarray(painting()).save(folder / "painted.png")
            text += 'painted = "stairs/painted.png"\n'
    return text


@pytest.fixture(scope="module")
def lounge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lounge]:
    root = tmp_path_factory.mktemp("set")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        (root / "board.toml").write_text(draw(root))
        studio = Studio.create(root / "show", show="demo", fps=24)
        for name in ANGLES:
            studio.add_exemplars([p for p in (root / name).iterdir() if p.stem != "painted"], by="Modeller A", licence="work-for-hire")
        studio.add_exemplars([root / "stairs" / "painted.png"], by="Painter C", licence="work-for-hire")
        yield Lounge(root, studio)


@pytest.fixture(autouse=True)
def _its_keys(lounge: Lounge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(lounge.root / "home"))


@pytest.fixture(scope="module")
def take(lounge: Lounge) -> Take:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(lounge.root / "home"))
        return make(lounge)


def make(lounge: Lounge, *change: tuple[str, str], **more: object) -> Take:
    text = (lounge.root / "board.toml").read_text()
    for old, new in change:
        assert old in text, old
        text = text.replace(old, new)
    (lounge.root / "changed.toml").write_text(text)
    boards = lounge.studio.boards
    return boards.make(boards.request(lounge.root / "changed.toml", **(SAID | more)))


def test_every_pixel_is_the_paintings_and_lies_in_its_label(lounge: Lounge, take: Take) -> None:
    root, paint, painted_as = lounge.studio.folder.root / take.folder, painting(), labels("stairs")
    for number, name in ((1, "bar"), (2, "window")):
        shown = np.asarray(Image.open(root / "frames" / f"{take.name}.{number:04d}.png"))
        with OpenEXR.File(str(root / "credit" / f"{take.name}.{number:04d}.exr"), separate_channels=True) as file:
            channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
            credit = CreditMap.from_channels(channels, file.parts[0].header["manifest"])
        assert (credit.claim == 1).all()
        assert (shown == paint[credit.y, credit.x]).all(), "gathered again from where the credit says"
        assert (painted_as[credit.y, credit.x] == labels(name)).mean() > 0.95
    [share] = take.shares
    painted = next(i for i in take.inputs if i.name == "painted.png")
    assert (share.exemplar, share.share) == (painted.digest, 1)
    assert "Painter C" in lounge.studio.report(take.folder)["bar"]


def test_cards_name_the_angle_and_the_painting(lounge: Lounge, take: Take) -> None:
    root = lounge.studio.folder.root / take.folder
    said = json.loads((root / "data" / f"{take.name}.0001.json").read_text())
    assert (said["name"], said["facts"]) == ("bar", {"scene": "9"})
    assert {s["what"]: s["share_of_figure"] for s in said["sources"]} == {"drawing + line stairs": "0/1", "painting": "1/1"}
    assert {o.path for o in take.outputs} >= {"board.png", "lookbook.pdf"}
    plan = lounge.studio.boards.plan(lounge.studio.boards.request(lounge.root / "board.toml", **SAID))
    assert (plan.kind, plan.cards) == ("set", ("bar", "window"))


def test_stopped_after_an_angle_it_goes_on_to_the_same_bits(lounge: Lounge, take: Take) -> None:
    def stop(event: Event) -> None:
        if event.step == "make" and event.frame == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lounge.studio.remake(take.folder, watch=stop)
    result = lounge.studio.remake(take.folder, threads=2)
    assert (result.same, result.different) == (2, ())


def test_what_the_painting_lacks_stands_in_or_is_refused(lounge: Lounge) -> None:
    lacks = ('door = "#142878"}', 'door = "#142878", rug = "#c83c3c"}')
    flats = np.asarray(Image.open(lounge.root / "bar" / "flats.png")).copy()
    flats[60:, 20:70] = (200, 60, 60)
    Image.fromarray(flats).save(lounge.root / "bar" / "with_rug.png")
    lounge.studio.add_exemplars([lounge.root / "bar" / "with_rug.png"], by="Modeller A", licence="work-for-hire")
    rug = ('flats = "bar/flats.png"', 'flats = "bar/with_rug.png"')
    told = make(lounge, lacks, rug, ("[set]", '[set]\nstand_ins = {rug = "door"}'))
    assert told.warnings == ("bar: rug is not in the painting, it is painted like door",)
    with pytest.raises(UsageError, match="angle 'bar'"):
        make(lounge, lacks, rug, ("[set]", '[set]\nmissing = "refuse"'))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('depth = "bar/depth.png"', 'depth = "bar/small.png"'), "small.png' is 48x36, its line is 96x72"),
        (('painted = "stairs/painted.png"', ""), "painted in 0 of 3"),
        (('flats = "bar/flats.png"', 'flats = "bar/shade.png"'), "angle 'bar': flats have the colour"),
    ],
)
def test_pictures_that_do_not_fit_are_named(lounge: Lounge, change: tuple[str, str], says: str) -> None:
    small = lounge.root / "bar" / "small.png"
    if not small.exists():
        Image.fromarray(np.full((36, 48), 20000, np.uint16)).save(small)
        lounge.studio.add_exemplars([small], by="Modeller A", licence="work-for-hire")
    with pytest.raises(UsageError, match=says):
        make(lounge, change)


def test_a_painting_that_nobody_registered_is_refused_by_name(lounge: Lounge) -> None:
    Image.fromarray(255 - painting()).save(lounge.root / "found.png")
    with pytest.raises(ConsentError, match=r"unknown_exemplar.*found.png.*on cards 1 'bar', 2 'window'"):
        make(lounge, ('painted = "stairs/painted.png"', 'painted = "found.png"'))


WIDER = """
[board]
code = "wider"
kind = "painting"
title = "The lounge, wider"
[painting]
file = "stairs/painted.png"
[[frame]]
name = "wide"
width = 136
height = 72
[[frame]]
name = "low"
width = 96
height = 100
place = [0, 20]
"""


def reframed(lounge: Lounge, *change: tuple[str, str]) -> Take:
    text = WIDER
    for old, new in change:
        assert old in text, old
        text = text.replace(old, new)
    (lounge.root / "wider.toml").write_text(text)
    return lounge.studio.boards.make(lounge.studio.boards.request(lounge.root / "wider.toml", **SAID))


def test_a_painting_in_other_frames_keeps_its_own_pixels(lounge: Lounge) -> None:
    take = reframed(lounge)
    root, paint = lounge.studio.folder.root / take.folder, painting()
    for number, (left, top), size in ((1, (20, 0), (72, 136)), (2, (0, 20), (100, 96))):
        shown = np.asarray(Image.open(root / "frames" / f"{take.name}.{number:04d}.png"))
        assert shown.shape == (*size, 3)
        assert (shown[top : top + SIZE[0], left : left + SIZE[1]] == paint).all()
        with OpenEXR.File(str(root / "credit" / f"{take.name}.{number:04d}.exr"), separate_channels=True) as file:
            channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
            credit = CreditMap.from_channels(channels, file.parts[0].header["manifest"])
        assert (shown == paint[credit.y, credit.x]).all()
        own = credit.parts[0] == 65536
        assert own.sum() == SIZE[0] * SIZE[1]
        assert (own | (credit.parts[1] == 65536)).all()
    assert sum(s.share for s in take.shares) == 1
    assert [s.share for s in take.touched_shares] == [1], "what is new is by the painting's example"
    assert lounge.studio.remake(take.folder).different == ()


def test_frames_that_cannot_be_made_are_named(lounge: Lounge) -> None:
    with pytest.raises(UsageError, match="frame 'low': place is"):
        reframed(lounge, ("place = [0, 20]", "place = [0, 90]"))
    Image.fromarray(np.full((36, 48), 255, np.uint8)).save(lounge.root / "avoid.png")
    lounge.studio.add_exemplars([lounge.root / "avoid.png"], by="Painter C", licence="work-for-hire")
    with pytest.raises(UsageError, match=r"avoid\.png' is 48x36, the painting is 96x72: they lie on each other"):
        reframed(lounge, ('file = "stairs/painted.png"', 'file = "stairs/painted.png"\navoid = "avoid.png"'))


def test_flats_say_what_shall_be_where_in_a_frame(lounge: Lounge) -> None:
    wanted = np.pad(labels("stairs"), ((0, 0), (20, 20)), mode="edge")
    wanted[30:60, 124:] = 2  # a door at the right, where no row of the painting has one
    colours = np.array(list(LABELS.values()), np.uint8)
    Image.fromarray(colours[wanted]).save(lounge.root / "wide_flats.png")
    lounge.studio.add_exemplars([lounge.root / "wide_flats.png"], by="Modeller A", licence="work-for-hire")
    named = ", ".join(f'{n} = "#{r:02x}{g:02x}{b:02x}"' for n, (r, g, b) in LABELS.items())
    own = f'file = "stairs/painted.png"\nflats = "stairs/flats.png"\nlabels = {{{named}}}'
    take = reframed(lounge, ('file = "stairs/painted.png"', own), ("width = 136", 'width = 136\nflats = "wide_flats.png"'))
    path = lounge.studio.folder.root / take.folder / "credit" / f"{take.name}.0001.exr"
    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
        credit = CreditMap.from_channels(channels, file.parts[0].header["manifest"])
    assert (labels("stairs")[credit.y, credit.x] == wanted).mean() > 0.95
    assert lounge.studio.remake(take.folder).different == ()
    with pytest.raises(UsageError, match=r"painting\.flats is missing, allowed is the painting's own flats, as frame wide has some"):
        reframed(lounge, ("width = 136", 'width = 136\nflats = "wide_flats.png"'))


def test_an_elevation_is_painted_by_numbers(lounge: Lounge) -> None:
    """Flats alone say what is where: every pixel is one of the painting's of that label, and nobody's own place is kept."""
    wanted = np.zeros((60, 120), np.uint8)
    wanted[:, 40:80], wanted[40:] = 1, 2
    present = np.unique(labels("stairs"))
    wanted = present[np.minimum(wanted, len(present) - 1)]
    colours = np.array(list(LABELS.values()), np.uint8)
    Image.fromarray(colours[wanted]).save(lounge.root / "north_flats.png")
    lounge.studio.add_exemplars([lounge.root / "north_flats.png"], by="Modeller A", licence="work-for-hire")
    named = ", ".join(f'{n} = "#{r:02x}{g:02x}{b:02x}"' for n, (r, g, b) in LABELS.items())
    own = f'file = "stairs/painted.png"\nflats = "stairs/flats.png"\nlabels = {{{named}}}'
    frame = 'width = 120\nheight = 60\nflats = "north_flats.png"\nby_numbers = true'
    take = reframed(lounge, ('file = "stairs/painted.png"', own), ("width = 136\nheight = 72", frame))
    root, paint = lounge.studio.folder.root / take.folder, painting()
    shown = np.asarray(Image.open(root / "frames" / f"{take.name}.0001.png"))
    with OpenEXR.File(str(root / "credit" / f"{take.name}.0001.exr"), separate_channels=True) as file:
        channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
        credit = CreditMap.from_channels(channels, file.parts[0].header["manifest"])
    assert (shown == paint[credit.y, credit.x]).all()
    assert (labels("stairs")[credit.y, credit.x] == wanted).mean() > 0.95
    assert (credit.parts[1] == 65536).all(), "by the painting's example, all of it"
    assert lounge.studio.remake(take.folder).different == ()
    with pytest.raises(UsageError, match="place is"):
        reframed(lounge, ('file = "stairs/painted.png"', own), ("width = 136\nheight = 72", frame + "\nplace = [0, 0]"))
    with pytest.raises(UsageError, match="the frame's flats, as it is painted by numbers"):
        reframed(lounge, ("width = 136", "width = 136\nby_numbers = true"))
