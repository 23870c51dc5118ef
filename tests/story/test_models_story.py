"""Weights and face templates from end to end: kept, listed, overdue, destroyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bottega import Studio
from bottega.jobs.runner.doctor import examine
from bottega.model import JobError, UsageError
from bottega.rights import register_exemplar

from .stage import ARTIST, PERFORMER, SHOT, Stage, open_show

SECRET = b"weights that know a face" * 1000


@pytest.fixture
def studio(stage: Stage) -> Studio:
    """A show whose performer's consent allows training."""
    until = (datetime.now(UTC) + timedelta(days=60)).strftime('"%Y-%m-%dT%H:%M:%SZ"')
    techniques = '["exemplar_synthesis", "per_shot_network"]'
    return open_show(stage, model_training="true", techniques=techniques, model_retention_until=until)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "sh010.bin"
    path.write_bytes(SECRET)
    return path


def add(studio: Studio, weights: Path, **scope: Any) -> Any:
    given = {
        "people": [PERFORMER],
        "shots": [SHOT],
        "purposes": ["deage"],
        "trained_on": [f"plate:{SHOT}"],
        "delete_by": datetime.now(UTC) + timedelta(days=30),
    }
    return studio.models.add(weights, **(given | scope))


def copies(studio: Studio) -> list[Path]:
    return [p for p in studio.folder.exemplars.rglob("sh010.bin") if p.is_file()]


def check(studio: Studio, name: str) -> Any:
    return next(c for c in examine(studio.folder.root) if c.name == name)


def test_weights_are_kept_by_the_show_with_their_scope(studio: Studio, weights: Path) -> None:
    learned = add(studio, weights)
    assert [p.read_bytes() for p in copies(studio)] == [SECRET]
    [row] = studio.models.rows(now=datetime.now(UTC))
    assert (row["digest"], row["state"], row["people"]) == (learned.digest, "kept", [PERFORMER])
    assert row["trained_on"] == [studio.folder.shot(SHOT).plate]
    assert PERFORMER not in str(studio.ledger.entries(kind="model.registered")[0].data)


def test_destroying_overwrites_unlinks_and_records(studio: Studio, weights: Path, tmp_path: Path) -> None:
    learned = add(studio, weights)
    [kept] = copies(studio)
    (tmp_path / "still_open").hardlink_to(kept)
    how = studio.models.destroy(learned.digest[:8], by="Operator D")
    assert copies(studio) == []
    assert (tmp_path / "still_open").read_bytes() == bytes(len(SECRET)), "the bytes themselves are gone, not only the name"
    entry = studio.ledger.entries(kind="model.destroyed")[-1].data
    assert (entry["digest"], entry["how"]) == (learned.digest, how)
    assert [r["state"] for r in studio.models.rows(now=datetime.now(UTC))] == ["destroyed"]
    assert check(studio, "exemplars").ok, "what was destroyed on record is not missing"


def test_destroying_again_says_that_nothing_was_there(studio: Studio, weights: Path) -> None:
    learned = add(studio, weights)
    studio.models.destroy(learned.digest, by="Operator D")
    assert "gone already" in studio.models.destroy(learned.digest, by="Operator D")


def test_what_is_overdue_is_listed_and_warned_of(studio: Studio, weights: Path) -> None:
    add(studio, weights, delete_by=datetime.now(UTC) + timedelta(days=30))
    assert check(studio, "weights and templates").ok
    late = datetime.now(UTC) + timedelta(days=31)
    assert [r["state"] for r in studio.models.rows(now=late)] == ["overdue"]


def test_doctor_warns_of_what_should_be_gone(studio: Studio, weights: Path) -> None:
    add(studio, weights, delete_by=datetime.now(UTC) - timedelta(days=1))
    found = check(studio, "weights and templates")
    assert not found.ok and "1 should be gone by now" in found.detail


def test_a_template_needs_its_own_consent(studio: Studio, weights: Path) -> None:
    with pytest.raises(UsageError, match="no consent is named for p_"):
        add(studio, weights, kind="template")


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"kind": "brain"}, "allowed are network, template"),
        ({"purposes": ["fun"]}, "purpose 'fun': allowed are deage"),
        ({"people": ["Performer Q"]}, "is not in this show"),
        ({"trained_on": ["plate:sh099"]}, "sh099' is not registered"),
        ({"trained_on": ["a picture"]}, "is no sha256"),
        ({"delete_by": datetime.now(UTC) + timedelta(days=4000)}, "delete_by is"),
    ],
)
def test_what_cannot_be_added(studio: Studio, weights: Path, scope: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        add(studio, weights, **scope)
    assert not studio.ledger.entries(kind="model.registered")
    assert copies(studio) == [], "of what may not be kept no byte is copied"


def test_adding_the_same_again_mends_a_copy_that_failed(studio: Studio, weights: Path) -> None:
    until = datetime.now(UTC) + timedelta(days=30)
    first = add(studio, weights, delete_by=until)
    copies(studio)[0].unlink()
    assert add(studio, weights, delete_by=until) == first
    assert len(copies(studio)) == len(studio.ledger.entries(kind="model.registered")) == 1
    with pytest.raises(UsageError, match="registered already"):
        add(studio, weights, delete_by=until, shots=["sh0*"])


@pytest.mark.parametrize("digits", ["", "00000000", "abc"])
def test_a_model_is_named_by_enough_of_its_digest(studio: Studio, weights: Path, digits: str) -> None:
    add(studio, weights)
    with pytest.raises(UsageError, match="begin so"):
        studio.models.destroy(digits, by="Operator D")
    assert len(copies(studio)) == 1


def test_a_link_in_the_place_of_a_copy_is_not_followed(studio: Studio, weights: Path) -> None:
    learned = add(studio, weights)
    [kept] = copies(studio)
    kept.unlink()
    kept.symlink_to(weights)
    with pytest.raises(JobError, match="does not lie in exemplars/"):
        studio.models.destroy(learned.digest, by="Operator D")
    assert weights.read_bytes() == SECRET
    assert not studio.ledger.entries(kind="model.destroyed")


def test_a_picture_is_not_destroyed_this_way(studio: Studio, weights: Path) -> None:
    key = next(e for e, by in studio.exemplars() if by == ARTIST)
    register_exemplar(studio.ledger, key)
    with pytest.raises(UsageError, match="begin so"):
        studio.models.destroy(key.digest, by="Operator D")
