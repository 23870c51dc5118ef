"""Show and shot: settings and what a shot is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import ClassVar

from .errors import UsageError
from .frames import FrameRange
from .names import code
from .record import Record, Upgrade

WORKING_COLOUR = "ACEScg"
KEY_COLOUR = "srgb_tx"


@dataclass(frozen=True, kw_only=True)
class Show(Record):
    """A show's settings, as `bottega.toml` keeps them.

    `key_colour` is what painted PNG and TIFF keys are declared to be when neither the file nor the artist says. `ledger` is a
    PostgreSQL URL; None is the file `ledger.db`.
    """

    schema: ClassVar[str] = "bottega.show"

    code: str
    show_id: str
    fps: Fraction = field(default=Fraction(24))
    working_colour: str = WORKING_COLOUR
    key_colour: str = KEY_COLOUR
    first_frame: int = 1001
    ledger: str | None = None

    def __post_init__(self) -> None:
        code(self.code, "show code")


@dataclass(frozen=True, kw_only=True)
class Shot(Record):
    """A shot: its plate by digest, its frames (holes listed, never silently held), its size and colour space.

    `handle_frames` of its frames at each end are handles: frames like the others, that editorial may never show.
    `episode` and `scene` are codes, for consents that list them; `performed_at` is when it was played before the camera.
    """

    schema: ClassVar[str] = "bottega.shot"
    version: ClassVar[int] = 2
    upgrades: ClassVar[Mapping[int, Upgrade]] = {1: lambda data: data | {"handle_frames": 0}}  # a default that nobody had said

    code: str
    plate: str
    frames: FrameRange
    colour: str
    width: int
    height: int
    holes: tuple[int, ...] = ()
    handle_frames: int = 0
    episode: str | None = None
    scene: str | None = None
    performed_at: datetime | None = None

    def __post_init__(self) -> None:
        code(self.code, "shot code")
        for name in ("episode", "scene"):
            if getattr(self, name) is not None:
                code(getattr(self, name), f"shot {self.code}: {name}")
        if self.performed_at is not None:
            if self.performed_at.tzinfo is None:
                raise UsageError(f"shot {self.code}: performed_at {self.performed_at.isoformat()} has no time zone")
            object.__setattr__(self, "performed_at", self.performed_at.astimezone(UTC))
        most = (len(self.frames) - 1) // 2
        if isinstance(self.handle_frames, bool) or not 0 <= self.handle_frames <= most:
            raise UsageError(f"shot {self.code}: handles of {self.handle_frames} frames, allowed is 0 to {most} of {self.frames}")

    @property
    def without_handles(self) -> FrameRange:
        """The frames between the handles."""
        return FrameRange(first=self.frames.first + self.handle_frames, last=self.frames.last - self.handle_frames)
