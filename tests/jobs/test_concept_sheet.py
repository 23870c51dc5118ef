"""`board.toml`: the templates are read, and every wrong value is named with its place and what is allowed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bottega.jobs.runner.concept.sheet import parsed, read_board, read_labels, template
from bottega.model import UsageError

LABELS = '{"labels": [{"name": "background", "color": "#ffffff"}, {"name": "coat", "rgb": [94, 62, 44]}, {"name": "coat skirt", \
"color": "#343a42"}, {"name": "skin", "color": "#f4e2ce"}, {"name": "lapel", "color": "#96785c"}]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("croquis", "room"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.json").write_text(LABELS)
    return tmp_path


def test_the_costume_template_is_a_sheet(folder: Path) -> None:
    (folder / "board.toml").write_text(template("costume"))
    sheet = read_board(folder / "board.toml")
    assert (sheet.board, sheet.kind, sheet.facts["story_day"]) == ("consul", "costume", "3")
    assert sheet.figure is not None
    assert sheet.figure.labels["coat"] == (94, 62, 44)
    assert sheet.swatch("tartan").repeat_cm == (13.0, 13.0)
    assert sheet.vary is not None
    assert (sheet.vary.axis, sheet.vary.count) == ("cloth", 12)


def test_the_set_template_is_a_sheet(folder: Path) -> None:
    (folder / "board.toml").write_text(template("set"))
    sheet = read_board(folder / "board.toml")
    assert sheet.room is not None
    assert [a.painted is not None for a in sheet.room.angles] == [True, False]
    with pytest.raises(UsageError, match="template 'prop': allowed are costume, set, painting"):
        template("prop")


def test_the_painting_template_is_a_sheet(folder: Path) -> None:
    (folder / "board.toml").write_text(template("painting"))
    sheet = read_board(folder / "board.toml")
    assert sheet.painting is not None
    assert [(f.name, f.width, f.height, f.place) for f in sheet.painting.frames] == [
        ("2.39 to 1", 1720, 720, None),
        ("square", 1280, 1280, None),
    ]


def costume(folder: Path, *changes: tuple[str, str], kind: str = "costume") -> Any:
    text = template(kind)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return parsed(tomllib.loads(text), "'board.toml'", folder=folder)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('code = "consul"', 'code = "../consul"', "board code"),
        ('kind = "costume"', 'kind = "prop"', "board.kind is 'prop', allowed is one of costume, set, painting"),
        ("height_cm = 182.0", "height_cm = 1.82", "figure.height_cm is '1.82', allowed is a number from 10 to 1000"),
        ('background = "background"', 'background = "paper"', "figure.background is 'paper', allowed is one of background, coat"),
        ("size_cm = [26.0, 26.0]", "size_cm = [10.0, 26.0]", r"swatch\[1\].repeat_cm .* at most what is seen of it, 10 x 26 cm"),
        ("size_cm = [26.0, 26.0]", "", r"swatch\[1\].size_cm is missing"),
        ('name = "tartan"', 'name = "wool twill"', "swatch is 'wool twill twice', allowed is each name once"),
        ('direction = "any"', 'direction = "up"', "direction is 'up', allowed is one of one-way, any"),
        ('parts = ["skin"]', 'parts = ["hat"]', r"part\[1\].parts is 'hat', allowed is one of coat, coat skirt, skin, lapel"),
        ('parts = ["skin"]', 'parts = ["coat"]', "part is 'coat twice'"),
        ('swatch = "wool twill"', 'swatch = "serge"', r"part\[0\].swatch is 'serge', allowed is one of wool twill, tartan"),
        ('colour = "#f4e2ce"', 'colour = "beige"', "is 'beige', allowed is a colour as #rrggbb"),
        ('colour = "#f4e2ce"', "", "allowed is a swatch or a colour"),
        ('line = "croquis/line.png"', 'line = "croquis/line.png#Ink"', "a PSD or ORA file with a layer's name behind #"),
        ('axis = "cloth"', 'axis = "hat"', "vary.axis is 'hat', allowed is one of cloth, palette, ornament, silhouette, none"),
        ("count = 12", "count = 0", "vary.count is '0', allowed is a whole number from 1 to 200"),
        ('axis = "cloth"', 'axis = "none"', "looks of one sheet differ in one thing"),
        ('axis = "cloth"', 'axis = "palette"', "vary.palettes is missing"),
        ('# lock = ["skin"]', 'lock = ["coat", "coat skirt"]', "nothing is left to vary"),
        ("# quotas = {tartan = 0.25}", "quotas = {tartan = 0.75, 'wool twill' = 0.5}", "1.25 together"),
        ("# overlap = 0.3", "overlap = 2", "vary.overlap is '2', allowed is a number from 0.01 to 1"),
        ("scene = ", "szene = ", r"unknown 'szene' in \[board\]"),
        ('swatches = ["wool twill", "tartan"]', 'swatches = ["wool twill"]', "tartan, used by no part"),
    ],
)
def test_a_wrong_value_is_named(folder: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        costume(folder, (old, new))


def test_three_labels_for_twelve_swatches_say_which_swatch_has_no_part(folder: Path) -> None:
    more = "".join(f'[[swatch]]\nname = "s{i}"\nfile = "s{i}.png"\nsize_cm = [5, 5]\n\n' for i in range(10))
    changes = (("swatches = ", "# swatches = "), ('axis = "cloth"', 'axis = "none"'), ("count = 12", ""))
    with pytest.raises(UsageError, match=r"tartan, used by no part \(4 labels for 12 swatches\)"):
        costume(folder, ("[[part]]", more + "[[part]]"), *changes)


def test_line_art_alone_needs_dabs_and_takes_them(folder: Path) -> None:
    no_flats = (('flats = "croquis/flats.png"', ""), ('labels = "croquis/labels.json"', ""), ('background = "background"', ""))
    with pytest.raises(UsageError, match=r"figure.flats is missing, allowed is the flats, or \[figure.dabs\]"):
        costume(folder, *no_flats)
    dabs = '[figure.dabs]\ncoat = [1, 2, 3, 4]\n"coat skirt" = [5, 6]\nskin = [7, 8]\nlapel = [9, 9]\n\n[[swatch]]'
    sheet = costume(folder, *no_flats, ("[[swatch]]", dabs))
    assert sheet.figure.dabs["coat"] == ((1.0, 2.0), (3.0, 4.0))
    with pytest.raises(UsageError, match=r"figure.dabs.skin .* allowed is \[x, y\], or several"):
        costume(folder, *no_flats, ("[[swatch]]", dabs.replace("[7, 8]", "[7, 8, 9]")))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('painted = "room/angle_1/painted.png"', "", "painted in 0 of 2"),
        ('name = "from the bar"', 'name = "from the stairs"', "twice"),
        ("# to_world = [1, 0,", "to_world = [1,", "to_world .* allowed is 9 numbers"),
        ('normal = "room/angle_2/normal.png"', "", r"angle\[1\].normal is missing"),
    ],
)
def test_a_wrong_set_is_named(folder: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        costume(folder, (old, new), kind="set")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"labels": [{"name": "a"}]}', '{"labels": [{"name": "a", "rgb": [1, 2, 300]}]}', '{"labels": []}',
             '{"labels": [{"name": "a", "color": "#000000"}, {"name": "b", "color": "#000000"}]}'],
)  # fmt: skip
def test_damaged_labels_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"labels 'labels.json' cannot be read"):
        read_labels(path)


@pytest.mark.parametrize("hidden", ["\\u001b[31mred", "\\u202egnp.exe", "line\\nbreak", "\\u0007"])
@pytest.mark.parametrize("key", ["title", "character", "name", "swatch"])
def test_names_hold_nothing_that_is_not_printed(folder: Path, key: str, hidden: str) -> None:
    """A name goes on cards, into reports and to terminals."""
    lines = template("costume").split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(f'{key} = "'))
    lines[at] = f'{key} = "{hidden}"'
    (folder / "board.toml").write_text("\n".join(lines))
    with pytest.raises(UsageError) as refusal:
        read_board(folder / "board.toml")
    assert str(refusal.value).isprintable()
    assert key in str(refusal.value)


def test_names_of_labels_hold_nothing_that_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"labels": [{"name": "co\x1b[2Jat", "color": "#102030"}]}))
    with pytest.raises(UsageError, match="characters that are printed") as refusal:
        read_labels(path)
    assert str(refusal.value).isprintable()
