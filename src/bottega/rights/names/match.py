"""Compare texts with the names on record. An exact name is found; a misspelt one, a nickname, a lone surname is near."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from bottega.model import TextCheck, canonical_json

from .forms import Words, forms, in_other_script, sounds
from .patterns import asks_for_somebody
from .usual import NICKNAMES, ORDINARY

NEAR_PERCENT = 85.0
SHORTEST_NEAR = 6
SHORTEST_SURNAME = 4


class Names:
    """The names of people by their ids, ready to be looked for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {known_as: tuple(form for form in forms(name) if form) for known_as, name in names.items()}
        self._sounds = {known_as: sounds(name) for known_as, name in names.items()}

    def check(self, texts: Sequence[str]) -> TextCheck:
        """What stands in these texts. They themselves are not kept: only the sha256 of them all."""
        found, near, suspected = set(), set(), False
        for text in texts:
            exact, spans = self._exact(text)
            found |= exact
            near |= set(self._near(text, spans))
            if in_other_script(text):
                near |= set(self._sounding(sounds(text)))
            suspected = suspected or asks_for_somebody(text)
        digest = hashlib.sha256(canonical_json(list(texts))).hexdigest()
        return TextCheck(sha256=digest, found=tuple(sorted(found)), near=tuple(sorted(near - found)), suspected=suspected)

    def _exact(self, text: str) -> tuple[set[str], set[tuple[Words, int]]]:
        """Who is named in full, and which words that takes: those are not looked at again."""
        found, spans = set(), set()
        for words in forms(text):
            for known_as, names in self._names.items():
                for at, length in (hit for name in names for hit in _places(words, name)):
                    found.add(known_as)
                    spans |= {(words, i) for i in range(at, at + length)}
        return found, spans

    def _near(self, text: str, spans: set[tuple[Words, int]]) -> Iterator[str]:
        for words in forms(text):
            left = tuple("" if (words, i) in spans else word for i, word in enumerate(words))
            yield from (known_as for known_as, names in self._names.items() if any(_resembles(left, name) for name in names))

    def _sounding(self, heard: Words) -> Iterator[str]:
        """Whose name sounds like it: between two scripts a name has many spellings."""
        yield from (known_as for known_as, name in self._sounds.items() if name and _resembles(heard, name))


@cache
def _ordinary() -> frozenset[str]:
    """The ordinary words in all forms in which texts are compared."""
    return frozenset(word for line in forms(" ".join(sorted(ORDINARY))) for word in line)


def _places(words: Words, name: Words) -> Iterator[tuple[int, int]]:
    """Where a name stands in full: in order, surname first, or run together."""
    whole = {"".join(name), "".join(reversed(name))}
    for at in range(len(words)):
        if words[at] in whole and len(words[at]) >= SHORTEST_SURNAME:
            yield at, 1
        if words[at : at + len(name)] in (name, name[::-1]) and (len(name) > 1 or len(name[0]) >= SHORTEST_SURNAME):
            yield at, len(name)


def _resembles(words: Words, name: Words) -> bool:
    surname = name[-1]
    if len(name) > 1 and len(surname) >= SHORTEST_SURNAME and surname in words and surname not in _ordinary():
        return True
    return any(_alike(window, name) for size in {1, len(name)} for window in _windows(words, size))


def _windows(words: Words, size: int) -> Iterator[Words]:
    yield from (w for at in range(len(words) - size + 1) if all(w := words[at : at + size]))


def _alike(window: Words, name: Words) -> bool:
    """Misspelt as a whole, in either order; or a nickname before a surname that is at most misspelt."""
    from rapidfuzz.fuzz import ratio

    said, meant = "".join(window), "".join(name)
    if min(len(said), len(meant)) >= SHORTEST_NEAR:
        turned = "".join(reversed(window))
        if max(ratio(said, meant), ratio(turned, meant)) >= NEAR_PERCENT and not set(window) <= _ordinary():
            return True
    if len(name) < 2 or len(window) != len(name):
        return False
    given = NICKNAMES.get(window[0], window[0])
    same_given = given == NICKNAMES.get(name[0], name[0])
    return same_given and ratio(window[-1], name[-1]) >= NEAR_PERCENT
