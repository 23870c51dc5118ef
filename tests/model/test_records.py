from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bottega import model
from bottega.model import (
    BottegaError,
    Consent,
    Detection,
    FaceBox,
    FaceDocument,
    FaceKind,
    FaceTrack,
    FrameRange,
    Input,
    Learned,
    LearnedKind,
    Licence,
    LicenceKind,
    Look,
    LookKey,
    LookRegion,
    Person,
    PersonKind,
    Purpose,
    Record,
    Role,
    Shot,
    Show,
    Take,
    UsageError,
    Use,
    canonical_json,
    utc_instant,
    utc_text,
)

NOUNS = [n for _, n in sorted(vars(model).items()) if isinstance(n, type) and issubclass(n, Record) and n is not Record]
VERSIONED = [n for n in NOUNS if n.schema]
DIGEST = "0123456789abcdef" * 4
SPECIAL: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("Person", "subject_id"): st.from_regex(r"p_[0-9a-f]{8,32}", fullmatch=True),
    ("Person", "role"): st.none() | st.sampled_from(["performer", "key-artist"]),
    ("Show", "code"): st.sampled_from(["demo", "show_2"]),
    ("Shot", "code"): st.sampled_from(["sh010", "a"]),
    ("Shot", "handle_frames"): st.just(0),
    ("Shot", "episode"): st.sampled_from([None, "ep101"]),
    ("Shot", "scene"): st.sampled_from([None, "12a"]),
    ("LookRegion", "name"): st.just("hair"),
    ("Licence", "licence_id"): st.sampled_from(["l_1", "for-hire"]),
    ("Licence", "rightsholder"): st.sampled_from(["the production", "Artist B"]),
    ("Licence", "works"): st.lists(st.just(DIGEST), min_size=1, max_size=2).map(tuple),
    ("Licence", "doc_sha256"): st.just(DIGEST),
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INSTANTS = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))
LEAVES = st.none() | st.booleans() | st.integers() | TEXTS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)


def values(kind: Any, owner: str = "", name: str = "") -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one line a type
    if (owner, name) in SPECIAL:
        return SPECIAL[owner, name]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(st.none() if k is type(None) else values(k) for k in inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple) if inner[-1] is Ellipsis else st.tuples(*(values(k) for k in inner))
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(TEXTS, values(inner[1]), max_size=2)
    if kind is Any:
        return JSON
    if kind is FrameRange:
        return st.tuples(st.integers(0, 9_999_999), st.integers(0, 9_999_999)).map(lambda p: FrameRange(first=min(p), last=max(p)))
    if isinstance(kind, type) and issubclass(kind, Record):
        return nouns(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    plain = {str: TEXTS, int: st.integers(), bool: st.booleans(), datetime: INSTANTS, Fraction: st.fractions()}
    return {**plain, float: st.floats(allow_nan=False, allow_infinity=False)}[kind]


PEOPLE = st.from_regex(r"p_[0-9a-f]{8}", fullmatch=True)
PIXELS = {"x": st.integers(-99, 99), "y": st.integers(-99, 99), "width": st.integers(1, 999), "height": st.integers(1, 999)}
BOXES = st.builds(FaceBox, frame=st.integers(1001, 1010), **PIXELS)
LOOK_KEYS = st.builds(
    LookKey,
    digest=st.just(DIGEST),
    plate=st.just(DIGEST),
    shot=st.just("sh010"),
    frame=st.integers(1001, 1010),
    weight=st.floats(0.1, 10),
    first=st.none() | st.integers(990, 1000),
)
WHOLE: dict[type[Record], st.SearchStrategy[Any]] = {  # nouns whose fields have to agree with each other
    LookKey: LOOK_KEYS,
    Look: st.builds(
        Look,
        name=st.just("hero"),
        number=st.integers(1, 999),
        job=st.just("deage"),
        keys=st.lists(LOOK_KEYS, min_size=1, max_size=3, unique_by=lambda k: k.frame).map(tuple),
        settings=st.dictionaries(TEXTS, LEAVES, max_size=2),
        made_at=INSTANTS,
        made_by=st.just("lead"),
        regions=st.lists(st.builds(LookRegion, name=st.just("hair"), tone=st.none() | st.floats(0, 1.5)), max_size=1).map(tuple),
        learn=st.none() | st.dictionaries(TEXTS, LEAVES, max_size=2),
        weights=st.none() | st.just(DIGEST),
        notes=TEXTS,
    ),
    FaceBox: BOXES,
    FaceTrack: st.builds(
        FaceTrack,
        track_id=st.sampled_from(["a", "face-2"]),
        plate=st.just(DIGEST),
        kind=st.sampled_from([FaceKind.BYSTANDER, FaceKind.REFLECTION]),
        frames=st.just(FrameRange(first=1001, last=1010)),
        boxes=st.lists(BOXES, min_size=1, max_size=3, unique_by=lambda b: b.frame).map(lambda b: tuple(sorted(b, key=lambda x: x.frame))),
        subject_id=st.none() | PEOPLE,
    ),
    FaceDocument: st.builds(FaceDocument, shot=st.just("sh010"), plate=st.just(DIGEST), unassigned=st.lists(BOXES, max_size=2).map(tuple)),
    Detection: st.builds(
        Detection,
        plate=st.just(DIGEST),
        detector=st.just("haar"),
        detector_version=st.just("4.12"),
        frames=st.just(tuple(range(1001, 1011))),
        boxes=st.lists(BOXES, max_size=2).map(tuple),
        settings=st.dictionaries(TEXTS, TEXTS, max_size=2),
    ),
    Learned: st.builds(
        Learned,
        digest=st.just(DIGEST),
        kind=st.sampled_from([k for k in LearnedKind if k is not LearnedKind.EXTERNAL]),
        show_id=st.just("show-1"),
        subjects=st.tuples(PEOPLE),
        shots=st.just(("sh0*",)),
        purposes=st.just((Purpose.DEAGE,)),
        trained_on=st.just((DIGEST,)),
        grants=st.just(("g_1",)),
        delete_by=INSTANTS,
        made_by=st.none() | TEXTS,
    )
    | st.builds(  # one from outside stands on its licence alone
        Learned,
        digest=st.just(DIGEST),
        kind=st.just(LearnedKind.EXTERNAL),
        show_id=st.just("show-1"),
        subjects=st.just(()),
        shots=st.just(("sh0*",)),
        purposes=st.just(()),
        trained_on=st.just(()),
        grants=st.just(()),
        delete_by=INSTANTS,
        made_by=st.none() | TEXTS,
    ),
}


def nouns(kind: type[Record]) -> st.SearchStrategy[Any]:
    if kind is FrameRange:
        return values(kind)
    if kind in WHOLE:
        return WHOLE[kind]
    hints = {k: v for k, v in typing.get_type_hints(kind).items() if typing.get_origin(v) is not ClassVar and k != "extra"}
    return st.builds(kind, **{name: values(hint, kind.__name__, name) for name, hint in hints.items()})


def test_the_nouns_are_seen() -> None:
    assert {Consent, Licence, Person, Use, Take, Show, Shot} <= set(VERSIONED)
    assert len(NOUNS) >= 16


@pytest.mark.parametrize("noun", NOUNS, ids=lambda n: n.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_comes_back_as_it_went_through_real_json(noun: type[Record], data: st.DataObject) -> None:
    record = data.draw(nouns(noun))
    again = noun.from_json(json.loads(json.dumps(record.to_json())))
    assert again == record
    assert again.to_json() == record.to_json()


@pytest.mark.parametrize("noun", VERSIONED, ids=lambda n: n.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), unknown=st.dictionaries(TEXTS.map("x_{}".format), JSON, max_size=3), newer=st.integers(0, 3))
def test_what_a_newer_version_wrote_survives(noun: type[Record], data: st.DataObject, unknown: dict[str, Any], newer: int) -> None:
    written = data.draw(nouns(noun)).to_json() | unknown | {"schema_version": noun.version + newer}
    assert noun.from_json(json.loads(json.dumps(written))).to_json() == written


@dataclass(frozen=True, kw_only=True)
class Swatch(Record):
    schema: ClassVar[str] = "test.swatch"
    version: ClassVar[int] = 3
    upgrades: ClassVar[Mapping[int, model.record.Upgrade]] = {
        1: lambda v: {"colour": v.pop("color"), **v},
        2: lambda v: {"width_px": v.pop("width"), **v},
    }

    colour: str
    width_px: int


def test_older_versions_are_upgraded_step_by_step() -> None:
    first = {"schema": "test.swatch", "schema_version": 1, "color": "red", "width": 3, "note": "kept"}
    found = Swatch.from_json(first)
    assert (found.colour, found.width_px, dict(found.extra)) == ("red", 3, {"note": "kept"})
    assert found.to_json()["schema_version"] == 3
    assert Swatch.from_json(found.to_json()) == found
    assert "color" in first, "what was read is left as it was"


GOOD_USE = Use(show_id="show-1", shot="sh010", job="deage", inputs=(Input(digest=DIGEST, role=Role.PLATE),)).to_json()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "bottega.take"}, "schema is 'bottega.take'"),
        ({"schema": None}, "allowed 'bottega.use'"),
        ({"schema_version": 0}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"schema_version": "1"}, "schema_version"),
        ({"shot": 3}, "Use.shot: str is needed"),
        ({"shot": None}, "Use.shot"),
        ({"inputs": "abc"}, "Use.inputs: a list"),
        ({"inputs": [{"digest": DIGEST}]}, "missing role"),
        ({"inputs": [{"digest": DIGEST, "role": "vibe"}]}, "'vibe'"),
        ({"inputs": [3]}, "Use.inputs"),
        ({"touches_performer": 1}, "touches_performer"),
        ({"touches_performer": "false"}, "touches_performer"),
        ({"age_target": True}, "age_target"),
        ({"age_target": 35.0}, "age_target"),
        ({"purpose": "DEAGE"}, "purpose"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], said: str) -> None:
    assert Use.from_json(GOOD_USE).shot == "sh010"
    with pytest.raises(UsageError, match=said):
        Use.from_json(GOOD_USE | change)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(UsageError, match="missing shot"):
        Use.from_json({k: v for k, v in GOOD_USE.items() if k != "shot"})


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(sorted(GOOD_USE)), value=JSON | st.floats())
def test_nothing_in_a_field_raises_but_our_own(key: str, value: Any) -> None:
    changed = GOOD_USE | {key: value}
    try:
        assert Use.from_json(changed).to_json()[key] == value
    except BottegaError as refusal:
        assert isinstance(refusal, UsageError)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_canonical_json_is_one_form_for_one_meaning(value: Any) -> None:
    try:
        text = canonical_json(value)
    except ValueError as problem:  # two keys of a table that NFC makes one
        assert "after NFC" in str(problem)
        return
    assert canonical_json(json.loads(text)) == text
    assert b"\n" not in text


def test_canonical_json_sorts_normalises_and_takes_no_floats() -> None:
    assert canonical_json({"b": [1, True, None], "a": "e\u0301"}) == '{"a":"é","b":[1,true,null]}'.encode()
    assert canonical_json({"e\u0301": 1}) == canonical_json({"é": 1})
    for value in (0.5, float("nan"), 1.0, {"x": [0.5]}, b"x", {1: 2}, {"x": {1}}, object()):
        with pytest.raises(TypeError):
            canonical_json(value)
    with pytest.raises(ValueError, match="after NFC"):
        canonical_json({"e\u0301": 1, "é": 2})
    with pytest.raises(ValueError, match="surrogates"):
        canonical_json("\ud800")


def test_one_fact_changed_is_another_use() -> None:
    use = Use.from_json(GOOD_USE)
    facts: list[dict[str, Any]] = [{"shot": "sh020"}, {"people": ("p_00000000",)}, {"age_target": 35}, {"touches_performer": False}]
    changed = [dataclasses.replace(use, **fact) for fact in facts]
    assert len({use.digest(), *(u.digest() for u in changed)}) == 5
    assert Use.from_json(use.to_json()).digest() == use.digest()


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_instants_are_utc_to_the_microsecond(naive: datetime, minutes: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert utc_instant(utc_text(at)) == at
    assert utc_text(at).endswith("Z")
    assert utc_instant(at.isoformat()) == at
    assert sorted([utc_text(at), utc_text(at + timedelta(microseconds=1))])[0] == utc_text(at)


@pytest.mark.parametrize("text", ["2026-03-01T12:00:00", "2026-03-01", "yesterday", "", "2026-02-30T00:00:00Z"])
def test_an_instant_needs_its_zone(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|isoformat|day is out of range"):
        utc_instant(text)
    with pytest.raises(ValueError, match="time zone"):
        utc_text(datetime(2026, 3, 1))


def test_a_record_keeps_instants_in_utc_and_takes_no_naive_one() -> None:
    given_in_rome = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    fields: dict[str, Any] = {"licence_id": "l_1", "kind": LicenceKind.OWN, "rightsholder": "Artist B", "show_id": "show-1"}
    kept = Licence(**fields, valid_until=given_in_rome).valid_until
    assert kept is not None
    assert (kept.hour, kept.tzinfo) == (10, UTC)
    with pytest.raises(UsageError, match="no time zone"):
        Licence(**fields, valid_until=given_in_rome.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["Performer A", "p_", "p_0123456", "P_01234567", "p_0123456g", "p_" + "0" * 33, "p_01234567\n", ""])
def test_a_person_is_a_pseudonym_never_a_name(text: str) -> None:
    with pytest.raises(UsageError, match="never a name"):
        Person(subject_id=text, kind=PersonKind.PERFORMER)
    with pytest.raises(UsageError, match=r"Person\.role"):
        Person(subject_id="p_01234567", kind=PersonKind.PERFORMER, role="First Last")
