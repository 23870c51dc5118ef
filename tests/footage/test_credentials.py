"""Case 36, the file's side: credentials on inputs are read and validated, without a network, and never stripped."""

from __future__ import annotations

import http.server
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from made_pictures import a_take, half_picture, png_chunk, sealed, write_rgb, write_still
from tests.signed_pictures import chain, sign

from bottega import footage
from bottega.footage import credentials, marks_of
from bottega.model import Marks, MarkState, Role

CODES = np.random.default_rng(3).integers(0, 65535, (24, 32, 3)).astype(np.uint16)
ANCHORS = chain()[0]
DENIED = {"cawg.ai_training": "notAllowed", "cawg.ai_inference": "allowed", "cawg.data_mining": "constrained"}


def picture(folder: Path, name: str) -> Path:
    path = folder / name
    if path.suffix == ".exr":
        return write_rgb(path, half_picture(24, 32))
    if path.suffix in (".mp4", ".mov"):
        screens = [np.full((32, 48, 3), value, np.uint8) for value in (10, 200)]
        footage.Delivery(folder, a_take()).movie(name, screens, Fraction(24), codec="h264" if path.suffix == ".mp4" else "prores")
        return path
    return write_still(path, CODES)


def marks(path: Path, anchors: str | None = ANCHORS) -> Marks:
    return marks_of(sealed(path, Role.KEY), anchors=anchors)


NAMES = ("a.png", "a.tif", "a.exr", "a.mp4", "a.mov")


@pytest.mark.parametrize("name", NAMES)
def test_signed_pictures_hold_and_are_trusted_only_by_who_trusts_the_signer(tmp_path: Path, name: str) -> None:
    path = sign(picture(tmp_path, name))
    assert marks(path).state is MarkState.TRUSTED
    assert marks(path, None) == Marks(state=MarkState.VALID, sidecars=marks(path).sidecars)
    assert bool(marks(path).sidecars) == (path.suffix == ".exr")


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_pixel_is_found(tmp_path: Path, name: str) -> None:
    path = sign(picture(tmp_path, name))
    data = bytearray(path.read_bytes())
    at = (
        data.index(b"mdat") + 40
        if path.suffix in (".mp4", ".mov")
        else data.rindex(b"IDAT") + 40
        if path.suffix == ".png"
        else len(data) // 2
    )
    data[at] ^= 1
    path.write_bytes(bytes(data))
    found = marks(path)
    assert found.state is MarkState.INVALID and found.faults


def test_what_is_not_allowed_is_listed_and_what_is_constrained_is_not_allowed(tmp_path: Path) -> None:
    assert marks(sign(picture(tmp_path, "a.png"), mining=DENIED)).mining == ("cawg.ai_training", "cawg.data_mining")
    assert marks(sign(picture(tmp_path, "b.png"), mining={"cawg.ai_training": "allowed"})).mining == ()


def test_what_an_ingredient_forbids_is_forbidden(tmp_path: Path) -> None:
    inner = sign(picture(tmp_path, "b.png"), mining=DENIED)
    assert marks(sign(picture(tmp_path, "a.png"), ingredient=inner)).mining == ("cawg.ai_training", "cawg.data_mining")


def test_a_tampered_ingredient_under_a_trusted_parent(tmp_path: Path) -> None:
    inner = sign(picture(tmp_path, "b.png"))
    data = bytearray(inner.read_bytes())
    data[data.rindex(b"IDAT") + 40] ^= 1
    inner.write_bytes(bytes(data))
    found = marks(sign(picture(tmp_path, "a.png"), ingredient=inner))
    assert found.state is MarkState.INVALID and "assertion.dataHash.mismatch" in found.faults


def test_credentials_that_cannot_be_read_are_no_absent_ones(tmp_path: Path) -> None:
    path = picture(tmp_path, "a.png")
    data = path.read_bytes()
    path.write_bytes(data[:33] + png_chunk(b"caBX", b"no manifest") + data[33:])
    assert marks(path).state is MarkState.INVALID
    beside = picture(tmp_path, "b.exr")
    beside.with_suffix(".c2pa").write_bytes(b"")
    assert marks(beside).state is MarkState.INVALID


def test_credentials_of_another_picture(tmp_path: Path) -> None:
    signed, other = sign(picture(tmp_path, "a.exr")), write_rgb(tmp_path / "b.exr", half_picture(24, 32, seed=2))
    signed.with_suffix(".c2pa").rename(other.with_suffix(".c2pa"))
    assert marks(signed).state is MarkState.NONE
    assert marks(other).state is MarkState.INVALID


def test_one_bad_frame_spoils_a_sequence(tmp_path: Path) -> None:
    for number in (1001, 1002, 1003):
        sign(picture(tmp_path, f"a.{number}.png"))
    assert marks(tmp_path / "a.####.png").state is MarkState.TRUSTED
    path = tmp_path / "a.1002.png"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert marks(tmp_path / "a.####.png").state is MarkState.INVALID


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_without_credentials_does_not_load_the_library(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_validated", None)
    assert marks(picture(tmp_path, name)) == Marks(state=MarkState.NONE)


def test_no_address_in_a_file_is_ever_asked(tmp_path: Path) -> None:
    asked = []

    class Noting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Noting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = sign(picture(tmp_path, "a.png"), remote=f"http://127.0.0.1:{server.server_port}/manifest")
        data = path.read_bytes()
        assert b"127.0.0.1" in data
        assert marks(path).state is MarkState.NONE
        # beside: the library itself is asked, and told to fetch nothing
        path.write_bytes(data[:33] + png_chunk(b"caBX", b"x" * 64) + data[33:])
        assert marks(path).state is MarkState.INVALID
        server.shutdown()
    assert asked == []


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = sign(picture(tmp_path, "a.png"))
    before = path.read_bytes()
    marks(path)
    assert path.read_bytes() == before
