"""From the neutral terms of the cases to Bottega's records. A term that Bottega does not have is said, never passed over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from bottega.model import Record

R = TypeVar("R", bound=Record)


class UnsupportedError(Exception):
    """A fact or step that this implementation has no word for. The answer is `unsupported`, which counts as a fault."""


def digest(text: str) -> str:
    """The sha256 of a small text: what stands for a document or a picture."""
    return hashlib.sha256(text.encode()).hexdigest()


def pseudonym(name: str) -> str:
    """A person's id in the ledger, made of the case's name for them."""
    return f"p_{digest(name)[:16]}"


def record_of(kind: type[R], values: Mapping[str, Any]) -> R:
    """A record of ours from neutral values. Raises UnsupportedError for a field that the record lacks, UsageError for a bad value."""
    known = {f.name for f in fields(kind)} - {"extra"}
    version = values.get("schema_version", kind.version)
    unknown = sorted(set(values) - known - {"schema_version"})
    if unknown and version <= kind.version:
        raise UnsupportedError(f"{kind.__name__} has no {', '.join(unknown)}")
    head = {"schema": kind.schema, "schema_version": version} if kind.schema else {}
    return kind.from_json(head | dict(values))


def taken(values: Mapping[str, Any], *names: str) -> tuple[dict[str, Any], list[Any]]:
    """The values without those of some names, and those."""
    return {k: v for k, v in values.items() if k not in names}, [values.get(n) for n in names]
