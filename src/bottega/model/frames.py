"""Frame numbers. A shot starts where its plate starts (1001 as a rule) and is never renumbered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from .errors import UsageError
from .record import Record

HIGHEST_FRAME = 9_999_999


@dataclass(frozen=True, kw_only=True)
class FrameRange(Record):
    """First and last frame, both inside."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last <= HIGHEST_FRAME:
            raise UsageError(f"frame range {self.first}-{self.last}: allowed is 0 <= first <= last <= {HIGHEST_FRAME}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1001-1048` or `1001`. Raises UsageError."""
        found = re.fullmatch(r"\s*(\d{1,7})(?:\s*-\s*(\d{1,7}))?\s*", text)
        if not found:
            raise UsageError(f"frame range {text[:40]!r}: write it as 1001-1048 or 1001")
        first = int(found[1])
        return cls(first=first, last=int(found[2]) if found[2] else first)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number <= self.last

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
