"""The gate where it meets files, from end to end: what comes in, what goes out, what stays behind when a job is stopped."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bottega import Studio
from bottega.footage import find, made_by, seal
from bottega.jobs.runner.progress import Event
from bottega.model import BottegaError, ConsentError, MadeBy, MarkState, Role, TakeState, UsageError
from bottega.rights import revoke_licence
from tests.signed_pictures import chain, sign

from .stage import ARTIST, KEYS, PERFORMER, SHOT, Stage, build, deage, open_show, painted, picture, srgb, write_exr, write_png


@pytest.fixture
def studio(stage: Stage) -> Iterator[Studio]:
    with open_show(stage) as opened:
        yield opened


@pytest.fixture
def short(tmp_path: Path) -> Stage:
    return build(tmp_path, frames=3, keys=(1001,))


def said(made: Path, show_id: str) -> MadeBy | None:
    return made_by(seal(find(made), role=Role.KEY), show_id=show_id)


def in_the_open(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and ".quarantine" not in p.parts)


# 5 and 55: what is stopped is set aside.


@pytest.mark.parametrize("after", [1, 9, 25])
def test_05_a_revocation_leaves_nothing_in_the_open(studio: Studio, stage: Stage, after: int) -> None:
    [(consent, _, _)] = studio.consents()
    seen: list[object] = []

    def revoke_after_some(event: Event) -> None:
        if event.step != "look":  # nothing is begun by then
            seen.append(event)
        if len(seen) == after:
            Studio.open(studio.folder.root).revoke_consent(consent.grant_id, reason="withdrawn")

    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, watch=revoke_after_some)
    assert refusal.value.codes == ("revoked",)
    folder = studio.folder.root / SHOT / "deage" / "v001"
    assert in_the_open(folder) == ["take.json"]
    record = json.loads((folder / "take.json").read_text())
    assert record["state"] == TakeState.QUARANTINED and record["stopped"][0].startswith("revoked: ")
    assert not list(folder.rglob("*.partial")) and (folder / ".quarantine").stat().st_mode & 0o077 == 0
    assert not studio.ledger.entries(kind="output.registered")


def test_55_a_licence_that_ends_before_the_take_is_registered(studio: Studio, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from bottega.jobs.runner import run

    finish = run.finish

    def late(*given: object) -> object:
        [licence] = {e.licence_id for e, _ in studio.exemplars() if e.role is Role.KEY}
        done = finish(*given)
        revoke_licence(studio.ledger, licence, cause="over")
        return done

    monkeypatch.setattr(run, "finish", late)
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage)
    assert set(refusal.value.codes) == {"licence_revoked", "attribution"}
    folder = studio.folder.root / SHOT / "deage" / "v001"
    assert in_the_open(folder) == ["take.json"] and json.loads((folder / "take.json").read_text())["state"] == TakeState.QUARANTINED
    [entry] = studio.ledger.entries(kind="job.quarantined")
    assert set(entry.data["reasons"]) == {"licence_revoked", "attribution"}


@pytest.mark.parametrize("wrong", ["too little", "nobody's"])
def test_55_shares_that_do_not_add_up(studio: Studio, stage: Stage, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    from bottega.jobs.runner import run

    finish = run.finish

    def miscounted(*given: object) -> object:
        done = finish(*given)
        first, *rest = done.shares
        odd = replace(first, share=first.share - Fraction(1, 10**9)) if wrong == "too little" else replace(first, exemplar="e" * 64)
        return replace(done, shares=(odd, *rest))

    monkeypatch.setattr(run, "finish", miscounted)
    with pytest.raises(ConsentError, match="sum to 999999999/1000000000" if wrong == "too little" else "not in the ledger") as refusal:
        deage(studio, stage)
    assert refusal.value.codes == ("attribution",)
    assert not studio.ledger.entries(kind="output.registered")


# 31 to 34: a picture is its bytes.


def test_32_a_re_encoded_key_stands_on_its_original_once_somebody_says_so(studio: Studio, stage: Stage) -> None:
    key = next(e for e, _ in studio.exemplars() if e.came_from and e.came_from.endswith("1006.png"))
    graded = stage.root / "graded"
    graded.mkdir()
    for number in KEYS:
        plate, matte = picture(number)
        write_png(graded / f"{number}.png", srgb(painted(plate, matte) * (0.98 if number == 1006 else 1)))
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, keys=graded)
    assert refusal.value.codes == ("unknown_exemplar",)
    with pytest.raises(UsageError, match="0 on record begin so"):
        studio.add_copies([graded / "1006.png"], same_as="0" * 12)
    [copy] = studio.add_copies([graded / "1006.png"], same_as=key.digest[:12])
    assert (copy.derived_from, copy.author_id, copy.licence_id) == (key.digest, key.author_id, key.licence_id)
    take = deage(studio, stage, keys=graded)
    assert copy.digest in {s.exemplar for s in take.shares}
    revoke_licence(studio.ledger, str(key.licence_id), cause="over")
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, keys=graded)
    assert set(refusal.value.codes) == {"licence_revoked"}


def test_33_renamed_keys_are_the_same_keys(studio: Studio, stage: Stage) -> None:
    first = deage(studio, stage)
    elsewhere = stage.root / "elsewhere"
    elsewhere.mkdir()
    for path in stage.keys.iterdir():
        (elsewhere / f"face_{path.name}").write_bytes(path.read_bytes())
    assert deage(studio, stage, keys=elsewhere).name == first.name, "the same plan: it is there already"


# 35: nothing hides in a file.


def test_35_a_key_with_a_second_page_is_not_added(studio: Studio, stage: Stage) -> None:
    pages = [Image.fromarray(np.full((96, 128, 3), value, np.uint8)) for value in (40, 200)]
    path = stage.root / "face.1003.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    before = studio.ledger.head().size
    with pytest.raises(ConsentError, match=r"face\.1003\.tif' also holds page 2") as refusal:
        studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")
    assert refusal.value.codes == ("unknown_layer",)
    assert not [e for e in studio.ledger.entries(kind="exemplar.registered") if e.idx >= before]


def test_35_what_is_on_record_says_what_it_holds(studio: Studio) -> None:
    for exemplar, _ in studio.exemplars():
        assert exemplar.layers
        assert studio.records.state().exemplars[exemplar.digest].layers == exemplar.layers


# 36: what pictures were signed with.


def signed_keys(stage: Stage, **how: object) -> Path:
    folder = stage.root / "signed"
    folder.mkdir()
    plate, matte = picture(1006)
    write_png(folder / "1006.png", srgb(painted(plate, matte)))
    return sign(folder / "1006.png", **how)


def test_36_signed_keys_are_kept_as_they_are(studio: Studio, stage: Stage) -> None:
    (studio.folder.root / "keys" / "credentials.pem").write_text(chain()[0])
    path = signed_keys(stage)
    [kept] = studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")
    assert kept.marks is not None and kept.marks.state is MarkState.TRUSTED
    assert (studio.folder.root / kept.files[0].path).read_bytes() == path.read_bytes()
    assert deage(studio, stage, keys=path.parent).state is TakeState.DONE


def test_36_credentials_beside_a_key_are_kept_beside_its_copy(studio: Studio, stage: Stage) -> None:
    path = stage.root / "face.1006.exr"
    write_exr(path, picture(1006)[0])
    sign(path)
    [kept] = studio.add_exemplars([path], by=ARTIST, licence="work-for-hire", colour="lin_rec709_srgb")
    copy = (studio.folder.root / kept.files[0].path).with_suffix(".c2pa")
    assert copy.read_bytes() == path.with_suffix(".c2pa").read_bytes()
    assert kept.marks is not None and kept.marks.sidecars == (hashlib.sha256(copy.read_bytes()).hexdigest(),)


def test_36_tampered_credentials(studio: Studio, stage: Stage) -> None:
    path = signed_keys(stage)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"IDAT") + 40] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ConsentError, match="mismatch") as refusal:
        studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")
    assert refusal.value.codes == ("tampered_credential",)


def test_36_a_key_that_says_no_needs_its_authors_document(studio: Studio, stage: Stage) -> None:
    path = signed_keys(stage, mining={"cawg.ai_training": "notAllowed"})
    studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, keys=path.parent)
    assert refusal.value.codes == ("mining_not_allowed",)
    contract = stage.root / "contract.txt"
    contract.write_text("Artist B allows this very use.")
    studio.add_exemplars([path], by=ARTIST, licence="licensed", document=contract)
    assert deage(studio, stage, keys=path.parent).state is TakeState.DONE


# 39: a take that comes back.


def test_39_a_take_of_another_show(studio: Studio, stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = open_show(build(tmp_path_factory.mktemp("other"), frames=3, keys=(1001,)))
    taken = deage(
        other,
        Stage(
            other.folder.root.parent,
            other.folder.root.parent / "plates",
            other.folder.root.parent / "paint",
            other.folder.root.parent / "mattes",
            3,
        ),
        also=["png16"],
    )
    strange = stage.root / "strange"
    strange.mkdir()
    made = other.folder.root / taken.folder / f"png16/{taken.name}.1001.png"
    (strange / "1001.png").write_bytes(made.read_bytes())
    studio.add_exemplars([strange], by=ARTIST, licence="work-for-hire")
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, keys=strange)
    assert refusal.value.codes == ("chained",)


@pytest.mark.parametrize("stripped", [False, True])
def test_39_a_take_of_this_show_brings_its_consent_along(studio: Studio, stage: Stage, stripped: bool) -> None:
    taken = deage(studio, stage, also=["png16"])
    again = stage.root / "again"
    again.mkdir()
    made = studio.folder.root / taken.folder / f"png16/{taken.name}.1003.png"
    (again / "1003.png").write_bytes(made.read_bytes())
    [kept] = studio.add_exemplars([again], by=ARTIST, licence="work-for-hire")
    if stripped:  # the header says nothing: what the ledger knows of the bytes is enough
        from bottega.rights.record.registry import register_exemplar

        register_exemplar(studio.ledger, replace(kept, made_by=None))
    assert studio.records.state().exemplars[kept.digest].made_by == MadeBy(show_id=studio.show.show_id, plans=(taken.plan_digest,))
    second = deage(studio, stage, keys=again)
    assert second.grants == taken.grants
    with pytest.raises(ConsentError) as refusal:
        studio.repair(SHOT, keys=again, no_performer=True)
    assert refusal.value.codes == ("chained",)
    [(consent, _, _)] = studio.consents()
    studio.revoke_consent(consent.grant_id, reason="withdrawn")
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, keys=again)
    assert set(refusal.value.codes) == {"revoked", "chained"}


def test_39_a_key_painted_on_a_handed_out_frame_is_just_a_key(studio: Studio, stage: Stage) -> None:
    [path] = studio.hand_out(SHOT, [1003], to=stage.root / "out")
    assert said(path, studio.show.show_id) == MadeBy(show_id=studio.show.show_id, source=studio.shots()[0].plate)
    (stage.root / "out" / "1003.png").write_bytes(path.read_bytes())
    path.unlink()
    studio.add_exemplars([stage.root / "out"], by=ARTIST, licence="work-for-hire")
    assert deage(studio, stage, keys=stage.root / "out").state is TakeState.DONE


# 40: names.


def test_40_a_file_named_after_somebody(studio: Studio, stage: Stage) -> None:
    studio.add_person("Tomas Vestergren", role="performer")
    for name, answer in (("tomas_vestergren.1003", "named_person"), ("vestergrn_tomas.1003", "text_review"), ("performer_a.1003", None)):
        keys = stage.root / name
        keys.mkdir()
        plate, matte = picture(1003)
        write_png(keys / f"{name}.png", srgb(painted(plate, matte) * (1 - len(name) / 1000)))
        studio.add_exemplars([keys], by=ARTIST, licence="work-for-hire")
        if answer is None:
            assert deage(studio, stage, keys=keys).use.text.found, "Performer A is in it, and consented"
            continue
        with pytest.raises(ConsentError) as refusal:
            deage(studio, stage, keys=keys)
        assert refusal.value.codes == (answer,)
    log = b"".join(json.dumps(e.data).encode() for e in studio.ledger.entries())
    assert b"vestergr" not in log.lower()


# 54: every way out.


def test_54_every_picture_of_a_show_says_how_it_was_made(short: Stage) -> None:
    with open_show(short) as studio:
        take = deage(studio, short, also=["png16", "prores"])
        folder = studio.folder.root / take.folder
        mark = MadeBy(show_id=studio.show.show_id, plans=(take.plan_digest,))
        made = [p for p in folder.rglob("*") if p.is_file() and p.name != "take.json"]
        assert {p.suffix for p in made} == {".exr", ".png", ".mp4", ".mov"}
        assert {p.name: said(p, studio.show.show_id) for p in made} == {p.name: mark for p in made}
        [entry] = studio.ledger.entries(kind="output.registered")
        assert entry.data["files"] == sorted({o.sha256 for o in take.outputs}) and entry.data["plan"] == take.plan_digest
        for path in made:
            data = path.read_bytes()
            assert PERFORMER.encode() not in data and ARTIST.encode() not in data and str(short.root).encode() not in data


# 52: what a user names is hostile until it is checked.

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "sh010/../../x",
    "sh\0010",
    "a\nb",
    "..",
    ".",
    "",
    "ＳＨ010",
    "sh010\u202e",
    "é",
    "e\u0301",
    "-x/y",
]


def test_52_no_hostile_text_is_a_name(studio: Studio, stage: Stage) -> None:
    folders = {p for p in studio.folder.root.rglob("*") if p.is_dir()}
    for text in HOSTILE:
        asked: dict[str, Callable[[], object]] = {
            "shot": lambda: studio.add_shot(text, stage.plates, colour="lin_rec709_srgb"),  # noqa: B023 - called in this turn
            "job on a shot": lambda: studio.deage(text, keys=stage.keys, person=PERFORMER, age=35),  # noqa: B023
            "hand out": lambda: studio.hand_out(text, [1001], to=stage.root / "x"),  # noqa: B023
            "remake": lambda: studio.remake(text),  # noqa: B023
            "report": lambda: studio.report(text),  # noqa: B023
            "region": lambda: deage(studio, stage, regions=[(text, stage.mattes, 0.5)]),  # noqa: B023
            "digest": lambda: studio.add_copies([stage.keys / "1001.png"], same_as=text),  # noqa: B023
            "plate": lambda: studio.add_shot("sh020", text, colour="lin_rec709_srgb"),  # noqa: B023
        }
        for what, ask in asked.items():
            with pytest.raises(BottegaError):
                pytest.fail(f"{what} took {text!r}: {ask()}")
    assert {p for p in studio.folder.root.rglob("*") if p.is_dir()} == folders


def test_52_names_that_are_twins(studio: Studio) -> None:
    studio.add_person("Zoé Müller", role="performer")
    for twin in ("Zoe\u0301 Mu\u0308ller", "ＺＯÉ MÜLLER", "zoé  müller"):
        with pytest.raises(UsageError):
            studio.add_person(twin, role="performer")
        assert studio.records.find(twin).subject_id == studio.records.find("Zoé Müller").subject_id


def test_52_links_do_not_lead_out(studio: Studio, stage: Stage) -> None:
    outside = stage.root / "outside.1003.png"
    plate, matte = picture(1003)
    write_png(outside, srgb(painted(plate, matte)))
    linked = stage.root / "linked"
    linked.mkdir()
    (linked / "1003.png").symlink_to(outside)
    for ask in (
        lambda: studio.add_exemplars([linked], by=ARTIST, licence="work-for-hire"),
        lambda: deage(studio, stage, keys=linked),
        lambda: deage(studio, stage, matte=linked),
    ):
        with pytest.raises(Exception, match="is a link out of its folder"):
            ask()


def test_52_credentials_beside_a_picture_may_be_no_link(studio: Studio, stage: Stage) -> None:
    path = stage.root / "lonely.1003.exr"
    write_exr(path, picture(1003)[0])
    path.with_suffix(".c2pa").symlink_to("/etc/passwd")
    with pytest.raises(Exception, match="cannot be opened"):
        studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")


def test_errors_name_no_folder_of_the_user(studio: Studio, stage: Stage) -> None:
    path = stage.root / "x.1003.png"
    path.write_bytes(b"no picture")
    with pytest.raises(Exception, match=re.escape("x.1003.png")):
        studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")
