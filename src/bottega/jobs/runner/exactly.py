"""Numbers for a digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def exactly(value: Any) -> Any:
    """A JSON value with every number written exactly: 1 and 1.0 are one setting."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value).hex()
    if isinstance(value, Mapping):
        return {str(k): exactly(v) for k, v in value.items()}
    return [exactly(v) for v in value]
