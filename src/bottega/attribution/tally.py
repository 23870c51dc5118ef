"""Whose work a take is: exact counts over frames, exact shares at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np

from bottega.model import Claim, CredentialError, Record, Role, Share, UsageError, canonical_json

from .claims import CLAIM_OF, DENOMINATOR, CreditSource
from .credit import CreditMap

Whose = tuple[str, str | None, Claim]


@dataclass(frozen=True, kw_only=True)
class TallyRow(Record):
    """One exemplar, author and claim: its parts of 65536 over all pixels, and over the touched ones."""

    exemplar: str
    author_id: str | None
    claim: Claim
    parts: int
    touched_parts: int


@dataclass(frozen=True, kw_only=True)
class TallyRecord(Record):
    """A tally as it is kept beside a take."""

    schema: ClassVar[str] = "bottega.tally"

    denominator: int
    pixels: int
    touched_pixels: int
    rows: tuple[TallyRow, ...]


class Tally:
    """Exact counts of credit per exemplar, author and claim.

    With n(w) the parts counted for w and N the number of pixels, ``share(w) = n(w) / (65536 N)`` and the shares sum to exactly 1.
    A pixel is *touched* unless it is the plate's own pixel, copied. Counts are integers, so tallies of frames can be made in any
    order, on any machine, and added: the sum is the same.

    Examples
    --------
    >>> from bottega.attribution import CreditSource, credit_frame
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001, author_id="p_1")
    >>> weights = np.array([[[65536, 16384]], [[0, 49152]]], np.uint32)
    >>> tally = Tally()
    >>> tally.add(credit_frame(weights, np.array([[1, 0]], np.uint8), [plate, key]))
    >>> [(s.author_id, s.claim.value, str(s.share)) for s in tally.shares()]
    [(None, 'copied', '1/2'), ('p_1', 'blended', '3/8'), (None, 'blended', '1/8')]
    >>> [(s.author_id, str(s.share)) for s in tally.touched_shares()]
    [('p_1', '3/4'), (None, '1/4')]
    """

    def __init__(self) -> None:
        self._parts: Counter[Whose] = Counter()
        self._touched: Counter[Whose] = Counter()
        self._pixels = 0
        self._touched_pixels = 0

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return self._pixels

    @property
    def touched_pixels(self) -> int:
        """How many of them are not the plate's own, copied."""
        return self._touched_pixels

    def add(self, credit: CreditMap) -> None:
        """Count a frame. The caller sees to it that no frame is counted twice.

        Parameters
        ----------
        credit : CreditMap
            The credit of a frame of any size.
        """
        untouched = 0
        for code in np.unique(credit.claim).tolist():
            claim, here = CLAIM_OF[code], credit.claim == code
            for source, parts in zip(credit.sources, credit.parts, strict=True):
                count = int(parts.sum(dtype=np.uint64, where=here))
                if not count:
                    continue
                whose = (source.exemplar, source.author_id, _kind(claim, source, credit))
                self._parts[whose] += count
                if source.role is Role.PLATE and claim is Claim.COPIED:
                    untouched += count // DENOMINATOR
                else:
                    self._touched[whose] += count
        pixels = credit.claim.size
        self._pixels += pixels
        self._touched_pixels += pixels - untouched

    def merge(self, other: Tally) -> None:
        """Add another tally's counts; order and grouping do not matter.

        Parameters
        ----------
        other : Tally
            Of other frames.
        """
        self._parts.update(other._parts)  # a Counter's update adds
        self._touched.update(other._touched)
        self._pixels += other._pixels
        self._touched_pixels += other._touched_pixels

    def __add__(self, other: Tally) -> Tally:
        both = Tally()
        both.merge(self)
        both.merge(other)
        return both

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # it counts on, so it is no key

    def shares(self) -> tuple[Share, ...]:
        """Shares of all pixels, the largest first; they sum to exactly 1. Empty when nothing was counted.

        Returns
        -------
        tuple of Share
            One for each exemplar, author and claim with any part.
        """
        return _shares(self._parts, self._pixels)

    def touched_shares(self) -> tuple[Share, ...]:
        """Shares of the touched pixels, the largest first; they sum to exactly 1. Empty when no pixel was touched.

        Returns
        -------
        tuple of Share
            One for each exemplar, author and claim with any part; here the plate's share is its part in blends.
        """
        return _shares(self._touched, self._touched_pixels)

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON values, the same for equal tallies."""
        rows = [
            TallyRow(exemplar=w[0], author_id=w[1], claim=w[2], parts=n, touched_parts=self._touched[w])
            for w, n in sorted(self._parts.items(), key=lambda item: _order(item[0]))
        ]
        record = TallyRecord(denominator=DENOMINATOR, pixels=self._pixels, touched_pixels=self._touched_pixels, rows=tuple(rows))
        return record.to_json()

    def dumps(self) -> str:
        """The counts as canonical JSON."""
        return canonical_json(self.to_json()).decode()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        CredentialError
            When it is no tally, or its counts do not add up to its pixels.
        """
        try:
            record = TallyRecord.from_json(data)
        except UsageError as problem:
            raise CredentialError(f"tally does not hold: {problem}") from problem
        rows = {(r.exemplar, r.author_id, r.claim): r for r in record.rows}
        whole = len(rows) == len(record.rows) and record.denominator == DENOMINATOR
        fair = all(r.parts > 0 and 0 <= r.touched_parts <= r.parts for r in record.rows)
        sums = sum(r.parts for r in record.rows), sum(r.touched_parts for r in record.rows)
        if not (whole and fair and sums == (record.pixels * DENOMINATOR, record.touched_pixels * DENOMINATOR)):
            raise CredentialError(
                f"tally does not hold: its rows count {sums[0]} and {sums[1]} parts of {record.denominator}, "
                f"for {record.pixels} pixels and {record.touched_pixels} touched ones; count the frames again"
            )
        tally = cls()
        tally._parts.update({w: r.parts for w, r in rows.items()})
        tally._touched.update({w: r.touched_parts for w, r in rows.items() if r.touched_parts})
        tally._pixels, tally._touched_pixels = record.pixels, record.touched_pixels
        return tally

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read what `dumps` wrote.

        Raises
        ------
        CredentialError
            When it is no tally, or its counts do not add up to its pixels.
        """
        try:
            data = json.loads(text)
        except ValueError as problem:
            raise CredentialError(f"tally does not hold: it is no JSON: {problem}") from problem
        if not isinstance(data, dict):
            raise CredentialError("tally does not hold: it is no JSON table")
        return cls.from_json(data)


def _kind(claim: Claim, source: CreditSource, credit: CreditMap) -> Claim:
    """In a learned or external pixel whose credit names the model, that part is so and the rest is what it would be without it."""
    named = any(s.role is Role.MODEL for s in credit.sources)
    return Claim.BLENDED if claim in (Claim.LEARNED, Claim.EXTERNAL) and named and source.role is not Role.MODEL else claim


def _order(whose: Whose) -> tuple[str, str, str]:
    return whose[0], whose[1] or "", whose[2].value


def _shares(counts: Mapping[Whose, int], pixels: int) -> tuple[Share, ...]:
    rows = sorted(counts.items(), key=lambda item: (-item[1], _order(item[0])))
    return tuple(Share(exemplar=w[0], author_id=w[1], claim=w[2], share=Fraction(n, DENOMINATOR * pixels)) for w, n in rows)
