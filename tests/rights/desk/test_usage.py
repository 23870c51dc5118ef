"""Use per performer and the credits: exact, each frame once, and from the records alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Compensation, UsageError
from bottega.rights import PeopleStore, Records, SubjectKeys, add_consent
from bottega.rights.desk.usage import Usage, UsageDesk
from bottega.rights.ledger import Ledger
from tests.rights.builders import ARTIST, KEY, PERFORMER, PLATE, SECOND, SHOW, digest, good_consent, set_stage

FPS = Fraction(24000, 1001)


class Desk(UsageDesk):
    """A desk on a small show, and what it reads."""

    ledger: Ledger
    people: PeopleStore


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    stage = set_stage(tmp_path, good_consent(compensation=Compensation(basis="production_days", days=3, payroll_ref="pay-7")))
    with PeopleStore(tmp_path / "people.db", SubjectKeys(tmp_path / "home" / "subjects.db")) as people:
        for known_as, name in ((PERFORMER, "Performer A"), (SECOND, "Performer B"), (ARTIST, "Artist B")):
            people.add(name, known_as=known_as)
        records = Records(stage.ledger, people, show_id=SHOW)
        desk = Desk(stage.ledger, records, fps=FPS, credit=lambda author, licence: f"{records.name_of(author)} of {licence}")
        desk.ledger, desk.people = stage.ledger, people
        yield desk


def made(desk: Desk, number: int, **changes: Any) -> None:
    data = {
        "job_id": f"job-{number}", "take_id": f"{number:032x}", "take": f"sh010_deage_v{number:03d}", "record_sha256": digest("r"),
        "outputs": 1, "grants": ["g_1"], "licences": ["production"], "exemplars": [PLATE, KEY], "shot": "sh010", "job": "deage",
        "frames": "1001-1048", "people": [PERFORMER], "purpose": "deage", "age_target": 35, "delivery": "temp",
        "technique": "exemplar_synthesis",
    }  # fmt: skip
    desk.ledger.append("output.registered", data | changes)


def rows(desk: Desk, person: str | None = None) -> list[tuple[str, str, str, int, int, Fraction]]:
    return [(r.person, r.shot, r.delivery, r.takes, r.frames, r.seconds) for r in desk.usage(person)]


def test_a_frame_counts_once_however_many_takes_there_are_of_it(desk: Desk) -> None:
    made(desk, 1)
    made(desk, 2, frames="1041-1060")
    assert rows(desk) == [("Performer A", "sh010", "temp", 2, 60, Fraction(60 * 1001, 24000))]


def test_shots_purposes_and_classes_stand_apart(desk: Desk) -> None:
    made(desk, 1)
    made(desk, 2, shot="sh020", frames="1001")
    made(desk, 3, delivery="final")
    made(desk, 4, purpose="alteration", people=[PERFORMER, SECOND])
    found = {(r.person, r.shot, r.purpose, r.delivery): r.frames for r in desk.usage()}
    assert found == {
        ("Performer A", "sh010", "deage", "temp"): 48,
        ("Performer A", "sh020", "deage", "temp"): 1,
        ("Performer A", "sh010", "deage", "final"): 48,
        ("Performer A", "sh010", "alteration", "temp"): 48,
        ("Performer B", "sh010", "alteration", "temp"): 48,
    }
    assert [r.person for r in desk.usage("performer b")] == ["Performer B"]
    with pytest.raises(UsageError):
        desk.usage("Performer C")


def test_days_and_payroll_come_from_the_consents_that_were_used(desk: Desk) -> None:
    add_consent(desk.ledger, good_consent(grant_id="g_2", compensation=Compensation(basis="flat", days=2)))
    add_consent(desk.ledger, good_consent(grant_id="g_3", compensation=Compensation(basis="flat", days=100)))
    made(desk, 1)
    made(desk, 2, grants=["g_2"])
    [row] = desk.usage()
    assert (row.days_agreed, row.basis, row.payroll_refs, row.grants) == (5, "production_days, flat", ("pay-7",), ("g_1", "g_2"))
    assert row.days_worked_on == 1


def test_what_no_consent_says_is_not_stated_and_not_zero(desk: Desk) -> None:
    made(desk, 1, people=[SECOND], purpose=None)
    [row] = desk.usage()
    assert (row.days_agreed, row.basis, row.purpose, row.grants) == (None, "not stated", "not stated", ())


def test_takes_that_were_set_aside_are_counted_and_not_credited(desk: Desk) -> None:
    made(desk, 1)
    made(desk, 2)
    desk.ledger.append("job.quarantined", {"take_id": f"{1:032x}", "take": "sh010_deage_v001", "reasons": ["revoked"]})
    [row] = desk.usage()
    assert (row.takes, row.set_aside) == (2, 1)
    assert desk.disclosure(title="The Film").takes == 1


def test_the_credits_name_whose_likeness_and_whose_work(desk: Desk) -> None:
    made(desk, 1)
    made(desk, 2, shot="sh020")
    told = desk.disclosure(title="The Film")
    assert [(u.name, u.how, u.shots, u.seconds) for u in told.likenesses] == [("Performer A", "deage", 2, 96 / FPS)]
    assert [(c.name, c.works) for c in told.credits] == [("Artist B of for-hire", 1)], "the plate is nobody's credit"
    text = told.text()
    assert "The likeness of Performer A was made to look younger in 2 shots" in text and "No network was trained" in text
    assert desk.disclosure(title="The Film", final_only=True).text() == "Nothing to disclose: no take on record stands.\n"


def test_a_trained_network_is_disclosed(desk: Desk) -> None:
    made(desk, 1, technique="per_shot_network")
    assert "Networks were trained" in desk.disclosure(title="The Film").text()


def test_an_erased_person_is_disclosed_without_a_name(desk: Desk) -> None:
    made(desk, 1)
    desk.people.erase(PERFORMER)
    assert [r.person for r in desk.usage()] == ["(erased)"]
    assert "a person whose name was erased" in desk.disclosure(title="The Film").text()


def test_a_spreadsheet_takes_no_cell_for_a_formula(desk: Desk) -> None:
    [row] = csv.DictReader(io.StringIO(desk.csv([_row("=cmd()")])))
    assert row["person"] == "'=cmd()" and row["seconds"] == "1/3" and row["days_agreed"] == ""
    [row] = csv.DictReader(io.StringIO(desk.csv([_row('a,b "c"')])))
    assert row["person"] == 'a,b "c"'


def _row(person: str) -> Usage:
    return Usage(
        person=person, subject_id=PERFORMER, shot="sh010", purpose="deage", delivery="temp", takes=1, set_aside=0, frames=8,
        seconds=Fraction(1, 3), days_worked_on=1, days_agreed=None, basis="", grants=("g_1",), payroll_refs=(),
    )  # fmt: skip
