"""Which two names look alike: compatibility forms, case, spaces, and letters of other scripts (Unicode technical standard 39)."""

from __future__ import annotations

import unicodedata
from functools import cache


def folded(name: str) -> str:
    """NFKC, case folding and single spaces, until none of them changes anything."""
    before, after = "", name
    while before != after:
        before, after = after, " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", after).casefold()).split())
    return after


def skeleton(text: str) -> str:
    """The text with every letter replaced by the one that stands for all that look like it (UTS 39, section 4)."""
    stands_for = _stands_for()
    return unicodedata.normalize("NFD", "".join(stands_for.get(c, c) for c in unicodedata.normalize("NFD", text)))


def looks(name: str) -> tuple[str, str]:
    """How a name looks, in small letters and as written. Two names that agree in either are one name.

    As written matters too: a capital I passes for a small l, and folding the case first would hide that.
    """
    return folded(skeleton(folded(name))), folded(skeleton(unicodedata.normalize("NFKC", " ".join(name.split()))))


@cache
def _stands_for() -> dict[str, str]:
    """For each letter the text that stands for its class: ASCII before other scripts, then the longest ("rn" for m)."""
    from confusable_homoglyphs.confusables import confusables_data

    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    for text, alike in confusables_data.items():
        for other in alike:
            parent[root(other["c"])] = root(text)
    classes: dict[str, list[str]] = {}
    for text in parent:
        classes.setdefault(root(text), []).append(text)
    chosen = {
        name: min(members, key=lambda m: (not m.isascii(), -len(m) if m.isascii() else len(m), m)) for name, members in classes.items()
    }
    return {text: chosen[root(text)] for text in parent if len(text) == 1}
