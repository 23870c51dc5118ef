"""Make a take again from its record and compare the two, frame by frame and bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bottega.jobs.recipes.collapse import REVISION as COLLAPSE_REVISION
from bottega.jobs.recipes.concept import REVISION as CONCEPT_REVISION
from bottega.jobs.recipes.keyed import REVISION, NetworkSettings, RepairSettings
from bottega.jobs.recipes.schedule import KeyUse
from bottega.model import Exemplar, FrameRange, Role, Take, TakeState, UsageError, Use

from .collapse.again import make_again as collapse_again
from .collapse.again import plan_again as plan_collapse_again
from .collapse.job import JOB as COLLAPSE
from .collapse.job import LIBRARIES, PROGRAMS
from .collapse.planning import CollapsePlan
from .concept.again import make_again as concept_again
from .concept.again import plan_again as plan_concept_again
from .concept.job import JOB as CONCEPT
from .concept.planning import ConceptPlan
from .laying import lent_of
from .learning import with_weights
from .lending import lent_keys
from .parts import NO_CUTS, REFUSE, Region
from .plan import Plan
from .progress import Watch, silent
from .request import ENVIRONMENT, RepairRequest, Resolved, assemble, versions
from .run import House, dry_run, run, worded
from .takefolder import TakeFolder


@dataclass(frozen=True, kw_only=True)
class Remade:
    """A comparison of two takes: `same` of `frames` frames have the same sha256; `different` names the others."""

    of: str
    take: str
    folder: str
    frames: int
    same: int
    different: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return asdict(self)


def remake(house: House, folder: TakeFolder, *, threads: int = 1, watch: Watch = silent) -> Remade:
    """Make the take in `folder` again as a new version, from its record and the sealed inputs, through the gate like any job."""
    old = finished(folder)
    if old.job == COLLAPSE:
        new = collapse_again(house, old, threads=threads, watch=watch)
    elif old.job == CONCEPT:
        new = concept_again(house, old, threads=threads, watch=watch)
    else:
        new = run(house, worded(house, restated(house, old)), threads=threads, watch=watch, remake_of=old)
    before, after = _frames(old), _frames(new)
    different = tuple(sorted(p for p in before if before[p] != after.get(p)))
    return Remade(
        of=old.name,
        take=new.name,
        folder=new.folder,
        frames=len(before),
        same=len(before) - len(different),
        different=different,
        notes=_notes(old, new),
    )


def plan_remake(house: House, folder: TakeFolder, *, threads: int = 1) -> Plan | CollapsePlan | ConceptPlan:
    """What a remake would do and cost, and the gate's answer; nothing is made."""
    if finished(folder).job == COLLAPSE:
        return plan_collapse_again(house, finished(folder), threads=threads)
    if finished(folder).job == CONCEPT:
        return plan_concept_again(house, finished(folder), threads=threads)
    return dry_run(house, worded(house, restated(house, finished(folder))), threads=threads)


def finished(folder: TakeFolder) -> Take:
    """The record of a take that is done. Raises UsageError for any other state."""
    take = folder.read()
    if take.state is not TakeState.DONE:
        raise UsageError(f"{take.name} is {take.state.value}, needed is one that is done")
    return take


def restated(house: House, take: Take) -> Resolved:
    """A take's request, stated again from its record. Weights that it was made with are used again: none are trained."""
    if take.job in (COLLAPSE, CONCEPT):
        raise UsageError(f"{take.name} is a {'collapse' if take.job == COLLAPSE else 'board'}, allowed here is a keyed repair")
    by_role: dict[Role, list[Exemplar]] = {role: [] for role in Role}
    keys = {}
    for entry in take.inputs:
        if entry.shot is not None:  # lent: the settings say which key lay on which plate
            continue
        kept = house.folder.exemplar(entry.digest)
        by_role[entry.role].append(kept)
        if entry.role is Role.KEY and entry.frame is not None:
            keys[entry.frame] = kept
    stated = take.settings["regions"]
    regions = tuple(Region(matte=Path(), **r) for r in stated)
    request = RepairRequest(
        job=take.job,
        shot=take.shot,
        keys=None,
        regions=regions,
        **_stated(take.use),
        frames=FrameRange(first=take.frames.first, last=take.frames.last),
        settings=repair_settings(take.settings["repair"]),
        seed=take.seed,
        allow_8bit_keys=bool(take.settings["allow_8bit_keys"]),
        also=tuple(take.settings["also"]),
        deliver_colour=take.settings["deliver_colour"],
        key_uses=tuple(KeyUse(**u) for u in take.settings.get("keys", ())),
        unserved=take.settings.get("unserved", REFUSE),
        cuts=take.settings.get("cuts", NO_CUTS),
        learn=NetworkSettings(**learn) if (learn := take.settings.get("learn")) else None,
        look=take.settings.get("look"),
    )
    matte = by_role[Role.MATTE][0] if by_role[Role.MATTE] else None
    with_mattes = tuple(zip(regions, by_role[Role.REGION], strict=True))
    shot = house.folder.shot(take.shot)
    plate = by_role[Role.PLATE][0]
    lent = lent_keys(house.folder, lent_of(take.settings))
    sealed: dict[str, Any] = {"plate": plate, "keys": keys, "matte": matte, "regions": with_mattes, "lent": lent}
    job = assemble(house.folder, request, shot=shot, **sealed, show_id=house.show.show_id)
    return with_weights(job, by_role[Role.MODEL][0]) if by_role[Role.MODEL] else job


def _stated(use: Use) -> dict[str, Any]:
    """What a use says of the result, as a request states it; where it runs is today's."""
    names = ("people", "touches_performer", "purpose", "age_target", "delivery", "territory", "content", "language", "medium")
    facts = {name: value for name, value in use.stated.items() if name != ENVIRONMENT}
    return {name: getattr(use, name) for name in names} | {"stated": facts}


def repair_settings(settings: Mapping[str, Any]) -> RepairSettings:
    """The recipe's settings; a take from before shape had a strength of its own has the one of its tone."""
    return RepairSettings(**{"shape": min(settings["tone"], 1.0)} | dict(settings))


def _frames(take: Take) -> dict[str, str]:
    return {o.path.rsplit(".", 2)[-2]: o.sha256 for o in take.outputs if o.path.startswith("frames/")}


def _notes(old: Take, new: Take) -> tuple[str, ...]:
    engine = {COLLAPSE: COLLAPSE_REVISION, CONCEPT: CONCEPT_REVISION}.get(old.job, REVISION)
    now = versions(learn=old.settings.get("learn") is not None, also=LIBRARIES if old.job == COLLAPSE else ())
    now |= {name: new.versions[name] for name in PROGRAMS if name in new.versions}
    now |= {"engine": engine}
    then = dict(old.versions) | {"engine": old.engine}
    return tuple(f"{name} was {then.get(name)}, is {now[name]}: bits may differ" for name in sorted(now) if now[name] != then.get(name))
