from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bottega.model import (
    Delivery,
    Licence,
    LicenceKind,
    Role,
    Technique,
)
from bottega.rights import (
    add_consent,
    add_licence,
    approve_job,
    decide,
    declare_no_performer,
    register_exemplar,
    revoke,
    revoke_licence,
)

from .builders import (
    ARTIST,
    KEY,
    MATTE,
    NOON,
    OTHER_PLATE,
    PLATE,
    approval,
    digest,
    good_consent,
    good_use,
    licence,
    set_stage,
    still,
)

DOCUMENT = digest("contract")
SECOND_US = timedelta(microseconds=1)


def test_a_network_needs_consent_to_training_and_licences_for_it(tmp_path: Path) -> None:
    network = good_consent(techniques=(Technique.PER_SHOT_NETWORK,))
    stage = set_stage(tmp_path, network)
    use = good_use(technique="per_shot_network")
    assert "technique" in decide(use, stage.state(), now=NOON).codes
    revoke(stage.ledger, "g_1", cause="amended")
    add_consent(stage.ledger, replace(network, grant_id="g_2", model_training=True))
    assert set(decide(use, stage.state(), now=NOON).codes) == {"licence_scope"}
    for name, role in (("plate", Role.PLATE), ("key", Role.KEY), ("matte", Role.MATTE)):
        add_licence(stage.ledger, licence(licence_id=f"train-{name}", train_ok=True, works=(digest(name),)))
        register_exemplar(stage.ledger, still(name, role, licence_id=f"train-{name}"))
    assert decide(use, stage.state(), now=NOON).allow


LICENCES: dict[str, tuple[Licence, str]] = {
    "over": (licence(licence_id="x", valid_until=NOON), "licence_expired"),
    "other works": (licence(licence_id="x", works=(KEY, MATTE)), "licence_scope"),
    "not as exemplar": (licence(licence_id="x", exemplar_ok=False), "licence_scope"),
    "from the future": (licence(licence_id="x", extra={"schema_version": 2}), "newer_record"),
}


@pytest.mark.parametrize("case", LICENCES)
def test_a_licence_that_does_not_cover(case: str, tmp_path: Path) -> None:
    found, code = LICENCES[case]
    stage = set_stage(tmp_path, good_consent())
    add_licence(stage.ledger, found)
    register_exemplar(stage.ledger, still("plate", Role.PLATE, licence_id="x"))
    assert decide(good_use(), stage.state(), now=NOON).codes == (code,)


def test_licences_end_at_their_instant_and_by_revocation(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    add_licence(stage.ledger, licence(licence_id="x", kind=LicenceKind.LICENSED, doc_sha256=DOCUMENT, works=(PLATE,), valid_until=NOON))
    register_exemplar(stage.ledger, still("plate", Role.PLATE, licence_id="x"))
    assert decide(good_use(), stage.state(), now=NOON - SECOND_US).valid_until == NOON
    assert decide(good_use(), stage.state(), now=NOON).codes == ("licence_expired",)
    revoke_licence(stage.ledger, "x", cause="dispute")
    assert decide(good_use(), stage.state(), now=NOON - SECOND_US).codes == ("licence_revoked",)


def test_no_licence_at_all(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    register_exemplar(stage.ledger, still("key", Role.KEY, licence_id=None))
    assert decide(good_use(), stage.state(), now=NOON).codes == ("no_licence",)


def test_no_performer_needs_somebodys_word_on_these_pictures(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    use = good_use(people=(), touches_performer=False, purpose=None, age_target=None, job="collapse")
    assert decide(use, stage.state(), now=NOON).codes == ("declaration_missing",)
    declare_no_performer(stage.ledger, "sh010", job="collapse", inputs=[OTHER_PLATE], by=ARTIST)
    assert decide(use, stage.state(), now=NOON).codes == ("declaration_missing",)
    declare_no_performer(stage.ledger, "sh010", job="collapse", inputs=[PLATE], by=ARTIST)
    decision = decide(use, stage.state(), now=NOON)
    assert decision.allow
    assert decision.grants == ()
    assert decide(replace(use, job="deage"), stage.state(), now=NOON).codes == ("declaration_missing",)


def test_where_nobody_is_touched_technique_and_approvals_are_still_asked_for(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    declare_no_performer(stage.ledger, "sh010", job="collapse", inputs=[PLATE], by=ARTIST)
    use = good_use(people=(), touches_performer=False, purpose=None, age_target=None, job="collapse")
    assert decide(replace(use, technique="prompt"), stage.state(), now=NOON).codes == ("technique",)
    final = replace(use, delivery=Delivery.FINAL)
    assert decide(final, stage.state(), now=NOON).codes == ("approval_missing",)
    for role in ("legal", "studio"):
        approve_job(stage.ledger, "sh010", job="collapse", approval=approval(role))
    assert decide(final, stage.state(), now=NOON).allow
