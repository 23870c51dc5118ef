"""A use: the facts of a job on which the gate decides. A fact that is missing counts against the job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from .exemplar import Role
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

    `replaces` is the digest under which the same file was registered before, when its bytes are no longer those.
    """

    digest: str
    role: Role
    replaces: str | None = None


@dataclass(frozen=True, kw_only=True)
class Use(Record):
    """What a job is about to do, stated before it does it.

    `people` are subject ids. `touches_performer` is None until somebody has said so: the gate refuses None.
    `purpose` and `age_target` (years) belong to uses that touch a performer. `content` is what the result depicts that a
    consent may limit. `episode` and `scene` are those of the shot; `territory`, `medium` and `language` say where the result will
    be seen and heard. `stated` holds facts that somebody states for policy packs, by name.
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

    def digest(self) -> str:
        """The sha256 of the facts: a clearance is bound to it."""
        return hashlib.sha256(canonical_json(self.to_json())).hexdigest()
