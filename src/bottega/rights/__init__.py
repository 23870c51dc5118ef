"""The ledger, the decision and the signed clearance. No pixels."""

from .clearance import Clearance, verify_clearance
from .decision import Decision, decide
from .forms.consent_form import read_form, sign_form, template
from .gate import Door, Gate
from .ledger import Clock, Entry, Head, Ledger, Transaction, wall_clock
from .private.keys import key_folder, key_id, load_gate_key, load_public_key, make_gate_key, private_key_path, write_public_key
from .private.people import ERASED, PeopleStore
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
    "PeopleStore",
    "PlateFaces",
    "Records",
    "State",
    "Transaction",
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
    "load_public_key",
    "make_gate_key",
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
    "template",
    "verify_clearance",
    "wall_clock",
    "write_public_key",
]
