from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bottega.model import CredentialError, UsageError
from bottega.rights import ERASED, PeopleStore


@pytest.fixture
def people(tmp_path: Path) -> Iterator[PeopleStore]:
    with PeopleStore(tmp_path / "people.db") as store:
        yield store


def test_a_name_has_a_pseudonym_that_tells_nothing(people: PeopleStore) -> None:
    a, b = people.add("Performer A"), people.add("Performer B")
    assert a != b
    assert a.startswith("p_")
    assert len(a) == 18
    assert people.find("Performer A") == people.find("  performer  a ") == a
    assert people.name_of(b) == "Performer B"
    assert people.find("Performer C") is None
    assert people.all() == {a: "Performer A", b: "Performer B"}
    assert people.add("Performer C", known_as="p_0123456789") == "p_0123456789"


@pytest.mark.parametrize(
    "twin",
    [
        "Zoë Strauß",
        "zoe\u0308 strauß",
        "ZOË STRAUSS",
        "Zoë  Strauss",
        "Ｚｏë Strauss",
        "Zoë\u00a0Strauss",
        "Zoë Strauſs",
        "𝐙𝐨ë Strauss",
        " Zoë Strauss",
    ],
)
def test_twins_of_a_name_are_the_same_person(people: PeopleStore, twin: str) -> None:
    first = people.add("Zoë Strauss")
    with pytest.raises(UsageError, match=first):
        people.add(twin)
    assert people.find(twin) == first
    assert len(people.all()) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0", "a\u202eb", "a\u200bb", "x" * 201, "a\u2028b"])
def test_what_is_no_name(people: PeopleStore, name: str) -> None:
    with pytest.raises(UsageError):
        people.add(name)
    assert people.all() == {}


def test_the_same_pseudonym_for_two_is_refused(people: PeopleStore) -> None:
    people.add("Performer A", known_as="p_01234567")
    with pytest.raises(UsageError, match="p_01234567"):
        people.add("Performer B", known_as="p_01234567")
    for bad in ("p_xyz", "Performer A", "", "p_0123456"):
        with pytest.raises(UsageError):
            people.add("Performer C", known_as=bad)


def test_an_erased_name_is_gone_from_the_file_too(people: PeopleStore) -> None:
    known_as = people.add("Wilhelmina Quartermaine")
    people.add("Performer B")
    assert b"Quartermaine" in people.path.read_bytes()
    people.erase(known_as)
    assert people.name_of(known_as) == ERASED == "(erased)"
    assert people.find("Wilhelmina Quartermaine") is None
    for path in people.path.parent.iterdir():
        assert b"quartermaine" not in path.read_bytes().lower()
    with pytest.raises(UsageError, match="nothing was erased"):
        people.erase(known_as)
    assert people.name_of("p_ffffffff") == ERASED


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    with PeopleStore(path) as people:
        people.add("Performer A")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(CredentialError, match="0640"):
        PeopleStore(path)
    path.chmod(0o600)
    with PeopleStore(path) as again:
        assert list(again.all().values()) == ["Performer A"]
    (tmp_path / "link.db").symlink_to(path)
    with pytest.raises(CredentialError):
        PeopleStore(tmp_path / "link.db")


def test_what_is_no_store_of_people(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    path.write_text("dear diary " * 100)
    path.chmod(0o600)
    with pytest.raises(CredentialError):
        PeopleStore(path)
    with pytest.raises(CredentialError):
        PeopleStore(tmp_path / "no" / "people.db")
    path.write_bytes(b"")
    with PeopleStore(path) as begun:
        assert begun.all() == {}


def test_two_stores_and_many_threads_on_one_file(tmp_path: Path) -> None:
    with PeopleStore(tmp_path / "people.db") as one, PeopleStore(tmp_path / "people.db") as two:
        stores = [one, two]
        threads = [threading.Thread(target=lambda i=i: stores[i % 2].add(f"Performer {i}")) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.all()) == 8
        with pytest.raises(UsageError):
            two.add("performer 3")
        assert one.all() == two.all()
    with pytest.raises(CredentialError):
        one.find("Performer 1")
