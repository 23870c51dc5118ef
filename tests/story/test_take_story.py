"""A take from end to end: what lies where, whose work it is, that it is exact, and that it can be made again."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega import Studio
from bottega.attribution import CreditMap, regather
from bottega.footage import to_working
from bottega.jobs.runner.progress import Event
from bottega.model import TakeState, UsageError

from .stage import FIRST, KEYS, SHOT, Stage, accepted, deage, open_show, painted, picture, srgb, write_exr


def parts(path: Path) -> dict[str, OpenEXR.Part]:
    return {p.name(): p for p in OpenEXR.File(str(path), separate_channels=True).parts}


def rgb(path: Path) -> np.ndarray:
    channels = parts(path)["rgb"].channels
    return np.stack([channels[c].pixels for c in "RGB"], -1)


def digests(studio: Studio, take: object) -> dict[str, str]:
    return {o.path.split(".")[-2]: o.sha256 for o in take.outputs if o.path.startswith("frames/")}


@pytest.fixture
def made(stage: Stage) -> tuple[Studio, Stage, object, Path]:
    studio = open_show(stage)
    take = deage(studio, stage)
    return studio, stage, take, studio.folder.root / take.folder


def test_the_folder_is_as_promised(made: tuple) -> None:
    _, stage, take, folder = made
    assert take.folder == "sh010/deage/v001"
    for name in ("frames", "delta"):
        assert sorted(p.name for p in (folder / name).iterdir()) == [
            f"sh010_deage_v001.{n}.exr" for n in range(FIRST, FIRST + stage.frames)
        ]
    for name in ("matte", "credit"):
        assert sorted(p.name for p in (folder / name).iterdir()) == [
            f"sh010_deage_v001.{n}.png" for n in range(FIRST, FIRST + stage.frames)
        ]
    assert {p.name for p in folder.iterdir()} == {
        "frames",
        "delta",
        "matte",
        "credit",
        "take.json",
        "proxy.mp4",
        "contact.png",
        "worst.png",
    }
    record = json.loads((folder / "take.json").read_text())
    assert record["state"] == "done" and record["schema"] == "bottega.take"
    assert "Artist" not in json.dumps(record) and "Performer" not in json.dumps(record)


def test_outside_the_matte_every_bit_is_the_plates(made: tuple) -> None:
    _, stage, _, folder = made
    for number in range(FIRST, FIRST + stage.frames):
        plate, matte = picture(number)
        result = rgb(folder / "frames" / f"sh010_deage_v001.{number}.exr")
        assert result.dtype == np.float16
        outside = np.round(matte * 255) == 0
        assert outside.any()
        assert np.array_equal(result[outside].view(np.uint16), plate.astype(np.float16)[outside].view(np.uint16))


def test_plate_plus_delta_is_the_result(made: tuple) -> None:
    _, stage, _, folder = made
    for number in range(FIRST, FIRST + stage.frames):
        plate, _ = picture(number)
        name = f"sh010_deage_v001.{number}.exr"
        delta = parts(folder / "frames" / name)["delta"].channels
        total = plate + np.stack([delta[f"delta.{c}"].pixels for c in "RGB"], -1)
        assert np.array_equal(total, rgb(folder / "frames" / name).astype(np.float32))


def test_the_edit_is_carried_between_the_keys(made: tuple) -> None:
    """The artist's change is a known gain inside the disc: between the keys most of it has to arrive."""
    _, _, _, folder = made
    for number in (1003, 1004, 1008):
        plate, matte = picture(number)
        wanted = plate * (1 + matte[..., None] * np.array([-0.15, -0.3, -0.4], np.float32))
        result = rgb(folder / "frames" / f"sh010_deage_v001.{number}.exr").astype(np.float32)
        inside = matte > 0.99
        left = np.abs(srgb(result) - srgb(wanted))[inside].mean()
        assert left < 0.25 * np.abs(srgb(plate) - srgb(wanted))[inside].mean()


def credit_of(path: Path) -> CreditMap:
    part = parts(path)["credit"]
    return CreditMap.from_channels({name: c.pixels for name, c in part.channels.items()}, part.header["manifest"])


def test_copied_pixels_re_gather_bit_for_bit(stage: Stage) -> None:
    """From the exemplars' own files: half EXR keys and the half EXR plate, both as they lie on disk."""
    studio = open_show(stage)
    keys = stage.root / "exr_keys"
    keys.mkdir()
    for number in KEYS:
        write_exr(keys / f"{number}.exr", painted(*picture(number)))
    studio.add_exemplars(sorted(keys.iterdir()), by="Artist B", licence="work-for-hire")
    take = deage(studio, stage, keys=keys)
    copied_from_a_key = 0
    for number in range(FIRST, FIRST + stage.frames):
        path = studio.folder.root / take.folder / "frames" / f"sh010_deage_v001.{number}.exr"
        credit, result = credit_of(path), rgb(path)
        files = {s.id: stage.plates / f"{number}.exr" if s.role == "plate" else keys / f"{s.frame}.exr" for s in credit.sources}
        exemplars = {i: OpenEXR.File(str(f)).parts[0].channels["RGB"].pixels for i, f in files.items()}
        gathered, copied = regather(credit, exemplars)
        assert np.array_equal(gathered[copied].view(np.uint16), result[copied].view(np.uint16))
        assert copied.sum() > 1000
        changed = (result != exemplars[1]).any(-1)
        copied_from_a_key += int((copied & changed).sum())
    assert copied_from_a_key > 1000


def test_shares_sum_to_one_and_name_everybody(made: tuple) -> None:
    studio, _, take, _ = made
    for shares in (take.shares, take.touched_shares):
        assert sum((s.share for s in shares), Fraction(0)) == 1
    artists = {s.author_id for s in take.touched_shares if s.author_id}
    assert {studio.records.name_of(a) for a in artists} == {"Artist B"}
    report = studio.report(take.folder)
    assert "Artist B" in report["bar"] and report["grants"]


def test_the_same_request_gives_the_same_take(made: tuple) -> None:
    studio, stage, take, _ = made
    assert deage(studio, stage).take_id == take.take_id
    other = deage(studio, stage, tone=0.5)
    assert other.number == 2 and digests(studio, other) != digests(studio, take)


def test_remake_gives_the_same_bits(made: tuple) -> None:
    studio, stage, take, _ = made
    result = studio.remake(take.folder)
    assert (result.same, result.frames, result.different) == (stage.frames, stage.frames, ())
    assert result.take == "sh010_deage_v002"


def test_remake_works_after_the_artist_painted_on(made: tuple) -> None:
    studio, stage, take, _ = made
    for key in stage.keys.iterdir():
        key.unlink()
    assert studio.remake(take.folder).different == ()


def test_two_threads_give_the_bits_of_one(stage: Stage) -> None:
    studio = open_show(stage)
    shutil.copytree(studio.folder.root, stage.root / "twin")
    one = deage(studio, stage, threads=1)
    twin = accepted(stage.root / "twin")
    two = deage(twin, stage, threads=2)
    assert digests(studio, one) == digests(twin, two)
    assert one.shares == two.shares


def test_without_a_matte_one_is_derived_and_written(stage: Stage) -> None:
    studio = open_show(stage)
    take = deage(studio, stage, matte=None)
    folder = studio.folder.root / take.folder
    assert len(list((folder / "matte").iterdir())) == stage.frames
    for number in (1001, 1004):
        plate, matte = picture(number)
        result = rgb(folder / "frames" / f"sh010_deage_v001.{number}.exr").astype(np.float32)
        changed = np.abs(result - plate).max(-1) > 1e-3
        assert changed[matte > 0.99].mean() > 0.9
        far = matte == 0
        assert changed[far].mean() < 0.1


def test_a_region_of_strength_zero_keeps_the_plate(stage: Stage) -> None:
    studio = open_show(stage)
    take = deage(studio, stage, regions=[("face", stage.mattes, 0.0)])
    plate, matte = picture(1004)
    result = rgb(studio.folder.root / take.folder / "frames" / "sh010_deage_v001.1004.exr")
    assert np.array_equal(result[matte > 0.999], plate.astype(np.float16)[matte > 0.999])


def test_hand_out_and_take_back_changes_nothing(stage: Stage) -> None:
    studio = open_show(stage)
    [paper] = studio.hand_out(SHOT, [1004], to=stage.root / "paper")
    unpainted = stage.root / "unpainted"
    unpainted.mkdir()
    (unpainted / "1004.png").write_bytes(paper.read_bytes())
    studio.add_exemplars([unpainted / "1004.png"], by="Artist B", licence="work-for-hire")
    take = deage(studio, stage, keys=unpainted)
    for number in range(FIRST, FIRST + stage.frames):
        plate, _ = picture(number)
        result = rgb(studio.folder.root / take.folder / "frames" / f"sh010_deage_v001.{number}.exr")
        assert np.array_equal(result, plate.astype(np.float16))


def test_a_dry_run_makes_nothing(stage: Stage) -> None:
    studio = open_show(stage)
    request = studio.deage_request(SHOT, keys=stage.keys, people=["Performer A"], age=35, matte=stage.mattes)
    plan = studio.plan(request)
    assert plan.allowed and plan.frames == stage.frames and plan.keys == KEYS and plan.cpu_seconds > 0
    assert not (studio.folder.root / SHOT / "deage").exists()


def test_a_take_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(UsageError, match="SHOT/JOB/vNNN"):
        open_show(stage).remake("../../etc/passwd")


def test_a_revocation_stops_a_running_job(stage: Stage) -> None:
    from bottega.model import ConsentError

    studio = open_show(stage)
    [(consent, _, _)] = studio.consents()
    seen = []

    def revoke_after_some(event: Event) -> None:
        if event.step != "look":  # nothing is begun by then
            seen.append(event)
        if len(seen) == 5:
            Studio.open(studio.folder.root).revoke_consent(consent.grant_id, reason="withdrawn")

    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, watch=revoke_after_some)
    assert refusal.value.codes == ("revoked",)
    [record] = (studio.folder.root / SHOT / "deage").glob("v*/take.json")
    assert json.loads(record.read_text())["state"] == TakeState.QUARANTINED
    assert [e.kind for e in studio.ledger.entries(kind="job.quarantined")]


def test_frames_in_another_colour_space_when_asked(stage: Stage) -> None:
    studio = open_show(stage)
    plain, asked = deage(studio, stage), deage(studio, stage, deliver_colour="acescg")
    name = "frames/sh010_deage_v00{}.1004.exr"
    before = rgb(studio.folder.root / plain.folder / name.format(1)).astype(np.float32)
    after = parts(studio.folder.root / asked.folder / name.format(2))
    assert after["rgb"].header["bottega:colourSpace"] == "ACEScg"
    assert "chromaticities" not in after["rgb"].header
    wide = np.stack([after["rgb"].channels[c].pixels for c in "RGB"], -1).astype(np.float32)
    assert np.abs(wide - to_working(before.copy(), "lin_rec709_srgb", "acescg")).max() < 2e-3
    assert np.abs(wide - before).max() > 0.02
    assert studio.remake(asked.folder).different == ()
    with pytest.raises(UsageError, match="acescgx"):
        deage(studio, stage, deliver_colour="acescgx")
    assert sorted(p.name for p in (studio.folder.root / SHOT / "deage").iterdir()) == ["v001", "v002", "v003"]


def test_one_painted_file_as_the_key_of_two_frames(stage: Stage) -> None:
    """A locked-off paint-out: the artist saves the same picture under two numbers."""
    studio = open_show(stage)
    folder = stage.root / "twice"
    folder.mkdir()
    for number in (1002, 1008):
        (folder / f"{number}.png").write_bytes((stage.keys / "1001.png").read_bytes())
    take = deage(studio, stage, keys=folder)
    assert [i.frame for i in take.inputs if i.role == "key"] == [1002, 1008]
    assert "key 1002, 1008" in studio.report(take.folder)["bar"]
    assert studio.remake(take.folder).different == ()
