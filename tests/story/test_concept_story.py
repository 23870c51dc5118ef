"""A board from a designer's sheet to cards: refused, planned, made, opened in other programs, stopped, made again."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO
import pyora
import pytest
from PIL import Image
from typer.testing import CliRunner

from bottega.attribution import CreditMap
from bottega.cli import app
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, Take, TakeState

from .board import DESIGNER, SAID, WEAVER, Atelier, build, line, parts

pytestmark = pytest.mark.timeout(600)  # on a new machine the first look compiles the kernels


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


@pytest.fixture(scope="module")
def take(atelier: Atelier) -> Take:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(atelier.root / "home"))
        return atelier.studio.boards.make(atelier.studio.boards.request(atelier.sheet(), **SAID), threads=2)


def file_of(atelier: Atelier, take: Take, kind: str, number: int) -> Path:
    [found] = [o for o in take.outputs if o.path.startswith(f"{kind}/") and o.frame == number and not o.path.endswith("credit.png")][:1]
    return atelier.studio.folder.root / take.folder / found.path


def picture(atelier: Atelier, take: Take, number: int) -> np.ndarray:
    return np.asarray(Image.open(file_of(atelier, take, "frames", number)).convert("RGB"))


def credit(atelier: Atelier, take: Take, number: int) -> CreditMap:
    path = atelier.studio.folder.root / take.folder / "credit" / f"{take.name}.{number:04d}.exr"
    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
        return CreditMap.from_channels(channels, file.parts[0].header["manifest"])


def made(atelier: Atelier, *change: tuple[str, str], **more: object) -> Take:
    return atelier.studio.boards.make(atelier.studio.boards.request(atelier.sheet(*change, name="other.toml"), **(SAID | more)))


def takes(atelier: Atelier) -> list[Path]:
    return sorted((atelier.studio.folder.root / "walker" / "concept").glob("v*"))


def test_a_dry_run_says_what_it_would_make_and_makes_nothing(atelier: Atelier) -> None:
    before = takes(atelier)
    plan = atelier.studio.boards.plan(atelier.studio.boards.request(atelier.sheet(), **SAID))
    assert plan.allowed
    assert (plan.cards, plan.width, plan.height) == (("town", "country", "plain"), 160, 240)
    printed = CliRunner().invoke(app, ["concept", str(atelier.sheet()), "--no-performer", "--state", "names_real=no", "--dry-run"])
    assert printed.exit_code == 0, printed.output
    assert "walker, a costume of 3 cards, 160x240" in printed.output
    assert takes(atelier) == before


def test_without_a_word_on_performers_or_on_real_names_it_is_refused(atelier: Atelier) -> None:
    with pytest.raises(ConsentError) as refusal:
        atelier.studio.boards.make(atelier.studio.boards.request(atelier.sheet()))
    assert set(refusal.value.codes) >= {"declaration_missing", "unsure"}
    result = CliRunner().invoke(app, ["concept", str(atelier.sheet()), "--dry-run"])
    assert result.exit_code == 3, result.output


def test_there_are_cards_and_books_and_they_say_whose_work_it_is(atelier: Atelier, take: Take) -> None:
    assert take.state is TakeState.DONE
    kinds = [o.path.split("/")[0] for o in take.outputs]
    assert {k: kinds.count(k) for k in kinds} == {"psd": 3, "ora": 3, "credit": 6, "frames": 3, "data": 3, "cards": 3} | {
        "board.png": 1, "lookbook.pdf": 1,
    }  # fmt: skip
    said = json.loads(file_of(atelier, take, "data", 2).read_text())
    assert (said["name"], said["facts"]["character"], said["take"]) == ("country", "The walker", take.name)
    assert [(p["parts"], p["swatch"]) for p in said["parts"]] == [(["coat"], "hide"), (["skirt"], "check"), (["skin"], None)]
    assert sum(Fraction(s["share_of_figure"]) for s in said["sources"]) == 1
    assert DESIGNER not in json.dumps(said)
    report = atelier.studio.report(take.folder)
    assert report["frames_made"] == 3
    assert WEAVER in report["bar"]
    assert {s["work"] for s in report["shares"]} == {"drawing", "check", "serge", "hide"}


def test_ink_is_the_designers_bit_for_bit_and_copied(atelier: Atelier, take: Take) -> None:
    ink = line()
    opaque = ink[..., 3] == 255
    assert opaque.sum() > 500
    for number in (1, 2, 3):
        assert (picture(atelier, take, number)[opaque] == ink[opaque][:, :3]).all()
        found = credit(atelier, take, number)
        assert ((found.claim == 1) == opaque).all()
        y, x = np.nonzero(opaque)
        assert (found.x[opaque] == x).all() and (found.y[opaque] == y).all()


def test_cloth_stays_in_its_part_and_every_pixel_is_somebodys(atelier: Atelier, take: Take) -> None:
    inside = parts()
    found = credit(atelier, take, 2)
    digests = [s.exemplar for s in found.sources]
    by_name = {i.name: i.digest for i in take.inputs}
    assert digests[0] == by_name["line.png"]
    for cloth, part in (("hide.png", "coat"), ("check.png", "skirt")):
        row = digests.index(by_name[cloth])
        assert not found.parts[row][~inside[part]].any()
        assert (found.parts[row][inside[part]] > 0).mean() > 0.8
    assert not found.parts[digests.index(by_name["serge.png"])].any()
    assert sum(s.share for s in take.shares) == 1
    assert sum(s.share for s in take.touched_shares) == 1
    paper = ~(inside["skin"] | inside["coat"] | inside["skirt"]) & (line()[..., 3] == 0)
    assert (picture(atelier, take, 1)[paper] == (0xFB, 0xFA, 0xF6)).all()


def test_what_differs_between_looks_is_what_the_sheet_says(atelier: Atelier, take: Take) -> None:
    inside = parts()
    town, plain = picture(atelier, take, 1).astype(int), picture(atelier, take, 3).astype(int)
    apart = (town != plain).any(-1)
    assert not apart[~inside["coat"]].any()
    assert apart[inside["coat"]].mean() > 0.7


def test_layers_open_in_other_programs_and_give_the_picture(atelier: Atelier, take: Take) -> None:
    flat = picture(atelier, take, 2).astype(int)
    names = ["paper", "coat: hide", "skirt: check", "skin: plain", "shading", "line"]
    psd, ora = file_of(atelier, take, "psd", 2), file_of(atelier, take, "ora", 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import psd_tools

        other = psd_tools.PSDImage.open(psd)
        assert [layer.name for layer in other.descendants() if layer.kind == "pixel"] == names
        assert np.abs(np.asarray(other.composite(force=True).convert("RGB")).astype(int) - flat).max() <= 1
        ink = next(layer for layer in other.descendants() if layer.name == "line")
        kept, box = np.asarray(ink.topil().convert("RGBA")), ink.bbox
    seen = line()[box[1] : box[3], box[0] : box[2]]
    assert (kept[seen[..., 3] > 0] == seen[seen[..., 3] > 0]).all()
    assert (OpenImageIO.ImageInput.open(str(psd)).read_image(OpenImageIO.UINT8) == flat).all()
    project = pyora.Project.load(str(ora))
    assert [part.name for part in project.iter_tree if part.type == pyora.TYPE_LAYER] == names
    assert np.abs(np.asarray(project.get_image_data(use_original=False).convert("RGB")).astype(int) - flat).max() <= 1


def test_the_same_request_again_is_the_same_take(atelier: Atelier, take: Take) -> None:
    assert atelier.studio.boards.make(atelier.studio.boards.request(atelier.sheet(), **SAID)).take_id == take.take_id


def test_stopped_after_a_card_it_goes_on_to_the_same_bits(atelier: Atelier, take: Take) -> None:
    def stop(event: Event) -> None:
        if event.step == "make" and event.frame == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atelier.studio.remake(take.folder, threads=1, watch=stop)
    found: list[int | None] = []
    result = atelier.studio.remake(take.folder, threads=2, watch=lambda e: found.append(e.frame) if e.step == "make" else None)
    assert (result.same, result.frames, result.different, result.notes) == (3, 3, (), ())
    assert found[:1] == [1]
    again = atelier.studio.folder.root / result.folder
    assert not (again / ".work").exists()
    new = json.loads((again / "take.json").read_text())
    same = {o["path"].split(".", 1)[-1]: o["sha256"] for o in new["outputs"] if o["path"].startswith(("psd", "ora", "credit"))}
    for o in take.outputs:
        if o.path.startswith(("psd", "ora", "credit")):
            assert same[o.path.split(".", 1)[-1]] in {n["sha256"] for n in new["outputs"]}


def test_json_and_the_approval_of_a_final(atelier: Atelier) -> None:
    words = ["concept", str(atelier.sheet()), "--no-performer", "--state", "names_real=no", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["frames_made"] == 3
    final = CliRunner().invoke(app, [*words, "--delivery", "final", "--dry-run"])
    assert final.exit_code == 3
    said = {r["code"] for r in json.loads(final.output)["reasons"]}
    assert "approval_missing" in said
