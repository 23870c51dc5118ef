"""Consents of people and licences of works, as they are kept in the ledger.

Every instant is UTC to the microsecond and every validity is half-open, [from, until): at `valid_until` it is over.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from .errors import UsageError
from .names import code, label, sha256_text
from .people import PersonKind
from .record import Record
from .use import Purpose


class GrantorRole(StrEnum):
    """In what capacity somebody grants."""

    SELF = "self"
    GUARDIAN = "guardian"
    ESTATE = "estate"
    UNION = "union"
    AGENT = "agent"


class Representation(StrEnum):
    """Who advised the grantor. With nobody, legal has to look at it."""

    LAWYER = "lawyer"
    UNION = "union"
    NONE = "none"


class Technique(StrEnum):
    """How a likeness may be made."""

    EXEMPLAR_SYNTHESIS = "exemplar_synthesis"
    PER_SHOT_NETWORK = "per_shot_network"
    RENDER = "render"
    EXTERNAL_MODEL = "external_model"


class SignatureKind(StrEnum):
    """How a consent was signed. Only an `ed25519` signature is checked by the machine; the others are documents."""

    WET_SCAN = "wet-scan"
    E_SIGN = "e-sign"
    ED25519 = "ed25519"


class RevocationEffect(StrEnum):
    """What a revocation touches: jobs from now on, or also what was made and is not released."""

    FUTURE_JOBS = "future_jobs"
    UNRELEASED_OUTPUTS = "unreleased_outputs"


class LicenceKind(StrEnum):
    """On what ground a work may be used."""

    WORK_FOR_HIRE = "work-for-hire"
    OWN = "own"
    CC0 = "cc0"
    LICENSED = "licensed"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Grantor(Record):
    """Who grants. Anybody but the person themself needs a document that shows their authority."""

    id: str
    role: GrantorRole
    authority_doc_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Signature(Record):
    """The grantor's signature. `signer_key` and `signature` are lower-case hexadecimal, for kind `ed25519` only."""

    kind: SignatureKind
    signed_at: datetime
    separately_signed: bool
    clear_conspicuous: bool
    signer_key: str | None = None
    signature: str | None = None

    def __post_init__(self) -> None:
        _instants_in_utc(self)


@dataclass(frozen=True, kw_only=True)
class ContentLimits(Record):
    """What the picture made with a likeness may depict. Nothing, unless it was granted."""

    nudity: bool = False
    sexual: bool = False
    violence: bool = False
    political: bool = False
    commercial: bool = False


@dataclass(frozen=True, kw_only=True)
class Approval(Record):
    """A named human's yes. `approver` is an id; `ref` points at the document or mail."""

    role: str
    approver: str
    at: datetime
    ref: str

    def __post_init__(self) -> None:
        _instants_in_utc(self)


@dataclass(frozen=True, kw_only=True)
class ScriptRef(Record):
    """The script that a performance followed, by hash and date."""

    sha256: str
    dated: datetime
    existed_before_performance: bool

    def __post_init__(self) -> None:
        _instants_in_utc(self)


@dataclass(frozen=True, kw_only=True)
class Compensation(Record):
    """How the use is paid. The software reports the days; it does not pay."""

    basis: str
    days: int | None = None
    rate_ref: str | None = None
    residuals: bool | None = None
    payroll_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Consent(Record):
    """What a person, or somebody for them, allows to be done with their likeness. The fields without a default are required.

    `inputs_allowed` are the pictures of the person that may be used: the sha256 of an exemplar, or `plate:SHOT` for whatever
    plate is registered for that shot of this show. `shots` are shot codes, or a prefix and `*`.
    """

    schema: ClassVar[str] = "bottega.consent"

    grant_id: str
    subject_id: str
    subject_kind: PersonKind
    grantor: Grantor
    representation: Representation
    production_id: str
    shots: tuple[str, ...]
    purpose: Purpose
    description: str
    depicted_content_limits: ContentLimits
    inputs_allowed: tuple[str, ...]
    techniques: tuple[Technique, ...]
    model_training: bool
    biometric_template: bool
    valid_from: datetime
    valid_until: datetime
    document_sha256: str
    signature: Signature
    revocable: bool

    age_range_out: tuple[int, int] | None = None
    notice_given_at: datetime | None = None
    survives_death: bool = False
    strike_suspends: bool = True
    sublicense: bool = False
    transfer: bool = False
    approvals: tuple[Approval, ...] = ()
    supersedes: str | None = None
    revocation_effect: str | None = None
    union_local: str | None = None
    agreement: str | None = None
    episodes: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    script_ref: ScriptRef | None = None
    exemption: str | None = None
    exemption_decided_by: str | None = None
    model_retention_until: datetime | None = None
    template_delete_by: datetime | None = None
    media: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    dub_consent: tuple[str, ...] = ()
    compensation: Compensation | None = None
    business_reason: str | None = None
    witness: str | None = None

    def __post_init__(self) -> None:
        _instants_in_utc(self)


@dataclass(frozen=True, kw_only=True)
class Licence(Record):
    """The ground on which works may be used as exemplars on one show.

    `works` are the digests it covers. Empty means every work registered under it; only what the show made or ordered itself
    (work-for-hire, own, production) may be covered like that. A `licensed` work needs the sha256 of its document.
    """

    schema: ClassVar[str] = "bottega.licence"

    licence_id: str
    kind: LicenceKind
    rightsholder: str
    show_id: str
    works: tuple[str, ...] = ()
    exemplar_ok: bool = True
    train_ok: bool = False
    attribution_name: str | None = None
    valid_until: datetime | None = None
    doc_sha256: str | None = None

    def __post_init__(self) -> None:
        _instants_in_utc(self)
        code(self.licence_id, "Licence.licence_id")
        label(self.rightsholder, "Licence.rightsholder")
        for work in self.works:
            sha256_text(work, "Licence.works")
        if self.doc_sha256 is not None:
            sha256_text(self.doc_sha256, "Licence.doc_sha256")
        if self.kind is LicenceKind.LICENSED and self.doc_sha256 is None:
            raise UsageError(f"licence {self.licence_id}: kind licensed needs doc_sha256, the sha256 of the signed licence; given none")
        if self.kind in (LicenceKind.LICENSED, LicenceKind.CC0) and not self.works:
            raise UsageError(f"licence {self.licence_id}: kind {self.kind.value} needs the digests of the works that it covers; given none")


def _instants_in_utc(record: Record) -> None:
    """Keep every instant in UTC, so that comparisons are of instants: two times in one zone compare by their wall clocks."""
    for f in dataclasses.fields(record):
        at = getattr(record, f.name)
        if isinstance(at, datetime):
            if at.tzinfo is None:
                raise UsageError(f"{type(record).__name__}.{f.name}: {at.isoformat()} has no time zone; write it as 2026-03-01T12:00:00Z")
            object.__setattr__(record, f.name, at.astimezone(UTC))
