"""A building comes down by Blender's solver: from a sheet to a take, refused where there is none, crashed and gone on with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega.adapters.blender import VARIABLE
from bottega.jobs.runner.progress import Event
from bottega.model import JobError, Take, TakeState, UsageError
from tests.with_blender import needs_blender

from .test_collapse_story import FAILS, FIRST, LAST, Set, _its_keys, corner, delivered  # noqa: F401

pytestmark = pytest.mark.timeout(1200)


def by_blender(corner: Set) -> Path:  # noqa: F811
    return corner.sheet("blender.toml", a=("[dust]", '[fall]\nsolver = "blender"\n\n[dust]'))


def asked(corner: Set, sheet: Path):  # noqa: F811
    return corner.studio.collapse_request("sh020", sheet, no_performer=True)


def versions(corner: Set) -> list[Path]:  # noqa: F811
    return sorted((corner.studio.folder.root / "sh020" / "collapse").glob("v*"))


def test_without_blender_it_says_how_to_get_one_and_leaves_no_take(corner: Set, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv(VARIABLE, "/nowhere/blender")
    before = versions(corner)
    for do in (corner.studio.collapse, corner.studio.plan_collapse):
        with pytest.raises(UsageError, match=r"BOTTEGA_BLENDER is '/nowhere/blender', which is no program: .*pip install bpy"):
            do(asked(corner, by_blender(corner)))
    assert versions(corner) == before


def test_a_solver_that_there_is_not_is_named(corner: Set) -> None:  # noqa: F811
    sheet = corner.sheet("other.toml", a=("[dust]", '[fall]\nsolver = "havok"\n\n[dust]'))
    with pytest.raises(UsageError, match=r"solver.*havok.*bullet, blender"):
        asked(corner, sheet)


@pytest.fixture(scope="module")
def take(corner: Set) -> Take:  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
        return corner.studio.collapse(asked(corner, by_blender(corner)), threads=1)


@pytest.mark.heavy
@needs_blender
def test_it_comes_down_and_says_which_blender_moved_it(corner: Set, take: Take) -> None:  # noqa: F811
    assert take.state is TakeState.DONE
    assert take.versions["blender"][0].isdigit()
    assert take.settings["sheet"]["solver"] == "blender"
    for number in range(FIRST, FAILS):
        assert not delivered(corner, take, number)[1].delta.any()
    _, last = delivered(corner, take, LAST)
    assert (np.abs(last.delta).max(-1) > 0.02).mean() > 0.1
    assert sum(s.share for s in take.shares) == 1


@pytest.mark.heavy
@needs_blender
def test_another_solver_is_another_take(corner: Set, take: Take) -> None:  # noqa: F811
    own = corner.studio.collapse(asked(corner, corner.root / "collapse.toml"), threads=1)
    assert own.take_id != take.take_id
    assert "blender" not in own.versions
    assert delivered(corner, own, LAST)[1].delta.tobytes() != delivered(corner, take, LAST)[1].delta.tobytes()


@pytest.mark.heavy
@needs_blender
def test_a_blender_that_is_killed_is_named_and_another_run_has_the_same_bits(corner: Set, take: Take) -> None:  # noqa: F811
    def kill(event: Event) -> None:
        if event.step == "simulate" and event.frame == 1004:
            [worker] = workers()
            os.kill(worker, 9)

    says = r"Blender was ended by SIGKILL after frame 100\d.*The fall up to frame 1001 is kept; the same command goes on"
    with pytest.raises(JobError, match=says):
        corner.studio.remake(take.folder, threads=1, watch=kill)
    assert workers() == []
    unfinished = versions(corner)[-1]
    assert (unfinished / ".work").is_dir()
    result = corner.studio.remake(take.folder, threads=1)
    assert (result.different, result.same, result.notes) == ((), 8, ())
    assert result.take.endswith(unfinished.name)


def workers(what: str = "simulate") -> list[int]:
    """Processes of this one that run the worker."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, parent = (place / "cmdline").read_bytes().split(b"\0"), (place / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == os.getpid() and what.encode() in words:
            found.append(int(place.name))
    return found


@pytest.fixture(scope="module")
def blend(corner: Set) -> Path:  # noqa: F811
    """The embedded fall as a .blend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
        request = corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True, also=("blend", "alembic"))
        made = corner.studio.collapse(request, threads=1)
    assert {"collapse.blend", "collapse.abc"} <= {o.path for o in made.outputs}
    assert made.versions["blender"][0].isdigit()
    return corner.studio.folder.root / made.folder / "collapse.blend"


def pieces_in(path: Path) -> np.ndarray:
    """Which piece each pixel of a frame shows."""
    with OpenEXR.File(str(path)) as file:
        [part] = [p for p in file.parts if p.name() == "id"]
        return np.array(part.channels["piece"].pixels)


def from_blend(corner: Set, blend: Path) -> Path:  # noqa: F811
    shutil.copyfile(blend, corner.root / "artist.blend")
    return corner.sheet("artist.toml", a=("[dust]", '[fall]\nblend = "artist.blend"\n\n[dust]'))


@pytest.mark.heavy
@needs_blender
def test_a_blend_that_nobody_changed_is_the_same_fall_and_is_made_again_from_its_seal(corner: Set, blend: Path) -> None:  # noqa: F811
    own = corner.studio.collapse(asked(corner, corner.root / "collapse.toml"), threads=1)
    take = corner.studio.collapse(asked(corner, from_blend(corner, blend)), threads=1)
    digest = take.settings["uses"]["blend"]
    assert digest in {i.digest for i in take.inputs}
    assert digest not in {s.exemplar for s in take.shares}
    ours, theirs = (pieces_in(delivered(corner, t, LAST)[0]) for t in (own, take))
    assert (ours == theirs).mean() > 0.99
    assert len(np.unique(theirs)) > 100
    moved = pieces_in(delivered(corner, own, FAILS + 1)[0])
    assert (ours != moved).mean() > 0.02  # and it is the fall that agrees
    (corner.root / "artist.blend").unlink()
    result = corner.studio.remake(take.folder, threads=1)
    assert (result.different, result.same) == ((), 8)


@pytest.mark.heavy
@needs_blender
def test_a_blend_of_another_building_is_refused_and_leaves_no_take(corner: Set, blend: Path) -> None:  # noqa: F811
    before = versions(corner)
    sheet = from_blend(corner, blend)
    sheet.write_text(sheet.read_text().replace("piece_m = 4.0", "piece_m = 4.5"))
    with pytest.raises(UsageError, match=r"\[fall\] blend: it was written for other pieces"):
        corner.studio.collapse(asked(corner, sheet), threads=1)
    assert versions(corner) == before


def test_a_blend_that_is_not_there_is_named(corner: Set) -> None:  # noqa: F811
    sheet = corner.sheet("nowhere.toml", a=("[dust]", '[fall]\nblend = "nowhere.blend"\n\n[dust]'))
    with pytest.raises(UsageError, match=r"nowhere\.blend.* is no scene: name one file that ends with \.blend"):
        corner.studio.collapse(asked(corner, sheet), threads=1)


def lit_by_cycles(corner: Set, name: str = "cycles.toml") -> Path:  # noqa: F811
    text = (corner.root / "collapse.toml").read_text()
    (corner.root / name).write_text(text + '\n[finish]\nby = "cycles"\nlight_samples = 8\nevery = 3\n')
    return corner.root / name


@pytest.mark.parametrize(
    ("finish", "says"),
    [
        ('by = "arnold"', r"by.*arnold.*own, cycles"),
        ("every = 4", r'every.*4.*every with by = "cycles", not "own"'),
        ('by = "cycles"\nlight_samples = 0', r"light_samples.*0.*1 to 4096"),
        ('by = "cycles"\nevery = 49', r"every.*49.*1 to 48"),
    ],
)
def test_a_finish_that_there_is_not_is_named(corner: Set, finish: str, says: str) -> None:  # noqa: F811
    sheet = corner.root / "finish.toml"
    sheet.write_text((corner.root / "collapse.toml").read_text() + f"\n[finish]\n{finish}\n")
    with pytest.raises(UsageError, match=says):
        asked(corner, sheet)


def test_light_by_cycles_needs_blender_and_its_cost_is_in_the_plan(corner: Set, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    sheet = lit_by_cycles(corner)
    monkeypatch.setenv(VARIABLE, "/nowhere/blender")
    with pytest.raises(UsageError, match=r"BOTTEGA_BLENDER is '/nowhere/blender', which is no program"):
        corner.studio.collapse(asked(corner, sheet), threads=1)


@pytest.mark.heavy
@needs_blender
def test_light_by_cycles_is_traced_kept_after_a_kill_and_the_same_bits_on_two_threads(corner: Set) -> None:  # noqa: F811
    sheet, seen, traced = lit_by_cycles(corner), list[int | None](), list[int | None]()
    own = corner.studio.plan_collapse(asked(corner, corner.root / "collapse.toml"))
    assert corner.studio.plan_collapse(asked(corner, sheet)).cpu_seconds > own.cpu_seconds

    def kill(event: Event) -> None:
        if event.step == "light":
            traced.append(event.frame)
            if len(traced) == 2:
                [worker] = workers("light")
                os.kill(worker, 9)

    with pytest.raises(JobError, match=r"Blender was ended by SIGKILL after frame 100\d.*[23] of 4 traced lights are kept; the same"):
        corner.studio.collapse(asked(corner, sheet), threads=1, watch=kill)
    before = versions(corner)
    take = corner.studio.collapse(asked(corner, sheet), threads=1, watch=lambda e: seen.append(e.frame) if e.step == "light" else None)
    assert versions(corner) == before
    assert seen[0] == traced[0] == FIRST  # the reference, at rest
    assert seen[1:] == [traced[1], traced[1] + 3, LAST]
    assert take.settings["sheet"]["by"] == "cycles"
    assert (take.settings["sheet"]["light_samples"], take.settings["sheet"]["every"]) == (8, 3)
    assert "cpu_seconds light" in take.timings
    assert take.versions["blender"][0].isdigit()
    plain = corner.studio.collapse(asked(corner, corner.root / "collapse.toml"), threads=1)
    for number in range(FIRST, LAST + 1):
        ours, theirs = (delivered(corner, t, number)[1] for t in (plain, take))
        assert all((ours.credit[name] == theirs.credit[name]).all() for name in ours.credit)  # it is the same pixels, lit otherwise
    changed = np.abs(ours.delta - theirs.delta).max(-1) > 0.002
    assert 0.005 < changed.mean() < 0.7
    assert sum(s.share for s in take.shares) == 1
    assert {s.exemplar for s in take.shares} == {s.exemplar for s in plain.shares}
    result = corner.studio.remake(take.folder, threads=2)
    assert (result.different, result.same, result.notes) == ((), 8, ())
