"""A board that cannot be made: what is not allowed, and what cannot be read, each by its name; and one that two people let pass."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bottega import Studio
from bottega.footage import Band, Box
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, FootageError, Licence, LicenceKind, TakeState, UsageError
from bottega.rights.record import registry

from .board import DESIGNER, SAID, SIZE, WEAVER, Atelier, build, check, flats, line, parts, plain, shade

pytestmark = pytest.mark.timeout(600)
DABS = "[figure.dabs]\nskin = [80, 40]\ncoat = [80, 100]\nskirt = [80, 180]"


@pytest.fixture(scope="module")
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atelier]:
    root = tmp_path_factory.mktemp("board")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        yield build(root)


@pytest.fixture(autouse=True)
def _its_keys(atelier: Atelier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(atelier.root / "home"))


def make(atelier: Atelier, *change: tuple[str, str], studio: Studio | None = None, **more: object):
    boards = (studio or atelier.studio).boards
    return boards.make(boards.request(atelier.sheet(*change, name="wrong.toml"), **(SAID | more)))


def takes(atelier: Atelier, board: str = "walker") -> list[Path]:
    return sorted((atelier.studio.folder.root / board / "concept").glob("v*"))


def save(atelier: Atelier, name: str, pixels: np.ndarray, *, by: str | None = DESIGNER) -> str:
    """A picture beside the sheet, put on record."""
    path = atelier.root / name
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    if by:
        atelier.studio.add_exemplars([path], by=by, licence="work-for-hire")
    return name


def without_flats() -> tuple[tuple[str, str], tuple[str, str]]:
    text = build.__globals__["SHEET"]
    labels = next(row for row in text.splitlines() if row.startswith("labels"))
    return ('flats = "figure/flats.png"\n', ""), (labels, "")


def test_a_swatch_that_nobody_registered_is_refused_with_its_file_and_its_cards(atelier: Atelier) -> None:
    found = save(atelier, "cloth2/found_online.png", plain((9, 90, 9), 4), by=None)
    with pytest.raises(ConsentError) as refusal:
        make(atelier, ("cloth/hide.png", found))
    said = str(refusal.value)
    assert refusal.value.codes[0] == "unknown_exemplar"
    assert "found_online.png" in said and "swatch hide" in said and "on card 2 'country'" in said
    assert takes(atelier) == []


def test_the_gate_can_be_asked_about_a_board(atelier: Atelier) -> None:
    found = save(atelier, "cloth2/found_online_too.png", plain((9, 60, 9), 4), by=None)
    boards = atelier.studio.boards
    refused = atelier.studio.explain(boards.request(atelier.sheet(("cloth/hide.png", found), name="asked.toml"), **SAID))
    assert not refused.allowed
    [step] = [s for s in refused.steps if s.code == "unknown_exemplar"]
    assert "found_online_too.png" in step.found and step.who and "bottega exemplar add" in step.command
    assert atelier.studio.explain(boards.request(atelier.sheet(name="asked.toml"), **SAID)).allowed
    assert takes(atelier) == []


def test_a_swatch_without_a_licence_or_with_one_that_ended_is_refused_with_its_cards(atelier: Atelier) -> None:
    picture = save(atelier, "cloth2/loan.png", check(((20, 90, 60), (200, 200, 200))), by=None)
    studio, ends = atelier.studio, datetime.now(UTC) + timedelta(hours=1)
    terms = Licence(
        licence_id="l_loan", kind=LicenceKind.OWN, rightsholder=studio.records.artist(WEAVER).subject_id, show_id=studio.show.show_id,
        valid_until=ends,
    )  # fmt: skip
    registry.add_licence(studio.ledger, terms)
    [kept] = studio.add_exemplars([atelier.root / picture], by=WEAVER, licence="l_loan")
    change = ("cloth/check.png", picture)
    assert make(atelier, change, ('code = "walker"', 'code = "lent"')).state is TakeState.DONE
    registry.revoke_licence(studio.ledger, "l_loan", cause="test")
    with pytest.raises(ConsentError) as refusal:
        make(atelier, change)
    assert "licence_revoked" in refusal.value.codes
    assert "loan.png; swatch check" not in str(refusal.value).split("loan.png")[0]
    assert "on cards 1 'town', 2 'country'" in str(refusal.value)
    registry.register_exemplar(studio.ledger, kept.from_json(kept.to_json() | {"licence_id": None}))
    with pytest.raises(ConsentError) as refusal:
        make(atelier, change)
    assert refusal.value.codes == ("no_licence",)
    assert "swatch check; on cards 1 'town', 2 'country'" in str(refusal.value)


def test_a_licence_that_has_run_out_is_refused_with_its_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    other = build(tmp_path / "art")
    ends = datetime.now(UTC) + timedelta(hours=1)
    holder = other.studio.records.artist(WEAVER).subject_id
    registry.add_licence(
        other.studio.ledger,
        Licence(licence_id="l_loan", kind=LicenceKind.OWN, rightsholder=holder, show_id=other.studio.show.show_id, valid_until=ends),
    )
    other.studio.add_exemplars([other.root / "cloth" / "hide.png"], by=WEAVER, licence="l_loan")
    later = Studio.open(other.studio.folder.root, clock=lambda: ends + timedelta(minutes=5))
    with pytest.raises(ConsentError) as refusal:
        make(other, studio=later)
    assert refusal.value.codes == ("licence_expired",)
    assert "hide.png" in str(refusal.value) and "on card 2 'country'" in str(refusal.value)


def test_open_line_art_is_named_and_shown(atelier: Atelier) -> None:
    name = save(atelier, "figure2/open.png", line(gap=slice(80, 104)))
    with pytest.raises(UsageError, match=r"line art round coat is open, at \(11[0-9], 9[0-9]\), 2[0-9] px wide.* walker/leaks.png"):
        make(atelier, ("figure/line.png", name), *without_flats(), ('[[swatch]]\nname = "check"', DABS + '\n[[swatch]]\nname = "check"'))
    shown = np.asarray(Image.open(atelier.studio.folder.root / "walker" / "leaks.png").convert("RGB")).astype(int)
    red = (shown[..., 0] - shown[..., 1] > 100).nonzero()
    assert 90 < red[1].mean() < 130 and 70 < red[0].mean() - 26 < 120
    assert takes(atelier) == []


def test_a_small_opening_is_closed_and_told(atelier: Atelier) -> None:
    name = save(atelier, "figure2/nearly.png", line(gap=slice(90, 94)))
    dabs = ('[[swatch]]\nname = "check"', DABS + '\n[[swatch]]\nname = "check"')
    made = make(atelier, ("figure/line.png", name), *without_flats(), dabs, ('code = "walker"', 'code = "nearly"'))
    assert not any("no dab" in w for w in made.warnings)
    assert made.warnings[0].startswith("line art was open by ")
    assert "leaks.png" in {o.path for o in made.outputs}
    shown = np.asarray(Image.open(atelier.studio.folder.root / made.folder / "frames" / f"{made.name}.0003.png").convert("RGB")).astype(int)
    middle = parts()["coat"][70:126, 60:100]
    assert (shown[70:126, 60:100][middle].mean(0) < 200).all(), "the coat is dressed"
    assert (shown[100, 140] == (0xFB, 0xFA, 0xF6)).all(), "and the ground is not"


@pytest.mark.parametrize(
    ("file", "picture", "says"),
    [
        ("figure/flats.png", lambda: np.dstack([flats(), np.zeros(SIZE, np.uint8)]), "alpha of the flats is 0 everywhere"),
        ("figure/flats.png", lambda: np.full((*SIZE, 3), 255, np.uint8), "the mask is empty"),
        ("figure/flats.png", lambda: flats()[:-4], "is 160x236, the line drawing is 160x240"),
        ("figure/flats.png", lambda: 255 - flats(), r"flats have the colour .* allowed is the colour of a part"),
        ("figure/line.png", lambda: np.zeros((*SIZE, 4), np.uint8), "is clear everywhere: the line is empty"),
        ("figure/line.png", lambda: np.full((*SIZE, 3), 255, np.uint8), "is white everywhere: the line is empty"),
        ("cloth/check.png", lambda: check(((9, 9, 9), (99, 99, 99)))[:, :60], "96 pixels for 24 x 24 cm are 2.5 and 4 pixels a cm"),
        ("cloth/check.png", lambda: np.zeros((96, 96, 3), np.uint8), "is black everywhere"),
        ("cloth/check.png", lambda: np.dstack([plain((50, 60, 70), 8), np.tri(96, dtype=np.uint8) * 255]), "is clear at 4560 pixels"),
    ],
)
def test_a_picture_that_cannot_be_what_it_is_named_for(atelier: Atelier, file: str, picture, says: str) -> None:
    name = save(atelier, f"odd/{abs(hash(says)) % 10**8}.png", picture())
    with pytest.raises(UsageError, match=says):
        make(atelier, (file, name))
    assert takes(atelier) == []


def test_a_cmyk_file_of_layers_is_refused_by_its_kind(atelier: Atelier) -> None:
    path = atelier.root / "art.psd"
    path.write_bytes(b"8BPS" + struct.pack(">H6xHIIHH", 1, 4, 240, 160, 8, 4) + bytes(16))
    with pytest.raises(FootageError, match="is CMYK, allowed are RGB and grey"):
        atelier.studio.add_exemplars([path], by=DESIGNER, licence="work-for-hire")


def test_the_code_of_a_filmed_shot_is_no_boards(atelier: Atelier) -> None:
    (atelier.root / "plate").mkdir(exist_ok=True)
    Image.fromarray(plain((1, 2, 3), 3)).save(atelier.root / "plate" / "sh010.1001.png")
    atelier.studio.add_shot("sh010", atelier.root / "plate" / "sh010.1001.png", colour="srgb_tx")
    with pytest.raises(UsageError, match="board 'sh010': a shot with a filmed plate has that code"):
        make(atelier, ('code = "walker"', 'code = "sh010"'))


def test_a_drawing_in_layers_and_a_scan_without_alpha(atelier: Atelier) -> None:
    """Layers of an OpenRaster file that another program wrote, and ink on white paper."""
    import pyora

    project = pyora.Project.new(SIZE[1], SIZE[0])
    shaded = np.dstack([shade()] * 3 + [np.full(SIZE, 255, np.uint8)])
    coloured = np.dstack([flats(), np.where((flats() == 255).all(-1), 0, 255).astype(np.uint8)])
    for name, pixels in (("Flats", coloured), ("Shade", shaded), ("Ink", line())):
        project.add_layer(Image.fromarray(pixels), path=name)
    project.save(str(atelier.root / "croquis.ora"))
    atelier.studio.add_exemplars([atelier.root / "croquis.ora"], by=DESIGNER, licence="work-for-hire")
    names = [(f"figure/{a}.png", f"croquis.ora#{b}") for a, b in (("line", "Ink"), ("flats", "Flats"), ("shade", "Shade"))]
    layered = make(atelier, *names, ('code = "walker"', 'code = "layered"'))
    plain_one = make(atelier, ('code = "walker"', 'code = "plainly"'))
    seen = [np.asarray(Image.open(atelier.studio.folder.root / t.folder / "frames" / f"{t.name}.0001.png")) for t in (layered, plain_one)]
    assert (seen[0] == seen[1]).all()
    over = line().astype(float)
    ink = np.rint(over[..., :3] * over[..., 3:] / 255 + 255 - over[..., 3:]).astype(np.uint8)
    scan = save(atelier, "figure2/scan.png", ink)
    scanned = make(atelier, ("figure/line.png", scan), ('code = "walker"', 'code = "scanned"'))
    shown = np.asarray(Image.open(atelier.studio.folder.root / scanned.folder / "frames" / f"{scanned.name}.0001.png")).astype(int)
    light = ~np.logical_or.reduce(list(parts().values()))  # ink that is not black is as dark as what it lies on, where that is darker
    assert np.abs(shown - seen[1])[light].max() <= 4 and np.abs(shown - seen[1]).max() <= 30
    assert any("not 8-bit RGB with alpha" in w for w in scanned.warnings)


def test_a_licence_revoked_on_the_way_sets_the_take_aside(atelier: Atelier) -> None:
    studio = atelier.studio
    holder = studio.records.artist(WEAVER).subject_id
    terms = Licence(licence_id="l_short", kind=LicenceKind.OWN, rightsholder=holder, show_id=studio.show.show_id)
    registry.add_licence(studio.ledger, terms)
    picture = save(atelier, "cloth2/short.png", plain((120, 20, 90), 11), by=None)
    studio.add_exemplars([atelier.root / picture], by=WEAVER, licence="l_short")

    def revoke(event: Event) -> None:
        if event.step == "make" and event.frame == 1:
            registry.revoke_licence(studio.ledger, "l_short", cause="changed their mind")

    sheet = atelier.sheet(("cloth/hide.png", picture), ('code = "walker"', 'code = "stopped"'), name="stopped.toml")
    with pytest.raises(ConsentError, match="licence_revoked"):
        studio.boards.make(studio.boards.request(sheet, **SAID), watch=revoke)
    [folder] = takes(atelier, "stopped")
    assert json.loads((folder / "take.json").read_text())["state"] == "quarantined"
    assert not list(folder.glob("frames/*"))


def test_under_an_override_every_picture_carries_the_mark(atelier: Atelier) -> None:
    studio, code = atelier.studio, ('code = "walker"', 'code = "early"')
    with pytest.raises(ConsentError) as refused:
        make(atelier, code, delivery="final")
    for name, role in (("Legal C", "legal"), ("Studio D", "studio")):
        studio.add_person(name, role="artist")
        studio.rulings.new_key(name, role=role)
    file, until = atelier.root / "override.json", datetime.now(UTC) + timedelta(days=1)
    studio.rulings.request_override("early", job="concept", codes=sorted(set(refused.value.codes)), why="a meeting", until=until, to=file)
    for name in ("Legal C", "Studio D"):
        studio.rulings.sign_override(file, person=name)
    studio.rulings.record_override(file)
    marked = make(atelier, code, delivery="final")
    assert marked.band is not None
    root, band = studio.folder.root / marked.folder, Band(marked.band.text)
    where = band.box(Box(0, 0, SIZE[1], SIZE[0])).inside(Box(0, 0, SIZE[1], SIZE[0]))
    wanted = band.on_screen(np.zeros((*SIZE, 3), np.uint8))[where]
    for kind in ("frames", "credit"):
        shown = np.asarray(Image.open(root / kind / f"{marked.name}.0001.png").convert("RGB"))
        assert (shown[where] == wanted).all(), kind
    card = np.asarray(Image.open(root / "cards" / f"{marked.name}.0001.png").convert("RGB"))
    assert (card[: SIZE[0], : SIZE[1]][where] == wanted).all()
    import psd_tools

    layers = list(psd_tools.PSDImage.open(root / "psd" / f"{marked.name}.0001.psd").descendants())
    foot = where[0].start
    assert [layer.name for layer in layers][-1] == "not cleared"
    assert all(layer.bbox[3] <= foot for layer in layers if layer.kind == "pixel" and layer.name != "not cleared")
    assert sum(s.share for s in marked.shares) == 1
    assert any(s.exemplar == band.digest for s in marked.shares)


def test_an_area_that_no_dab_names_is_told(atelier: Atelier) -> None:
    less = DABS.replace("\nskin = [80, 40]", "")
    dabs = ('[[swatch]]\nname = "check"', less + '\n[[swatch]]\nname = "check"')
    bare = ('[[part]]\nparts = ["skin"]\ncolour = "#f4e2ce"', "")
    made = make(atelier, *without_flats(), dabs, bare, ('code = "walker"', 'code = "bare"'))
    assert any(w.startswith("areas of the line art that no dab names stay paper, 1 of them: (8") for w in made.warnings), made.warnings
