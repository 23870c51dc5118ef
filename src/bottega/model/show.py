"""Show and shot: settings and what a shot is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import ClassVar

from .errors import UsageError
from .frames import FrameRange
from .names import code
from .record import Record

HANDLE_FRAMES = 8
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

    `episode` and `scene` are codes, for consents that list them; `performed_at` is when it was played before the camera.
    """

    schema: ClassVar[str] = "bottega.shot"

    code: str
    plate: str
    frames: FrameRange
    colour: str
    width: int
    height: int
    holes: tuple[int, ...] = ()
    handle_frames: int = HANDLE_FRAMES
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
