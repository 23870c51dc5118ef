"""The nouns: frozen records with versioned JSON. Standard library only, no pixels, nothing of ours."""

from .errors import BottegaError, ConsentError, CredentialError, FootageError, JobError, Reason, UsageError
from .exemplar import CHUNK_BYTES, Exemplar, Role, SealedFile, content_digest
from .frames import FrameRange
from .names import code, label, sha256_text, shown
from .record import Record, canonical_json, utc_instant, utc_text
from .show import Shot, Show
from .take import Claim, Output, Share, Take, TakeInput, TakeState
from .use import Delivery, Input, Purpose, Use

__all__ = [
    "CHUNK_BYTES",
    "BottegaError",
    "Claim",
    "ConsentError",
    "CredentialError",
    "Delivery",
    "Exemplar",
    "FootageError",
    "FrameRange",
    "Input",
    "JobError",
    "Output",
    "Purpose",
    "Reason",
    "Record",
    "Role",
    "SealedFile",
    "Share",
    "Shot",
    "Show",
    "Take",
    "TakeInput",
    "TakeState",
    "UsageError",
    "Use",
    "canonical_json",
    "code",
    "content_digest",
    "label",
    "sha256_text",
    "shown",
    "utc_instant",
    "utc_text",
]
