"""The forms in which one text is compared: as it looks (UTS 39) and as it sounds in Latin letters."""

from __future__ import annotations

import re
import unicodedata

from bottega.rights.private.twins import folded, skeleton

_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_SPELLINGS = {"x": "ks", "ph": "f", "ck": "k", "qu": "kv", "c": "k", "q": "k", "w": "v", "y": "i", "j": "i", "z": "s", "h": ""}
_TWICE = re.compile(r"(.)\1+")
_NUMBERED = re.compile(r"^v?\d+|\d+$")

Words = tuple[str, ...]


def forms(text: str) -> tuple[Words, ...]:
    """The text's words, each way of writing once: as it looks, with letters of other scripts for their twins, and transliterated.

    `TomHardy_v002.1001` has the words tom and hardy: versions and frame numbers are no words.
    """
    from anyascii import anyascii

    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    found: dict[Words, None] = {}
    for written in (visible, _CAMEL.sub(" ", visible)):
        looks = folded(skeleton(folded(written)))
        # Marks over letters (a typed diaeresis, a stress) tell no two names apart.
        plain = "".join(c for c in unicodedata.normalize("NFD", looks) if not unicodedata.combining(c))
        found |= dict.fromkeys((_words(plain), _words(folded(anyascii(written)))))
    return tuple(found)


def sounds(text: str) -> Words:
    """The text's words roughly as they sound: what Latin spellings write in several ways is one (`Alexandra`, `Aleksandra`)."""
    from anyascii import anyascii

    heard = []
    for word in _words(folded(anyascii(text))):
        for written, spoken in _SPELLINGS.items():
            word = word.replace(written, spoken)  # noqa: PLW2901 - one spelling after the other
        heard.append(_TWICE.sub(r"\1", word))
    return tuple(word for word in heard if word)


def in_other_script(text: str) -> bool:
    """Whether letters of the text are not Latin ones."""
    return any(c.isalpha() and not unicodedata.name(c, "LATIN").startswith("LATIN") for c in unicodedata.normalize("NFKC", text))


def _words(text: str) -> Words:
    found = (_NUMBERED.sub("", word) for word in _WORD.findall(text))
    return tuple(word for word in found if word)
