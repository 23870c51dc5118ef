"""The nouns: frozen records with versioned JSON. Standard library only, no pixels, nothing of ours."""

from .consent import (
    Approval,
    Compensation,
    Consent,
    ContentLimits,
    Grantor,
    GrantorRole,
    Licence,
    LicenceKind,
    Representation,
    RevocationEffect,
    ScriptRef,
    Signature,
    SignatureKind,
    Technique,
)
from .errors import BottegaError, ConsentError, CredentialError, FootageError, JobError, Reason, UsageError
from .exemplar import CHUNK_BYTES, Exemplar, Role, SealedFile, content_digest
from .frames import FrameRange
from .names import code, label, sha256_text, shown
from .people import Person, PersonKind, subject_id
from .record import Record, canonical_json, utc_instant, utc_text
from .show import Shot, Show
from .take import Claim, Output, Share, Take, TakeInput, TakeState
from .use import Content, Delivery, Input, Purpose, Use

__all__ = [
    "CHUNK_BYTES",
    "Approval",
    "BottegaError",
    "Claim",
    "Compensation",
    "Consent",
    "ConsentError",
    "Content",
    "ContentLimits",
    "CredentialError",
    "Delivery",
    "Exemplar",
    "FootageError",
    "FrameRange",
    "Grantor",
    "GrantorRole",
    "Input",
    "JobError",
    "Licence",
    "LicenceKind",
    "Output",
    "Person",
    "PersonKind",
    "Purpose",
    "Reason",
    "Record",
    "Representation",
    "RevocationEffect",
    "Role",
    "ScriptRef",
    "SealedFile",
    "Share",
    "Shot",
    "Show",
    "Signature",
    "SignatureKind",
    "Take",
    "TakeInput",
    "TakeState",
    "Technique",
    "UsageError",
    "Use",
    "canonical_json",
    "code",
    "content_digest",
    "label",
    "sha256_text",
    "shown",
    "subject_id",
    "utc_instant",
    "utc_text",
]
