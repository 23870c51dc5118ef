"""The words for the end credits. They disclose; no consent makes them unnecessary, and they make no consent unnecessary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bottega.model import Technique

_USES = {
    "deage": "made to look younger",
    "age_up": "made to look older",
    "alteration": "altered",
    "replica_new_scene": "made for scenes that were not performed",
    "stunt": "put on a double's performance",
    "dub": "altered to fit another language",
    "background_fill": "used to fill backgrounds",
}
LEARNED, EXTERNAL = Technique.PER_SHOT_NETWORK.value, Technique.EXTERNAL_MODEL.value


@dataclass(frozen=True)
class LikenessUse:
    """Whose likeness, what was done with it, in how many shots and seconds."""

    name: str
    how: str
    shots: int
    seconds: Fraction


@dataclass(frozen=True)
class Credit:
    """An author as they are to be named, and from how many of their works pictures were made."""

    name: str
    works: int


@dataclass(frozen=True)
class Disclosure:
    """What was made by example, of whom and from whose work, as the ledger has it."""

    title: str
    takes: int
    likenesses: tuple[LikenessUse, ...]
    credits: tuple[Credit, ...]
    techniques: tuple[str, ...]

    def text(self) -> str:
        """The credit lines, for a title card or a crawl."""
        return "\n".join(self._lines()) + "\n"

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; seconds as exact fractions."""
        return {
            "title": self.title,
            "takes": self.takes,
            "likenesses": [{"name": u.name, "how": u.how, "shots": u.shots, "seconds": str(u.seconds)} for u in self.likenesses],
            "credits": [{"name": c.name, "works": c.works} for c in self.credits],
            "techniques": [*self.techniques],
            "text": self.text(),
        }

    def _lines(self) -> Iterator[str]:
        if not self.takes:
            yield "Nothing to disclose: no take on record stands."
            return
        yield f"Parts of {self.title} were made with digital tools, by example from pictures that artists made."
        if self.likenesses:
            yield ""
            yield "DIGITAL ALTERATION OF PERFORMANCES"
            for used in self.likenesses:
                shots = f"{used.shots} shot{'s' if used.shots != 1 else ''}"
                yield f"The likeness of {used.name} was {_USES.get(used.how, 'changed')} in {shots}, under a recorded consent."
        if self.credits:
            yield ""
            yield "MADE BY EXAMPLE FROM THE WORK OF"
            yield from (credit.name for credit in self.credits)
        yield ""
        if LEARNED in self.techniques:
            yield "Networks were trained on pictures of this production alone, for single shots."
        else:
            yield "No network was trained to make these pictures."
        if EXTERNAL in self.techniques:
            yield "Some were made with a model that was trained elsewhere, used under its licence."
