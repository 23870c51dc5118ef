"""Every reason for which the gate says no: a stable code, what it means in plain words, and what to do next.

Codes are a contract (they stand in ledgers for good): add, never rename. There is no code for yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bottega.model import ConsentError, Reason

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the use itself
        "no_policies": ("no rule was asked, so nothing is allowed", "run the gate with its rules"),
        "wrong_show": ("the use, consent or clearance belongs to another show", "get a consent for this show"),
        "no_inputs": ("the job names no picture to read", "name the plate and the keys"),
        "unknown_shot": ("the shot is not in the ledger", "register the shot with its plate first"),
        "unknown_exemplar": ("a picture is not in the ledger", "register exactly this file; a re-saved or graded copy is another picture"),
        "hash_changed": ("a file is not the one that was registered and cleared", "add the changed file as a new picture, or restore it"),
        "unknown_layer": (
            "a file holds a picture or data that Bottega does not know",
            "save it flattened: one page or part, red, green, blue and alpha only",
        ),
        "tampered_credential": (
            "the Content Credentials of a picture do not hold",
            "get the file as its maker signed it; nothing strips or repairs them here",
        ),
        "mining_not_allowed": (
            "a picture says that such use is not allowed",
            "get a licence with a document from its rightsholder that allows it",
        ),
        "chained": (
            "a picture was made by Bottega, and what it was made under does not cover this use",
            "use the work that it was made from, with the consent of everybody in it",
        ),
        "named_person": ("the words of the job name a person who has no consent for it", "name nobody, or add the person with a consent"),
        "text_review": ("the words of the job may name a person", "name nobody, or have somebody look and resolve it"),
        "unmarked": ("a file cannot carry the mark that says how it was made", "deliver it in a format that can"),
        "attribution": (
            "the shares of a take do not sum to one, or a work in it has no licence that holds",
            "license every work, then make the take again",
        ),
        "wrong_role": ("a picture is registered as something else", "register it in the role in which the job reads it"),
        "no_licence": ("a picture has no licence on record", "register the picture with a licence"),
        "licence_revoked": ("the licence of a picture was revoked", "use another picture, or get a new licence"),
        "licence_expired": ("the licence of a picture is over", "extend the licence and record it as a new one"),
        "licence_scope": ("the licence of a picture does not cover this use", "get a licence that does"),
        "declaration_missing": (
            "nobody has said whether a performer is touched",
            "name the people, or have somebody declare that there are none",
        ),
        "contradiction": ("the use says both that a performer is touched and that none is", "state it one way"),
        "empty_subjects": ("a performer is touched but nobody is named", "name every person whose likeness the job touches"),
        "purpose": ("the purpose is missing or not the one consented to", "state the purpose, or get a consent for it"),
        "minor_depicted": ("the result would depict somebody under 18", "nothing lifts this rule: choose a target of 18 or more"),
        "minor_content": ("a minor would be shown in nudity or a sexual scene", "nothing lifts this rule"),
        "approval_missing": ("a final delivery lacks an approval", "have legal and the studio approve, and record both"),
        "unsure": ("a fact is missing, or was stated in a way that cannot be read", "state it with --state FACT=VALUE"),
        "escalate": ("a policy pack wants people to look at this use", "have the roles named approve it, and record that"),
        "environment": ("the place where the job runs is not approved", "run it where it is approved, or have security approve the place"),
        "override_invalid": ("the override does not hold", "have legal and the studio sign a new one, each with their own key"),
        # the person
        "unknown_person": ("a person is not in the ledger", "add the person first"),
        "no_consent": ("a person has given no consent", "have the person fill in and sign a consent"),
        "revoked": ("the consent was revoked", "stop; only a new consent by the person opens this again"),
        "superseded": ("the consent was replaced by a later one", "use the later one"),
        "newer_record": ("the record was written by a newer Bottega and may hold limits we cannot read", "update Bottega"),
        "empty_field": ("a required field of the consent is empty", "have the consent completed and signed again"),
        "wrong_shot": ("the consent does not cover this shot", "get a consent for this shot"),
        "not_yet_valid": ("the consent does not hold yet", "wait until it does"),
        "expired": ("the consent is over", "get a new consent"),
        "term": ("the consent runs longer than anybody may grant", "shorten it: 10 years for an adult, 5 for a minor"),
        "age_range": ("the age is missing or outside the range consented to", "stay inside the range, or get a consent for that age"),
        "guardian_missing": ("a minor's consent is not by a guardian", "have the guardian consent"),
        "reconsent": ("a guardian consented for somebody who is of age now", "ask the person themself"),
        "deceased_no_estate": ("the person is dead and nobody entitled consented", "ask the estate"),
        "authority_missing": ("who granted cannot show the right to", "record the document that shows their authority"),
        "notice": ("notice was given less than 48 hours before", "give notice, wait 48 hours"),
        "vague_description": ("the description does not say what will be done", "describe this very use in at least 40 characters"),
        "not_separately_signed": (
            "the consent was not signed separately, clearly and conspicuously",
            "have it signed apart from other terms",
        ),
        "signature_invalid": (
            "the grantor's signature does not verify, or lies in the future",
            "have the grantor sign the record as it stands",
        ),
        "representation_review": ("neither a lawyer nor a union advised the grantor", "have legal review and approve this consent"),
        "input_not_allowed": (
            "a picture of the person is not among those consented to",
            "use the pictures listed, or get a consent for this one",
        ),
        "technique": ("the technique is not consented to", "use a technique that is, or get a consent for this one"),
        "territory": ("the territory is not consented to, or not stated", "state it, or get a consent for it"),
        "episode": ("the episode is not consented to, not stated, or not that of the shot", "state it, or get a consent for it"),
        "scene": ("the scene is not consented to, not stated, or not that of the shot", "state it, or get a consent for it"),
        "medium": ("the medium is not consented to, or not stated", "state it, or get a consent for it"),
        "language": ("the language is not consented to, or not stated", "state it, or get a consent for it"),
        "exemption_undecided": (
            "an exemption is claimed that nobody decided on, or that legal has not approved",
            "have legal decide on it, and record who did",
        ),
        "script_after_performance": (
            "the script that a consent calls on did not exist before the performance",
            "get a consent that claims no exemption",
        ),
        "content": ("the picture would depict what the consent excludes", "change the scene, or get a consent for it"),
        "strike": ("a strike suspends the consent", "wait until the strike is over"),
        "suspended": ("the consent is suspended", "wait until it is resumed"),
        "disputed": ("somebody disputes the consent or what is done under it", "stop until the dispute is settled and recorded as such"),
        "died": ("the person died, and the consent was not to survive that", "ask the estate for a consent"),
        "erased": (
            "the person's name and documents were erased, so the consent cannot be shown",
            "have the person added anew, with a new consent",
        ),
        "transfer": ("the consent does not allow a transfer", "have the person grant a consent to whom it shall go to"),
        # who is in the picture
        "uncovered_subject": (
            "the edit may touch the face of somebody who is not among the people of the use",
            "name that person too, with their consent, or keep the edit off the face by a matte",
        ),
        "bystander_touched": ("the edit may touch a bystander's face", "keep the edit off the face by a matte"),
        "face_depicted": ("a face on a poster, a screen or in a photograph is in the shot", "have legal clear it, and record that"),
        "reflection": ("a reflection of somebody who is not among the people of the use is in the shot", "have a human judge it"),
        "double": ("a double's face becomes a performer's, and not both have consented", "get the consent of both"),
        "lookalike": ("a look-alike or twin is in the shot", "have a human say which of them consented"),
        "likeness_object": ("a wax figure, mask, statue or painting of a face is in the shot", "have legal clear it, and record that"),
        "detector_silent": ("a detector looked for a face that was declared, and found none", "have a human look at the frames"),
        "face_unassigned": (
            "a detector found a face that nobody assigned, and the edit may touch it",
            "assign it (`bottega faces assign`), or keep the edit off it by a matte",
        ),
        "face_untracked": ("a detector found a face beside the edit that nobody assigned", "assign it (`bottega faces assign`)"),
        "person_untracked": (
            "the faces of the plate were reviewed, and none is that of a person of the use",
            "assign their face and review again, or leave the person out",
        ),
        "faces_unreviewed": (
            "nobody said of this very plate that its recorded faces are all",
            "assign every face, look at them (`bottega faces sheet`), and review them (`bottega faces review`)",
        ),
        # weights and templates
        "model_scope": (
            "a model or face template is used outside what it was registered for, or stands on what has ended",
            "make and register one for this very use",
        ),
        "model_destroyed": ("a model or face template was destroyed", "it cannot be used again; make another"),
        "model_overdue": ("a model or face template should have been deleted by now", "destroy it (`bottega model destroy`)"),
        # the clearance at the door
        "forged": ("the clearance was not signed by this gate, or was changed since", "ask the gate for a new one"),
        "unknown_key": ("the key is not the one that this show was created with", "restore keys/gate.pub of this show"),
        "wrong_job": ("the clearance was issued to another job", "ask the gate for one for this job"),
        "not_listed": ("the clearance does not list this picture", "name the picture in the use, and ask the gate again"),
        "clearance_expired": ("the clearance is not valid at this time", "ask the gate for a new one"),
        "not_recorded": ("the ledger holds no decision that matches the clearance", "ask the gate for a new one"),
        "replayed": ("the clearance was used by another worker", "ask the gate for one for each worker"),
        # the ledger
        "ledger_invalid": (
            "the ledger is damaged, was altered or is no ledger",
            "restore it from a copy that verifies; the gate stays shut",
        ),
        "ledger_unreachable": (
            "the ledger cannot be read or written",
            "check the disk, the permissions and other processes; the gate stays shut",
        ),
        "clock": (
            "the clock stands before the ledger's last entry, or was set since the machine started",
            "set the clock right, or have a named human accept it",
        ),
        "rollback": ("the ledger has fewer entries than were signed on this machine", "restore the newest copy; the gate stays shut"),
        "split_view": ("the ledger's past is not the one that was signed on this machine", "restore the true one; the gate stays shut"),
        "mark_missing": (
            "this machine does not have the ledger's high-water mark",
            "restore the mark, or have a named human accept the ledger as it stands",
        ),
        "unknown_checkpoint_key": (
            "a checkpoint of the ledger is not signed by a key that the ledger names",
            "restore keys/log.vkey, the mark and the ledger; the gate stays shut",
        ),
    }
)

HOLDS: frozenset[str] = frozenset(
    {
        "detector_silent",
        "environment",
        "escalate",
        "face_depicted",
        "face_untracked",
        "faces_unreviewed",
        "likeness_object",
        "lookalike",
        "person_untracked",
        "reconsent",
        "reflection",
        "representation_review",
        "text_review",
        "unsure",
    }
)
"""Reasons that only hold a use until a named human has looked (case H of the gate's cases). Every other one is a plain no."""


def reason(code: str, detail: str) -> Reason:
    """A Reason whose text ends with what to do next. An unlisted code raises KeyError: it would be a bug of ours."""
    return Reason(code, f"{detail}; {REASONS[code][1]}")


def refusal(code: str, detail: str) -> ConsentError:
    """A ConsentError with one reason."""
    return ConsentError(reason(code, detail))
