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
    ScriptRef,
    Signature,
    SignatureKind,
    Technique,
)
from .errors import BottegaError, ConsentError, CredentialError, FootageError, JobError, Reason, UsageError
from .exemplar import CHUNK_BYTES, Exemplar, Role, SealedFile, content_digest
from .faces import Detection, FaceBox, FaceDocument, FaceKind, FaceTrack, faces_digest
from .frames import FrameRange
from .learned import Learned, LearnedKind
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
    "Detection",
    "Exemplar",
    "FaceBox",
    "FaceDocument",
    "FaceKind",
    "FaceTrack",
    "FootageError",
    "FrameRange",
    "Grantor",
    "GrantorRole",
    "Input",
    "JobError",
    "Learned",
    "LearnedKind",
    "Licence",
    "LicenceKind",
    "Output",
    "Person",
    "PersonKind",
    "Purpose",
    "Reason",
    "Record",
    "Representation",
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
    "faces_digest",
    "label",
    "sha256_text",
    "shown",
    "subject_id",
    "utc_instant",
    "utc_text",
]
