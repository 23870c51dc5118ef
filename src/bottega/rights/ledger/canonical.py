"""Reading an entry's body: strictly, and only in the form in which `canonical_json` writes it."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from bottega.model import canonical_json
from bottega.model.names import shown

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def read_canonical(body: bytes) -> Any:
    """The value that a body stands for. Raises ValueError, TypeError, RecursionError unless `canonical_json` of it is this very body.

    ASCII without escapes is read and written again by a quick library, which writes it as `canonical_json` does except for floats;
    those have a point (or are written otherwise). What it does not give back byte by byte is looked at the long way.
    """
    if body.isascii() and b"\\" not in body and b"." not in b"".join(body.split(b'"')[::2]):
        try:
            value = orjson.loads(body)
            if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == body:
                return value
        except (orjson.JSONDecodeError, TypeError):  # also numbers beyond 64 bits
            pass
    value = _ANY.decode(body.decode("utf-8"))
    if canonical_json(value) != body:
        raise ValueError("it is not in canonical form")
    return value


def is_instant(text: object) -> bool:
    """Whether a text is written as `utc_text` writes an instant (that it is one, whoever reads it finds out)."""
    return isinstance(text, str) and _INSTANT.fullmatch(text) is not None


def _no_float(text: str) -> float:
    raise ValueError(f"it holds the float {shown(text)}")


_ANY = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)
