"""What a user may name. A name becomes a folder, a file name or a ledger field, so it is checked once, here."""

from __future__ import annotations

import re
import unicodedata

from .errors import UsageError

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RESERVED = frozenset({"exemplars", "keys", "looks", "people", "con", "nul", "aux", "prn"})
LONGEST_TEXT = 200


def code(text: str, what: str) -> str:
    """A show, shot, job or region code: lower-case ASCII, usable as a folder on any system. Raises UsageError."""
    if not _CODE.fullmatch(text) or text in _RESERVED:
        raise UsageError(
            f"{what} {shown(text)} cannot be used: allowed are a-z, 0-9, '-' and '_', starting with a letter or digit, "
            f"at most 63 characters, and not {', '.join(sorted(_RESERVED))}"
        )
    return text


def label(text: str, what: str) -> str:
    """A person's or work's name as people write it: NFC, one line, no control or direction characters. Raises UsageError."""
    clean = unicodedata.normalize("NFC", text).strip()
    bad = [c for c in clean if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
    if not clean or bad or len(clean) > LONGEST_TEXT:
        why = f"it holds U+{ord(bad[0]):04X}" if bad else "it is empty" if not clean else f"it has {len(clean)} characters"
        raise UsageError(f"{what} {shown(text)} cannot be used, {why}: allowed is one line of 1 to {LONGEST_TEXT} printable characters")
    return clean


def sha256_text(text: str, what: str) -> str:
    """Sixty-four lower-case hexadecimal digits. Raises UsageError."""
    if not _SHA256.fullmatch(text):
        raise UsageError(f"{what} {shown(text)} is no sha256: allowed are 64 digits of 0-9 a-f")
    return text


def shown(text: str) -> str:
    """Quote hostile text for an error: escapes, and no more than 80 characters."""
    safe = text.encode("unicode_escape", "backslashreplace").decode("ascii")
    return f"'{safe[:77]}...'" if len(safe) > LONGEST_TEXT * 2 // 5 else f"'{safe}'"
