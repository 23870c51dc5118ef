"""A consent as one HTML page to print on A4: nothing is fetched, nothing runs, and names are on it, so it is for people's eyes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from bottega.model import Consent, GrantorRole
from bottega.rights.record.consents import Grant

from .consent_words import ADVICE, GRANTORS, SIGNED, Rows, endings, granted, limits, payment, refused, when

_STYLE = """
@page { size: A4; margin: 18mm 20mm 20mm; @bottom-right { content: counter(page) " of " counter(pages); font: 8pt serif; } }
* { box-sizing: border-box; }
body { font: 10pt/1.4 "Liberation Serif", "DejaVu Serif", Georgia, serif; color: #111; max-width: 170mm; margin: 12mm auto; }
@media print { body { margin: 0; max-width: none; } }
header { border-bottom: 1.2pt solid #111; padding-bottom: 3mm; margin-bottom: 4mm; }
h1 { font-size: 18pt; font-weight: normal; margin: 0 0 1mm; }
header p { margin: 0; display: flex; justify-content: space-between; }
.stands { font-weight: bold; }
h2 { font-size: 11pt; margin: 5mm 0 1.5mm; break-after: avoid; }
section { break-inside: avoid; }
dl { display: grid; grid-template-columns: 48mm 1fr; margin: 0; }
dt, dd { margin: 0; padding: .8mm 0; border-bottom: .3pt solid #bbb; break-inside: avoid; }
dt { color: #444; padding-right: 4mm; }
dd { overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 5mm; }
li { padding: .5mm 0; }
.refused { border: .8pt solid #111; padding: 2mm 4mm 3mm; margin: 5mm .5mm 0; }
.refused h2 { margin-top: 0; }
.hash { font: 8pt "Liberation Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.seen { display: grid; grid-template-columns: 1fr 1fr; gap: 14mm; margin-top: 16mm; break-inside: avoid; }
.seen div { border-top: .6pt solid #111; padding-top: 1mm; font-size: 8.5pt; color: #444; }
.note { font-size: 8.5pt; color: #444; margin-top: 5mm; }
"""


def consent_page(
    grant: Grant, *, person: str, grantor: str, show_code: str, standing: str, leaf: str, recorded_at: datetime, now: datetime
) -> str:
    """The page. `person` and `grantor` are names, `standing` how the consent stands today, `leaf` its entry's RFC 6962 leaf hash."""
    c = grant.consent
    body = [
        _header(person, show_code, standing, now),
        _rows("1. Who granted", _who(c, person, grantor)),
        _rows("2. What was granted", granted(c)),
        f'<div class="refused">{_bullets("3. What stays refused", refused(c))}</div>',
        _rows("4. When and where", limits(c)),
        _rows("5. How it ends", endings(c)),
        _rows("6. Payment", payment(c)),
        _rows("7. Signature and approvals", _signed(grant)),
        _rows("8. The record", _recorded(grant, leaf, recorded_at), marked=("Signed document", "Leaf hash", "Signer’s key")),
        '<div class="seen"><div>Read by the person, or whoever grants for them: date, signature</div>'
        "<div>For the production: date, signature</div></div>",
        '<p class="note">This page repeats the record in plain words for people to read. The record and the signed document count; '
        "whoever holds the document can compare its sha256. The software enforces what was recorded. It does not know the law, and this "
        "page is no legal advice.</p>",
    ]
    title = f"Consent {c.grant_id}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _header(person: str, show_code: str, standing: str, now: datetime) -> str:
    day = f"On {now.day} {now:%B %Y}"
    return (
        f"<header><h1>Consent of {escape(person)}</h1><p><span>to a use of their likeness in the production “{escape(show_code)}”</span>"
        f'<span>{escape(day)}: <span class="stands">{escape(standing)}</span></span></p></header>'
    )


def _who(c: Consent, person: str, grantor: str) -> Rows:
    rows = [("The person", f"{person}, {c.subject_kind.value} ({c.subject_id})")]
    by = GRANTORS[c.grantor.role]
    rows.append(("Granted by", by if c.grantor.role is GrantorRole.SELF else f"{grantor}, {by}"))
    if c.grantor.authority_doc_sha256:
        rows.append(("Shown by the document", f"sha256 {c.grantor.authority_doc_sha256}"))
    rows.append(("Advised by", ADVICE[c.representation]))
    return rows + ([("Why the production asks", c.business_reason)] if c.business_reason else [])


def _signed(grant: Grant) -> Rows:
    s = grant.consent.signature
    apart = "signed apart from other terms" if s.separately_signed else "NOT signed apart from other terms"
    clear = "clear and conspicuous" if s.clear_conspicuous else "NOT clear and conspicuous"
    rows = [("Signed", f"{when(s.signed_at)}, {SIGNED[s.kind]}"), ("How", f"{apart}; {clear}")]
    rows += [("Witness", grant.consent.witness)] if grant.consent.witness else []
    return rows + [("Approved", f"{a.role}, {when(a.at)}, {a.approver}, {a.ref}") for a in grant.approvals]


def _recorded(grant: Grant, leaf: str, recorded_at: datetime) -> Rows:
    c = grant.consent
    rows = [
        ("Number", c.grant_id),
        ("Log entry", f"{grant.idx}, of {when(recorded_at)}"),
        ("Leaf hash", leaf),
        ("Signed document", f"sha256 {c.document_sha256}"),
    ]
    rows += [("Signer’s key", c.signature.signer_key)] if c.signature.signer_key else []
    return rows + ([("Replaces", c.supersedes)] if c.supersedes else [])


def _rows(title: str, rows: Rows, *, marked: Sequence[str] = ()) -> str:
    lines = [f"<dt>{escape(name)}</dt><dd{_class(name, marked)}>{escape(value)}</dd>" for name, value in rows]
    return f"<section><h2>{escape(title)}</h2><dl>{''.join(lines)}</dl></section>"


def _class(name: str, marked: Sequence[str]) -> str:
    return ' class="hash"' if name in marked else ""


def _bullets(title: str, sentences: Iterable[str]) -> str:
    return f"<h2>{escape(title)}</h2><ul>{''.join(f'<li>{escape(s)}</li>' for s in sentences)}</ul>"
