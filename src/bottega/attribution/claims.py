"""What is claimed of one pixel, as four types: a caller that treats a blend as a copy does not pass the type checker."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from bottega.model import Claim, Record, Role, sha256_text

DENOMINATOR = 65536  # parts in a pixel: exact in uint32, and finer than any 8 or 16 bit picture can show
HIGHEST_ID = 2**32 - 1  # ids travel as uint32 channels; 0 means nobody
CODE_OF = {Claim.COPIED: 1, Claim.BLENDED: 2, Claim.LEARNED: 3, Claim.EXTERNAL: 4}
CODES = ", ".join(f"{code} {claim.value}" for claim, code in CODE_OF.items())
CLAIM_OF = {number: claim for claim, number in CODE_OF.items()}


@dataclass(frozen=True, kw_only=True)
class CreditSource(Record):
    """An exemplar that can be credited: ids only, no names and no paths.

    Parameters
    ----------
    id : int
        1 to 4294967295, the same for a source in all frames of a take.
    exemplar : str
        The exemplar's sha256 digest.
    role : Role
        What the exemplar was used as.
    frame : int, optional
        The key frame's number. None for a sequence that is read at the frame being made, as a plate is.
    shot : str, optional
        The shot that a key was painted for, where that is another than the one being made.
    author_id, licence_id : str, optional
        Whose work it is and by which licence it is used, as the ledger knows them.

    Raises
    ------
    ValueError
        For an id outside the range.
    UsageError
        For a digest that is no sha256.

    Examples
    --------
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> plate.frame is None
    True
    """

    unsaid: ClassVar[frozenset[str]] = frozenset({"shot"})

    id: int
    exemplar: str
    role: Role
    frame: int | None = None
    author_id: str | None = None
    licence_id: str | None = None
    shot: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.id <= HIGHEST_ID:
            raise ValueError(f"credit source id is {self.id}: allowed are 1 to {HIGHEST_ID} (0 means nobody)")
        sha256_text(self.exemplar, "credit source exemplar")


@dataclass(frozen=True)
class Copied:
    """The pixel is one exemplar pixel, bit for bit: column `x` and row `y` of `source`, counted from the top left.

    Examples
    --------
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001)
    >>> Copied(key, x=3, y=0).claim.value
    'copied'
    """

    claim: ClassVar[Claim] = Claim.COPIED
    source: CreditSource
    x: int
    y: int

    @property
    def parts(self) -> tuple[tuple[CreditSource, Fraction], ...]:
        """One source with the whole pixel, in the form that the other two kinds have."""
        return ((self.source, Fraction(1)),)


@dataclass(frozen=True)
class Blended:
    """The pixel is a weighted vote: each source and its exact part of the pixel. The parts sum to one.

    Raises
    ------
    ValueError
        When the parts do not sum to exactly one, or one is not positive.

    Examples
    --------
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001)
    >>> Blended(((plate, Fraction(1, 4)), (key, Fraction(3, 4)))).claim.value
    'blended'
    """

    claim: ClassVar[Claim] = Claim.BLENDED
    parts: tuple[tuple[CreditSource, Fraction], ...]

    def __post_init__(self) -> None:
        _check_parts(self.parts)


@dataclass(frozen=True)
class Learned:
    """The pixel was made by a network, in whole or in part: the parts are the credit of what it was trained on.

    Raises
    ------
    ValueError
        When the parts do not sum to exactly one, or one is not positive.

    Examples
    --------
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001)
    >>> Learned(((key, Fraction(1)),)).claim.value
    'learned'
    """

    claim: ClassVar[Claim] = Claim.LEARNED
    parts: tuple[tuple[CreditSource, Fraction], ...]

    def __post_init__(self) -> None:
        _check_parts(self.parts)


@dataclass(frozen=True)
class External:
    """A model brought from outside painted the pixel, in whole or in part. It is credited itself: whose work it learned from is not known.

    Raises
    ------
    ValueError
        When the parts do not sum to exactly one, or one is not positive.

    Examples
    --------
    >>> model = CreditSource(id=3, exemplar="c" * 64, role=Role.MODEL, licence_id="L-1")
    >>> External(((model, Fraction(1)),)).claim.value
    'external'
    """

    claim: ClassVar[Claim] = Claim.EXTERNAL
    parts: tuple[tuple[CreditSource, Fraction], ...]

    def __post_init__(self) -> None:
        _check_parts(self.parts)


PixelCredit = Copied | Blended | Learned | External


def _check_parts(parts: tuple[tuple[CreditSource, Fraction], ...]) -> None:
    total = sum((part for _, part in parts), Fraction(0))
    if total != 1 or any(part <= 0 for _, part in parts):
        raise ValueError(f"the parts of a pixel are {[str(p) for _, p in parts]}, sum {total}: allowed are positive parts with sum 1")
