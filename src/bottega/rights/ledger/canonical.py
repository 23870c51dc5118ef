"""Reading an entry's body: strictly, and only in the form in which `canonical_json` writes it."""

from __future__ import annotations

import json
import re
from typing import Any

from bottega.model import canonical_json
from bottega.model.names import shown

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def read_canonical(body: bytes) -> Any:
    """The value that a body stands for. Raises ValueError, TypeError, RecursionError unless `canonical_json` of it is this very body.

    ASCII without escapes is checked as it is read: keys sorted and single, no space between, no float, no minus zero. That is the
    whole difference between JSON and its canonical form there, and half the time of writing it again. The rest is written again.
    """
    if body.isascii() and b"\\" not in body:
        between = b"".join(body.split(b'"')[::2])
        if between.translate(None, b" \t\n\r") != between or b"-0" in between:
            raise ValueError("it is not in canonical form")
        return _SORTED.decode(body.decode("ascii"))
    value = _ANY.decode(body.decode("utf-8"))
    if canonical_json(value) != body:
        raise ValueError("it is not in canonical form")
    return value


def is_instant(text: object) -> bool:
    """Whether a text is written as `utc_text` writes an instant (that it is one, whoever reads it finds out)."""
    return isinstance(text, str) and _INSTANT.fullmatch(text) is not None


def _sorted_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs) or [*made] != sorted(made):
        raise ValueError("it is not in canonical form")
    return made


def _no_float(text: str) -> float:
    raise ValueError(f"it holds the float {shown(text)}")


_SORTED = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_sorted_object)
_ANY = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)
