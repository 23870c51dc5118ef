"""The ledger, the decision and the signed clearance. No pixels."""

from .clearance import Clearance, verify_clearance
from .decision import Decision, decide
from .forms.consent_form import read_form, sign_form
from .forms.consent_template import template
from .gate import Door, Gate
from .ledger import Clock, Database, Entry, Head, Ledger, Mark, Notary, SteadyClock, Transaction, Verifier, log_signer, wall_clock
from .private.keys import (
    key_folder,
    key_id,
    load_gate_key,
    load_log_key,
    load_public_key,
    make_gate_key,
    make_log_key,
    mark_folder,
    private_key_path,
    write_public_key,
)
from .private.people import ERASED, PeopleStore
from .private.subject_keys import SubjectKeys, subject_keys_path
from .reasons import REASONS
from .record.consents import Grant
from .record.faces import FaceReview, PlateFaces
from .record.faces_registry import assign_faces, record_detection, review_faces
from .record.models import KnownModel
from .record.models_registry import register_destruction, register_model
from .record.registry import (
    add_consent,
    add_licence,
    add_person,
    approve_consent,
    approve_job,
    create_show,
    declare_no_performer,
    declare_strike,
    register_exemplar,
    register_shot,
    revoke,
    revoke_licence,
)
from .record.state import State
from .record.works import KnownExemplar, KnownLicence
from .records import Records

__all__ = [
    "ERASED",
    "REASONS",
    "Clearance",
    "Clock",
    "Database",
    "Decision",
    "Door",
    "Entry",
    "FaceReview",
    "Gate",
    "Grant",
    "Head",
    "KnownExemplar",
    "KnownLicence",
    "KnownModel",
    "Ledger",
    "Mark",
    "Notary",
    "PeopleStore",
    "PlateFaces",
    "Records",
    "State",
    "SteadyClock",
    "SubjectKeys",
    "Transaction",
    "Verifier",
    "add_consent",
    "add_licence",
    "add_person",
    "approve_consent",
    "approve_job",
    "assign_faces",
    "create_show",
    "decide",
    "declare_no_performer",
    "declare_strike",
    "key_folder",
    "key_id",
    "load_gate_key",
    "load_log_key",
    "load_public_key",
    "log_signer",
    "make_gate_key",
    "make_log_key",
    "mark_folder",
    "private_key_path",
    "read_form",
    "record_detection",
    "register_destruction",
    "register_exemplar",
    "register_model",
    "register_shot",
    "review_faces",
    "revoke",
    "revoke_licence",
    "sign_form",
    "subject_keys_path",
    "template",
    "verify_clearance",
    "wall_clock",
    "write_public_key",
]
