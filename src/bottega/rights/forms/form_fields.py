"""The blanks of the consent form: how each is called, explained and read. The template and the reader both work from these."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bottega.model import (
    GrantorRole,
    PersonKind,
    Purpose,
    Representation,
    RevocationEffect,
    SignatureKind,
    Technique,
    subject_id,
    utc_instant,
)
from bottega.rights.decision.consent_rules import FEWEST_CHARACTERS, PLATE_OF, SHORTEST_DESCRIPTION

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHOT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\*?")
_PLACEHOLDER = re.compile(r"\s*(todo.*|tbd.*|fill.?in.*|\.{2,}|…|<.*>|_{2,}|x{3,}|\?+)\s*", re.IGNORECASE | re.DOTALL)

Parser = Callable[[Any], Any]


@dataclass(frozen=True)
class Blank:
    """One line of the form. `parse` turns what TOML gave into the record's value, and raises ValueError for what is not allowed."""

    name: str
    parse: Parser
    allowed: str
    explained: str
    needed: bool = False
    preset: str = '""'


def is_blank(value: object) -> bool:
    """Whether a line was left as it was: nothing, or a placeholder such as `TODO` or `<date>`."""
    return value in (None, "", []) or (isinstance(value, str) and (not value.strip() or bool(_PLACEHOLDER.fullmatch(value))))


def text(value: Any) -> str:
    """One text, without blanks around it."""
    if not isinstance(value, str):
        raise ValueError("no text")
    return value.strip()


def flag(value: Any) -> bool:
    """True or false, without quotes."""
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def number(value: Any) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("no whole number")
    return value


def instant(value: Any) -> datetime:
    """A date and time with a zone, in or without quotes."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("no time zone")
        return value.astimezone(UTC)
    return utc_instant(text(value))


def sha256(value: Any) -> str:
    """A digest."""
    if not _SHA256.fullmatch(text(value)):
        raise ValueError("no sha256")
    return text(value)


def person(value: Any) -> str:
    """A pseudonym."""
    return subject_id(text(value), "id")


def one_of(kind: type[StrEnum]) -> Parser:
    """A word of a list."""
    return lambda value: kind(text(value))


def list_of(item: Parser) -> Parser:
    """A list, none of it blank or twice."""

    def parse(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or any(is_blank(v) for v in value):
            raise ValueError("no list, or one with blanks")
        found = tuple(item(v) for v in value)
        if len(set(found)) != len(found):
            raise ValueError("one is there twice")
        return found

    return parse


def shot(value: Any) -> str:
    """A shot code, or the beginning of one and `*`."""
    if not _SHOT.fullmatch(text(value)):
        raise ValueError("no shot code")
    return text(value)


def picture(value: Any) -> str:
    """A digest, or `plate:SHOT`."""
    found = text(value)
    return PLATE_OF + shot(found.removeprefix(PLATE_OF)).rstrip("*") if found.startswith(PLATE_OF) else sha256(found)


def ages(value: Any) -> tuple[int, int]:
    """Youngest and oldest."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("not two numbers")
    return number(value[0]), number(value[1])


def words(kind: type[StrEnum]) -> str:
    """The allowed words, as a sentence has them."""
    return " or ".join(f'"{member.value}"' for member in kind)


WHEN = "an instant with its zone, such as 2027-03-01T00:00:00Z"
HASH = "a sha256: 64 digits of 0-9 a-f"
YES_NO = "true or false, without quotes"
TEXT = "a text in quotes"
TEXTS = 'a list of texts, such as ["x", "y"]'

HEAD = (
    Blank("grant_id", text, TEXT, "The number of this consent. An amended consent is a new one with its own number.", needed=True),
    Blank("subject_id", person, "p_ and 8 to 32 digits of 0-9 a-f", "The person, by the show's pseudonym.", needed=True),
    Blank("subject_kind", one_of(PersonKind), words(PersonKind), "What the person is to the show.", needed=True),
    Blank("production_id", text, TEXT, "The one production this is for. Another production needs a consent of its own.", needed=True),
    Blank(
        "shots", list_of(shot), 'a list such as ["sh010", "sh02*"]', "The shots this is for; sh02* means all that begin so.", needed=True
    ),
    Blank("purpose", one_of(Purpose), words(Purpose), "What is done to the likeness.", needed=True),
    Blank(
        "description",
        text,
        f"a text of {SHORTEST_DESCRIPTION} characters or more, with at least {FEWEST_CHARACTERS} different letters,"
        ' and without phrases such as "any use"',
        "What will be done, in words the signer was shown: reasonably specific, this use only. It is kept in the log for good: no names.",
        needed=True,
    ),
    Blank(
        "age_range_out", ages, "two whole numbers such as [30, 40], 18 or more", "The youngest and oldest age the person may be shown at."
    ),
    Blank(
        "inputs_allowed",
        list_of(picture),
        'a list of sha256 digests, or "plate:SHOT"',
        "The pictures of the person that may be used. plate:sh010 is the plate registered for that shot.",
        needed=True,
    ),
    Blank(
        "techniques",
        list_of(one_of(Technique)),
        f"a list of {words(Technique)}",
        "How the likeness may be made.",
        needed=True,
        preset='["exemplar_synthesis"]',
    ),
    Blank(
        "model_training",
        flag,
        YES_NO,
        "Whether a network may be trained on the pictures, for these shots only.",
        needed=True,
        preset="false",
    ),
    Blank("biometric_template", flag, YES_NO, "Whether a face template may be computed and kept.", needed=True, preset="false"),
    Blank("notice_given_at", instant, WHEN, "When the person was told of the use: at least 48 hours before valid_from.", needed=True),
    Blank("valid_from", instant, WHEN, "From when this holds.", needed=True),
    Blank(
        "valid_until", instant, WHEN, "When it is over: at this instant it no longer holds. At most 10 years, 5 for a minor.", needed=True
    ),
    Blank("revocable", flag, YES_NO, "Whether the person may take it back.", needed=True, preset="true"),
    Blank(
        "representation",
        one_of(Representation),
        words(Representation),
        "Who advised the grantor. With none, legal has to approve.",
        needed=True,
    ),
    Blank(
        "document_path",
        text,
        "the path of a file",
        "The signed document as a file. Its sha256 is recorded, a sealed copy is kept beside the log; the path is not recorded.",
    ),
    Blank("document_sha256", sha256, HASH, "The sha256 of the signed document; required where document_path is blank."),
)

TERMS = (
    Blank("survives_death", flag, YES_NO, "Whether it goes on after the person's death.", preset="false"),
    Blank("strike_suspends", flag, YES_NO, "Whether a strike suspends it.", preset="true"),
    Blank("sublicense", flag, YES_NO, "Whether it may be sublicensed.", preset="false"),
    Blank("transfer", flag, YES_NO, "Whether it may be transferred.", preset="false"),
    Blank("territories", list_of(text), TEXTS, "Where the result may be shown; empty is everywhere.", preset="[]"),
    Blank("media", list_of(text), TEXTS, "In which media; empty is all.", preset="[]"),
    Blank("languages", list_of(text), TEXTS, "In which languages; empty is all.", preset="[]"),
    Blank("dub_consent", list_of(text), TEXTS, "Into which languages a replica may be dubbed.", preset="[]"),
    Blank("episodes", list_of(text), TEXTS, "The episodes this is for, such as ep101 or ep1*; empty is all of the shots.", preset="[]"),
    Blank("scenes", list_of(text), TEXTS, "The scenes this is for, such as 12a or 12*; empty is all of the shots.", preset="[]"),
    Blank("agreement", text, TEXT, "The agreement it stands under, such as SAG-AFTRA-2026-39."),
    Blank("union_local", text, TEXT, "The union's local."),
    Blank("business_reason", text, TEXT, "Why the production asks."),
    Blank(
        "exemption",
        text,
        '"as_scripted", "unsafe", "unrecognisable" or "customary"',
        "An exemption that is claimed. It never stands in for a consent, and legal has to approve it.",
    ),
    Blank("exemption_decided_by", text, TEXT, "Who decided on the exemption, by id; needed where one is claimed."),
    Blank(
        "revocation_effect",
        one_of(RevocationEffect),
        words(RevocationEffect),
        "What taking it back touches: future jobs only, or also results that are not released yet. They are then set aside.",
    ),
    Blank("model_retention_until", instant, WHEN, "When a trained network is destroyed at the latest."),
    Blank("template_delete_by", instant, WHEN, "When a face template is deleted at the latest."),
    Blank("witness", text, TEXT, "Who witnessed the signature, by id."),
    Blank("supersedes", text, TEXT, "The number of the consent that this one replaces and ends."),
)

TABLES: dict[str, tuple[Blank, ...]] = {
    "grantor": (
        Blank("id", text, TEXT, "Who signs, by id; the person's own subject_id if they sign themselves.", needed=True),
        Blank("role", one_of(GrantorRole), words(GrantorRole), "In what capacity they sign.", needed=True),
        Blank(
            "authority_doc_path",
            text,
            "the path of a file",
            "For anybody but the person: the document that shows they may; its sha256 is recorded, the path is not.",
        ),
        Blank("authority_doc_sha256", sha256, HASH, "The same as a sha256, where authority_doc_path is blank."),
    ),
    "depicted_content_limits": tuple(
        Blank(name, flag, YES_NO, f"Whether the result may be {what}.", preset="false")
        for name, what in {
            "nudity": "shown with nudity",
            "sexual": "shown in a sexual scene",
            "violence": "shown with violence",
            "political": "used politically",
            "commercial": "used in a commercial",
        }.items()
    ),
    "signature": (
        Blank(
            "kind",
            one_of(SignatureKind),
            words(SignatureKind),
            "How it was signed. Only ed25519 can be checked by the software.",
            needed=True,
        ),
        Blank("signed_at", instant, WHEN, "When.", needed=True),
        Blank("separately_signed", flag, YES_NO, "Whether it was signed apart from other terms. It has to be.", needed=True),
        Blank("clear_conspicuous", flag, YES_NO, "Whether it was clear and conspicuous to the signer. It has to be.", needed=True),
        Blank("signer_key", text, "64 digits of 0-9 a-f", "For ed25519: the signer's public key. Signing the form fills it in."),
        Blank("signature", text, "128 digits of 0-9 a-f", "For ed25519: the signature. Signing the form fills it in."),
    ),
}

EXTRA_TABLES: dict[str, tuple[Blank, ...]] = {
    "script_ref": (
        Blank("sha256", sha256, HASH, "The sha256 of the script as a file.", needed=True),
        Blank("dated", instant, WHEN, "When that version of the script was made.", needed=True),
        Blank(
            "existed_before_performance",
            flag,
            YES_NO,
            "Whether it was there before the performance.",
            needed=True,
            preset="false",
        ),
    ),
    "compensation": (
        Blank("basis", text, TEXT, 'On what basis, such as "production_days".', needed=True),
        Blank("days", number, "a whole number", "For how many days: those the person would have worked.", preset="0"),
        Blank("rate_ref", text, TEXT, "Where the rate is agreed, by reference."),
        Blank("residuals", flag, YES_NO, "Whether residuals are paid as if in person.", preset="false"),
        Blank("payroll_ref", text, TEXT, "The payroll's reference."),
    ),
}

APPROVAL = (
    Blank("role", text, 'a text such as "legal" or "studio"', "", needed=True),
    Blank("approver", text, "an id", "", needed=True),
    Blank("at", instant, WHEN, "", needed=True),
    Blank("ref", text, TEXT, "", needed=True),
)
