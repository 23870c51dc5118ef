"""The consent form as it is handed to a person, their lawyer or their union: every blank explained in plain words."""

from __future__ import annotations

import secrets
from typing import Any

from bottega.model import GrantorRole, PersonKind, Purpose, code, label, sha256_text, subject_id
from bottega.rights.decision.consent_rules import PLATE_OF

from .consent_form import is_needed
from .filling import heading, line_of, offered_table, paragraph
from .form_fields import APPROVAL, EXTRA_TABLES, HEAD, TABLES, TERMS

_PARTS = {
    "grant_id": "1. Who, and for which production",
    "purpose": "2. What may be done",
    "notice_given_at": "3. From when until when",
    "representation": "4. Advice, and the signed document",
}
_TABLES = {
    "grantor": ("6. Who grants", "The person signs for themselves, unless they are a minor or have died."),
    "depicted_content_limits": ("7. What the picture may never show", "Each line is a no until it is changed to true."),
    "signature": ("8. The signature", "Without both of the two trues below nothing is granted."),
}
_GRANTORS = {
    PersonKind.MINOR: (
        GrantorRole.GUARDIAN,
        "The person is a minor: a guardian grants, and shows that they may (authority). Five years at the most, and only until the minor "
        "is of age; from then on the person is asked again. Nudity and sexual scenes can never be granted.",
    ),
    PersonKind.DECEASED: (
        GrantorRole.ESTATE,
        "The person has died: the estate grants, or the union where nobody is authorised, and shows that it may (authority). Silence of "
        "an estate is a no.",
    ),
}
_OFFERED = {
    "script_ref": "The script as it was before the performance: needed by whoever claims that a scene stays as scripted.",
    "compensation": "How the use is paid. Required where an agreement is named above. The software counts; it does not pay.",
}


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
    amends: str | None = None,
) -> str:
    """A form for one purpose, person and shot, with every blank explained. `person` is the name; it stands in a comment only.

    `plate` is the digest of the shot's plate, if it is registered; `amends` the consent that this one is to replace.
    Raises UsageError.
    """
    code(shot, "shot")
    presets: dict[str, Any] = {
        "grant_id": grant_id or f"g_{secrets.token_hex(8)}",
        "subject_id": subject_id(subject, "subject id"),
        "subject_kind": kind.value,
        "production_id": label(show_id, "show id"),
        "shots": [shot],
        "purpose": purpose.value,
        "inputs_allowed": [f"{PLATE_OF}{shot}"],
    }
    presets |= {"supersedes": amends} if amends else {}
    lines = _head(purpose, f"{label(person, 'person')} ({subject})", shot, plate)
    for blank in HEAD:
        lines += heading(_PARTS[blank.name]) if blank.name in _PARTS else []
        lines += line_of(blank, presets, is_needed(blank, purpose))
    lines += heading("5. Further terms")
    lines += [*paragraph("Left as they stand they grant nothing more, but empty territories, media and languages set no limit."), ""]
    lines += [line for blank in TERMS for line in line_of(blank, presets, False)]
    return "\n".join([*lines, *_tables(kind)]) + "\n"


def _head(purpose: Purpose, person: str, shot: str, plate: str | None) -> list[str]:
    known = f"its plate today is {sha256_text(plate, 'plate')}" if plate else "no plate is registered yet"
    return [
        f"# Consent to a use of a person's likeness: {purpose.value}",
        f"# Person: {person}. The name stands in this comment only; it is not recorded.",
        f"# Shot: {shot}; {known}.",
        "#",
        '# Fill in every blank marked "required"; "" is a blank. Times need a zone: 2027-03-01T00:00:00Z.',
        "# Whatever is not granted here is refused. A revocation is always recorded and stops the work at once, whatever stands",
        "# below; what it costs is for the contract. A machine reads this form and does what it says; it does not know the law,",
        "# and this form is no legal advice.",
        "",
    ]


def _tables(kind: PersonKind) -> list[str]:
    lines: list[str] = []
    for table, blanks in TABLES.items():
        title, why = _TABLES[table]
        presets: dict[str, Any] = {}
        if table == "grantor" and kind in _GRANTORS:
            role, why = _GRANTORS[kind]
            presets = {"role": role.value}
        lines += [*heading(title), *paragraph(why), f"[{table}]"]
        lines += [line for blank in blanks for line in line_of(blank, presets, blank.needed)]
    lines += heading("9. Where it applies")
    for table, blanks in EXTRA_TABLES.items():
        lines += offered_table(table, blanks, _OFFERED[table])
    lines += ["# One block for each approval there is already:", "# [[approvals]]"]
    return lines + [f'# {blank.name} = ""  # {blank.allowed}' for blank in APPROVAL]
