"""Credit for the eye: a false-colour picture and its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.model import Claim, Role

from .claims import CODE_OF, DENOMINATOR, CreditSource
from .credit import CreditMap

Colour = tuple[int, int, int]
HATCH_PERIOD_PX = 8
HATCH_LINE_PX = 3


# Okabe and Ito 2008, "Color Universal Design": told apart with any kind of colour vision. Their black would be lost beside the plate.
OKABE_ITO: tuple[Colour, ...] = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
DARK_GREY: Colour = (58, 58, 58)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Palette:
    """The colour (8 bit sRGB) of each source, by its id, so that a key keeps its colour in frames that know only some of the keys.

    Parameters
    ----------
    colours : mapping of int to (int, int, int)
        Source id to red, green and blue, 0 to 255.

    Raises
    ------
    ValueError
        For a colour outside 0 to 255.

    Examples
    --------
    >>> Palette({1: (58, 58, 58)}).of([CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)])
    ((58, 58, 58),)
    """

    colours: Mapping[int, Colour]

    def __post_init__(self) -> None:
        for number, colour in self.colours.items():
            if len(colour) != 3 or not all(0 <= v <= 255 for v in colour):
                raise ValueError(f"palette: source {number} has colour {colour}, allowed are three values of 0 to 255")

    def of(self, sources: Sequence[CreditSource]) -> tuple[Colour, ...]:
        """The colours of these sources, in their order.

        Raises
        ------
        ValueError
            For a source that the palette does not know.
        """
        unknown = [s.id for s in sources if s.id not in self.colours]
        if unknown:
            known = sorted(self.colours)
            raise ValueError(f"palette: no colour for source ids {unknown}, given {known}; make it for all sources of the take")
        return tuple(self.colours[s.id] for s in sources)


def palette_for(sources: Sequence[CreditSource], *, keys: Sequence[Colour] = OKABE_ITO, plate: Colour = DARK_GREY) -> Palette:
    """Give every source of a take its colour: a plate dark grey, a visible mark white, the others `keys` in turn, darker each round.

    Parameters
    ----------
    sources : sequence of CreditSource
        All sources of the take, in the order of its manifest.
    keys : sequence of (int, int, int)
        Colours for what is no plate, 8 bit sRGB. Default: Okabe and Ito's, told apart with any kind of colour vision.
    plate : (int, int, int)
        The plate's colour.

    Returns
    -------
    Palette

    Raises
    ------
    ValueError
        For no key colour, or a colour outside 0 to 255.

    References
    ----------
    Okabe, M. and Ito, K. (2008). Color Universal Design.

    Examples
    --------
    >>> key = CreditSource(id=5, exemplar="b" * 64, role=Role.KEY, frame=1001)
    >>> palette_for([key]).colours
    {5: (230, 159, 0)}
    """
    if not keys:
        raise ValueError("palette: one or more key colours are needed, given none")
    colours: dict[int, Colour] = {}
    turn = 0
    for source in sources:
        plain = {Role.PLATE: plate, Role.BAND: WHITE}.get(source.role)
        colours[source.id] = _in_turn(keys, turn) if plain is None else plain
        turn += plain is None
    return Palette(colours)


def _in_turn(keys: Sequence[Colour], number: int) -> Colour:
    turn, place = divmod(number, len(keys))
    r, g, b = keys[place]
    return (r * 13**turn // 20**turn, g * 13**turn // 20**turn, b * 13**turn // 20**turn)


# Claim kinds differ in brightness, in parts of 16: the full colour, a step down, stripes of two steps, and the same crossed.
COPIED_16, BLENDED_16, LEARNED_16 = 16, 12, (12, 5)


@dataclass(frozen=True)
class Swatch:
    """A line of the legend: a `colour` and the `text` beside it. `stripe` is the colour of the hatch's lines, for what is hatched."""

    colour: Colour
    text: str
    stripe: Colour | None = None


def picture(credit: CreditMap, *, palette: Palette | None = None) -> NDArray[np.uint8]:
    """Paint the credit of a frame: ``out[p] = brightness(claim(p)) * sum over s of parts[s, p] / 65536 * colour[s]``.

    Copied pixels show the full colour, blended ones three quarters of it, learned ones are hatched on the diagonal, external ones on
    both. Only integers are used, so the same credit gives the same bytes anywhere.

    Parameters
    ----------
    credit : CreditMap
        The credit of a frame of shape (H, W).
    palette : Palette, optional
        Of all sources of the take, by `palette_for`. Default: of this frame's sources.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Display-referred sRGB, for looking only.

    Raises
    ------
    ValueError
        For a source that the palette does not know.

    Examples
    --------
    >>> from bottega.attribution import credit_frame
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> picture(credit_frame(np.full((1, 1, 1), 65536, np.uint32), np.ones((1, 1), np.uint8), [plate])).tolist()
    [[[58, 58, 58]]]
    """
    colours = np.array((palette or palette_for(credit.sources)).of(credit.sources), np.uint32)
    out = np.empty((*credit.shape, 3), np.uint8)
    level = _levels(credit)
    for band in range(3):  # 65536 parts of 255 in 16 steps fit in 28 bits
        mixed = np.zeros(credit.shape, np.uint32)
        for parts, colour in zip(credit.parts, colours[:, band], strict=True):
            mixed += parts * colour
        out[..., band] = (mixed * level + 8 * DENOMINATOR) // (16 * DENOMINATOR)
    return out


def legend(
    sources: Sequence[CreditSource], *, palette: Palette | None = None, names: Mapping[str, str] | None = None
) -> tuple[Swatch, ...]:
    """Say what the colours of `picture` mean: a line for each source in the order of the manifest, then one for each kind of claim.

    Parameters
    ----------
    sources : sequence of CreditSource
        As the credit has them.
    palette : Palette, optional
        As `picture` was given it. Default: of these sources.
    names : mapping of str to str, optional
        What to show for an author id; the id itself where there is none.

    Returns
    -------
    tuple of Swatch

    Raises
    ------
    ValueError
        For a source that the palette does not know.

    Examples
    --------
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001, author_id="p_1")
    >>> legend([key], names={"p_1": "Artist B"})[0]
    Swatch(colour=(230, 159, 0), text='key 1001 Artist B', stripe=None)
    """
    known = names or {}
    lines = []
    for source, colour in zip(sources, (palette or palette_for(sources)).of(sources), strict=True):
        who = known.get(source.author_id, source.author_id) if source.author_id else None
        words = (source.role.value, None if source.frame is None else str(source.frame), who)
        lines.append(Swatch(colour, " ".join(w for w in words if w)))
    kinds = (
        Swatch(_grey(COPIED_16), "full colour: copied, bit for bit"),
        Swatch(_grey(BLENDED_16), "darker: blended, a weighted vote"),
        Swatch(_grey(LEARNED_16[0]), "hatched: learned, credit of what was trained on", _grey(LEARNED_16[1])),
        Swatch(_grey(LEARNED_16[0]), "crossed: external, painted by a model from outside", _grey(LEARNED_16[1])),
    )
    return (*lines, *kinds)


def _grey(level: int) -> Colour:
    return (level * 15, level * 15, level * 15)


def _levels(credit: CreditMap) -> NDArray[np.uint32]:
    height, width = credit.shape
    level = np.full(credit.shape, BLENDED_16, np.uint32)
    level[credit.claim == CODE_OF[Claim.COPIED]] = COPIED_16
    rows, columns = np.arange(height), np.arange(width)
    lines = np.add.outer(rows, columns) % HATCH_PERIOD_PX < HATCH_LINE_PX
    crossed = lines | (np.subtract.outer(rows, columns) % HATCH_PERIOD_PX < HATCH_LINE_PX)
    for claim, line in ((Claim.LEARNED, lines), (Claim.EXTERNAL, crossed)):
        here = credit.claim == CODE_OF[claim]
        level[here] = np.where(line, LEARNED_16[1], LEARNED_16[0])[here]
    return level
