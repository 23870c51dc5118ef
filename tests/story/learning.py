"""A show in which a network may be trained: consent, licences and place say so, unless a test takes one of them away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bottega import Studio
from bottega.jobs.recipes.learned import NetworkSettings
from bottega.model import Licence, LicenceKind, Take
from bottega.rights import add_licence
from bottega.rights.records import PRODUCTION

from .stage import ARTIST, SHOT, Stage, deage, open_show

QUICK = NetworkSettings(steps=12, crop_px=32, crops=2)
UNTIL = (datetime.now(UTC) + timedelta(days=60)).strftime('"%Y-%m-%dT%H:%M:%SZ"')
GRANTS = {"techniques": '["exemplar_synthesis", "per_shot_network"]', "model_training": "true", "model_retention_until": UNTIL}


def ground(studio: Studio, number: str, *, kind: LicenceKind, train_ok: bool = True) -> str:
    """A licence of the production's own, which says whether what stands on it may be trained on."""
    show_id = studio.show.show_id
    made = Licence(licence_id=number, kind=kind, rightsholder=PRODUCTION, show_id=show_id, train_ok=train_ok)
    add_licence(studio.ledger, made)
    return made.licence_id


def training_show(
    stage: Stage, *, plate: bool = True, keys: bool = True, production: bool = True, place: bool = True, **consent: str
) -> Studio:
    """The show of the stories with everything that a training needs, but for what is False or changed in the consent."""
    studio = open_show(stage, **(GRANTS | consent))
    if production:
        ground(studio, "l_training", kind=LicenceKind.PRODUCTION)
    if plate:
        number = ground(studio, "l_plates", kind=LicenceKind.OWN)
        studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb", licence=number)
    if keys:
        studio.add_exemplars(sorted(stage.keys.iterdir()), by=ARTIST, licence=ground(studio, "l_keys", kind=LicenceKind.WORK_FOR_HIRE))
    if place:
        studio.rulings.approve_environment("local", training=True, by="Security S", role="security", ref="ticket 7")
    return studio


def learn(studio: Studio, stage: Stage, *, settings: NetworkSettings = QUICK, seed: int = 0, **options: object) -> Take:
    """The job of the stories, with a network."""
    take = deage(studio, stage, learn=replace(settings), seed=seed, **options)
    assert isinstance(take, Take)
    return take
