"""The kinds of ledger entry. A kind that is not listed cannot be written, and one found in a ledger stops the gate.

A newer Bottega may log a fact that restricts (a suspension, say); passing over what we do not know would be saying yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "show.created": "the show begins, bound to the gate's public key",
        "person.added": "a person by pseudonym; a later entry for the same id changes kind or role",
        "licence.added": "the ground on which works may be used",
        "licence.revoked": "a licence ends",
        "exemplar.registered": "a picture by digest, with role, author and licence",
        "shot.registered": "a shot and its plate by digest; a later entry is a new turnover",
        "grant.created": "a person's consent",
        "grant.revoked": "a consent ends",
        "approval.added": "a named human's yes to a consent, or to a job on a shot",
        "declaration.made": "somebody says that pictures show no performer whom a job touches",
        "strike.declared": "a strike begins: consents that it suspends do not hold",
        "strike.ended": "a strike ends",
        "grant.suspended": "a consent does not hold for now: a dispute, a strike of one's own, another cause",
        "grant.resumed": "a suspended consent holds again",
        "subject.died": "a person died: what was not granted beyond death ends",
        "subject.erased": "a person's key was deleted: nobody can read their name and documents any more",
        "transfer.requested": "somebody asked to transfer a consent, and whether the consent lets them",
        "transfer.approved": "the union approved whom a consent is transferred to",
        "gate.decided": "the gate said yes or no to a use, and on what facts",
        "clearance.spent": "a worker used a clearance for the first time; nobody else can",
        "pack.adopted": "a policy pack holds from now on; the entry is its whole text",
        "pack.dropped": "a policy pack holds no more",
        "environment.approved": "a place may be used for production material, perhaps for training",
        "hold.resolved": "a named human looked at what the gate held, and says that it may go on",
        "key.registered": "a person's own public key, and the role in which they sign",
        "key.revoked": "a person's own key counts no more, for what it signed before too",
        "override.granted": "two people of different roles signed that a refusal may be passed over",
        "override.used": "the gate said yes on an override",
        "job.started": "a job began",
        "output.registered": "a file that a job made, by digest",
        "key.rotated": "the gate's or the log's key is replaced, on the word of the key before",
        "clock.accepted": "a named human says that the clock, which was set, is right",
        "faces.assigned": "somebody says whose face a track of a plate is; a later entry for the same track replaces it",
        "faces.detected": "what a detector found on a plate",
        "faces.reviewed": "a named human says that these are all the faces of a plate",
        "model.registered": "weights trained on the show's pictures: for whom, for which shots, until when",
        "model.destroyed": "such weights were destroyed",
        "template.registered": "a performer's face template: until when it may be kept",
        "template.destroyed": "a face template was destroyed",
        "external.registered": "a model from outside, by its folder's digest: for which shots, until when",
        "external.destroyed": "a model from outside was struck off: it is not used any more",
        "job.quarantined": "a job was stopped and its output set aside",
    }
)

NEUTRAL_PREFIXES = ("note.", "review.")
"""Kinds of other rooms that never restrict what the gate allows."""


def is_known(kind: str) -> bool:
    """Whether this version understands entries of that kind."""
    return kind in KINDS or kind.startswith(NEUTRAL_PREFIXES)
