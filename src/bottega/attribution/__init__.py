"""Source maps to per-pixel credit and exact shares. Four kinds of claim, never mixed up: Copied, Blended, Learned, External."""

from .bar import bar
from .claims import DENOMINATOR, Blended, Copied, CreditSource, External, Learned, PixelCredit
from .credit import CreditMap, credit_frame
from .gather import regather
from .picture import OKABE_ITO, Palette, Swatch, legend, palette_for, picture
from .tally import Tally

__all__ = [
    "DENOMINATOR",
    "OKABE_ITO",
    "Blended",
    "Copied",
    "CreditMap",
    "CreditSource",
    "External",
    "Learned",
    "Palette",
    "PixelCredit",
    "Swatch",
    "Tally",
    "bar",
    "credit_frame",
    "legend",
    "palette_for",
    "picture",
    "regather",
]
