"""The faces of a plate from end to end: assigned, measured against the matte, reviewed, looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from bottega import Studio
from bottega.model import ConsentError, FootageError, UsageError

from .stage import PERFORMER, SHOT, Stage, deage, open_show

# The disc of `stage.picture` drifts from column 43 to 61, 32 pixels round; the far right of the 128 columns stays plate.
HERO = {"box": "11,16,64,64", "boxes_at": ("1010=29,16,64,64",)}
FAR_RIGHT = "112,0,14,20"


def refused(studio: Studio, stage: Stage, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ConsentError) as no:
        deage(studio, stage, **options)
    return no.value.codes


def last_decision(studio: Studio) -> dict[str, Any]:
    return dict(studio.ledger.entries(kind="gate.decided")[-1].data)


def assign(studio: Studio, **said: Any) -> None:
    studio.faces.assign(SHOT, **({"by": "Operator D"} | said))


@pytest.fixture
def studio(stage: Stage) -> Studio:
    """A show whose performer's face is on record."""
    made = open_show(stage)
    assign(made, kind="performer", person=PERFORMER, **HERO)
    return made


def test_without_faces_on_record_the_decision_says_so(stage: Stage) -> None:
    made = open_show(stage)
    made.plan(made.deage_request(SHOT, keys=stage.keys, matte=stage.mattes, people=[PERFORMER], age=35))
    plate = made.folder.shot(SHOT).plate
    assert last_decision(made)["faces"] == {plate: "none recorded"}
    assert not [e for e in made.ledger.entries(kind="gate.decided") if e.data["use"]["job"] == "measure"]


def test_a_bystander_whom_the_matte_leaves_out_is_untouched_to_the_bit(studio: Studio, stage: Stage) -> None:
    assign(studio, kind="bystander", box=FAR_RIGHT)
    take = deage(studio, stage)
    plate = studio.folder.shot(SHOT).plate
    assert last_decision(studio)["faces"][plate]["untouched"] == {"bystander-1": "bystander"}
    assert take.use.tracks_touched == ("performer-1",)
    for number in (1001, 1005, 1010):
        before = OpenEXR.File(str(stage.plates / f"{number}.exr")).channels()["RGB"].pixels
        made = OpenEXR.File(str(studio.folder.root / take.folder / "frames" / f"{take.name}.{number}.exr")).channels()["RGB"].pixels
        assert np.array_equal(before[0:20, 112:126], made[0:20, 112:126])
        assert not np.array_equal(before, made)


def test_a_bystander_whom_the_matte_reaches_on_one_frame_is_touched(studio: Studio, stage: Stage) -> None:
    assign(studio, kind="bystander", box="90,40,10,10", frames="1010")
    assert refused(studio, stage) == ("bystander_touched",)


def test_the_margin_round_a_box_counts(studio: Studio, stage: Stage) -> None:
    """On frame 1001 the matte ends at column 75: a box from 77 on lies outside it, but within the engine's reach of 3 pixels."""
    assign(studio, kind="bystander", box="77,44,8,8", frames="1001")
    assert refused(studio, stage) == ("bystander_touched",)
    assign(studio, kind="bystander", box="80,44,8,8", frames="1001", track="bystander-1")
    assert deage(studio, stage).frames


def test_without_a_matte_nothing_is_measured_and_everybody_counts(studio: Studio, stage: Stage) -> None:
    assign(studio, kind="bystander", box=FAR_RIGHT)
    assert refused(studio, stage, matte=None) == ("bystander_touched",)
    assert last_decision(studio)["faces"][studio.folder.shot(SHOT).plate]["measured"] is False


def test_the_mattes_are_read_under_a_clearance_of_their_own(studio: Studio, stage: Stage) -> None:
    deage(studio, stage)
    measured, made = [e.data for e in studio.ledger.entries(kind="gate.decided") if e.data["allow"]][-2:]
    assert measured["use"]["job"] == "measure"
    assert [i["role"] for i in measured["use"]["inputs"]] == ["matte"]
    assert "plate" in [i["role"] for i in made["use"]["inputs"]]
    assert made["use"]["frames"] == {"first": 1001, "last": 1010}


def test_a_matte_of_another_size_is_refused_while_measuring(studio: Studio, stage: Stage, tmp_path: Path) -> None:
    from .stage import write_png

    write_png(tmp_path / "small.png", np.ones((8, 8), np.float32), bits=8)
    with pytest.raises(UsageError, match="matte is 8x8, the plate is 128x96"):
        deage(studio, stage, matte=tmp_path / "small.png")


def test_a_face_assigned_while_a_job_waits_counts_against_it(studio: Studio, stage: Stage) -> None:
    deage(studio, stage)
    assign(studio, kind="bystander", box="50,40,10,10")
    assert refused(studio, stage, age=36) == ("bystander_touched",)


def test_a_remake_is_measured_anew(studio: Studio, stage: Stage) -> None:
    take = deage(studio, stage)
    assign(studio, kind="bystander", box="50,40,10,10")
    with pytest.raises(ConsentError) as no:
        studio.remake(f"{SHOT}/deage/v001")
    assert no.value.codes == ("bystander_touched",)
    assert take.use.tracks_touched == ("performer-1",)


def test_faces_travel_as_a_document(studio: Studio, tmp_path: Path) -> None:
    document = studio.faces.document(SHOT).to_json()
    assert (document["schema"], document["schema_version"]) == ("bottega.faces", 1)
    assert PERFORMER not in json.dumps(document)
    document["tracks"].append(document["tracks"][0] | {"track_id": "poster", "kind": "depiction", "subject_id": None})
    path = tmp_path / "faces.json"
    path.write_text(json.dumps(document))
    added = studio.faces.add_document(studio.faces.read_document(path), by="Artist B")
    assert [t.track_id for t in added] == ["poster"], "the one that is there as it is, is not written again"
    assert studio.faces.add_document(studio.faces.read_document(path), by="Artist B") == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d | {"plate": "ab" * 32, "tracks": []}, "shot sh010 has plate"),
        (lambda d: d | {"tracks": [d["tracks"][0] | {"subject_id": "p_00000000"}]}, "is not in the ledger"),
        (lambda d: d | {"tracks": [d["tracks"][0] | {"subject_id": "Performer A"}]}, "never a name"),
        (lambda d: d | {"tracks": [d["tracks"][0] | {"frames": {"first": 1, "last": 1010}}]}, "shot sh010 has 1001-1010"),
        (lambda d: d | {"tracks": [d["tracks"][0] | {"track_id": "new", "new_field": 1}]}, "does not know"),
        (lambda d: d | {"schema": "other"}, "schema is 'other'"),
        (lambda d: [d], "a table is needed"),
    ],
)
def test_a_document_that_does_not_hold_changes_nothing(studio: Studio, tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "faces.json"
    path.write_text(json.dumps(change(studio.faces.document(SHOT).to_json())))
    before = studio.ledger.head()
    with pytest.raises(UsageError, match=said):
        studio.faces.add_document(studio.faces.read_document(path), by="Operator D")
    assert studio.ledger.head() == before


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "extra", "box": "1,1,1,1"}, "allowed are performer, bystander"),
        ({"kind": "bystander", "box": "1,1,1"}, "write it as X,Y,WIDTH,HEIGHT"),
        ({"kind": "bystander", "box": "200,1,5,5"}, "outside the picture, 128x96"),
        ({"kind": "bystander", "box": "1,1,5,5", "frames": "1001-1011"}, "shot sh010 has 1001-1010"),
        ({"kind": "bystander", "box": "1,1,5,5", "boxes_at": ("1002:1,1,5,5",)}, "write it as FRAME="),
        ({"kind": "performer", "box": "1,1,5,5"}, "a person is needed"),
        ({"kind": "performer", "box": "1,1,5,5", "person": "Performer Q"}, "is not in this show"),
    ],
)
def test_what_cannot_be_assigned(studio: Studio, said: dict[str, Any], why: str) -> None:
    before = studio.ledger.head()
    with pytest.raises(UsageError, match=why):
        assign(studio, **said)
    assert studio.ledger.head() == before


def test_the_sheet_shows_boxes_and_no_name_and_goes_through_the_gate(studio: Studio, tmp_path: Path) -> None:
    assign(studio, kind="depiction", box=FAR_RIGHT)
    frames = studio.faces.sheet(SHOT, to=tmp_path / "faces.png")
    assert frames[0] == 1001 and frames[-1] == 1010
    pixels = oiio.ImageBuf(str(tmp_path / "faces.png")).get_pixels(oiio.UINT8)
    for colour in ((80, 220, 100), (255, 220, 60)):
        assert (pixels[..., :3] == colour).all(-1).sum() > 100
    assert last_decision(studio)["use"]["job"] == "faces"
    with pytest.raises(UsageError, match="there already"):
        studio.faces.sheet(SHOT, to=tmp_path / "faces.png")


def test_a_plate_that_changed_gives_no_sheet(studio: Studio, stage: Stage, tmp_path: Path) -> None:
    plate = stage.plates / "1001.exr"
    data = bytearray(plate.read_bytes())
    data[-1] ^= 1
    plate.write_bytes(data)
    with pytest.raises((ConsentError, FootageError), match="changed"):
        studio.faces.sheet(SHOT, to=tmp_path / "faces.png")


def test_handing_out_is_held_by_nothing_that_stands_by(studio: Studio, tmp_path: Path) -> None:
    assign(studio, kind="depiction", box=FAR_RIGHT)
    assert [p.name for p in studio.hand_out(SHOT, [1001], to=tmp_path / "paint")] == [f"{SHOT}.1001.png"]
