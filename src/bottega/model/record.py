"""Frozen records with versioned JSON. A field that a newer version wrote survives a round trip through an older one."""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar, Self

from .errors import UsageError

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def utc_text(at: datetime) -> str:
    """Write a UTC instant as `2026-03-01T12:00:00.000000Z`; a naive datetime raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a time zone, given {at!r}")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with a zone; one without raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write it as 2026-03-01T12:00:00Z")
    return at.astimezone(UTC)


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8 NFC, no floats: RFC 8785's subset for what is signed or logged.

    Raises TypeError for a float or any type that JSON lacks.
    """
    return json.dumps(_normal(value, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _normal(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        if not all(isinstance(k, str) for k in value):
            raise TypeError(f"{where}: canonical JSON needs text keys")
        plain = {unicodedata.normalize("NFC", k): _normal(v, f"{where}.{k}") for k, v in value.items()}
        if len(plain) != len(value):
            raise ValueError(f"{where}: two keys are the same after NFC")
        return plain
    if isinstance(value, list | tuple):
        return [_normal(v, f"{where}[{i}]") for i, v in enumerate(value)]
    raise TypeError(f"{where}: canonical JSON takes no {type(value).__name__}, given {value!r}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of the nouns. `schema` names the kind, `version` its revision; `extra` holds fields we do not know."""

    schema: ClassVar[str] = ""
    version: ClassVar[int] = 1
    upgrades: ClassVar[Mapping[int, Upgrade]] = {}
    unsaid: ClassVar[frozenset[str]] = frozenset()  # fields left out where they are None, so that what was hashed before stays as it was
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values, with its schema and version, and the unknown fields it came with."""
        out: dict[str, Any] = dict(self.extra)
        if self.schema:
            newer = self.extra.get("schema_version", 0)
            out["schema"], out["schema_version"] = self.schema, max(self.version, newer)
        for f in fields(self):
            if f.name != "extra" and not (f.name in self.unsaid and getattr(self, f.name) is None):
                out[f.name] = _to_json(getattr(self, f.name))
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, upgrading older versions.

        Raises UsageError for another schema, a version of the future that dropped a field we need, or a wrong type.
        """
        values = cls._upgraded(dict(data))
        known = _hints(typing.cast(typing.Hashable, cls))
        missing = [f.name for f in fields(cls) if f.name not in values and f.name != "extra" and _required(f)]
        if missing:
            raise UsageError(f"{cls.__name__}: missing {', '.join(missing)}")
        found = {k: _from_json(values[k], known[k], f"{cls.__name__}.{k}") for k in values if k in known and k != "extra"}
        return cls(**found, extra={k: v for k, v in values.items() if k not in known})

    @classmethod
    def _upgraded(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not cls.schema:
            return values
        schema, version = values.pop("schema", None), values.pop("schema_version", None)
        if schema != cls.schema:
            raise UsageError(f"{cls.__name__}: schema is {schema!r}, allowed {cls.schema!r}")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise UsageError(f"{cls.__name__}: schema_version is {version!r}, allowed 1 to {cls.version}")
        if version > cls.version:  # written by a newer Bottega: keep its number, it may hold fields that we do not know
            return values | {"schema_version": version}
        while version < cls.version:
            values = cls.upgrades[version](values)
            version += 1
        return values


@cache
def _hints(cls: typing.Hashable) -> dict[str, Any]:
    return {k: v for k, v in typing.get_type_hints(cls).items() if typing.get_origin(v) is not ClassVar}


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _to_json(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Mapping):
        return {k: _to_json(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_to_json(v) for v in value]
    return value


def _from_json(value: Any, kind: Any, where: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in inner:
            return None
        return _from_json(value, next(k for k in inner if k is not type(None)), where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise UsageError(f"{where}: a list is needed, given {value!r}")
        if inner[-1] is Ellipsis:
            return tuple(_from_json(v, inner[0], f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) != len(inner):
            raise UsageError(f"{where}: {len(inner)} values are needed, given {len(value)}")
        return tuple(_from_json(v, k, where) for v, k in zip(value, inner, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise UsageError(f"{where}: a table is needed, given {value!r}")
        return {k: _from_json(v, inner[1], f"{where}.{k}") for k, v in value.items()}
    return _scalar(value, kind, where)


def _scalar(value: Any, kind: Any, where: str) -> Any:  # noqa: PLR0911 - one line a type
    if kind is Any:
        return value
    try:
        if isinstance(kind, type) and issubclass(kind, Record):
            return kind.from_json(value)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return kind(value)
        if kind is Fraction:
            return Fraction(value)
        if kind is datetime:
            return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else utc_instant(value)
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as problem:
        raise UsageError(f"{where}: {value!r} is no {getattr(kind, '__name__', kind)}: {problem}") from problem
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UsageError(f"{where}: {kind.__name__} is needed, given {value!r}")
    return value
