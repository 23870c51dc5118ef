"""A consent in plain words: what it allows, what stays refused, how it ends. For the page that is printed, and nothing decides on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bottega.model import (
    Consent,
    Content,
    GrantorRole,
    PersonKind,
    Purpose,
    Representation,
    RevocationEffect,
    SignatureKind,
    Technique,
)

Rows = list[tuple[str, str]]

PURPOSES: Mapping[Purpose, str] = {
    Purpose.DEAGE: "be shown younger than they are",
    Purpose.AGE_UP: "be shown older than they are",
    Purpose.ALTERATION: "be altered in a picture that was shot",
    Purpose.REPLICA_NEW_SCENE: "appear as a replica in a scene that they did not perform",
    Purpose.STUNT: "be put on a double's performance",
    Purpose.DUB: "be altered to fit another language",
    Purpose.BACKGROUND_FILL: "be used to fill a background",
}
TECHNIQUES: Mapping[Technique, str] = {
    Technique.EXEMPLAR_SYNTHESIS: "by carrying painted key frames over the shot",
    Technique.PER_SHOT_NETWORK: "by a network trained for these shots alone",
    Technique.RENDER: "by a rendered model",
    Technique.EXTERNAL_MODEL: "by a model that was trained elsewhere, used under its licence",
}
CONTENTS: Mapping[Content, str] = {
    Content.NUDITY: "nudity",
    Content.SEXUAL: "a sexual scene",
    Content.VIOLENCE: "violence",
    Content.POLITICAL: "a political use",
    Content.COMMERCIAL: "a commercial",
}
GRANTORS: Mapping[GrantorRole, str] = {
    GrantorRole.SELF: "the person themself",
    GrantorRole.GUARDIAN: "as guardian",
    GrantorRole.ESTATE: "for the estate",
    GrantorRole.UNION: "for the union",
    GrantorRole.AGENT: "as agent",
}
ADVICE: Mapping[Representation, str] = {
    Representation.LAWYER: "a lawyer",
    Representation.UNION: "a union",
    Representation.NONE: "nobody; legal has to review this consent before it holds",
}
SIGNED: Mapping[SignatureKind, str] = {
    SignatureKind.WET_SCAN: "by hand, and scanned",
    SignatureKind.E_SIGN: "by an electronic signature service",
    SignatureKind.ED25519: "by the signer's own key; the software has verified it over this very record",
}
NEVER_FOR_MINORS = "No minor is ever shown in nudity or a sexual scene, whoever consents."


def when(at: datetime) -> str:
    """An instant as a reader expects it."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def granted(c: Consent) -> Rows:
    """What may be done."""
    ages = f"{c.age_range_out[0]} to {c.age_range_out[1]} years" if c.age_range_out else "no change of age"
    rows = [
        ("The person may", PURPOSES[c.purpose]),
        ("In the words shown to the signer", f"“{c.description}”"),
        ("Production", f"{c.production_id}, and no other"),
        ("Shots", _listed(c.shots)),
        ("Ages shown", ages),
        ("How", "; ".join(TECHNIQUES[t] for t in c.techniques)),
        ("Pictures of the person", "; ".join(_picture(p) for p in c.inputs_allowed)),
        ("Training a network", f"yes, destroyed by {_until(c.model_retention_until)}" if c.model_training else "no"),
        ("Face template", f"yes, deleted by {_until(c.template_delete_by)}" if c.biometric_template else "no"),
    ]
    rows += [("Episodes", _listed(c.episodes))] if c.episodes else []
    rows += [("Scenes", _listed(c.scenes))] if c.scenes else []
    if c.exemption:
        by = f"decided by {c.exemption_decided_by}" if c.exemption_decided_by else "not decided by anybody"
        rows.append(("Exemption claimed", f"{c.exemption}, {by}"))
    if c.script_ref:
        before = "before" if c.script_ref.existed_before_performance else "NOT before"
        rows.append(("Script", f"sha256 {c.script_ref.sha256[:16]}…, of {when(c.script_ref.dated)}, {before} the performance"))
    return rows


def limits(c: Consent) -> Rows:
    """Time and place."""
    return [
        ("From", when(c.valid_from)),
        ("Until", f"{when(c.valid_until)}; at that instant it no longer holds"),
        ("Notice was given", when(c.notice_given_at) if c.notice_given_at else "never"),
        ("Territories", _listed(c.territories) or "everywhere: no limit was set"),
        ("Media", _listed(c.media) or "all: no limit was set"),
        ("Languages", _listed(c.languages) or "all: no limit was set"),
        ("Dubbing of the replica", _listed(c.dub_consent) or "none"),
    ]


def refused(c: Consent) -> Iterator[str]:
    """What stays refused, a sentence each."""
    yield "Everything that is not granted above: another production, shot, purpose, picture, technique or time."
    yield "Showing the person, or anybody, younger than 18 years, whoever consents."
    shut = [words for content, words in CONTENTS.items() if not getattr(c.depicted_content_limits, content.value)]
    if shut:
        yield f"Showing the person in, or using the picture for: {', '.join(shut)}."
    if not c.model_training:
        yield "Training a network on the person's pictures."
    if not c.biometric_template:
        yield "Computing or keeping a face template."
    if not c.sublicense and not c.transfer:
        yield "Passing this consent on: no sublicence, no transfer."
    if c.subject_kind is PersonKind.MINOR:
        yield NEVER_FOR_MINORS


def endings(c: Consent) -> Rows:
    """What ends, suspends or passes on the consent."""
    effect = {
        RevocationEffect.FUTURE_JOBS.value: "new jobs are refused and running ones stop; results that are there stay",
        RevocationEffect.UNRELEASED_OUTPUTS.value: "new jobs are refused, running ones stop, and unreleased results are set aside",
    }.get(c.revocation_effect or RevocationEffect.FUTURE_JOBS.value, c.revocation_effect or "")
    agreed = "yes" if c.revocable else "not by the terms of this consent; a revocation stops the work all the same"
    return [
        ("May it be revoked", agreed),
        ("What a revocation does", effect),
        ("A complaint", "suspends it at once, until the dispute is settled"),
        ("A strike", "suspends it" if c.strike_suspends else "does not suspend it"),
        ("The person's death", "does not end it" if c.survives_death else "ends it"),
        ("Sublicence, transfer", f"{_yes(c.sublicense)}, {_yes(c.transfer)}"),
    ]


def payment(c: Consent) -> Rows:
    """How the use is paid, as far as it was recorded."""
    paid = c.compensation
    rows = [("Agreement", c.agreement)] if c.agreement else []
    rows += [("Union local", c.union_local)] if c.union_local else []
    if paid is None:
        return [*rows, ("Payment", "not recorded here")]
    rows.append(("Basis", paid.basis + (f", {paid.days} days" if paid.days is not None else "")))
    rows += [("Rate", paid.rate_ref)] if paid.rate_ref else []
    rows += [("Residuals", _yes(paid.residuals))] if paid.residuals is not None else []
    return rows + ([("Payroll reference", paid.payroll_ref)] if paid.payroll_ref else [])


def _picture(named: str) -> str:
    shot = named.removeprefix("plate:")
    return f"the plate of shot {shot}" if shot != named else f"sha256 {named[:16]}…"


def _until(at: datetime | None) -> str:
    return when(at) if at else "a date that was not recorded"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(values)
