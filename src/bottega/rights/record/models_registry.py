"""Putting weights and face templates into the ledger, and their destruction."""

from __future__ import annotations

from datetime import datetime

from bottega.model import Consent, Learned, LearnedKind, UsageError, label, sha256_text, shown, subject_id, utc_text
from bottega.rights.ledger import Entry, Ledger

from .registry import _need, _record
from .state import State

_WORD = {LearnedKind.NETWORK: "model", LearnedKind.TEMPLATE: "template", LearnedKind.EXTERNAL: "external"}


def keeping_ends(consent: Consent, kind: LearnedKind) -> datetime | None:
    """Until when a consent lets weights, or a template, be kept; None where it does not allow them at all."""
    if kind is LearnedKind.TEMPLATE:
        allowed, until = consent.biometric_template, consent.template_delete_by
    else:
        allowed, until = consent.model_training, consent.model_retention_until
    return (until or consent.valid_until) if allowed else None


def register_model(ledger: Ledger, learned: Learned) -> Entry:
    """Register weights or a template. It may be kept no longer than the consent of everybody whose face it knows allows.

    Raises UsageError where a picture, person or consent is missing, or a date is too late.
    """

    def check(state: State) -> None:
        if learned.show_id != state.show_id:
            raise UsageError(f"model {learned.digest[:12]} is of show {shown(learned.show_id)}, allowed is this one, {state.show_id!r}")
        if learned.digest in state.models:
            raise UsageError(f"model {learned.digest[:12]} is registered already: its scope is never widened, make and register another")
        for digest in (learned.digest, *learned.trained_on):
            _need(digest, state.exemplars, "exemplar")
        for person in learned.subjects:
            _need(person, state.people, "person")
        _check_grants(state, learned)

    if learned.extra:
        raise UsageError(f"model {learned.digest[:12]}: unknown fields {', '.join(sorted(learned.extra))}")
    return _record(ledger, f"{_WORD[learned.kind]}.registered", learned.to_json(), check)


def register_destruction(ledger: Ledger, digest: str, *, how: str, by: str) -> Entry:
    """Record that weights or a template are gone: after this, loading any copy is refused."""
    kind = _need(sha256_text(digest, "model digest"), State.of(ledger).models, "model").learned.kind
    data = {"digest": digest, "how": label(how, "how"), "by": subject_id(by, "destroyed by")}
    return _record(ledger, f"{_WORD[kind]}.destroyed", data, lambda state: _need(by, state.people, "person"))


def _check_grants(state: State, learned: Learned) -> None:
    granted = {}
    for grant_id in learned.grants:
        grant = _need(grant_id, state.grants, "consent")
        if grant.ended is not None or grant.consent.subject_id not in learned.subjects:
            raise UsageError(f"consent {grant_id} was {grant.ended or 'given by somebody else'}: the model cannot stand on it")
        ends = keeping_ends(grant.consent, learned.kind)
        if ends is None:
            needed = "biometric_template" if learned.kind is LearnedKind.TEMPLATE else "model_training"
            raise UsageError(f"consent {grant_id} does not allow it: {needed} has to be true")
        if learned.delete_by > ends:
            raise UsageError(
                f"model {learned.digest[:12]}: delete_by is {utc_text(learned.delete_by)}, consent {grant_id} allows {utc_text(ends)}"
            )
        granted[grant.consent.subject_id] = grant_id
    missing = [person for person in learned.subjects if person not in granted]
    if missing:
        raise UsageError(f"model {learned.digest[:12]}: no consent is named for {', '.join(missing)}")
