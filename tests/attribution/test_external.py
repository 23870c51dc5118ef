"""What a model from outside painted: a claim of its own, through file, shares and pictures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bottega.attribution import CreditMap, CreditSource, External, Learned, Tally, bar, legend, picture
from bottega.model import Claim, CredentialError, Role

from .cases import digest, sources

MODEL = CreditSource(id=50, exemplar=digest(90), role=Role.MODEL, author_id="p_9", licence_id="l_9")
QUARTER = 16384


def mixed(px: int = 8, claim: Claim = Claim.EXTERNAL) -> CreditMap:
    """Left the plate copied, right a quarter the model's and the rest the plate's."""
    plate = sources(1)[0]
    parts = np.zeros((2, px, px), np.uint32)
    parts[0, :, : px // 2], parts[0, :, px // 2 :], parts[1, :, px // 2 :] = 4 * QUARTER, 3 * QUARTER, QUARTER
    kind = np.full((px, px), {Claim.LEARNED: 3, Claim.EXTERNAL: 4}[claim], np.uint8)
    kind[:, : px // 2] = 1
    zero = np.zeros((px, px), np.uint32)
    return CreditMap(kind, parts, zero, zero, (plate, MODEL))


def test_it_is_a_type_of_its_own() -> None:
    found = mixed().at(7, 0)
    assert isinstance(found, External) and not isinstance(found, Learned)
    assert found.parts[1] == (MODEL, Fraction(1, 4))
    assert isinstance(mixed(claim=Claim.LEARNED).at(7, 0), Learned)
    with pytest.raises(ValueError, match="positive parts with sum 1"):
        External(((MODEL, Fraction(1, 2)),))


def test_it_goes_through_a_file_and_one_changed_claim_does_not() -> None:
    credit = mixed()
    channels, manifest = credit.channels(), credit.manifest()
    assert CreditMap.from_channels(channels, manifest).at(7, 7) == credit.at(7, 7)
    claim = channels["credit.claim"].copy()
    claim[0, 7] = 3
    with pytest.raises(CredentialError, match="not those of the manifest"):
        CreditMap.from_channels(channels | {"credit.claim": claim}, manifest)
    claim[0, 7] = 5
    with pytest.raises(CredentialError, match="allowed are 1 copied, 2 blended, 3 learned, 4 external"):
        CreditMap.from_channels(channels | {"credit.claim": claim}, manifest)


def test_the_models_part_is_external_and_the_rest_blended() -> None:
    tally = Tally()
    tally.add(mixed())
    shares = {(s.exemplar, s.claim): s.share for s in tally.shares()}
    plate = sources(1)[0].exemplar
    assert shares == {
        (plate, Claim.COPIED): Fraction(1, 2),
        (plate, Claim.BLENDED): Fraction(3, 8),
        (MODEL.exemplar, Claim.EXTERNAL): Fraction(1, 8),
    }
    assert Tally.from_json(tally.to_json()) == tally
    assert "Maker E 12.5 % external" in bar(tally.shares(), {MODEL.exemplar: "Maker E", plate: "plate"})


def test_it_is_crossed_where_learned_is_hatched_and_both_ways_alike() -> None:
    external, learned = (picture(mixed(32, claim))[:, 16:, 0].astype(int) for claim in (Claim.EXTERNAL, Claim.LEARNED))
    dark = external.min()
    assert ((learned == dark) <= (external == dark)).all() and (external == dark).sum() > (learned == dark).sum()
    assert (external[8:24, :8] == external[8:24, 8:]).all(), "it repeats"
    assert legend([MODEL])[-1].text.startswith("crossed: external")
