"""The facts of a case, put on record as a production would: through the registry, into the show's real ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bottega.jobs.runner.register import add_shot, record_mattes, seal_at
from bottega.model import Approval, Consent, Exemplar, Licence, MadeBy, Marks, Person, Role, SealedFile, Shot, SignatureKind
from bottega.rights import State
from bottega.rights.record import registry
from bottega.rights.signing import sign_consent

from .learned import put_faces, put_model
from .neutral import UnsupportedError, digest, record_of, taken
from .painter import COLOUR
from .pictures import put_key
from .world import World

PAINTED = ("plate", "key", "matte")
FRAMES = {"first": 1001, "last": 1010}
SIZE = {"width": 1920, "height": 1080}
DEFAULTS: Mapping[str, Any] = {"frames": FRAMES, "colour": "lin_rec709_srgb", **SIZE}


def put_on_record(world: World, facts: Mapping[str, Any]) -> None:
    """Record every fact, section by section, in the order in which they build on each other."""
    for section in facts:
        if section not in SECTIONS and section not in ("now", "show"):
            raise UnsupportedError(f"no facts called {section}")
    for section, put in SECTIONS.items():
        for name, values in facts.get(section, {}).items():
            put(world, name, values)
    world.catch_up()


def _person(world: World, name: str, values: Mapping[str, Any]) -> None:
    """A person by pseudonym; one whose name is given is added by that name."""
    rest, (legal_name,) = taken(values, "name")
    if legal_name is not None:
        world.name(name, world.studio.add_person(legal_name, role=rest["kind"]).subject_id)
    else:
        registry.add_person(world.ledger, record_of(Person, {"subject_id": world.subject(name), **rest}))


def _licence(world: World, name: str, values: Mapping[str, Any]) -> None:
    rest, (show, works, document) = taken(values, "show", "works", "document")
    registry.add_licence(
        world.ledger,
        record_of(
            Licence,
            {
                **rest,
                "licence_id": world.licence_id(name),
                "show_id": world.show_id(show),
                "works": [world.digest(w) for w in works or ()],
                "doc_sha256": document and digest(document),
            },
        ),
    )


def _picture(world: World, name: str, values: Mapping[str, Any]) -> None:
    """A picture that is a text: it is registered under the text's sha256. Pictures with pixels are put on record by the painter."""
    if world.case["level"] == "pictures" and name in PAINTED:
        if name == "key":
            put_key(world, world.painting.key)
        return  # the plate comes with its shot, the matte with its job
    world.pictures[name] = digest(values["bytes"])
    if values.get("recorded") is False:
        return
    rest, (text, role, author, licence) = taken(values, "bytes", "role", "author", "licence")
    sealed = SealedFile(path=f"{name}.exr", sha256=digest(text), size_bytes=len(text.encode()))
    extra = {field: read(world, rest.pop(field)) for field, read in PICTURE_FACTS.items() if field in rest}
    exemplar = record_of(
        Exemplar,
        {
            **rest,
            **extra,
            "digest": sealed.sha256,
            "role": Role(role).value,
            "files": [sealed.to_json()],
            "author_id": author and world.subject(author),
            "licence_id": licence and world.licence_id(licence),
        },
    )
    registry.register_exemplar(world.ledger, exemplar)


def _marks(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    mining = ("cawg.ai_training", "cawg.ai_generative_training") if values.get("mining") == "notAllowed" else ()
    return record_of(Marks, {"state": values["state"], "mining": mining}).to_json()


def _made_by(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    """The take that a picture comes from; one of this show is on record as delivered."""
    plan, here = digest(values["take"]), values["show"] == world.facts["show"]
    if here:
        world.later(lambda: world.deliver(values["take"], plan=plan, grants=values["grants"]))
    return MadeBy(show_id=world.show_id(values["show"]), plans=(plan,)).to_json()


PICTURE_FACTS: Mapping[str, Callable[[World, Any], Any]] = {
    "derived_from": lambda world, name: world.digest(name),
    "marks": _marks,
    "made_by": _made_by,
}


def _shot(world: World, name: str, values: Mapping[str, Any]) -> None:
    if world.case["level"] == "pictures" and values["plate"] == "plate":
        licence = State.of(world.ledger).licences[world.licence_id("production")].licence
        folder, show = world.studio.folder, world.studio.show
        shot = add_shot(folder, world.ledger, show, name, plate=world.painting.plates, licence=licence, colour=COLOUR)
        world.pictures["plate"] = shot.plate
        matte = seal_at(world.painting.mattes, role=Role.MATTE)
        record_mattes(world.ledger, (matte,), licence_id=licence.licence_id, roles={})
        world.pictures["matte"] = matte.digest
        return
    registry.register_shot(world.ledger, record_of(Shot, {**DEFAULTS, **values, "code": name, "plate": world.digest(values["plate"])}))


def _consent(world: World, name: str, values: Mapping[str, Any]) -> None:
    rest, (subject, production, grantor, inputs, document, approvals, script, signature) = taken(
        values, "subject", "production", "grantor", "inputs_allowed", "document", "approvals", "script_ref", "signature"
    )
    tampered = signature.get("tampered")
    consent = record_of(
        Consent,
        {
            **rest,
            "grant_id": name,
            "subject_id": world.subject(subject),
            "production_id": world.show_id(production),
            "grantor": _grantor(world, grantor),
            "inputs_allowed": [i if i.startswith("plate:") else world.digest(i) for i in inputs],
            "document_sha256": digest(document) if document else "",
            "approvals": list((approvals or {}).values()),
            "signature": {k: v for k, v in signature.items() if k != "tampered"},
        }
        | ({"script_ref": {**{k: v for k, v in script.items() if k != "text"}, "sha256": digest(script["text"])}} if script else {}),
    )
    if consent.signature.kind is SignatureKind.ED25519:
        consent = sign_consent(consent, world.grantor_key)
    if tampered:
        consent = replace(consent, description=consent.description + " And more.")
    registry.add_consent(world.ledger, consent)


def _grantor(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    rest, (who, document) = taken(values, "id", "authority_document")
    return {**rest, "id": world.person_or_label(who), "authority_doc_sha256": document and digest(document)}


def _approval(world: World, name: str, values: Mapping[str, Any]) -> None:
    rest, (shot, job) = taken(values, "shot", "job")
    registry.approve_job(world.ledger, shot, job=job, approval=record_of(Approval, rest))


def _declaration(world: World, name: str, values: Mapping[str, Any]) -> None:
    inputs = [world.digest(p) for p in values["inputs"]]
    registry.declare_no_performer(world.ledger, values["shot"], job=values["job"], inputs=inputs, by=world.subject(values["by"]))


def _environment(world: World, name: str, values: Mapping[str, Any]) -> None:
    world.studio.rulings.approve_environment(name, training=values["training"], by="Security S", role=values["role"], ref=values["ref"])


SECTIONS: Mapping[str, Callable[[World, str, Mapping[str, Any]], None]] = {
    "people": _person,
    "licences": _licence,
    "pictures": _picture,
    "shots": _shot,
    "consents": _consent,
    "job_approvals": _approval,
    "declarations": _declaration,
    "environments": _environment,
    "faces": put_faces,
    "models": put_model,
}
