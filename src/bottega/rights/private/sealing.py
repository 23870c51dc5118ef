"""AES-256-GCM (NIST SP 800-38D) of one value under one person's key, bound to whose it is and what it is."""

from __future__ import annotations

import os

from bottega.model import CredentialError

KEY_BYTES = 32
_NONCE_BYTES = 12
_PREFIX = b"bottega.private/1\n"


def seal(key: bytes, content: bytes, *, subject: str, what: str) -> bytes:
    """A random nonce and the ciphertext with its tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, _bound_to(subject, what))


def unseal(key: bytes, sealed: bytes, *, subject: str, what: str) -> bytes:
    """The content. Raises CredentialError where it was changed, moved to another person, or sealed under another key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(subject, what))
    except (InvalidTag, ValueError):
        raise CredentialError(
            f"{subject}: what is kept of them was changed or belongs to somebody else; restore it from a backup"
        ) from None


def _bound_to(subject: str, what: str) -> bytes:
    return _PREFIX + subject.encode() + b"\n" + what.encode()
