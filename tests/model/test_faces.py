"""Face tracks: boxes that move, and what a track may say."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.model import Detection, FaceBox, FaceKind, FaceTrack, FrameRange, UsageError, faces_digest

PLATE = "ab" * 32
SOMEBODY, OTHER = "p_aaaaaaaa", "p_bbbbbbbb"


def box(frame: int = 1001, x: int = 10, y: int = 20, width: int = 30, height: int = 40) -> FaceBox:
    return FaceBox(frame=frame, x=x, y=y, width=width, height=height)


def track(*boxes: FaceBox, **changes: Any) -> FaceTrack:
    fields: dict[str, Any] = {
        "track_id": "hero",
        "plate": PLATE,
        "kind": FaceKind.PERFORMER,
        "frames": FrameRange(first=1001, last=1011),
        "boxes": boxes or (box(),),
        "subject_id": SOMEBODY,
    }
    return FaceTrack(**(fields | changes))


def test_a_box_moves_in_a_straight_line_between_its_keys_and_stands_outside_them() -> None:
    moving = track(box(1003, x=0, width=10), box(1005, x=20, width=20))
    assert [(b.x, b.width) for n in (1001, 1003, 1004, 1005, 1011) if (b := moving.box_at(n))] == [
        (0, 10),
        (0, 10),
        (10, 15),
        (20, 20),
        (20, 20),
    ]
    assert moving.box_at(1012) is None and moving.box_at(1000) is None


edges = st.integers(-500, 500)
sizes = st.integers(1, 500)


@given(a=st.tuples(edges, sizes), b=st.tuples(edges, sizes), step=st.integers(0, 10))
def test_a_moving_box_holds_the_exact_one_and_is_less_than_a_pixel_wider(a: tuple[int, int], b: tuple[int, int], step: int) -> None:
    moving = track(box(1001, x=a[0], width=a[1]), box(1011, x=b[0], width=b[1]))
    part = Fraction(step, 10)
    left, right = a[0] + (b[0] - a[0]) * part, a[0] + a[1] + (b[0] + b[1] - a[0] - a[1]) * part
    found = moving.box_at(1001 + step)
    assert found is not None
    assert 0 <= left - found.x < 1
    assert 0 <= found.x + found.width - right < 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": FaceKind.PERFORMER, "subject_id": None}, "a person is needed"),
        ({"kind": FaceKind.OBJECT}, "nobody may be named"),
        ({"kind": FaceKind.NOTHING}, "nobody may be named"),
        ({"kind": FaceKind.DOUBLE}, "has a replaced_with"),
        ({"replaced_with": OTHER}, "has a replaced_with"),
        ({"kind": FaceKind.DOUBLE, "replaced_with": SOMEBODY}, "are one person"),
        ({"subject_id": "Performer A"}, "never a name"),
        ({"track_id": "../x"}, "face track"),
        ({"track_id": "detected-3-1"}, "those of what a detector found"),
        ({"plate": "plate"}, "no sha256"),
        ({"boxes": ()}, "needed are 1 to"),
        ({"boxes": (box(1002), box(1001))}, "in order"),
        ({"boxes": (box(1001), box(1001))}, "one a frame"),
        ({"boxes": (box(1012),)}, "outside its frames 1001-1011"),
    ],
)
def test_what_a_track_may_not_say(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        track(**changes)


@pytest.mark.parametrize("wrong", [{"width": 0}, {"height": -1}, {"x": 70000}, {"frame": -1}])
def test_a_box_is_some_whole_pixels_of_a_frame(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="box"):
        box(**wrong)


def test_a_detection_has_boxes_where_it_looked_only() -> None:
    with pytest.raises(UsageError, match="a box at frame 1002, at which it did not look"):
        Detection(plate=PLATE, detector="fake", detector_version="1", frames=(1001,), boxes=(box(1002),))
    with pytest.raises(UsageError, match="frames it looked at"):
        Detection(plate=PLATE, detector="fake", detector_version="1", frames=(), boxes=())


def test_the_digest_knows_every_face_and_no_order() -> None:
    a, b = track(), track(track_id="second")
    seen = Detection(plate=PLATE, detector="fake", detector_version="1", frames=(1001,), boxes=(box(),))
    assert faces_digest([a, b], [seen]) == faces_digest([b, a], [seen])
    others = [faces_digest([a], [seen]), faces_digest([a, b], []), faces_digest([a, track(box(1002), track_id="second")], [seen])]
    assert len({faces_digest([a, b], [seen]), *others}) == 4
