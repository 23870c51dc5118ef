"""The consent as a form: TOML that a lawyer can read, fill in and have signed; read back into a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bottega.model import (
    Approval,
    Compensation,
    Consent,
    ContentLimits,
    Grantor,
    PersonKind,
    Purpose,
    Record,
    ScriptRef,
    Signature,
    SignatureKind,
    UsageError,
    utc_text,
)
from bottega.model.names import shown
from bottega.rights.decision.consent_rules import (
    ADULT_YEARS,
    LONGEST_TERM_YEARS,
    LONGEST_TERM_YEARS_MINOR,
    NOTICE,
    vagueness,
    years_after,
)
from bottega.rights.private.people import read_document
from bottega.rights.signing import sign_consent, verify_consent

from .filling import blanks_of, document_of, parsed, refuse, table_of
from .form_fields import APPROVAL, EXTRA_TABLES, HEAD, TABLES, TERMS, Blank, is_blank

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DOCUMENT = ("document_path", "document_sha256")
AUTHORITY = ("authority_doc_path", "authority_doc_sha256")
LONGEST_DOCUMENT = 256 * 1024 * 1024
_RECORDS: Mapping[str, type[Record]] = {
    "grantor": Grantor,
    "depicted_content_limits": ContentLimits,
    "signature": Signature,
    "script_ref": ScriptRef,
    "compensation": Compensation,
}
AGE_PURPOSES = (Purpose.DEAGE, Purpose.AGE_UP)


def read_form(form: str, *, folder: Path | None = None) -> Consent:
    """Read a form that was filled in. `folder` is where a relative `document_path` starts.

    Raises UsageError that lists every blank with what is wrong, and ConsentError `signature_invalid` for a false ed25519
    signature.
    """
    consent = _read(form, folder, signed=True)
    verify_consent(consent)
    return consent


def sign_form(form: str, private_key: Ed25519PrivateKey, *, folder: Path | None = None) -> str:
    """The form with the grantor's own ed25519 key and signature filled in. Raises UsageError as `read_form` does."""
    consent = sign_consent(_read(form, folder, signed=False), private_key)
    signed = form
    for name in ("signer_key", "signature"):
        signed = _fill_in_signature(signed, name, getattr(consent.signature, name))
    if read_form(signed, folder=folder) != consent:
        raise UsageError("the form changed while it was signed: keep [signature] a plain table with one line a blank")
    return signed


def documents(form: str, *, folder: Path | None = None) -> dict[str, bytes]:
    """The documents that a form names by their paths, by sha256, so that copies can be kept. Raises UsageError."""
    given = parsed(form, "consent")
    grantor = given.get("grantor")
    named = [given.get(DOCUMENT[0]), grantor.get(AUTHORITY[0]) if isinstance(grantor, Mapping) else None]
    read = [
        read_document((folder or Path()) / path, longest=LONGEST_DOCUMENT) for path in named if isinstance(path, str) and not is_blank(path)
    ]
    return {sha256: content for content, sha256 in read}


def is_needed(blank: Blank, purpose: object) -> bool:
    """Whether a blank is required, for this purpose."""
    return blank.needed or (blank.name == "age_range_out" and purpose in AGE_PURPOSES)


def _read(form: str, folder: Path | None, *, signed: bool) -> Consent:
    given = parsed(form, "consent")
    problems: list[str] = []
    purpose = next((p for p in Purpose if p.value == given.get("purpose")), None)
    head = [(blank, is_needed(blank, purpose)) for blank in (*HEAD, *TERMS)]
    tables = {**TABLES, **EXTRA_TABLES}
    values = blanks_of(given, head, "", (*tables, "approvals"), problems)
    for name, blanks in tables.items():
        if name in TABLES or name in given:
            values[name] = table_of(given.get(name), blanks, name, problems)
    values["approvals"] = _approvals(given.get("approvals", []), problems)
    values["document_sha256"] = _signed_document(values, folder, problems)
    proof = document_of(values["grantor"], AUTHORITY, folder, problems, "grantor.")
    values["grantor"] |= {AUTHORITY[1]: proof} if proof else {}
    problems += _ed25519_problems(values, signed)
    if not problems:
        problems += _wrong_for_any_use(values)
    refuse(problems, "consent")
    records: dict[str, Any] = {name: kind(**values.pop(name)) for name, kind in _RECORDS.items() if name in values}
    approvals = tuple(Approval(**a) for a in values.pop("approvals"))
    return Consent(**values, **records, approvals=approvals)


def _approvals(given: Any, problems: list[str]) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        problems.append(f"approvals: given {shown(str(given))}; allowed are blocks, [[approvals]]")
        return []
    return [table_of(one, APPROVAL, f"approvals[{i}]", problems) for i, one in enumerate(given)]


def _signed_document(values: dict[str, Any], folder: Path | None, problems: list[str]) -> str:
    there = DOCUMENT[0] in values
    found = document_of(values, DOCUMENT, folder, problems)
    if found is None and not there and not any(p.startswith("document_") for p in problems):
        problems.append("document_sha256: empty; allowed is the sha256 of the signed document, or its document_path")
    return found or ""


def _ed25519_problems(values: Mapping[str, Any], signed: bool) -> list[str]:
    signature = values.get("signature", {})
    names = [name for name in ("signer_key", "signature") if name in signature]
    if signature.get("kind") is SignatureKind.ED25519:
        missing = [name for name in ("signer_key", "signature") if name not in names and signed]
        return [f"signature.{name}: empty; kind ed25519 needs it: have the grantor sign the form" for name in missing]
    if not signed and "kind" in signature:
        return [f"signature.kind: given {signature['kind'].value}; allowed for signing with a key is ed25519"]
    return [f"signature.{name}: given, but only kind ed25519 has one" for name in names]


def _wrong_for_any_use(values: Mapping[str, Any]) -> list[str]:
    """What the gate would refuse whatever is asked. Better said now, while the form is on the table."""
    found = []
    if why := vagueness(values["description"]):
        found.append(f"description: it {why}; say what will be done in this very use")
    low, high = values.get("age_range_out", (ADULT_YEARS, ADULT_YEARS))
    if not ADULT_YEARS <= low <= high:
        found.append(f"age_range_out: given [{low}, {high}]; allowed is youngest first, {ADULT_YEARS} or more")
    start, end, notice = values["valid_from"], values["valid_until"], values["notice_given_at"]
    years = LONGEST_TERM_YEARS_MINOR if values["subject_kind"] is PersonKind.MINOR else LONGEST_TERM_YEARS
    if not start < end <= years_after(start, years):
        found.append(f"valid_until: given {utc_text(end)}; allowed is after valid_from, {utc_text(start)}, by {years} years at most")
    if start - notice < NOTICE:
        found.append(f"notice_given_at: given {utc_text(notice)}; allowed is 48 hours before valid_from, {utc_text(start)}, or earlier")
    found += [
        f"signature.{name}: given false; allowed is true: have it signed apart, clearly and conspicuously"
        for name in ("separately_signed", "clear_conspicuous")
        if not values["signature"][name]
    ]
    for needs, until in (("model_training", "model_retention_until"), ("biometric_template", "template_delete_by")):
        if values[needs] and until not in values:
            found.append(f"{until}: empty; {needs} is true, so an end is needed")
    if values.get("agreement") and "compensation" not in values:
        found.append("compensation: empty; an agreement is named, so the basis of payment is needed: fill in [compensation]")
    return found


def _fill_in_signature(form: str, name: str, value: str) -> str:
    """Write one line of the table [signature]; the rest of the form stays as it is, comments and all."""
    start = re.search(r"(?m)^[ \t]*\[signature\][^\n]*\n?", form)
    if start is None:
        raise UsageError("the consent form has no line [signature]")
    after = form[start.end() :]
    end = re.search(r"(?m)^[ \t]*\[", after)
    table, rest = (after[: end.start()], after[end.start() :]) if end else (after, "")
    line = f'{name} = "{value}"'
    changed, count = re.subn(rf"(?m)^[ \t]*{name}[ \t]*=[^\n]*$", line, table)
    return form[: start.end()] + (changed if count else f"{line}\n{table}") + rest
