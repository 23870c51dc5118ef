"""A take's shares as one line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from bottega.model import Share

SHADES = "█▓▒░▚▌▀▄"


def bar(shares: Sequence[Share], names: Mapping[str, str], width: int = 60) -> str:
    """One line: a bar of `width` blocks, then each exemplar's share in tenths of a percent with its kinds of claim.

    Blocks and tenths are rounded by largest remainder, so they add up to `width` and to 100.0, and the kinds of an exemplar to its
    share. A share too small for a tenth is written ``<0.1``.

    Parameters
    ----------
    shares : sequence of Share
        They sum to exactly 1. Exemplars come in the order in which they are first met. An empty sequence gives
        ``nothing was counted``.
    names : mapping of str to str
        What to show for an exemplar digest; its first 8 digits where there is none.
    width : int
        Blocks in the bar, 1 to 400.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the shares do not sum to exactly 1, or for a width outside the range.

    References
    ----------
    Hamilton, A. (1792): the method of largest remainders.

    Examples
    --------
    >>> from bottega.model import Claim
    >>> plate = Share(exemplar="a" * 64, author_id=None, claim=Claim.COPIED, share=Fraction(1, 3))
    >>> key = Share(exemplar="b" * 64, author_id="p_1", claim=Claim.BLENDED, share=Fraction(1, 2))
    >>> copy = Share(exemplar="b" * 64, author_id="p_1", claim=Claim.COPIED, share=Fraction(1, 6))
    >>> bar([plate, key, copy], {"a" * 64: "plate", "b" * 64: "key 1001 Artist B"}, width=9)
    '███▓▓▓▓▓▓  █ plate 33.3 % copied | ▓ key 1001 Artist B 66.7 % (50.0 blended, 16.7 copied)'
    """
    if not 1 <= width <= 400:
        raise ValueError(f"width: {width} blocks, allowed are 1 to 400")
    if not shares:
        return "nothing was counted"
    total = sum((s.share for s in shares), Fraction(0))
    if total != 1 or any(s.share < 0 for s in shares):
        raise ValueError(f"shares: they sum to {total}, must be exactly 1 with none below 0")
    groups: dict[str, list[Share]] = {}
    for share in shares:
        groups.setdefault(share.exemplar, []).append(share)
    sums = [sum((s.share for s in group), Fraction(0)) for group in groups.values()]
    shades = [SHADES[i % len(SHADES)] for i in range(len(groups))]
    blocks = "".join(shade * count for shade, count in zip(shades, _rounded(sums, width, width), strict=True))
    words = [
        f"{shade} {names.get(exemplar, exemplar[:8])} {_percent(tenths, whole)} % {_kinds(group, tenths)}"
        for (exemplar, group), whole, shade, tenths in zip(groups.items(), sums, shades, _rounded(sums, 1000, 1000), strict=True)
    ]
    return f"{blocks}  {' | '.join(words)}"


def _kinds(group: Sequence[Share], tenths: int) -> str:
    if len(group) == 1:
        return group[0].claim.value
    each = _rounded([s.share for s in group], 1000, tenths)
    return "(" + ", ".join(f"{_percent(n, s.share)} {s.claim.value}" for s, n in zip(group, each, strict=True)) + ")"


def _percent(tenths: int, share: Fraction) -> str:
    return f"{tenths // 10}.{tenths % 10}" if tenths or not share else "<0.1"


def _rounded(shares: Sequence[Fraction], units: int, total: int) -> list[int]:
    """`shares` of `units` in whole numbers with the sum `total`, which is their exact sum rounded up or down."""
    exact = [s * units for s in shares]
    whole = [int(e) for e in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_rest[: total - sum(whole)]:
        whole[i] += 1
    return whole
