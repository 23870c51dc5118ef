"""The consent as a form: TOML that a lawyer can read, fill in and have signed; read back into a record."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import secrets
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
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
    code,
    label,
    sha256_text,
    subject_id,
    utc_text,
)
from bottega.model.names import shown
from bottega.rights.decision.consent_rules import (
    ADULT_YEARS,
    LONGEST_TERM_YEARS,
    LONGEST_TERM_YEARS_MINOR,
    NOTICE,
    PLATE_OF,
    vagueness,
    years_after,
)
from bottega.rights.signing import sign_consent, verify_consent

from .form_fields import APPROVAL, EXTRA_TABLES, HEAD, TABLES, TERMS, Blank, is_blank

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORM_WIDTH = 110
LONGEST_DOCUMENT = 256 * 1024 * 1024
_RECORDS: Mapping[str, type[Record]] = {
    "grantor": Grantor,
    "depicted_content_limits": ContentLimits,
    "signature": Signature,
    "script_ref": ScriptRef,
    "compensation": Compensation,
}
_AGE_PURPOSES = (Purpose.DEAGE, Purpose.AGE_UP)


def template(
    purpose: Purpose,
    subject: str,
    *,
    person: str,
    shot: str,
    show_id: str,
    kind: PersonKind = PersonKind.PERFORMER,
    plate: str | None = None,
    grant_id: str | None = None,
) -> str:
    """A form for one purpose, person and shot, with every blank explained. `person` is the name; it stands in a comment only.

    `plate` is the digest of the shot's plate, if it is registered. Raises UsageError.
    """
    code(shot, "shot")
    presets = {
        "grant_id": grant_id or f"g_{secrets.token_hex(8)}",
        "subject_id": subject_id(subject, "subject id"),
        "subject_kind": kind.value,
        "production_id": label(show_id, "show id"),
        "shots": [shot],
        "purpose": purpose.value,
        "inputs_allowed": [f"{PLATE_OF}{shot}"],
    }
    known = f"its plate today is {sha256_text(plate, 'plate')}" if plate else "no plate is registered yet"
    lines = [
        f"# Consent to a use of a person's likeness: {purpose.value}",
        f"# Person: {label(person, 'person')} ({subject}). The name stands in this comment only; it is not recorded.",
        f"# Shot: {shot}; {known}.",
        "#",
        '# Fill in every blank marked "required"; "" is a blank. Times need a zone: 2027-03-01T00:00:00Z.',
        "# Whatever is not granted here is refused. This form is no legal advice.",
        "",
    ]
    lines += [line for blank in HEAD for line in _line(blank, presets, _is_needed(blank, purpose))]
    lines += ["# Further terms. Left as they stand they grant nothing more, but empty territories, media and languages set no limit.", ""]
    lines += [line for blank in TERMS for line in _line(blank, presets, False)]
    for table, blanks in TABLES.items():
        lines += [f"[{table}]", *(line for blank in blanks for line in _line(blank, {}, blank.needed))]
    lines += ["# One block for each approval there is already:", "# [[approvals]]"]
    lines += [f'# {blank.name} = ""  # {blank.allowed}' for blank in APPROVAL]
    return "\n".join(lines) + "\n"


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


def _line(blank: Blank, presets: Mapping[str, Any], needed: bool) -> list[str]:
    mark = "required" if needed else "optional"
    why = textwrap.wrap(f"{blank.explained} ({mark}) Allowed: {blank.allowed}.", FORM_WIDTH, break_long_words=False, break_on_hyphens=False)
    value = json.dumps(presets[blank.name], ensure_ascii=False) if blank.name in presets else blank.preset
    return [*(f"# {part}" for part in why), f"{blank.name} = {value}", ""]


def _is_needed(blank: Blank, purpose: object) -> bool:
    return blank.needed or (blank.name == "age_range_out" and purpose in _AGE_PURPOSES)


def _read(form: str, folder: Path | None, *, signed: bool) -> Consent:
    try:
        given = tomllib.loads(form)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"the consent form is no TOML: {problem}; texts and instants in quotes, true and false without") from problem
    problems: list[str] = []
    purpose = next((p for p in Purpose if p.value == given.get("purpose")), None)
    head = [(blank, _is_needed(blank, purpose)) for blank in (*HEAD, *TERMS)]
    tables = {**TABLES, **EXTRA_TABLES}
    values = _blanks(given, head, "", (*tables, "approvals"), problems)
    for name, blanks in tables.items():
        if name in TABLES or name in given:
            values[name] = _table(given.get(name), blanks, name, problems)
    values["approvals"] = _approvals(given.get("approvals", []), problems)
    values["document_sha256"] = _document(values, folder, problems)
    problems += _ed25519_problems(values, signed)
    if not problems:
        problems += _wrong_for_any_use(values)
    if problems:
        raise UsageError("the consent form cannot be taken:\n" + "\n".join(f"  {p}" for p in problems))
    records: dict[str, Any] = {name: kind(**values.pop(name)) for name, kind in _RECORDS.items() if name in values}
    approvals = tuple(Approval(**a) for a in values.pop("approvals"))
    return Consent(**values, **records, approvals=approvals)


def _blanks(
    given: Mapping[str, Any], blanks: Sequence[tuple[Blank, bool]], where: str, others: Sequence[str], problems: list[str]
) -> dict[str, Any]:
    """Read the lines of one table; what is left blank and not needed is left out, so that the record's default holds."""
    known = [blank.name for blank, _ in blanks]
    for name in given.keys() - {*known, *others}:
        close = difflib.get_close_matches(name, known, 1)
        problems.append(f"{where}{shown(name)}: unknown" + (f", did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"))
    values = {}
    for blank, needed in blanks:
        value = given.get(blank.name)
        if is_blank(value):
            if needed:
                problems.append(f"{where}{blank.name}: empty; allowed is {blank.allowed}")
            continue
        try:
            values[blank.name] = blank.parse(value)
        except (ValueError, UsageError, OverflowError):
            problems.append(f"{where}{blank.name}: given {shown(str(value))}; allowed is {blank.allowed}")
    return values


def _table(given: Any, blanks: Sequence[Blank], name: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping | None):
        problems.append(f"{name}: given {shown(str(given))}; allowed is a table, [{name}]")
        return {}
    return _blanks(given or {}, [(blank, blank.needed) for blank in blanks], f"{name}.", (), problems)


def _approvals(given: Any, problems: list[str]) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        problems.append(f"approvals: given {shown(str(given))}; allowed are blocks, [[approvals]]")
        return []
    return [_table(one, APPROVAL, f"approvals[{i}]", problems) for i, one in enumerate(given)]


def _document(values: dict[str, Any], folder: Path | None, problems: list[str]) -> str:
    """The sha256 of the signed document. Its path may hold a name, so it is not kept."""
    path, stated = values.pop("document_path", None), values.get("document_sha256")
    if path is None:
        if stated is None and not any(p.startswith("document_") for p in problems):
            problems.append("document_sha256: empty; allowed is the sha256 of the signed document, or its document_path")
        return stated or ""
    try:
        with ((folder or Path()) / path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as problem:
        problems.append(f"document_path: given {shown(path)}; it cannot be read: {getattr(problem, 'strerror', None) or problem}")
        return stated or ""
    if stated is not None and stated != found:
        problems.append(f"document_sha256: given {stated}; the file at document_path has {found}")
    return found


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
