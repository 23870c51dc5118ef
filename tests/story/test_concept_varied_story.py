"""Variations: one thing differs from look to look, all else is the same bits; more like a card; two cards held side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bottega.cli import app
from bottega.model import Take, UsageError

from .board import SAID, SHEET, SIZE, Atelier, build, flats, line, parts

pytestmark = pytest.mark.timeout(600)
BASE = SHEET.split("[[look]]", maxsplit=1)[0]
CLOTH = '[vary]\naxis = "cloth"\ncount = 3\nparts = ["coat"]\nswatches = ["check", "serge", "hide"]\n'
TWO = 'parts = ["coat", "skirt"]'


@pytest.fixture(scope="module")
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atelier]:
    root = tmp_path_factory.mktemp("board")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        yield build(root)


@pytest.fixture(autouse=True)
def _its_keys(atelier: Atelier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(atelier.root / "home"))
    monkeypatch.setenv("BOTTEGA_SHOW", str(atelier.studio.folder.root))


def sheet(atelier: Atelier, vary: str, *change: tuple[str, str]) -> Path:
    text = BASE + vary
    for old, new in change:
        assert old in text, old
        text = text.replace(old, new)
    path = atelier.root / "varied.toml"
    path.write_text(text)
    return path


def make(atelier: Atelier, vary: str, *change: tuple[str, str], **more: object) -> Take:
    boards = atelier.studio.boards
    return boards.make(boards.request(sheet(atelier, vary, *change), **(SAID | more)))


def cards(atelier: Atelier, take: Take) -> list[dict]:
    return [json.loads(p.read_text()) for p in sorted((atelier.studio.folder.root / take.folder / "data").iterdir())]


def pictures(atelier: Atelier, take: Take) -> list[np.ndarray]:
    return [np.asarray(Image.open(p)).astype(int) for p in sorted((atelier.studio.folder.root / take.folder / "frames").iterdir())]


def worn(card: dict, part: str) -> str:
    return next(p["swatch"] for p in card["parts"] if part in p["parts"])


def test_cloth_varies_and_all_else_is_the_same_bits(atelier: Atelier) -> None:
    take = make(atelier, CLOTH)
    found = cards(atelier, take)
    assert sorted(worn(c, "coat") for c in found) == ["check", "hide", "serge"]
    assert {worn(c, "skirt") for c in found} == {"serge"}
    inside = parts()["coat"]
    for first, second in combinations(pictures(atelier, take), 2):
        apart = (first != second).any(-1)
        assert not apart[~inside].any()
        assert apart[inside & (line()[..., 3] == 0)].mean() > 0.9
    assert found[0]["lineage"][0] == "the sheet, another cloth"
    assert found[0]["choices"]["slots"].keys() == {"coat", "skirt"}


def test_a_seed_gives_its_own_board_and_gives_it_again(atelier: Atelier) -> None:
    wide = CLOTH.replace('["coat"]', '["coat", "skirt"]').replace("count = 3", "count = 2") + "overlap = 0.9\n"
    split = (TWO + '\nswatch = "serge"', 'parts = ["coat"]\nswatch = "serge"\n[[part]]\nparts = ["skirt"]\nswatch = "hide"')
    boards = [[c["name"] for c in cards(atelier, make(atelier, wide, split, seed=seed))] for seed in range(6)]
    assert len({tuple(b) for b in boards}) > 1
    take = make(atelier, wide, split, seed=3)
    result = atelier.studio.remake(take.folder, threads=2)
    assert (result.same, result.different) == (2, ())


def test_pins_stay_locks_stay_and_quotas_are_kept_or_told(atelier: Atelier) -> None:
    split = (TWO + '\nswatch = "serge"', 'parts = ["coat"]\nswatch = "serge"\n[[part]]\nparts = ["skirt"]\nswatch = "hide"')
    pinned = CLOTH.replace("count = 3", "count = 2").replace('["coat"]', '["coat", "skirt"]') + 'pins = {skirt = "check"}\n'
    assert {worn(c, "skirt") for c in cards(atelier, make(atelier, pinned, split))} == {"check"}
    locked = CLOTH.replace('["coat"]', '["coat", "skirt"]') + 'lock = ["skirt"]\n'
    assert {worn(c, "skirt") for c in cards(atelier, make(atelier, locked, split))} == {"hide"}
    areas = {name: inside.sum() for name, inside in parts().items()}
    quota = CLOTH.replace("count = 3", "count = 4\noverlap = 0.9\nquotas = {check = 0.5}").replace('["coat"]', '["coat", "skirt"]')
    take = make(atelier, quota, split)
    got = sum(areas[p] for c in cards(atelier, take) for p in ("coat", "skirt") if worn(c, p) == "check")
    share = got / (4 * (areas["coat"] + areas["skirt"]))
    told = [w for w in take.warnings if w.startswith(f"quota of check: 50.0% was asked for, {share:.1%} is as near")]
    assert abs(share - 0.5) <= 0.01 or told


@pytest.mark.parametrize(
    ("vary", "says"),
    [
        (CLOTH.replace("count = 3", "count = 5"), r"\[vary\] 5 looks are asked for .* 3 choices; or raise most_overlap"),
        (CLOTH.replace('["coat"]', '["hat"]'), "vary.parts is 'hat', allowed is among coat, skirt"),
        ('[vary]\naxis = "ornament"\ncount = 2\nparts = ["coat"]\n', "scales, angles_deg or offsets of the ornament to vary among"),
        ('[vary]\naxis = "ornament"\ncount = 9\nscales = [1, 2]\nparts = ["coat"]\n', r"\[vary\] 9 looks are asked for"),
    ],
)
def test_what_cannot_be_varied_is_said_with_what_can(atelier: Atelier, vary: str, says: str) -> None:
    before = sorted((atelier.studio.folder.root / "walker" / "concept").glob("v*"))
    change = [] if "cloth" in vary else [(swatch(n), "") for n in ("check", "hide")]
    with pytest.raises(UsageError, match=says):
        make(atelier, vary, *change)
    assert sorted((atelier.studio.folder.root / "walker" / "concept").glob("v*")) == before


def swatch(name: str) -> str:
    """A [[swatch]] table of the sheet."""
    return next(f"[[swatch]]{t}" for t in BASE.split("[[part]]")[0].split("[[swatch]]")[1:] if f'"{name}"' in t)


def test_ornament_varies_in_scale_and_place(atelier: Atelier) -> None:
    vary = '[vary]\naxis = "ornament"\ncount = 4\nparts = ["coat"]\nscales = [1.0, 2.0]\noffsets = [0, 0, 0.5, 0]\n'
    take = make(atelier, vary, *[(swatch(n), "") for n in ("serge", "hide")], ('swatch = "serge"', 'swatch = "check"'))
    found = cards(atelier, take)
    assert sorted(next((p["scale"], p["offset_cm"][0]) for p in c["parts"] if "coat" in p["parts"]) for c in found) == [
        (1.0, 0.0), (1.0, 1.5), (2.0, 0.0), (2.0, 1.5),
    ]  # fmt: skip
    inside = parts()["coat"]
    for first, second in combinations(pictures(atelier, take), 2):
        apart = (first != second).any(-1)
        assert not apart[~inside].any()
        assert apart[inside].mean() > 0.3


def test_palettes_dye_cloth_and_are_credited_beside_it(atelier: Atelier) -> None:
    painting = np.zeros((40, 60, 3), np.uint8)
    painting[:, :30], painting[:, 30:] = (30, 90, 50), (170, 120, 60)
    Image.fromarray(painting).save(atelier.root / "painting.png")
    atelier.studio.add_exemplars([atelier.root / "painting.png"], by="Painter C", licence="work-for-hire")
    vary = '[vary]\naxis = "palette"\ncount = 4\nparts = ["coat"]\npalettes = ["sea", "wood"]\n'
    palettes = '[[palette]]\nname = "sea"\ncolours = ["#10324a", "#7aa0b0"]\n[[palette]]\nname = "wood"\nfrom = "painting.png"\n'
    take = make(atelier, palettes + vary, *[(swatch(n), "") for n in ("check", "hide")])
    found = cards(atelier, take)
    assert sorted(c["name"] for c in found) == ["sea 1", "sea 2", "wood 1", "wood 2"]
    inside = parts()["coat"] & (line()[..., 3] == 0)
    shown = pictures(atelier, take)
    green = shown[[c["name"] for c in found].index("wood 1")][inside].mean(0)
    assert green[1] > green[0] and green[1] > green[2], "the painting's green"
    pale = shown[[c["name"] for c in found].index("sea 2")][inside].mean(0)
    assert np.abs(pale - (0x7A, 0xA0, 0xB0)).max() < 40, "shaded, but the designer's colour"
    for card in found:
        whose = {s["what"]: Fraction(s["share_of_figure"]) for s in card["sources"]}
        assert sum(whose.values()) == 1
        if card["name"].startswith("wood"):
            assert whose["palette wood"] > 0
            assert abs(whose["palette wood"] * 2 - _covered()) < Fraction(1, 100)
        else:
            assert whose["palette wood"] == 0


def _covered() -> Fraction:
    """How much of the figure the coat is, ink aside."""
    alpha, inside = line()[..., 3].astype(int), parts()
    drawn = (alpha > 0) | inside["coat"] | inside["skirt"] | inside["skin"]
    return Fraction(int((255 - alpha)[inside["coat"]].sum()), 255 * int(drawn.sum()))


def test_more_like_a_card_and_from_a_card_along_another_axis(atelier: Atelier) -> None:
    first = make(atelier, CLOTH)
    number = next(c["look"] for c in cards(atelier, first) if worn(c, "coat") == "check")
    again = make(atelier, CLOTH, seed=5, like=f"{first.folder}/{number}")
    found = cards(atelier, again)
    assert worn(found[0], "coat") == "check"
    assert found[0]["lineage"] == [f"card {first.name} {number}, as it was"]
    assert all(c["lineage"][0] == f"card {first.name} {number}, another cloth" for c in found[1:])
    worn_all = (TWO + '\nswatch = "serge"', 'parts = ["coat"]\nswatch = "serge"\n[[part]]\nparts = ["skirt"]\nswatch = "hide"')
    turned = '[vary]\naxis = "ornament"\ncount = 2\nparts = ["coat"]\nscales = [1.0, 3.0]\npins = {}\n'
    base = make(atelier, CLOTH, worn_all)
    number = next(c["look"] for c in cards(atelier, base) if worn(c, "coat") == "check")
    check_skirt = (worn_all[0], worn_all[1].replace('swatch = "serge"', 'swatch = "check"'))
    other = make(atelier, turned, check_skirt, (swatch("serge"), ""), like=f"{base.folder}/{number}")
    found = cards(atelier, other)
    assert {worn(c, "coat") for c in found} == {"check"}
    assert sorted(p["scale"] for c in found for p in c["parts"] if "coat" in p["parts"]) == [1.0, 3.0]
    assert all(c["lineage"][0] == f"card {base.name} {number}, another ornament" for c in found)
    assert atelier.studio.remake(again.folder).different == ()
    with pytest.raises(UsageError, match="has the cards 1-3"):
        make(atelier, CLOTH, like=f"{first.folder}/9")
    with pytest.raises(UsageError, match="write it as BOARD/concept/vNNN/CARD"):
        make(atelier, CLOTH, like="check")


def test_two_cards_side_by_side(atelier: Atelier, tmp_path: Path) -> None:
    take = make(atelier, CLOTH)
    both = tmp_path / "both.png"
    words = ["concept", "--compare", f"{take.folder}/1", "--compare", f"{take.folder}/2", "--to", str(both)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    shown = np.asarray(Image.open(both)).astype(int)
    between = shown[-SIZE[0] - 4 : -4, 4 + SIZE[1] : 4 + 2 * SIZE[1]]
    assert ((between < 255).any(-1) & ~parts()["coat"]).sum() == 0
    assert (between < 255).any(-1)[parts()["coat"]].mean() > 0.5
    assert CliRunner().invoke(app, words).exit_code == 2, "it is there already"
    assert CliRunner().invoke(app, words[:3]).exit_code == 2


def test_a_card_that_was_changed_is_not_varied_from(atelier: Atelier) -> None:
    take = make(atelier, CLOTH, seed=9)
    data = min((atelier.studio.folder.root / take.folder / "data").iterdir())
    data.chmod(0o644)
    data.write_text(data.read_text().replace("serge", "hide"))
    with pytest.raises(UsageError, match="is not the file on record"):
        make(atelier, CLOTH, like=f"{take.folder}/1")


def test_a_part_of_another_drawing_of_the_designers(atelier: Atelier) -> None:
    """A wider coat, drawn over the croquis by somebody else, in another ink."""
    folder = atelier.root / "wide"
    folder.mkdir(exist_ok=True)
    ink = line(coat_px=50, ink=(120, 20, 20))
    Image.fromarray(ink).save(folder / "line.png")
    Image.fromarray(flats(coat_px=50)).save(folder / "flats.png")
    atelier.studio.add_exemplars([folder], by="Designer Z", licence="work-for-hire")
    drawing = '[[drawing]]\nname = "wide"\nline = "wide/line.png"\nflats = "wide/flats.png"\n'
    vary = '[vary]\naxis = "silhouette"\ncount = 2\nparts = ["coat"]\ndrawings = ["as drawn", "wide"]\n'
    split = (TWO + '\nswatch = "serge"', 'parts = ["coat"]\nswatch = "serge"\n[[part]]\nparts = ["skirt"]\nswatch = "serge"')
    change = [split, *[(swatch(n), "") for n in ("check", "hide")]]
    take = make(atelier, drawing + vary, *change)
    found = cards(atelier, take)
    assert sorted(c["name"] for c in found) == ["as drawn", "wide"]
    shown = dict(zip([c["name"] for c in found], pictures(atelier, take), strict=True))
    wide = parts(coat_px=50)["coat"] & ~parts()["coat"]
    sleeve = wide & (ink[..., 3] == 0) & (line()[..., 3] == 0)
    sleeve[:72] = sleeve[124:] = False
    paper = np.array((0xFB, 0xFA, 0xF6))
    assert (np.abs(shown["as drawn"][sleeve] - paper).max(-1) == 0).all()
    assert (np.abs(shown["wide"][sleeve] - paper).max(-1) > 40).all(), "the coat reaches there, in its cloth"
    apart = (shown["wide"] != shown["as drawn"]).any(-1)
    assert not apart[:50].any() and not apart[150:].any(), "head and skirt have the same bits"
    edge = (ink[..., 3] == 255) & wide
    assert (shown["wide"][edge] == ink[edge][:, :3]).all(), "the other drawing's ink, bit for bit"
    whose = {s["what"]: Fraction(s["share_of_figure"]) for c in found if c["name"] == "wide" for s in c["sources"]}
    assert whose["drawing wide"] > 0 and sum(whose.values()) == 1
    by_hand = '[[look]]\nname = "by hand"\ndrawings = {coat = "wide"}\n'
    listed = make(atelier, drawing + by_hand, *change)
    assert (pictures(atelier, listed)[0] == shown["wide"]).all()
    assert atelier.studio.remake(listed.folder).different == ()
    with pytest.raises(UsageError, match="drawings to take the parts from"):
        make(atelier, vary.replace(', "wide"', ""), *change)
