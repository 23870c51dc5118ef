"""Steps with real pictures: takes are made by the runner, files altered on the disk, exports read back byte by byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bottega.footage import open_frames
from bottega.jobs.runner.progress import Event
from bottega.jobs.runner.register import add_exemplar, seal_at
from bottega.jobs.runner.request import RepairRequest
from bottega.model import ConsentError, Delivery, Purpose, Role, Take, TakeState
from bottega.rights import Door, State
from bottega.rights.record import registry

from . import clearances, rulings
from .neutral import UnsupportedError
from .painter import COLOUR, FIRST, alter
from .world import World, restore_variable

Answer = dict[str, Any]
PLACE = "BOTTEGA_ENVIRONMENT"
MARKS = (b"DigitalSourceType", b"compositeSynthetic")
SUFFIXES = {"frame_exr": "frames/*.exr", "delta_exr": "delta/*.exr", "matte_png": "matte/*.png", "credit_png": "credit/*.png"}
SUFFIXES |= {"contact_sheet": "contact.png", "proxy_mp4": "proxy.mp4", "png16": "png16/*.png", "prores_mov": "*.mov"}


def allowed(**outcome: Any) -> Answer:
    """A yes, with what came of it."""
    return {"decision": "allow", "codes": [], "outcome": outcome}


def request(world: World, step: Mapping[str, Any]) -> RepairRequest:
    """The case's ask as a job for the runner."""
    ask, painting = world.ask, world.painting
    keys = painting.keys
    if step.get("without_keys"):
        keys = world.root / "empty"
        keys.mkdir()
    return RepairRequest(
        job=ask["job"],
        shot=ask["shot"],
        keys=keys,
        matte=painting.mattes,
        people=tuple(world.subject(p) for p in ask["people"]),
        touches_performer=ask["touches_performer"],
        purpose=Purpose(ask["purpose"]) if ask.get("purpose") else None,
        age_target=ask.get("age_target"),
        delivery=Delivery(ask["delivery"]),
        stated=ask.get("stated", {}),
        also=tuple(step.get("also", ())),
    )


def make(world: World, step: Mapping[str, Any]) -> Answer:
    """A take is made, with what happens meanwhile; by the runner, or by a command in a process of its own."""
    if step.get("by") == "command_line":
        return _by_command(world)
    with ExitStack() as stack:
        if "corrupt" in step:
            stack.enter_context(_corrupted(step["corrupt"]))
        try:
            take = world.studio.make(request(world, step), watch=_interrupted(world, step.get("interrupt")))
        except ConsentError as refusal:
            left = [*(world.show_folder / world.ask["shot"]).glob("*/v*/take.json")]
            states = {json.loads(p.read_text())["state"] for p in left}
            quarantined = states == {TakeState.QUARANTINED.value} and bool(world.ledger.entries("job.quarantined"))
            in_the_open = [*(world.show_folder / world.ask["shot"]).glob("*/v*/frames/*")]
            outcome = {"finished": TakeState.DONE.value in states, "quarantined": quarantined, "files_in_the_open": len(in_the_open)}
            return {"decision": "deny", "codes": list(refusal.codes), "outcome": outcome}
    world.takes[step["as"]] = take
    return allowed(finished=take.state is TakeState.DONE)


def _interrupted(world: World, interrupt: Mapping[str, Any] | None) -> Callable[[Event], None]:
    """Watch the job; once it has made so many frames, let happen what the step says."""
    made: list[Event] = []

    def watch(event: Event) -> None:
        if interrupt is None or event.step != "make" or event.frame is None:
            return
        made.append(event)
        if len(made) == interrupt["after_frames"]:
            happens(world, interrupt)

    return watch


def happens(world: World, what: Mapping[str, Any]) -> None:
    """What somebody else does while a job runs."""
    if what["do"] == "alter_file":
        alter_file(world, what)
    elif "consent" in what:
        registry.revoke(world.ledger, what["consent"], cause="asked for")
    else:
        registry.revoke_licence(world.ledger, world.licence_id(what["licence"]), cause="asked for")


def _corrupted(what: str) -> Any:
    """A fault of the software in the shares of a take: they do not sum to one, or name a picture that nobody registered."""
    from bottega.jobs.runner import finish, run

    def wrong(*given: Any) -> Take:
        take = finish.finish(*given)
        first, *rest = take.shares
        bad = replace(first, share=first.share - Fraction(1, 1000)) if what == "shares" else replace(first, exemplar="0" * 64)
        return replace(take, shares=(bad, *rest))

    return patch.object(run, "finish", wrong)


def _by_command(world: World) -> Answer:
    """The same job by the command line, in a process of its own."""
    person = world.facts["people"][world.ask["people"][0]]["name"]
    words = ["deage", world.ask["shot"], "--in", str(world.show_folder), "--keys", str(world.painting.keys)]
    words += ["--matte", str(world.painting.mattes), "--person", person, "--age", str(world.ask["age_target"]), "--json"]
    done = subprocess.run([sys.executable, "-m", "bottega", *words], capture_output=True, text=True, check=False, env=dict(os.environ))
    said = json.loads(done.stdout)
    if done.returncode == 3:
        return {"decision": "deny", "codes": [r["code"] for r in said["reasons"]], "outcome": {"exit_code": 3}}
    return allowed() if done.returncode == 0 else {"decision": "broken", "codes": [], "note": done.stdout[:200]}


def alter_file(world: World, step: Mapping[str, Any]) -> None:
    """A file on the disk is changed; with `register`, the artist adds it anew afterwards."""
    painting = world.painting
    number = step.get("frame", FIRST)
    alter(painting, painting.key if step["picture"] == "key" else painting.plates / f"{number}.exr", step["how"])
    if step.get("register"):
        [file] = painting.keys.iterdir()
        put_key(world, file)


def put_key(world: World, file: Path) -> None:
    """The artist's key comes on record, with their licence."""
    key = world.facts["pictures"]["key"]
    colour = COLOUR if file.suffix == ".exr" else None
    sealed = seal_at(file, role=Role.KEY, colour=colour)
    licence = world.licence_id(key["licence"])
    kept = add_exemplar(world.studio.folder, world.ledger, sealed, author_id=world.subject(key["author"]), licence_id=licence)
    world.pictures["key"] = kept.digest


def read_pixels(world: World, step: Mapping[str, Any]) -> Answer:
    """A worker opens the plate and decodes a frame, through its door or something that looks like one."""
    plate = world.studio.folder.exemplar(world.digest("plate"))
    if step["job"] is None:
        door: Any = _Imitation()
        clearance: Any = None
    else:
        door, clearance = world.doors[step["job"]]
    with open_frames(plate, clearance, door=door, working=COLOUR, root=world.show_folder) as frames:
        frames.read(FIRST)
    return allowed()


class _Imitation(Door):
    """Admits everybody, and checks nothing."""

    def __init__(self) -> None: ...

    def admit(self, clearance: object, digest: str) -> None: ...


def read(world: World, step: Mapping[str, Any]) -> Answer:
    """A worker asks for a picture: with pixels where the case has them."""
    return read_pixels(world, step) if world.case["level"] == "pictures" else clearances.read(world, step)


def export(world: World, step: Mapping[str, Any]) -> Answer:
    """A file leaves the house: its bytes are searched for the mark, with no library of ours."""
    if step["kind"] == "painted_over_frame":
        files = world.studio.hand_out(world.ask["shot"], [FIRST], to=world.root / "handed-out")
        wanted: tuple[bytes, ...] = (b"bottega:source",)
    elif step["kind"] in SUFFIXES:
        files = [*_take_folder(world, step["of"]).glob(SUFFIXES[step["kind"]])]
        wanted = MARKS
    else:
        raise UnsupportedError(f"no export of the kind {step['kind']}")
    marked = bool(files) and all(all(mark in f.read_bytes() for mark in wanted) for f in files)
    return allowed(marked=marked)


def hand_out(world: World, step: Mapping[str, Any]) -> Answer:
    """A frame is handed out to be painted on, in a place that the step names; if it is held, two people may have passed that over."""
    world.at_exit(restore_variable(PLACE))
    os.environ[PLACE] = step["environment"]
    if step.get("overridden"):
        with suppress(ConsentError):
            world.studio.hand_out(world.ask["shot"], [FIRST], to=world.root / "refused")
        two = [{"person": "Legal L", "role": "legal"}, {"person": "Studio S", "role": "studio"}]
        rulings.sign_and_record(world, {"job": "handout", "codes": ["environment"], "signers": two}, world.now + timedelta(hours=2))
    world.studio.hand_out(world.ask["shot"], [FIRST], to=world.root / "handed-out")
    return allowed()


def _take_folder(world: World, name: str) -> Path:
    take = world.takes[name]
    return world.show_folder / take.shot / take.job / f"v{take.number:03d}"


def reuse_in_other_show(world: World, step: Mapping[str, Any]) -> Answer:
    """A finished frame becomes a key of another show, which asks its own gate."""
    [frame, *_] = sorted(_take_folder(world, step["of"]).glob("frames/*.exr"))
    with world.neighbour() as other:
        painting = other.painting
        painting.key.unlink()
        taken = painting.keys / f"{FIRST}.exr"
        taken.write_bytes(frame.read_bytes())
        put_key(other, taken)
        decision = other.gate.decide(other.use(), job_id="job-ask")
    return {"decision": decision.answer, "codes": list(decision.codes)}


def check_attribution(world: World, step: Mapping[str, Any]) -> Answer:
    """The shares of a finished take, added up from its record; and whether every source has a licence that holds now."""
    said = json.loads((_take_folder(world, step["of"]) / "take.json").read_text())
    total = sum((Fraction(share["share"]) for share in said["shares"]), Fraction(0))
    state = State.of(world.ledger)
    unknown = 0
    for share in said["shares"]:
        known = state.exemplars.get(share["exemplar"])
        licence = state.licences.get(known.licence_id or "") if known else None
        until = licence.licence.valid_until if licence else None
        unknown += licence is None or licence.ended_idx is not None or (until is not None and until <= world.now)
    return allowed(sum_is_one=total == 1, unknown_sources=unknown)
