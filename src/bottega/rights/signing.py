"""Ed25519 over canonical JSON. Every kind of statement has its own prefix, so that no signature can pass for another's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bottega.model import Consent, CredentialError, SignatureKind, canonical_json

from .reasons import refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
CONSENT_PREFIX = b"bottega.consent/1\n"


def holds(public_key: Ed25519PublicKey, signature: str | None, statement: bytes) -> bool:
    """Whether the signature, in lower-case hexadecimal, is that key's over the statement."""
    from cryptography.exceptions import InvalidSignature

    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        return False  # bytes.fromhex would also take capitals and spaces
    try:
        public_key.verify(bytes.fromhex(signature), statement)
    except InvalidSignature:
        return False
    return True


def key_holds(public_key: str, signature: str | None, statement: bytes) -> bool:
    """The same for a public key of 64 lower-case hexadecimal digits; anything else does not hold."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not _KEY.fullmatch(public_key):
        return False
    return holds(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)), signature, statement)


def consent_statement(consent: Consent) -> bytes:
    """What a grantor signs: the whole consent, with the name of their key, without the signature itself."""
    unsigned = replace(consent, signature=replace(consent.signature, signature=None))
    return CONSENT_PREFIX + canonical_json(unsigned.to_json())


def sign_consent(consent: Consent, private_key: Ed25519PrivateKey) -> Consent:
    """The consent with the grantor's key and signature. Its signature kind has to be `ed25519` (CredentialError)."""
    if consent.signature.kind is not SignatureKind.ED25519:
        raise CredentialError(
            f"consent {consent.grant_id}: signature.kind is {consent.signature.kind.value}, allowed for signing is ed25519"
        )
    keyed = replace(consent.signature, signer_key=private_key.public_key().public_bytes_raw().hex(), signature=None)
    named = replace(consent, signature=keyed)
    return replace(named, signature=replace(keyed, signature=private_key.sign(consent_statement(named)).hex()))


def consent_signature_holds(consent: Consent) -> bool:
    """Whether the grantor's own signature verifies. A scan or an e-signature is a document: there is nothing to verify here."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if consent.signature.kind is not SignatureKind.ED25519:
        return True
    key = consent.signature.signer_key
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return False
    return holds(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)), consent.signature.signature, consent_statement(consent))


def verify_consent(consent: Consent) -> None:
    """Raise ConsentError `signature_invalid` unless the grantor's own signature verifies."""
    if not consent_signature_holds(consent):
        raise refusal("signature_invalid", f"consent {consent.grant_id}: the ed25519 signature is not by signer_key over this very record")
