"""Looks of a show: put together from finished takes, kept as versions in `looks/`, each with its sha256 in the ledger."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bottega.jobs.recipes.keyed import NetworkSettings, RepairSettings
from bottega.jobs.recipes.schedule import KeyUse
from bottega.model import (
    CredentialError,
    JobError,
    Look,
    LookKey,
    LookRegion,
    Role,
    Take,
    UsageError,
    canonical_json,
    code,
    look_name,
    shown,
)
from bottega.rights import Ledger

from .files import json_bytes, read_record
from .laying import lent_of
from .parts import Region
from .remake import finished, repair_settings
from .takefolder import named

if TYPE_CHECKING:
    from .request import RepairRequest
    from .showfolder import ShowFolder

FOLDER, MADE = "looks", "note.look"
_FILE = re.compile(r"v(\d{3,})\.json")


class Looks:
    """The looks of one show. A version is written once; a change makes the next one."""

    def __init__(self, folder: ShowFolder, ledger: Ledger) -> None:
        self._folder, self._ledger = folder, ledger
        self._root = folder.root / FOLDER

    def make(self, name: str, takes: Sequence[str], *, by: str, notes: str = "") -> Look:
        """Write the next version of a look, from the keys and settings of finished takes. Raises as `plan`, and JobError."""
        return self._write(self.plan(name, takes, by=by, notes=notes))

    def plan(self, name: str, takes: Sequence[str], *, by: str, notes: str = "") -> Look:
        """What the next version would be; nothing is written.

        Raises UsageError for takes that do not agree, are not finished, or would make the version that is there already.
        """
        numbers = self.numbers(name)
        if not takes:
            raise UsageError("a look is made of finished takes, given none: --from SHOT/JOB/vNNN")
        folders = {f.path: f for f in (named(self._folder.root, text) for text in takes)}
        found = [finished(f) for f in folders.values()]
        look = _look(name, found, number=(numbers[-1] if numbers else 0) + 1, at=self._ledger.clock(), by=by, notes=notes)
        before = self.read(name) if numbers else None
        if before is not None and _same(look, before):
            raise UsageError(f"{before.version_name} holds these keys and settings already; nothing was written")
        return look

    def read(self, text: str) -> Look:
        """NAME or NAME@vN; without a version the newest. Raises UsageError, JobError for damage, CredentialError for a changed file."""
        name, number = look_name(text)
        have = self.numbers(name)
        if not have or (number is not None and number not in have):
            known = ", ".join(f"v{n:03d}" for n in have) or f"none; looks are {', '.join(self.names()) or 'none'}"
            raise UsageError(f"look {shown(text)} is not there (versions of {name}: {known}): make it with `bottega look make {name}`")
        path = self._root / name / f"v{number or have[-1]:03d}.json"
        look = read_record(path, Look)
        self._check(look, hashlib.sha256(path.read_bytes()).hexdigest())
        return look

    def names(self) -> list[str]:
        """All looks."""
        return sorted(p.name for p in self._root.glob("*") if self.numbers(p.name))

    def numbers(self, name: str) -> list[int]:
        """The versions of a look, ascending."""
        return sorted(int(m[1]) for p in (self._root / code(name, "look")).glob("v*.json") if (m := _FILE.fullmatch(p.name)))

    def newest(self) -> list[Look]:
        """The newest version of each look."""
        return [self.read(name) for name in self.names()]

    def _write(self, look: Look) -> Look:
        data = json_bytes(look.to_json())
        path = self._root / look.name / f"v{look.number:03d}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # a version is never overwritten, whoever else writes one now
                file.write(data)
        except FileExistsError as problem:
            raise JobError(f"{look.version_name} was made by somebody else just now: make yours again, it becomes the next") from problem
        except OSError as problem:
            raise JobError(f"{look.version_name} cannot be written: {problem.strerror}. Free space, then make it again") from problem
        said = {"look": look.name, "number": look.number, "sha256": hashlib.sha256(data).hexdigest(), "by": look.made_by}
        self._ledger.append(MADE, said | {"exemplars": sorted({d for k in look.keys for d in (k.digest, k.plate)})})
        return look

    def _check(self, look: Look, sha256: str) -> None:
        said = [e.data for e in self._ledger.entries(kind=MADE, mentioning=look.name)]
        kept = next((d["sha256"] for d in said if (d["look"], d["number"]) == (look.name, look.number)), None)
        if kept is None:
            raise CredentialError(
                f"{look.version_name} is not in the ledger: it was not made by `bottega look make`, or was cut off; make it again"
            )
        if kept != sha256:
            raise CredentialError(
                f"{look.version_name} is not as the ledger has it ({kept[:12]}): restore looks/ from a copy, or make the next"
            )


def with_look(request: RepairRequest, look: Look, *, given: frozenset[str]) -> RepairRequest:
    """A request with what its look says and the request does not: `given` are the settings that somebody typed.

    Raises UsageError for a look of another job, or a region of it that the request has no mattes for.
    """
    if look.job != request.job:
        raise UsageError(f"{look.version_name} is for {look.job}, asked is {request.job}")
    own = [k for k in look.keys if k.shot == request.shot]
    stated = {u.frame: u for u in _uses(own)} | {u.frame: u for u in request.key_uses}
    settings = repair_settings(look.settings)
    typed = {name: getattr(request.settings, name) for name in ("tone", "shape", "detail") if name in given}
    rest: dict[str, Any] = {} if "seed" in given else {"seed": look.seed}
    if request.learn is None and look.learn is not None and own:
        rest["learn"] = NetworkSettings(**look.learn)
    return replace(
        request,
        look=look.version_name,
        look_keys=look.keys,
        key_uses=tuple(stated[n] for n in sorted(stated)),
        settings=replace(settings, **typed),
        regions=_regions(request.regions, look),
        allow_8bit_keys=request.allow_8bit_keys or look.allow_8bit_keys,
        **rest,
    )


def _uses(keys: Sequence[LookKey]) -> list[KeyUse]:
    plain = (1.0, None, None)
    return [KeyUse(k.frame, k.weight, k.first, k.last) for k in keys if (k.weight, k.first, k.last) != plain]


def _regions(asked: tuple[Region, ...], look: Look) -> tuple[Region, ...]:
    known = {r.name: r for r in look.regions}
    missing = sorted(set(known) - {r.name for r in asked})
    if missing:
        raise UsageError(f"{look.version_name} has region {missing[0]}: give this shot's mattes with --region {missing[0]}=MATTES")
    stray = sorted(r.name for r in asked if r.strength is None and r.name not in known)
    if stray:
        raise UsageError(f"region {stray[0]}: {look.version_name} has no such region; write --region {stray[0]}=MATTES:STRENGTH")

    def filled(region: Region) -> Region:
        of = known.get(region.name)
        if region.strength is not None or of is None:
            return region
        return replace(region, strength=of.strength, tone=of.tone, shape=of.shape, detail=of.detail)

    return tuple(filled(r) for r in asked)


def _look(name: str, takes: Sequence[Take], *, number: int, at: Any, by: str, notes: str) -> Look:
    """The record; Raises UsageError that names what takes do not agree on."""
    _agree("job", [(t, t.job) for t in takes])
    _agree("seed", [(t, t.seed) for t in takes])
    for field in RepairSettings.__dataclass_fields__:
        _agree(field, [(t, getattr(repair_settings(t.settings["repair"]), field)) for t in takes])
    first = takes[0]
    keys: dict[tuple[str, int, str], LookKey] = {}
    for take in takes:
        for key in _keys(take):
            before = keys.setdefault((key.shot, key.frame, key.plate), key)
            if before != key:
                raise UsageError(
                    f"key {key.name} is not the same in all takes ({before.digest[:12]}, {key.digest[:12]}, or its --key differs)"
                )
    regions: dict[str, LookRegion] = {}
    for take in takes:
        for stated in take.settings["regions"]:
            region = LookRegion(**stated)
            if regions.setdefault(region.name, region) != region:
                raise UsageError(f"region {region.name} has not the same strengths in all takes: make them agree, or name one take")
    trained = [t for t in takes if t.settings.get("learn")]
    weights = [i.digest for t in trained for i in t.inputs if i.role is Role.MODEL]
    return Look(
        name=name,
        number=number,
        job=first.job,
        keys=tuple(sorted(keys.values(), key=lambda k: (k.shot, k.frame))),
        settings=first.settings["repair"],
        made_at=at,
        made_by=by,
        made_from=tuple(t.folder for t in takes),
        regions=tuple(regions.values()),
        seed=first.seed,
        allow_8bit_keys=any(t.settings["allow_8bit_keys"] for t in takes),
        learn=trained[0].settings["learn"] if trained else None,
        weights=weights[0] if weights else None,
        notes=notes,
    )


def _agree(what: str, said: Sequence[tuple[Take, object]]) -> None:
    one, first = said[0]
    other = next(((take, value) for take, value in said if value != first), None)
    if other is not None:
        raise UsageError(f"{what} is {first} in {one.folder} and {other[1]} in {other[0].folder}: a look has one; make the takes agree")


def _keys(take: Take) -> list[LookKey]:
    plate = next(i.digest for i in take.inputs if i.role is Role.PLATE and i.shot is None)
    uses = {u["frame"]: u for u in take.settings.get("keys", ())}
    own = [i for i in take.inputs if i.role is Role.KEY and i.shot is None and i.frame is not None]
    painted = [
        LookKey(
            digest=i.digest, shot=take.shot, frame=i.frame, plate=plate, **{k: v for k, v in uses.get(i.frame, {}).items() if k != "frame"}
        )
        for i in own
        if i.frame is not None
    ]
    return painted + list(lent_of(take.settings))


def _same(look: Look, before: Look) -> bool:
    """Whether two versions make the same takes."""

    def facts(one: Look) -> Mapping[str, Any]:
        return {k: repr(v) for k, v in one.to_json().items() if k not in ("number", "made_at", "made_by", "made_from", "weights")}

    return canonical_json(facts(look)) == canonical_json(facts(before))
