"""Case 54: every way out carries a mark that a machine can read, or there is no way out. Each is read back by another library."""

from __future__ import annotations

import ast
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import OpenImageIO
import pytest
from made_pictures import LIN, a_take, frame_out, half_picture, read_one, sealed, write_rgb
from PIL import Image

from bottega import footage
from bottega.footage import Mark, made_by, whole_file
from bottega.footage.mark import COMPOSITE, SOURCE_TYPES, TRAINED, png_xmp, read_attributes, read_xmp
from bottega.model import MadeBy, Technique

MADE = MadeBy(show_id="0" * 32, plans=("0" * 64,))
URI = SOURCE_TYPES + COMPOSITE
SCREENS = [np.full((32, 48, 3), value, np.uint8) for value in (10, 200)]


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A take's folder with one of every kind of file that a delivery can write."""
    plate = read_one(write_rgb(tmp_path / "plate.exr", half_picture(24, 32)))
    folder = tmp_path / "take"
    delivery = footage.Delivery(folder, a_take())
    delivery.frame(frame_out(plate))
    delivery.png16("png16/a.1001.png", np.zeros((24, 32, 3), np.uint16), frame=1001)
    delivery.sheet("contact.png", [[("1001", SCREENS[0])]])
    delivery.movie("proxy.mp4", SCREENS, Fraction(24))
    delivery.movie("a.mov", SCREENS, Fraction(24), codec="prores")
    return folder


def test_every_file_of_a_take_says_how_it_was_made(taken: Path) -> None:
    files = sorted(p for p in taken.rglob("*") if p.is_file())
    assert {p.relative_to(taken).parts[0] for p in files} == {
        "frames",
        "delta",
        "matte",
        "credit",
        "png16",
        "contact.png",
        "proxy.mp4",
        "a.mov",
    }
    for path in files:
        assert made_by(sealed(path), show_id=MADE.show_id) == MADE, path.name


def test_pillow_finds_the_mark_of_a_png(taken: Path) -> None:
    for path in taken.rglob("*.png"):
        with Image.open(path) as picture:
            packet = ElementTree.fromstring(picture.info["XML:com.adobe.xmp"])  # noqa: S314 - our own file
        [described] = packet.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
        assert described.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == URI


def test_openimageio_finds_the_mark_of_an_exr_in_every_part(taken: Path) -> None:
    for path in taken.rglob("*.exr"):
        image = OpenImageIO.ImageInput.open(str(path))
        part = 0
        while image.seek_subimage(part, 0):
            assert image.spec().getattribute("Iptc4xmpExt:DigitalSourceType") == URI
            assert image.spec().getattribute("bottega:show") == MADE.show_id
            part += 1
        assert part in (1, 4)
        image.close()


@pytest.mark.parametrize("name", ["proxy.mp4", "a.mov"])
def test_ffmpeg_finds_the_mark_of_a_movie_and_still_plays_it(taken: Path, name: str) -> None:
    with av.open(str(taken / name), options={"export_xmp": "1"}) as movie:
        assert URI in movie.metadata["xmp"]
        assert sum(1 for _ in movie.decode(video=0)) == len(SCREENS)


def test_a_handed_out_frame_says_that_it_is_a_copy_of_a_plate(tmp_path: Path) -> None:
    footage.write_png16(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint16), mark=Mark.of_copy("demo-1", "a" * 64))
    assert made_by(sealed(tmp_path / "a.png"), show_id="demo-1") == MadeBy(show_id="demo-1", source="a" * 64)
    assert b"DigitalSourceType" not in (tmp_path / "a.png").read_bytes()  # nothing in it was generated


def test_learned_weights_have_the_trained_code() -> None:
    take = a_take()
    learned = type(take).from_json(take.to_json() | {"use": take.use.to_json() | {"technique": Technique.PER_SHOT_NETWORK.value}})
    assert Mark.of(take).fields()["Iptc4xmpExt:DigitalSourceType"] == URI
    assert Mark.of(learned).fields()["Iptc4xmpExt:DigitalSourceType"] == SOURCE_TYPES + TRAINED


def test_a_mark_names_nobody_and_tells_no_take_from_its_twin() -> None:
    take = a_take()
    again = type(take).from_json(take.to_json() | {"take_id": "u" * 32, "number": 9})
    assert Mark.of(take).xmp() == Mark.of(again).xmp()
    assert take.take_id.encode() not in Mark.of(take).xmp()


# There is no writer without a mark: what puts a picture's bytes together takes one, and nothing else puts bytes on the disk.
ENCODERS = {
    "png.png_bytes",
    "exr_write.exr_bytes",
    "movie_write.encode_movie",
    "ora_file.ora_bytes",
    "psd_write.psd_bytes",
    "pdf_book.book_bytes",
}
WRITERS = {"deliver.Delivery._write", "deliver.Delivery.movie", "painting.write_png16", "sheet.write_sheet"}


def calls(names: set[str]) -> set[str]:
    """Which functions of the room call one of these."""
    found = set()
    for path in Path(footage.__file__).parent.glob("*.py"):
        for owner, function in _functions(ast.parse(path.read_text())):
            called = {getattr(c.func, "id", getattr(c.func, "attr", "")) for c in ast.walk(function) if isinstance(c, ast.Call)}
            if called & names:
                found.add(".".join(filter(None, (path.stem, owner, function.name))))
    return found


def _functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    owned = [(c.name, f) for c in tree.body if isinstance(c, ast.ClassDef) for f in c.body if isinstance(f, ast.FunctionDef)]
    return owned + [("", f) for f in tree.body if isinstance(f, ast.FunctionDef)]


def test_whatever_puts_a_file_on_the_disk_is_listed_here() -> None:
    assert calls({"write_whole", "new_file"}) - {"whole_file.write_whole"} == WRITERS
    assert {n for n in dir(whole_file) if n in ("write_whole", "new_file")} == {"write_whole", "new_file"}


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_needs_a_mark(name: str) -> None:
    module, function = name.split(".")
    tree = ast.parse((Path(footage.__file__).parent / f"{module}.py").read_text())
    [found] = [f for _, f in _functions(tree) if f.name == function]
    needed = {a.arg for a, default in zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True) if default is None}
    assert "mark" in needed


def test_no_other_library_writes_pictures() -> None:
    """`OpenEXR.File(...).write`, `av.open(..., "w")` and OpenImageIO's writers are in the encoders' modules only."""
    writing = {}
    for path in Path(footage.__file__).parent.glob("*.py"):
        text = path.read_text()
        if any(way in text for way in ("file.write(out)", ', "w"', "ImageOutput", ".write(", "imwrite")):
            writing[path.stem] = True
    assert set(writing) == {"exr_write", "model_folder", "movie_write", "ora_file", "whole_file"}  # model_folder copies a model, no picture


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x/>",
        b'bottega:shows="x"',
        b'bottega:show="' + b"x" * 97 + b'"',
        b'bottega:show="../../etc"',
        b"\xff" * 4096,
        b'bottega:plan="0"',
    ],
)
def test_what_is_no_mark_of_ours_is_none(packet: bytes) -> None:
    assert read_xmp(packet) is None
    assert png_xmp(packet) == b""


def test_another_program_may_write_the_mark_as_elements() -> None:
    said = f"<bottega:show> demo-1 </bottega:show><bottega:plan>{'b' * 64}</bottega:plan>".encode()
    assert read_xmp(said) == MadeBy(show_id="demo-1", plans=("b" * 64,))


def test_a_frame_that_names_no_show_is_of_an_unknown_one() -> None:
    assert read_attributes({"bottega:plan": b"b" * 64}) == MadeBy(show_id="unknown", plans=("b" * 64,))
    assert read_attributes({"bottega:show": b"a b"}) == MadeBy(show_id="unknown")
    assert read_attributes({"owner": b"somebody"}) is None


def test_of_two_shows_the_other_one_counts(tmp_path: Path) -> None:
    for number, show in ((1001, "demo-1"), (1002, "other-2"), (1003, "demo-1")):
        footage.write_png16(tmp_path / f"a.{number}.png", np.zeros((4, 4, 3), np.uint16), mark=Mark(show, plan=f"{number:064d}"))
    assert made_by(sealed(tmp_path), show_id="demo-1") == MadeBy(show_id="other-2", plans=(f"{1002:064d}",))
    both = made_by(sealed(tmp_path), show_id="other-2")
    assert both is not None and both.show_id == "demo-1"
    (tmp_path / "a.1002.png").unlink()
    assert made_by(sealed(tmp_path), show_id="demo-1") == MadeBy(show_id="demo-1", plans=(f"{1001:064d}", f"{1003:064d}"))


def test_a_picture_of_elsewhere_says_nothing(tmp_path: Path) -> None:
    assert made_by(sealed(write_rgb(tmp_path / "a.exr", half_picture(8, 8)), colour=LIN), show_id="demo-1") is None
