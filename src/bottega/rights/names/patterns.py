"""Phrases that ask for somebody's likeness or manner, whoever that is: a human has to look."""

from __future__ import annotations

import re
import unicodedata

from .usual import ORDINARY

# These phrases speak of a person or of a person's work, whatever follows.
_ALWAYS = (
    r"in the (?:style|manner|likeness|image) of",
    r"(?:in )?the spitting image of",
    r"look ?alike",
    r"sound ?alike",
    r"impersonat\w+",
    r"imitat(?:e|es|ing|ion) of",
    r"deep ?fake",
    r"face ?swap\w*",
    r"[aà] la",
)
# These do when a name follows: a word with a capital, or two that are no ordinary words.
_WITH_NAME = r"like|young|younger|old|older|resembl(?:es|ing)|as|doubles? for|based on|inspired by|modelled on"
_ALWAYS_RE = re.compile(rf"\b(?:{'|'.join(_ALWAYS)})\b")
_NAME_RE = re.compile(rf"\b(?:{_WITH_NAME})\s+(?P<rest>\S.*)", re.IGNORECASE)
_STRONG_RE = re.compile(r"\b(?:like|young|younger|resembl(?:es|ing)|modelled on|doubles? for)\s+(?P<rest>\S.*)")


def asks_for_somebody(text: str) -> bool:
    """Whether a text seems to ask for a person: `in the style of ...`, `like Xxx Yyy`, `young Xxx`, `like_xxx_yyy`."""
    spaced = " ".join(re.sub(r"[_.\-]+", " ", unicodedata.normalize("NFKC", text)).split())
    plain = spaced.casefold()
    if _ALWAYS_RE.search(plain):
        return True
    if any(_capital_name(m["rest"].split()) for m in _NAME_RE.finditer(spaced)):
        return True
    return any(_strange_pair(m["rest"].split()) for m in _STRONG_RE.finditer(plain))


def _capital_name(words: list[str]) -> bool:
    """A word that begins as a name does, in a script that has capitals; in one that has none, any that is no Latin word."""
    first = words[0].strip("\"'“”‘’(),")
    if not first or not first[0].isalpha():
        return False
    if first[0].lower() == first[0].upper():
        return True
    return first[0].isupper() and not first.isupper() and first.casefold() not in ORDINARY


def _strange_pair(words: list[str]) -> bool:
    """Two words in a row that are no ordinary ones, as in a label that is all in small letters."""
    pair = [re.sub(r"\d+$", "", w.strip("\"'“”‘’(),")) for w in words[:2]]
    return len(pair) == 2 and all(w.isalpha() and len(w) > 2 and w not in ORDINARY for w in pair)
