from __future__ import annotations

import base64
import hashlib
import shutil
import sqlite3
import stat
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from bottega.model import CredentialError, UsageError
from bottega.rights import ERASED, PeopleStore, SubjectKeys

NAME = "Wilhelmina Quartermaine"


def opened(folder: Path, name: str = "people.db") -> PeopleStore:
    (folder / "show").mkdir(exist_ok=True)
    return PeopleStore(folder / "show" / name, SubjectKeys(folder / "home" / "subjects_demo.db"))


@pytest.fixture
def people(tmp_path: Path) -> Iterator[PeopleStore]:
    with opened(tmp_path) as store:
        yield store


def spellings(name: str) -> list[bytes]:
    """A name as it could lie on a disk."""
    forms = [form for way in ("NFC", "NFD", "NFKC") for form in (unicodedata.normalize(way, name),)]
    cases = {c for form in forms for c in (form, form.lower(), form.upper(), form.casefold())}
    coded = [c.encode(code) for c in cases for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")]
    return [spelled for raw in coded for spelled in (raw, raw.hex().encode(), base64.b64encode(raw)[:-4], hashlib.sha256(raw).digest())]


def found_in(folder: Path, name: str) -> list[str]:
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert files
    return [p.name for p in files for spelled in spellings(name) if spelled in p.read_bytes()]


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


@pytest.mark.parametrize(
    "twin",
    [
        "Pеrformer A",  # a Cyrillic е
        "РERFORMER А",  # Cyrillic Р and А
        "Ρerformer Α",  # Greek
        "Performer 𝖠",
        "Perforrner A",  # r and n for m
    ],
)
def test_letters_of_another_script_make_no_other_person(people: PeopleStore, twin: str) -> None:
    first = people.add("Performer A")
    assert twin != "Performer A"
    with pytest.raises(UsageError, match=first):
        people.add(twin)
    assert people.find(twin) == first


def test_a_capital_i_passes_for_a_small_l(people: PeopleStore) -> None:
    first = people.add("Artist Allan")
    with pytest.raises(UsageError, match=first):
        people.add("Artist AIIan")
    assert people.add("Artist Aiian") != first


def test_names_of_one_script_each_stay_apart(people: PeopleStore) -> None:
    names = ["Исполнитель", "Исполнительница", "演者甲", "演者乙", "Ερμηνευτής", "Performer A", "Performer B", "Performer Ä"]
    assert len({people.add(name) for name in names}) == len(names)


def test_no_name_and_no_document_is_readable_on_the_disk(people: PeopleStore, tmp_path: Path) -> None:
    known_as = people.add("Zoë Quartermaine")
    people.keep(known_as, "document 1", b"signed by Zo\xc3\xab Quartermaine")
    assert people.kept(known_as, "document 1") == b"signed by Zo\xc3\xab Quartermaine"
    for part in ("Zoë Quartermaine", "Quartermaine"):
        assert not found_in(tmp_path / "show", part)
        assert not found_in(tmp_path / "home", part)
    (tmp_path / "show" / "planted").write_bytes("ZOË QUARTERMAINE".encode("utf-16-le"))
    assert found_in(tmp_path / "show", "Zoë Quartermaine") == ["planted"]  # the search would have seen it


def test_erasing_takes_the_key_and_leaves_backups_unreadable(people: PeopleStore, tmp_path: Path) -> None:
    known_as, other = people.add(NAME), people.add("Performer B")
    people.keep(known_as, "document 1", b"the contract")
    shutil.copytree(tmp_path / "show", tmp_path / "backup")
    recorded: list[str] = []
    people.erase(known_as, record=lambda: recorded.append(known_as))
    assert recorded == [known_as]
    assert people.name_of(known_as) == ERASED == "(erased)"
    assert people.find(NAME) is None and people.kept(known_as, "document 1") is None
    assert people.name_of(other) == "Performer B"
    assert not list((tmp_path / "show").rglob("*.sealed"))
    with PeopleStore(tmp_path / "backup" / "people.db", people.keys) as backup:
        assert backup.name_of(known_as) == ERASED and backup.kept(known_as, "document 1") is None
        assert backup.name_of(other) == "Performer B"
    with pytest.raises(UsageError, match="nothing was erased"):
        people.erase(known_as)
    assert people.name_of("p_ffffffff") == ERASED
    assert people.add(NAME) not in (known_as, other)


def test_an_erasure_that_was_cut_off_is_repeated_by_name(people: PeopleStore) -> None:
    known_as = people.add(NAME)

    def full_disk() -> None:
        raise CredentialError("no space")

    with pytest.raises(CredentialError, match="no space"):
        people.erase(known_as, record=full_disk)
    assert people.name_of(known_as) == ERASED and people.find(NAME) == known_as
    people.erase(known_as)
    assert people.find(NAME) is None


def test_what_is_kept_is_bound_to_whose_and_what_it_is(people: PeopleStore, tmp_path: Path) -> None:
    a, b = people.add("Performer A"), people.add("Performer B")
    people.keep(a, "document 1", b"of A")
    people.keep(a, "document 2", b"of A, another")
    one, two = sorted((tmp_path / "show" / "people" / a).iterdir())
    content = one.read_bytes()
    two.write_bytes(content)
    broken = [what for what in ("document 1", "document 2") if _refused(people, a, what)]
    assert len(broken) == 1
    one.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert _refused(people, a, "document 1") and _refused(people, a, "document 2")
    with sqlite3.connect(tmp_path / "show" / "people.db") as db:
        sealed = db.execute("SELECT sealed FROM kept WHERE subject_id = ?", (a,)).fetchone()[0]
        db.execute("UPDATE kept SET sealed = ? WHERE subject_id = ?", (sealed, b))
    db.close()
    with pytest.raises(CredentialError, match=b):
        people.name_of(b)
    assert people.drop(a, "document 1") and not people.drop(a, "document 1")
    with pytest.raises(UsageError, match="not among"):
        people.keep("p_ffffffff", "document 1", b"")


def _refused(people: PeopleStore, known_as: str, what: str) -> bool:
    try:
        return people.kept(known_as, what) is None
    except CredentialError:
        return True


def test_without_the_keys_the_show_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as people:
        known_as = people.add("Performer A")
    keys = tmp_path / "home" / "subjects_demo.db"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    keys.rename(tmp_path / "elsewhere.db")
    with opened(tmp_path) as people:
        for ask in (lambda: people.name_of(known_as), lambda: people.find("Performer A"), lambda: people.add("Performer B")):
            with pytest.raises(CredentialError, match="not on this machine"):
                ask()
    assert not keys.exists()  # nothing was made in its place
    with opened(tmp_path, "other.db") as other:
        other.add("Performer C")  # other people's keys lie there now
    with opened(tmp_path) as people, pytest.raises(CredentialError, match="other people"):
        people.find("Performer A")


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "show" / "people.db"
    with opened(tmp_path) as people:
        people.add("Performer A")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(CredentialError, match="0640"):
        opened(tmp_path)
    path.chmod(0o600)
    with opened(tmp_path) as again:
        assert list(again.all().values()) == ["Performer A"]
    (tmp_path / "show" / "link.db").symlink_to(path)
    with pytest.raises(CredentialError):
        opened(tmp_path, "link.db")


def test_what_is_no_store_of_people(tmp_path: Path) -> None:
    (tmp_path / "show").mkdir()
    path = tmp_path / "show" / "people.db"
    path.write_text("dear diary " * 100)
    path.chmod(0o600)
    with pytest.raises(CredentialError):
        opened(tmp_path)
    with pytest.raises(CredentialError):
        opened(tmp_path, "no/people.db")
    path.write_bytes(b"")
    with opened(tmp_path) as begun:
        assert begun.all() == {}


def test_two_stores_and_many_threads_on_one_file(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as two:
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
