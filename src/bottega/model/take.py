"""A take: one version of one job on one shot, with all that is needed to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar

from .exemplar import Role
from .frames import FrameRange
from .record import Record
from .use import Use


class Claim(StrEnum):
    """The kinds of attribution, never mixed up. `external` is what a model painted that was brought from outside, by a licence."""

    COPIED = "copied"
    BLENDED = "blended"
    LEARNED = "learned"
    EXTERNAL = "external"


class TakeState(StrEnum):
    """A take is being made, or it is whole, or it was stopped by the gate and set aside."""

    MAKING = "making"
    DONE = "done"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class TakeInput(Record):
    """An exemplar as a take used it. `frame` is the key frame's number; `name` is its file's name, without the folder.

    `shot` is the shot that a key was painted for, or a plate is of, where that is not the take's own.
    """

    unsaid: ClassVar[frozenset[str]] = frozenset({"shot"})

    digest: str
    role: Role
    name: str
    frame: int | None = None
    author_id: str | None = None
    licence_id: str | None = None
    shot: str | None = None


@dataclass(frozen=True, kw_only=True)
class Share(Record):
    """How much of a take is whose work: an exact fraction of all its pixels, by exemplar and claim."""

    exemplar: str
    author_id: str | None
    claim: Claim
    share: Fraction


@dataclass(frozen=True, kw_only=True)
class Output(Record):
    """A file of the take: its place inside the take's folder and the sha256 of its bytes."""

    path: str
    sha256: str
    frame: int | None = None


@dataclass(frozen=True, kw_only=True)
class VisibleMark(Record):
    """The band that a take carries because it rests on an override: its words, and the digest that stands for it in the shares."""

    text: str
    digest: str
    override_id: str


@dataclass(frozen=True, kw_only=True)
class Take(Record):
    """The record of a take, kept as `take.json`.

    `settings` are the job's, complete. `plan_digest` is the sha256 of all that decides the bits: inputs, settings, seed,
    frames and engine revision; two takes with the same one hold the same pictures. `shares` are over all pixels,
    `touched_shares` over those that are not the plate's own; `carried` says for each frame how much of its matte the keys
    reached (a low one is where another key would help). `stopped` is why the gate set the take aside.
    `band` is the visible mark of what is not cleared. `frame_plans` are digests of all that decides each frame's pixels.
    """

    schema: ClassVar[str] = "bottega.take"

    take_id: str
    show: str
    shot: str
    job: str
    number: int
    state: TakeState
    frames: FrameRange
    colour: str
    inputs: tuple[TakeInput, ...]
    use: Use
    settings: Mapping[str, Any]
    seed: int
    plan_digest: str
    engine: str
    versions: Mapping[str, str]
    started_at: datetime
    clearances: tuple[str, ...] = ()
    decisions: tuple[int, ...] = ()
    grants: tuple[str, ...] = ()
    finished_at: datetime | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    shares: tuple[Share, ...] = ()
    touched_shares: tuple[Share, ...] = ()
    carried: Mapping[str, float] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    warnings: tuple[str, ...] = ()
    remake_of: str | None = None
    stopped: tuple[str, ...] = ()
    band: VisibleMark | None = None
    frame_plans: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`sh010_deage_v003`, as in its file names."""
        return f"{self.shot}_{self.job}_v{self.number:03d}"

    @property
    def folder(self) -> str:
        """`sh010/deage/v003`, relative to the show."""
        return f"{self.shot}/{self.job}/v{self.number:03d}"
