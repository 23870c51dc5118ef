"""A take's shares as one line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from bottega.model import Share

SHADES = "█▓▒░"


def bar(shares: Sequence[Share], names: Mapping[str, str], width: int = 60) -> str:
    """One line: a bar of `width` blocks, then each share in tenths of a percent with its kind of claim.

    Blocks and tenths are rounded by largest remainder, so they add up to `width` and to 100.0. A share too small for a tenth is
    written ``<0.1``.

    Parameters
    ----------
    shares : sequence of Share
        They sum to exactly 1; the order is kept. An empty sequence gives ``nothing was counted``.
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
    >>> plate = Share(exemplar="a" * 64, author_id=None, claim=Claim.COPIED, share=Fraction(2, 3))
    >>> key = Share(exemplar="b" * 64, author_id="p_1", claim=Claim.BLENDED, share=Fraction(1, 3))
    >>> bar([plate, key], {"a" * 64: "plate", "b" * 64: "key 1001 Artist B"}, width=9)
    '██████▓▓▓  █ plate 66.7 % copied | ▓ key 1001 Artist B 33.3 % blended'
    """
    if not 1 <= width <= 400:
        raise ValueError(f"width: {width} blocks, allowed are 1 to 400")
    if not shares:
        return "nothing was counted"
    total = sum((s.share for s in shares), Fraction(0))
    if total != 1 or any(s.share < 0 for s in shares):
        raise ValueError(f"shares: they sum to {total}, must be exactly 1 with none below 0")
    shades = [SHADES[i % len(SHADES)] for i in range(len(shares))]
    blocks = "".join(shade * count for shade, count in zip(shades, _largest_remainder(shares, width), strict=True))
    words = []
    for share, shade, tenths in zip(shares, shades, _largest_remainder(shares, 1000), strict=True):
        percent = f"{tenths // 10}.{tenths % 10}" if tenths or not share.share else "<0.1"
        words.append(f"{shade} {names.get(share.exemplar, share.exemplar[:8])} {percent} % {share.claim.value}")
    return f"{blocks}  {' | '.join(words)}"


def _largest_remainder(shares: Sequence[Share], units: int) -> list[int]:
    exact = [s.share * units for s in shares]
    whole = [int(e) for e in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_rest[: units - sum(whole)]:
        whole[i] += 1
    return whole
