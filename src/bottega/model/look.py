"""A look: the keys, settings and network that several shots share, as versions that are never overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from .errors import UsageError
from .names import code, label, sha256_text, shown
from .record import Record

_NAMED = re.compile(r"(?P<name>[^@]+)(@v?(?P<number>\d{1,6}))?")


@dataclass(frozen=True, kw_only=True)
class LookKey(Record):
    """A painted key of a look: the exemplar, the shot and frame it was painted for, and the plate that lay under it.

    `weight`, `first` and `last` are what `--key` said of it. The range counts on its own shot only.
    """

    digest: str
    shot: str
    frame: int
    plate: str
    weight: float = 1.0
    first: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        sha256_text(self.digest, "look's key")
        sha256_text(self.plate, "plate of a look's key")
        code(self.shot, "shot of a look's key")

    @property
    def name(self) -> str:
        """How people call it: `1024 of sh010`."""
        return f"{self.frame} of {self.shot}"


@dataclass(frozen=True, kw_only=True)
class LookRegion(Record):
    """A region's strengths; its mattes are each shot's own. A band's None is `strength`."""

    name: str
    strength: float = 1.0
    tone: float | None = None
    shape: float | None = None
    detail: float | None = None

    def __post_init__(self) -> None:
        code(self.name, "region")


@dataclass(frozen=True, kw_only=True)
class Look(Record):
    """One version of a look.

    `settings` are the recipe's own, `learn` those of a training where the takes had one, and `weights` the digest of the network that
    came of it, for the shot it was trained for. `made_from` names the takes; `made_by` is who put it together (a login).
    """

    schema: ClassVar[str] = "bottega.look"

    name: str
    number: int
    job: str
    keys: tuple[LookKey, ...]
    settings: Mapping[str, Any]
    made_at: datetime
    made_by: str
    made_from: tuple[str, ...] = ()
    regions: tuple[LookRegion, ...] = ()
    seed: int = 0
    allow_8bit_keys: bool = False
    learn: Mapping[str, Any] | None = None
    weights: str | None = None
    notes: str = field(default="")

    def __post_init__(self) -> None:
        code(self.name, "look")
        code(self.job, "job")
        label(self.made_by, "look's maker")
        if isinstance(self.number, bool) or self.number < 1:
            raise UsageError(f"look {self.name}: its version is {self.number}, allowed is 1 or more")
        if not self.keys:
            raise UsageError(f"look {self.name} has no key; a look is made of painted keys")
        places = [(k.shot, k.frame, k.plate) for k in self.keys]
        twice = next((p for i, p in enumerate(places) if p in places[:i]), None)
        if twice is not None:
            raise UsageError(f"look {self.name}: frame {twice[1]} of {twice[0]} has two keys, allowed is one")
        if self.weights is not None:
            sha256_text(self.weights, "look's weights")

    @property
    def version_name(self) -> str:
        """`hero@v002`, as people name this version."""
        return f"{self.name}@v{self.number:03d}"

    def own(self, shot: str, plate: str) -> tuple[LookKey, ...]:
        """The keys that were painted on that very plate of that shot."""
        return tuple(k for k in self.keys if (k.shot, k.plate) == (shot, plate))

    def lent(self, shot: str, plate: str) -> tuple[LookKey, ...]:
        """The keys that come from elsewhere: another shot, or an earlier plate of this one."""
        return tuple(k for k in self.keys if (k.shot, k.plate) != (shot, plate))


def look_name(text: str) -> tuple[str, int | None]:
    """NAME or NAME@vN, read; without a version it is the newest. Raises UsageError."""
    found = _NAMED.fullmatch(text)
    if found is None:
        raise UsageError(f"look {shown(text)}: write it as NAME or NAME@vN, for example hero@v2")
    return code(found["name"], "look"), int(found["number"]) if found["number"] else None
