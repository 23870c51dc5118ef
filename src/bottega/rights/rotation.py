"""A key is replaced by an entry that the key before signed. A stolen key can do that, too: rotate before, not after."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bottega.model import UsageError, canonical_json
from bottega.rights.ledger import Entry, Transaction

from .signing import holds

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ROTATION_PREFIX = b"bottega.key-rotation/1\n"
WHICH = ("gate", "log")


def rotate_key(transaction: Transaction, *, which: str, old: Ed25519PrivateKey, new: Ed25519PublicKey, show_id: str, by: str) -> Entry:
    """Record that `new` replaces `old` as the gate's or the log's key; `by` is who did it (a subject id). Raises UsageError."""
    if which not in WHICH:
        raise UsageError(f"key {which!r}: allowed are {', '.join(WHICH)}")
    said = {
        "which": which,
        "old": old.public_key().public_bytes_raw().hex(),
        "new": new.public_bytes_raw().hex(),
        "show_id": show_id,
        "by": by,
    }
    return transaction.append("key.rotated", said | {"signature": old.sign(_statement(said)).hex()})


def rotated_keys(said: Mapping[str, Any], *, show_id: str | None) -> tuple[str, str, str]:
    """Which key a rotation replaces, and the ids of the old and the new. Raises ValueError, KeyError where the old did not sign."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    old, new = bytes.fromhex(said["old"]), bytes.fromhex(said["new"])
    if said["which"] not in WHICH or said["show_id"] != show_id or len(new) != len(old):
        raise ValueError("it is no rotation of a key of this show")
    if not holds(Ed25519PublicKey.from_public_bytes(old), said["signature"], _statement(said)):
        raise ValueError("the key before did not sign it")
    return said["which"], hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest()


def _statement(said: Mapping[str, Any]) -> bytes:
    return ROTATION_PREFIX + canonical_json({name: said[name] for name in ("which", "old", "new", "show_id", "by")})
