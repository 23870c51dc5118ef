"""Bottega: generation by example. The artist makes the key frames; the workshop makes the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .studio import Studio

__all__ = ["Studio"]


def __getattr__(name: str) -> Any:
    if name == "Studio":  # heavy: numpy, numba and the codecs come with it
        from .studio import Studio

        return Studio
    raise AttributeError(f"module 'bottega' has no attribute {name!r}")
