"""Two shots of one look: the keys of the first serve the second, if everybody's consent says so; and who finds out when it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from bottega import Studio
from bottega.cli import app
from bottega.model import ConsentError, CredentialError, JobError, Role, Take, UsageError

from .stage import ARTIST, PERFORMER, SHOT, Stage, build, deage, open_show, painted, picture, signed, srgb, texture, write_exr, write_png

SECOND = "sh020"
BOTH = {"shots": '["sh010", "sh020"]', "inputs_allowed": '["plate:sh010", "plate:sh020"]'}
SCALE, LIGHT = 1.25, np.array([0.6, 0.5, 0.45], np.float32)
FRAMES = range(1001, 1007)


def other(picture_: np.ndarray, *, beyond: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    """The picture through another camera: closer, moved, on a larger raster."""
    way = np.array([[SCALE, 0, 3.5], [0, SCALE, -6.25]])
    return np.clip(cv2.warpAffine(picture_, way, (152, 112), flags=cv2.INTER_CUBIC, borderMode=beyond), 0, None)


def second(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plate, matte and truth of the second shot: other frames of the same face, darker and cooler."""
    plate, matte = picture(number + 3)
    truth = other(painted(plate, matte)) * LIGHT
    matte = np.clip(other(matte, beyond=cv2.BORDER_CONSTANT), 0, 1)
    plate = (other(plate) * LIGHT).astype(np.float16).astype(np.float32)
    return plate, matte, np.where(matte[..., None] > 0, truth, plate)


def add_second(studio: Studio, stage: Stage, shot: str = SECOND) -> Path:
    """Register the second shot; gives its mattes."""
    folder, mattes = stage.root / shot, stage.root / f"{shot}_mattes"
    folder.mkdir()
    mattes.mkdir()
    for number in FRAMES:
        plate, matte, _ = second(number)
        write_exr(folder / f"{number}.exr", plate)
        write_png(mattes / f"{number}.png", matte, bits=16)
    studio.add_shot(shot, folder, colour="lin_rec709_srgb")
    return mattes


def looked(studio: Studio, mattes: Path, shot: str = SECOND, **options: object) -> Take:
    return studio.deage(shot, **{"look": "hero", "matte": mattes, "person": PERFORMER, "age": 35} | options)  # type: ignore[arg-type]


def result(studio: Studio, take: Take, number: int) -> np.ndarray:
    from bottega.footage import read_delivered

    output = next(o for o in take.outputs if o.frame == number and o.path.startswith("frames/"))
    return read_delivered(studio.folder.root / take.folder / output.path, sha256=output.sha256).rgb.astype(np.float32)


def psnr(made: np.ndarray, truth: np.ndarray, inside: np.ndarray) -> float:
    return float(-10 * np.log10(((srgb(made) - srgb(truth))[inside] ** 2).mean()))


@pytest.fixture
def show(stage: Stage) -> tuple[Studio, Stage, Path]:
    studio = open_show(stage, **BOTH)
    mattes = add_second(studio, stage)
    deage(studio, stage)
    studio.looks.make("hero", ["sh010/deage/v001"], by="lead")
    return studio, stage, mattes


def test_keys_of_one_shot_serve_another(show: tuple[Studio, Stage, Path]) -> None:
    studio, _, mattes = show
    take = looked(studio, mattes)
    before, after = [], []
    for number in FRAMES:
        plate, matte, truth = second(number)
        made = result(studio, take, number)
        before.append(psnr(plate, truth, matte > 0.5))
        after.append(psnr(made, truth, matte > 0.5))
        outside = np.round(matte * 65535) == 0
        assert made[outside].tobytes() == plate[outside].tobytes()
    assert np.mean(after) > np.mean(before) + 10 and min(after) > np.mean(before) + 8, (before, after)
    lent = [i for i in take.inputs if i.shot == SHOT]
    assert {i.role for i in lent} == {Role.KEY, Role.PLATE} and {i.frame for i in lent if i.role is Role.KEY} == {1001, 1006, 1010}
    assert take.settings["look"] == "hero@v001"
    laid = take.settings["lent"]["found"]
    assert laid and all(p["likeness"] > 0.75 and p["frame"] in FRAMES and p["painted_for"] == SHOT for p in laid)
    assert sum(s.share for s in take.shares) == 1
    report = studio.report(take.folder)
    assert report["look"] == "hero@v001"
    works = {s["work"]: s["by"] for s in report["touched"]}
    assert any(w.startswith("key 10") and w.endswith(f"of {SHOT}") and by == ARTIST for w, by in works.items()), works
    assert {(i.role, i.shot) for i in take.use.inputs if i.shot} == {(Role.KEY, SHOT), (Role.PLATE, SHOT)}
    again = studio.remake(take.folder)
    assert again.different == () and again.frames == len(FRAMES)
    assert looked(studio, mattes).name == take.name, "the same request is the take that is there"


def test_a_key_painted_on_the_shot_itself_goes_out_as_painted(show: tuple[Studio, Stage, Path], tmp_path: Path) -> None:
    studio, _, mattes = show
    own = tmp_path / "own"
    own.mkdir()
    _, matte, truth = second(1006)
    write_exr(own / "1006.exr", truth)
    studio.add_exemplars([own / "1006.exr"], by=ARTIST, licence="work-for-hire", colour="lin_rec709_srgb")
    take = looked(studio, mattes, keys=own)
    made, expected = result(studio, take, 1006), truth.astype(np.float16).astype(np.float32)
    full = np.round(matte * 65535) == 65535
    assert full.any() and np.array_equal(made[full], expected[full])
    assert any("within 6 frames of another key" in w for w in take.warnings), "a lent key beside it is left out, and said to be"
    made_of = studio.looks.make("hero", ["sh010/deage/v001", take.folder], by="lead")
    assert made_of.number == 2 and {(k.shot, k.frame) for k in made_of.keys} == {(SHOT, 1001), (SHOT, 1006), (SHOT, 1010), (SECOND, 1006)}


def test_one_key_of_another_shot_and_derived_mattes(show: tuple[Studio, Stage, Path]) -> None:
    studio, _, _ = show
    take = studio.deage(SECOND, look="hero", person=PERFORMER, age=35)
    inside = [second(n)[1] > 0.5 for n in FRAMES]
    before = np.mean([psnr(second(n)[0], second(n)[2], m) for n, m in zip(FRAMES, inside, strict=True)])
    after = np.mean([psnr(result(studio, take, n), second(n)[2], m) for n, m in zip(FRAMES, inside, strict=True)])
    assert after > before + 6


def test_a_shot_that_is_unlike_is_refused_with_the_figure(show: tuple[Studio, Stage, Path]) -> None:
    studio, stage, _ = show
    folder = stage.root / "sh020b"
    folder.mkdir()
    for number in FRAMES:
        write_exr(folder / f"{number}.exr", np.roll(texture(77), number, 0))
    studio.add_shot(SECOND, folder, colour="lin_rec709_srgb")
    with pytest.raises(
        JobError, match=r"no key of the look is like any frame of sh020: .* of sh010 comes nearest at frame .*likeness of 0\.\d\d"
    ):
        studio.deage(SECOND, look="hero", person=PERFORMER, age=35)
    assert not list((studio.folder.root / SECOND).rglob("take.json"))


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        (None, {"wrong_shot", "input_not_allowed"}),
        ({"shots": '["sh020"]', "inputs_allowed": '["plate:sh010", "plate:sh020"]'}, {"wrong_shot"}),
        ({"shots": '["sh010", "sh020"]', "inputs_allowed": '["plate:sh020"]'}, {"input_not_allowed"}),
        ({"shots": '["sh020"]', "inputs_allowed": '["plate:sh020"]'}, {"wrong_shot", "input_not_allowed"}),
    ],
    ids=["the first shot only", "the plate, not the shot", "the shot, not the plate", "a consent for each shot is none for both"],
)
def test_one_consent_has_to_cover_both(stage: Stage, changes: dict[str, str] | None, codes: set[str]) -> None:
    studio = open_show(stage)  # with a consent for the first shot
    mattes = add_second(studio, stage)
    if changes is not None:
        studio.add_consent(signed(studio.consent_template(purpose="deage", person=PERFORMER, shot=SECOND), **changes))
    deage(studio, stage)
    studio.looks.make("hero", ["sh010/deage/v001"], by="lead")
    with pytest.raises(ConsentError) as refused:
        looked(studio, mattes)
    assert set(refused.value.codes) == codes
    assert not list((studio.folder.root / SECOND).rglob("take.json"))


def test_what_ends_a_key_ends_its_use_elsewhere(show: tuple[Studio, Stage, Path]) -> None:
    studio, _, mattes = show
    take = looked(studio, mattes)
    (key,) = {i.licence_id for i in take.inputs if i.role is Role.KEY}
    first = next(i.digest for i in take.inputs if i.role is Role.KEY)
    assert take.name in {t.take for t in studio.withdrawals.affected(first)}
    plate = next(i.digest for i in take.inputs if i.role is Role.PLATE and i.shot == SHOT)
    assert take.name in {t.take for t in studio.withdrawals.affected(plate)}
    ended = studio.withdrawals.licence(str(key), reason="withdrawn", set_aside=True)
    assert {"sh010_deage_v001", take.name} <= set(ended.set_aside)
    with pytest.raises(ConsentError) as refused:
        looked(studio, mattes, tone=0.5)
    assert set(refused.value.codes) == {"licence_revoked"}


def test_a_version_is_written_once_and_has_to_be_as_it_was_made(show: tuple[Studio, Stage, Path]) -> None:
    studio, stage, mattes = show
    with pytest.raises(UsageError, match="hero@v001 holds these keys and settings already"):
        studio.looks.make("hero", ["sh010/deage/v001"], by="lead")
    deage(studio, stage, tone=0.5)
    with pytest.raises(UsageError, match=r"tone is 1\.0 in sh010/deage/v001 and 0\.5 in sh010/deage/v002"):
        studio.looks.make("hero", ["sh010/deage/v001", "sh010/deage/v002"], by="lead")
    assert studio.looks.make("hero", ["sh010/deage/v002"], by="lead").number == 2
    assert studio.looks.read("hero").settings["tone"] == 0.5 and studio.looks.read("hero@v1").settings["tone"] == 1.0
    assert looked(studio, mattes, look="hero").settings["repair"]["tone"] == 0.5
    assert looked(studio, mattes, look="hero", tone=0.8).settings["repair"]["tone"] == 0.8
    path = studio.folder.root / "looks" / "hero" / "v002.json"
    shutil.copy(path, path.with_name("v003.json"))
    with pytest.raises(CredentialError, match=r"hero@v002 is not"):
        path.write_text(path.read_text().replace('"tone": 0.5', '"tone": 0.6'))
        studio.looks.read("hero@v2")
    with pytest.raises(UsageError, match="look 'villain' is not there"):
        looked(studio, mattes, look="villain")


def test_the_look_makes_its_own_shot_again(show: tuple[Studio, Stage, Path]) -> None:
    studio, stage, _ = show
    again = studio.deage(SHOT, look="hero", matte=stage.mattes, person=PERFORMER, age=35)
    assert again.name == "sh010_deage_v001", "its keys are the shot's own: the same plan"


def test_the_commands(show: tuple[Studio, Stage, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    studio, _, mattes = show
    monkeypatch.chdir(studio.folder.root)
    studio.close()
    run = CliRunner()

    def said(*words: str, code: int = 0) -> str:
        found = run.invoke(app, list(words))
        assert found.exit_code == code, found.output
        return found.output

    assert "hero@v001" in said("look", "list")
    shown = json.loads(said("look", "show", "hero", "--json"))
    assert [k["frame"] for k in shown["keys"]] == [1001, 1006, 1010]
    assert "1006  sh010" in said("look", "show", "hero@v1")
    plan = json.loads(
        said("deage", SECOND, "--look", "hero", "--matte", str(mattes), "--person", PERFORMER, "--age", "35", "--dry-run", "--json")
    )
    assert plan["allowed"] and plan["keys"] == [] and plan["lent"] == ["1001 of sh010", "1006 of sh010", "1010 of sh010"]
    made = said("deage", SECOND, "--look", "hero@v1", "--matte", str(mattes), "--person", PERFORMER, "--age", "35")
    assert "of sh010 lies on frame" in made
    assert "hero@v002, for deage" in said("look", "make", "hero", "--from", "sh010/deage/v001", "--note", "again", "--dry-run")
    assert not (studio.folder.root / "looks" / "hero" / "v002.json").exists()
    assert "no keys: give --keys FOLDER, --look NAME, or both" in said("deage", SECOND, "--person", PERFORMER, "--age", "35", code=2)


def test_a_repair_takes_a_look_too(tmp_path: Path) -> None:
    stage = build(tmp_path)
    studio = open_show(stage, consent=False)
    mattes = add_second(studio, stage)
    studio.repair(SHOT, keys=stage.keys, matte=stage.mattes, no_performer=True)
    studio.looks.make("clean", ["sh010/repair/v001"], by="lead")
    take = studio.repair(SECOND, look="clean", matte=mattes, no_performer=True)
    assert take.settings["look"] == "clean@v001" and any(i.shot == SHOT for i in take.inputs)
    with pytest.raises(UsageError, match="clean@v001 is for repair, asked is deage"):
        studio.deage(SECOND, look="clean", matte=mattes, person=PERFORMER, age=35)
