"""A shot as it comes from editorial: cut, frozen, with handles; and what an artist says of each key and region."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega import Studio
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, FootageError, Take, UsageError

from .stage import FIRST, SHOT, Stage, build, deage, open_show, painted, picture, srgb, write_exr, write_png

FRAMES = range(FIRST, FIRST + 10)


def put(stage: Stage, number: int, plate: np.ndarray, matte: np.ndarray) -> None:
    """A frame of the stage as another picture; its key too, where there is one."""
    write_exr(stage.plates / f"{number}.exr", plate)
    write_png(stage.mattes / f"{number}.png", matte, bits=8)
    key = stage.keys / f"{number}.png"
    if key.exists():
        write_png(key, srgb(painted(plate, matte)))


def cut_at_1006(stage: Stage) -> Stage:
    """From 1006 on the shot is its own mirror image, upside down."""
    for number in range(1006, 1011):
        plate, matte = picture(number)
        put(stage, number, plate[::-1, ::-1], matte[::-1, ::-1])
    return stage


def frozen(stage: Stage, first: int, last: int) -> Stage:
    """One picture held from `first` to `last`, as a retime holds it: the same samples in files of their own."""
    for number in range(first, last + 1):
        put(stage, number, *picture(first))
    return stage


def repair(studio: Studio, stage: Stage, **options: object) -> Take:
    return studio.repair(SHOT, **{"keys": stage.keys, "matte": stage.mattes, "no_performer": True} | options)


def made(studio: Studio, take: Take, number: int) -> np.ndarray:
    """A finished frame's samples."""
    path = studio.folder.root / take.folder / "frames" / f"{take.name}.{number}.exr"
    with OpenEXR.File(str(path), separate_channels=True) as file:
        part = file.parts[0]
        return np.stack([part.channels[c].pixels for c in part.channels if c.split(".")[-1] in "RGB"], -1)


def plate_of(stage: Stage, number: int) -> np.ndarray:
    with OpenEXR.File(str(stage.plates / f"{number}.exr"), separate_channels=True) as file:
        return np.stack([file.parts[0].channels[c].pixels for c in file.parts[0].channels if c in "RGB"], -1)


def share_of(take: Take, key: int) -> Fraction:
    """A key's part of what was changed."""
    [digest] = [used.digest for used in take.inputs if used.frame == key]
    return sum((s.share for s in take.touched_shares if s.exemplar == digest), Fraction(0))


def only(stage: Stage, *numbers: int) -> Path:
    """Some of the keys, in a folder of their own."""
    folder = stage.root / "-".join(map(str, numbers))
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.png").write_bytes((stage.keys / f"{number}.png").read_bytes())
    return folder


def test_a_cut_is_refused_until_somebody_decides(stage: Stage) -> None:
    studio = open_show(cut_at_1006(stage), consent=False)
    assert studio.cuts(SHOT).cuts == (1006,)
    with pytest.raises(UsageError, match=r"cut between 1005 and 1006: .*--split or --no-cuts"):
        repair(studio, stage)
    assert not list((studio.folder.root / SHOT).rglob("take.json"))
    carried = repair(studio, stage, cuts="none")
    split = repair(studio, stage, cuts="split")
    assert (carried.settings["cuts"], split.settings["cuts"]) == ("none", "split")
    assert (carried.settings["found"]["cuts"], split.settings["found"]["cuts"]) == ([], [1006])
    assert carried.plan_digest != split.plan_digest
    assert not np.array_equal(made(studio, carried, 1004), made(studio, split, 1004))
    again = studio.remake(split.folder)
    assert again.same == again.frames == 10


def test_a_key_serves_its_own_side_of_a_cut(stage: Stage) -> None:
    studio = open_show(cut_at_1006(stage), consent=False)
    both, late = repair(studio, stage, cuts="split"), repair(studio, stage, keys=only(stage, 1001, 1010), cuts="split")
    for number in range(1001, 1006):
        assert np.array_equal(made(studio, both, number), made(studio, late, number)), "the far side's keys have no say"
    assert not np.array_equal(made(studio, both, 1007), made(studio, late, 1007))
    with pytest.raises(UsageError, match=r"the part 1006-1010 between cuts has no key.*--unserved plate"):
        repair(studio, stage, keys=only(stage, 1001), cuts="split")
    left = repair(studio, stage, keys=only(stage, 1001), cuts="split", unserved="plate")
    for number in range(1006, 1011):
        assert made(studio, left, number).tobytes() == plate_of(stage, number).tobytes()
    assert {n: left.carried[str(n)] for n in range(1006, 1011)} == dict.fromkeys(range(1006, 1011), 0.0)


def test_a_freeze_stands_still(stage: Stage) -> None:
    studio = open_show(frozen(stage, 1003, 1005), consent=False)
    assert studio.cuts(SHOT).runs == ((1003, 1005),)
    take = repair(studio, stage, threads=3)
    assert take.settings["found"]["runs"] == [[1003, 1005]]
    held = [made(studio, take, n).tobytes() for n in (1003, 1004, 1005)]
    assert held[0] == held[1] == held[2] and held[0] != plate_of(stage, 1003).tobytes()
    assert np.array_equal(made(studio, take, 1004), made(studio, repair(studio, stage), 1004))


def test_a_freeze_with_a_key_in_it_is_that_key(stage: Stage) -> None:
    studio = open_show(frozen(stage, 1005, 1008), consent=False)
    take = repair(studio, stage)
    held = [made(studio, take, n).tobytes() for n in range(1005, 1009)]
    assert len(set(held)) == 1
    assert [take.carried[str(n)] for n in range(1005, 1009)] == [take.carried["1006"]] * 4


def test_a_freeze_under_a_matte_that_moves_stays_inside_it(stage: Stage) -> None:
    studio = open_show(frozen(stage, 1003, 1005), consent=False, shot=False)
    _, matte = picture(1003)
    write_png(stage.mattes / "1004.png", np.roll(matte, 20, 0), bits=8)
    studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb")
    take = repair(studio, stage)
    outside = np.round(np.roll(matte, 20, 0) * 255) == 0
    assert made(studio, take, 1004)[outside].tobytes() == plate_of(stage, 1004)[outside].tobytes()


def test_handles_are_made_or_left_out_and_counted_apart(stage: Stage) -> None:
    studio = open_show(stage, consent=False, shot=False)
    with pytest.raises(UsageError, match=r"handles of 5 frames, allowed is 0 to 4 of 1001-1010"):
        studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb", handles=5)
    assert studio.shots() == []
    shot = studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb", handles=2)
    assert str(shot.without_handles) == "1003-1008"
    whole = studio.report(repair(studio, stage).folder)
    assert (whole["frames_made"], whole["handles_made"]) == (10, 4)
    assert {n for n, _ in whole["weakest"]} <= {str(n) for n in range(1003, 1009)}
    inner = studio.report(repair(studio, stage, keys=only(stage, 1006), handles=False).folder)
    assert (inner["frames_made"], inner["handles_made"]) == (6, 0)
    with pytest.raises(UsageError, match="--frames or --no-handles, not both"):
        repair(studio, stage, handles=False, frames="1003-1004")


def test_what_a_key_may_serve_is_the_artists_word(stage: Stage) -> None:
    studio = open_show(stage, consent=False)
    plain = repair(studio, stage)
    heavy = repair(studio, stage, key_uses={1006: {"weight": 10}})
    short = repair(studio, stage, key_uses={1006: {"range": "1005-1007"}})
    assert np.array_equal(made(studio, plain, 1006), made(studio, heavy, 1006))
    assert not np.array_equal(made(studio, plain, 1004), made(studio, heavy, 1004))
    shares = [share_of(take, 1006) for take in (short, plain, heavy)]
    assert 0 < shares[0] < shares[1] < shares[2]
    assert studio.remake(short.folder).different == ()
    with pytest.raises(UsageError, match=r"frame 1001 and 2 more: no key may serve it"):
        repair(studio, stage, keys=only(stage, 1006), key_uses={1006: {"range": "1004-1010"}})
    with pytest.raises(UsageError, match=r"--key 1007: no such key; the keys are 1001, 1006, 1010"):
        repair(studio, stage, key_uses={1007: {}})
    with pytest.raises(UsageError, match=r"--key 1006: its weight is 11, allowed is above 0 and at most 10"):
        repair(studio, stage, key_uses={1006: {"weight": 11}})
    with pytest.raises(UsageError, match=r"unserved 'zap': allowed are refuse, plate"):
        repair(studio, stage, unserved="zap")


def test_a_region_has_a_strength_for_each_band(stage: Stage) -> None:
    studio = open_show(stage, consent=False)
    region = stage.root / "cheeks"
    region.mkdir()
    for number in FRAMES:
        write_png(region / f"{number}.png", picture(number)[1], bits=8)
    one = repair(studio, stage, regions=[("cheeks", region, 0.5)])
    each = repair(studio, stage, regions=[("cheeks", region, {"tone": 0.5, "shape": 0.5, "detail": 0.5})])
    tone = repair(studio, stage, regions=[("cheeks", region, {"tone": 0.5, "shape": 1, "detail": 1})])
    for number in (1003, 1006):
        assert np.array_equal(made(studio, one, number), made(studio, each, number))
        assert not np.array_equal(made(studio, one, number), made(studio, tone, number))
    assert one.shares != tone.shares and studio.remake(tone.folder).different == ()
    with pytest.raises(UsageError, match=r"region 'cheeks': its strength of shape is 2, allowed is 0 to 1\.5"):
        repair(studio, stage, regions=[("cheeks", region, {"shape": 2})])
    with pytest.raises(UsageError, match=r"no band is called 'glow'; allowed are tone, shape, detail"):
        repair(studio, stage, regions=[("cheeks", region, {"glow": 1})])


def test_a_plate_that_goes_away_while_it_runs_keeps_what_was_made(stage: Stage) -> None:
    studio, victim = open_show(stage, consent=False), stage.plates / "1009.exr"

    def spoil(event: Event) -> None:
        if event.step == "make" and event.frame == 1005:
            victim.unlink(missing_ok=True)

    with pytest.raises(FootageError, match=r"1009\.exr"):
        repair(studio, stage, watch=spoil)
    [folder] = (studio.folder.root / SHOT / "repair").iterdir()
    assert sorted(p.name.split(".")[1] for p in (folder / "frames").iterdir()) == [str(n) for n in range(1001, 1006)]


def test_a_long_freeze_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """Longer than the frames that wait on disk to be steadied, so that the moment's neighbours are made again."""
    stage = frozen(build(tmp_path, frames=30, keys=(1001, 1030)), 1004, 1025)
    for number in range(1026, 1031):  # a retime goes on where it held
        put(stage, number, *picture(number - 21))
    studio = open_show(stage, consent=False)

    def stop(event: Event) -> None:
        if event.step == "make" and event.frame == 1010:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair(studio, stage, watch=stop)
    take = repair(studio, stage)
    assert take.number == 1 and not (studio.folder.root / take.folder / ".work").exists()
    assert len({made(studio, take, n).tobytes() for n in range(1004, 1026)}) == 1
    assert made(studio, take, 1003).tobytes() != made(studio, take, 1004).tobytes()
    again = studio.remake(take.folder, threads=3)
    assert again.same == again.frames == 30


def test_a_consent_that_ends_while_the_plate_is_looked_over_leaves_nothing(stage: Stage) -> None:
    studio = open_show(stage)
    [(consent, _, _)] = studio.consents()

    def revoke(event: Event) -> None:
        if event.step == "look" and event.frame == 1005:
            Studio.open(studio.folder.root).revoke_consent(consent.grant_id, reason="withdrawn")

    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, watch=revoke)
    assert refusal.value.codes == ("revoked",)
    assert not list((studio.folder.root / SHOT).rglob("take.json"))
