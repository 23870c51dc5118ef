"""Public functions of the two rooms that speak arrays carry full numpydoc; the examples in it run in those rooms' own tests."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest

ROOMS = ("engine", "attribution")
FEWEST_PUBLIC = 15


def sections(text: str) -> dict[str, str]:
    """numpydoc's sections by title: a line that is underlined with dashes begins one."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(text), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def missing(thing: Any) -> list[str]:
    """What the docstring lacks. A function has every section; a record's names all its fields, in a section or in its sentences."""
    text = thing.__doc__ or ""
    said, signature = sections(text), inspect.signature(thing)
    lacks = [] if said[""].strip() else ["a first line"]
    if inspect.isclass(thing):
        return lacks + [f"field {name}" for name in signature.parameters if name != "extra" and not re.search(rf"\b{name}\b", text)]
    told = said.get("Parameters", "")
    lacks += [f"parameter {n}" for n in signature.parameters if not re.search(rf"^[\w, ]*\b{n}\b[\w, ]*( :|$)", told, re.MULTILINE)]
    lacks += [title for title in ("Returns", "Raises") if title not in said and not (title == "Returns" and _returns_nothing(signature))]
    return lacks if ">>> " in said.get("Examples", "") else [*lacks, "Examples"]


def _returns_nothing(signature: inspect.Signature) -> bool:
    return signature.return_annotation in (None, "None")


def public(room: str) -> list[tuple[str, Any]]:
    package = importlib.import_module(f"bottega.{room}")
    return [(name, thing) for name in package.__all__ if inspect.isfunction(thing := getattr(package, name)) or inspect.isclass(thing)]


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_described_in_full(room: str) -> None:
    lacks = {name: missing(thing) for name, thing in public(room)}
    assert not {name: what for name, what in lacks.items() if what}
    assert len(lacks) >= FEWEST_PUBLIC - 2, f"this test stopped seeing the names of {room}"


def test_a_bare_docstring_is_found() -> None:
    def bare(radius_px: int) -> int:
        """Say little."""
        return radius_px

    def full(radius_px: int) -> int:
        """Say all.

        Parameters
        ----------
        radius_px : int
            The radius.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            Never.

        Examples
        --------
        >>> 1
        1
        """
        return radius_px

    class Silent:
        """A record."""

        def __init__(self, radius_px: int) -> None:
            self.radius_px = radius_px

    assert missing(bare) == ["parameter radius_px", "Returns", "Raises", "Examples"]
    assert missing(Silent) == ["field radius_px"]
    assert missing(full) == []
