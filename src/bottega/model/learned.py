"""What was learned: a network's weights, a performer's face template, or a model brought from outside. It may not outlive its ground."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from .errors import UsageError
from .names import label, sha256_text, shown
from .people import subject_id
from .record import Record
from .use import Purpose


class LearnedKind(StrEnum):
    """A network's weights, or a template: the numbers by which a face is told from others; or a model brought from outside.

    An external model was learned from pictures that are not the show's. What they were is for its licence to say.
    """

    NETWORK = "network"
    TEMPLATE = "template"
    EXTERNAL = "external"


@dataclass(frozen=True, kw_only=True)
class Learned(Record):
    """Weights or a template by digest: of which show, of whom, for which shots and purposes, from which pictures, until when.

    `shots` are codes or prefixes with `*`, as in a consent. `grants` are the consents it stands on: one for each of `subjects`.
    `training` is the sha256 of all that decided a training, for weights that a job of this show trained. Weights of nobody may have
    no purpose: a purpose is what is done to a performer's likeness. An external model is of nobody, and names no picture.
    """

    schema: ClassVar[str] = "bottega.learned"

    digest: str
    kind: LearnedKind
    show_id: str
    subjects: tuple[str, ...]
    shots: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    trained_on: tuple[str, ...]
    grants: tuple[str, ...]
    delete_by: datetime
    made_by: str | None = None
    training: str | None = None

    def __post_init__(self) -> None:
        sha256_text(self.digest, "model digest")
        label(self.show_id, "show id")
        for person in self.subjects:
            subject_id(person, "model's subject")
        for picture in self.trained_on:
            sha256_text(picture, "picture that a model was trained on")
        if self.training is not None:
            sha256_text(self.training, "training digest")
        outside = self.kind is LearnedKind.EXTERNAL
        needed = ("shots",) if outside else ("shots", "purposes", "trained_on") if self.subjects else ("shots", "trained_on")
        empty = [name for name in needed if not getattr(self, name)]
        if empty:
            raise UsageError(f"model {self.digest[:12]} lacks {', '.join(empty)}: what is not listed is not allowed, so nothing would be")
        bare = [pattern for pattern in self.shots if not pattern.removesuffix("*")]
        if bare:
            raise UsageError(f"model {self.digest[:12]}: shot {shown(bare[0])} covers nothing; name shots, or a prefix and *")
        told = [n for n in ("subjects", "purposes", "trained_on", "grants") if outside and getattr(self, n)]
        if told:
            raise UsageError(f"external model {self.digest[:12]} names {', '.join(told)}: allowed are none, it stands on its licence alone")
        if self.kind is LearnedKind.TEMPLATE and len(self.subjects) != 1:
            raise UsageError(f"template {self.digest[:12]} is of {len(self.subjects)} people, allowed is one")
