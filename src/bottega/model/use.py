"""A use: the facts of a job on which the gate decides. A fact that is missing counts against the job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from .exemplar import Role
from .frames import FrameRange
from .record import Record, canonical_json


class Delivery(StrEnum):
    """Whether a result may leave the house: a temp is for looking, a final may be in the picture."""

    TEMP = "temp"
    FINAL = "final"


class Purpose(StrEnum):
    """What is done to a performer's likeness (consent field `purpose`)."""

    DEAGE = "deage"
    AGE_UP = "age_up"
    ALTERATION = "alteration"
    REPLICA_NEW_SCENE = "replica_new_scene"
    STUNT = "stunt"
    DUB = "dub"
    BACKGROUND_FILL = "background_fill"


class Content(StrEnum):
    """What a picture depicts that a consent may limit."""

    NUDITY = "nudity"
    SEXUAL = "sexual"
    VIOLENCE = "violence"
    POLITICAL = "political"
    COMMERCIAL = "commercial"


@dataclass(frozen=True, kw_only=True)
class Input(Record):
    """One exemplar that a job wants to read, and as what.

    `replaces` is the digest under which the same file was registered before, when its bytes are no longer those. `shot` is the shot
    that a key was painted for, or a plate is of, where that is not the shot of the use.
    """

    unsaid: ClassVar[frozenset[str]] = frozenset({"shot"})

    digest: str
    role: Role
    replaces: str | None = None
    shot: str | None = None


@dataclass(frozen=True, kw_only=True)
class TextCheck(Record):
    """What was found in the words of a job. The words themselves are not kept: only their sha256.

    `found` are the people whose names stand in them, `near` those whom something resembles, and `suspected` says whether they
    seem to name somebody who is not on record ("in the style of ...").
    """

    sha256: str
    found: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    suspected: bool = False


@dataclass(frozen=True, kw_only=True)
class Use(Record):
    """What a job is about to do, stated before it does it.

    `people` are subject ids. `touches_performer` is None until somebody has said so: the gate refuses None.
    `purpose` and `age_target` (years) belong to uses that touch a performer. `content` is what the result depicts that a
    consent may limit. `episode` and `scene` are those of the shot; `territory`, `medium` and `language` say where the result will
    be seen and heard. `stated` holds facts that somebody states for policy packs, by name.

    `frames` are those that are made; None is all. `tracks_touched` are the face tracks and detections whose pixels the edit may
    change, as measured on its mattes; None is not measured, which counts as all. `faces_measured` is the digest of the faces it
    was measured against (`faces_digest`): for other faces the measurement says nothing. `text` is what was found in the words of
    the job, None where nobody looked.
    """

    schema: ClassVar[str] = "bottega.use"

    show_id: str
    shot: str
    job: str
    inputs: tuple[Input, ...]
    people: tuple[str, ...] = ()
    touches_performer: bool | None = None
    purpose: Purpose | None = None
    age_target: int | None = None
    delivery: Delivery = Delivery.TEMP
    technique: str = "exemplar_synthesis"
    territory: str | None = None
    content: tuple[Content, ...] = ()
    episode: str | None = None
    scene: str | None = None
    language: str | None = None
    medium: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict, hash=False)
    frames: FrameRange | None = None
    tracks_touched: tuple[str, ...] | None = None
    faces_measured: str | None = None
    text: TextCheck | None = None

    def digest(self) -> str:
        """The sha256 of the facts: a clearance is bound to it."""
        return hashlib.sha256(canonical_json(self.to_json())).hexdigest()

    def facts_digest(self) -> str:
        """The sha256 of the facts without the pictures: what a human who looked at some of them was told."""
        return replace(self, inputs=()).digest()
