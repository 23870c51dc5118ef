"""Read a TOML table strictly: every key is asked for by name and kind, and what nobody asked for is an error that says where."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeGuard, TypeVar

from bottega.model import UsageError, shown

T = TypeVar("T")
Number = int | float
LARGEST_SHEET_BYTES = 4 << 20


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """A sheet's tables, and its name as errors show it. Raises UsageError for what cannot be read or is no sheet."""
    name = shown(path.name)
    try:
        if path.stat().st_size > LARGEST_SHEET_BYTES:
            raise UsageError(f"{name} has {path.stat().st_size} bytes, allowed are {LARGEST_SHEET_BYTES}: is it a sheet?")
        return tomllib.loads(path.read_text("utf-8")), name
    except (OSError, ValueError) as problem:
        raise UsageError(f"{name} cannot be read: {getattr(problem, 'strerror', None) or problem}") from problem


TEXT = "a text of characters that are printed"


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text that may go on a card, into a report or to a terminal: nothing in it but what is printed."""
    return isinstance(value, str) and bool(value) and value.isprintable()


class Table:
    """One table of a sheet, and where it stands (`failure[2]`). Every error is a UsageError that quotes the value and what is allowed."""

    def __init__(self, given: object, *, sheet: str, where: str = "") -> None:
        self._sheet, self._where = sheet, where
        if not isinstance(given, dict):
            raise self.error("", given, "a table")
        self._given, self._asked = given, set[str]()

    def error(self, key: str, given: object, allowed: str) -> UsageError:
        """What to raise for a value."""
        place = ".".join(p for p in (self._where, key) if p) or "the sheet"
        value = "is missing" if given is ... else f"is {shown(str(given))}"
        return UsageError(f"{self._sheet}: {place} {value}, allowed is {allowed}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._given

    def holds_text(self, key: str) -> bool:
        """Whether the key is there and a text, where something else would do as well."""
        return isinstance(self._given.get(key), str)

    def number(
        self, key: str, default: Number | EllipsisType = ..., *, low: float = -math.inf, high: float = math.inf, above: float | None = None
    ) -> float:
        """A number within bounds."""
        value = self._take(key, default)
        allowed = f"a number above {above:g}" if above is not None else f"a number from {low:g} to {high:g}"
        return self._number(key, value, allowed, low=low, high=high, above=above)

    def whole(self, key: str, default: int | EllipsisType = ..., *, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, value, f"a whole number from {low} to {high}")
        return value

    def text(self, key: str, default: str | EllipsisType = ..., *, one_of: Sequence[str] = ()) -> str:
        """A text, one of some where they are named."""
        value = self._take(key, default)
        if not is_text(value) or (one_of and value not in one_of):
            raise self.error(key, value, f"one of {', '.join(one_of)}" if one_of else TEXT)
        return value

    def some(self, key: str, default: Sequence[str] | EllipsisType = ...) -> tuple[str, ...]:
        """A list of texts, each once; a single text is a list of one."""
        value = self._take(key, default)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list | tuple) or not all(is_text(v) for v in values) or len(set(values)) != len(values):
            raise self.error(key, value, "a list of texts, each once")
        return tuple(values)

    def names(self) -> tuple[str, ...]:
        """The keys of a table in which a person names things."""
        for key in self._given:
            if not is_text(key):
                raise self.error(ascii(key), key, TEXT)
        return tuple(self._given)

    def truth(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, value, "true or false")
        return value

    def numbers(
        self, key: str, count: int | None, default: Sequence[Number] | EllipsisType = ..., *, low: float = -math.inf, high: float = math.inf
    ) -> tuple[float, ...]:
        """A list of so many numbers, or of any number of them (None: at least one)."""
        value = self._take(key, default)
        wanted = f"{count} numbers" if count is not None else "a list of numbers"
        bounds = "" if low == -math.inf and high == math.inf else f", each from {low:g} to {high:g}"
        if not isinstance(value, list | tuple) or not value or (count is not None and len(value) != count):
            raise self.error(key, value, f"{wanted}{bounds}")
        return tuple(self._number(key, v, f"{wanted}{bounds}", low=low, high=high) for v in value)

    def points(self, key: str, count: int) -> tuple[tuple[float, float], ...]:
        """A list of so many [x, y]."""
        value = self._take(key, ...)
        allowed = f"{count} points [x, y]"
        if not isinstance(value, list) or len(value) != count or not all(isinstance(p, list) and len(p) == 2 for p in value):
            raise self.error(key, value, allowed)
        return tuple((self._number(key, p[0], allowed), self._number(key, p[1], allowed)) for p in value)

    def curve(self, key: str, default: float) -> tuple[tuple[int, float], ...] | float:
        """A number above 0, or a list of [frame, number above 0] with rising frames."""
        value = self._take(key, default)
        allowed = "a number above 0, or a list of [frame, number above 0] with rising frames"
        if not isinstance(value, list):
            return self._number(key, value, allowed, above=0)
        pairs = [p for p in value if isinstance(p, list) and len(p) == 2 and isinstance(p[0], int) and not isinstance(p[0], bool)]
        if not value or len(pairs) < len(value) or any(a[0] >= b[0] for a, b in pairwise(pairs)):
            raise self.error(key, value, allowed)
        return tuple((p[0], self._number(key, p[1], allowed, above=0)) for p in pairs)

    def table(self, key: str) -> Table:
        """A table inside; an empty one where there is none."""
        return Table(self._take(key, {}), sheet=self._sheet, where=self._inside(key))

    def tables(self, key: str, *, least: int = 0) -> tuple[Table, ...]:
        """A list of tables ([[key]])."""
        value = self._take(key, [])
        if not isinstance(value, list) or len(value) < least:
            raise self.error(key, value, f"{least} or more tables [[{key}]]")
        return tuple(Table(v, sheet=self._sheet, where=f"{self._inside(key)}[{i}]") for i, v in enumerate(value))

    def texts(self) -> dict[str, str]:
        """All of a table of texts, by key."""
        self._asked |= set(self._given)
        for key, value in self._given.items():
            if not is_text(key) or not is_text(value):
                raise self.error(ascii(key), value, TEXT)
        return dict(self._given)

    def made(self, kind: Callable[..., T], /, **values: Any) -> T:
        """A record of values that were read here; its own complaints get this table's place."""
        self.done()
        try:
            return kind(**values)
        except (TypeError, ValueError) as problem:
            raise UsageError(f"{self._sheet}: {self._where or 'the sheet'}: {problem}") from problem

    def done(self) -> None:
        """Raise UsageError for a key that nobody asked for: a typing error must not pass as a default."""
        unknown = sorted(set(self._given) - self._asked)
        if unknown:
            place = f" in [{self._where}]" if self._where else ""
            raise UsageError(f"{self._sheet}: unknown {shown(unknown[0])}{place}, known are {', '.join(sorted(self._asked))}")

    def _inside(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def _take(self, key: str, default: object) -> Any:
        self._asked.add(key)
        value = self._given.get(key, default)
        if value is ...:
            raise self.error(key, ..., "that it is there")
        return value

    def _number(
        self, key: str, value: object, allowed: str, *, low: float = -math.inf, high: float = math.inf, above: float | None = None
    ) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
        if not fits or (above is not None and not value > above):  # type: ignore[operator]
            raise self.error(key, value, allowed)
        return float(value)  # type: ignore[arg-type]
