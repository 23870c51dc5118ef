"""A collapse's sheet: read strictly, and every error says where, what was given and what is allowed."""

import json
import re
import tomllib

import pytest

from bottega.jobs.runner.collapse.sheet import parsed, read_cameras, read_sheet, template
from bottega.model import UsageError

GOOD = tomllib.loads(template())


def changed(place, value):
    """The template's tables with one value changed; a value of None takes the key away."""
    data = json.loads(json.dumps(GOOD))
    table = data
    *way, last = place
    for step in way:
        table = table[step]
    if value is None:
        del table[last]
    else:
        table[last] = value
    return data


def test_the_template_is_a_sheet_and_says_what_its_comments_say():
    sheet = parsed(GOOD, "collapse.toml")
    assert sheet.reference == 1001
    assert [f.name for f in sheet.faces] == ["front", "side"]
    assert sheet.faces[0].corners_px[2] == (1271.7, 290.7)
    assert sum(sheet.storeys_m) == pytest.approx(27.8)
    assert sheet.failures[0].storeys == (0, 1)
    assert sheet.holds == ()
    assert set(sheet.exemplars) == {"broken", "inside"}


def test_what_is_left_out_has_a_default_and_what_is_commented_out_is_read_too():
    text = template().replace("# [[hold]]", "[[hold]]")
    text = text.replace("# at = ", "at = ").replace("# radius_m = ", "radius_m = ").replace("# until = ", "until = ")
    text = text.replace("# focal_px = ", "focal_px = ")
    sheet = parsed(tomllib.loads(text), "collapse.toml")
    assert sheet.holds[0].frame == 1060
    assert sheet.focal_px == 1280
    bare = {k: GOOD[k] for k in ("plate", "face", "building", "light", "failure", "exemplars")}
    assert parsed(bare, "x").dust.amount == 1
    assert parsed(bare, "x").camera_path == "still"


def test_slow_motion_is_a_number_or_a_curve():
    assert parsed(changed(("fall", "time"), 0.5), "x").time == 0.5
    assert parsed(changed(("fall", "time"), [[1001, 1], [1030, 0.25]]), "x").time == ((1001, 1.0), (1030, 0.25))


def test_what_moves_the_pieces_is_a_solver_or_a_file():
    assert parsed(GOOD, "x").solver == "bullet"
    assert parsed(changed(("fall", "solver"), "blender"), "x").solver == "blender"
    assert parsed(changed(("fall", "blend"), "fall.blend"), "x").blend.name == "fall.blend"
    both = changed(("fall", "solver"), "blender")
    both["fall"]["blend"] = "fall.blend"
    with pytest.raises(UsageError, match=r"fall\.blend is .*fall\.blend.*, allowed is a file without a solver"):
        parsed(both, "x")


def plain(found):
    """An error's words without the quotes round what was given."""
    return str(found.value).replace("'", "")


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("plate", "clean"), "../other", "clean"),
        (("plate", "reference"), 10.5, "reference is 10.5, allowed is a whole number"),
        (("plate", "building"), None, "plate.building is missing"),
        (("camera", "focal_px"), 0, "camera.focal_px is 0, allowed is a number above 0"),
        (("face", 0, "corners_px"), [[1, 2], [3, 4], [5, 6]], r"face\[0\]\.corners_px is .*, allowed is 4 points \[x, y\]"),
        (("face", 1, "width_m"), -1, r"face\[1\]\.width_m is -1, allowed is a number above 0"),
        (("face", 1, "bays"), True, r"face\[1\]\.bays is True, allowed is a whole number from 1 to 100"),
        (("face",), [], "face is .*, allowed is 1 or more tables"),
        (("building", "storeys_m"), [], "storeys_m is .*, allowed is a list of numbers"),
        (("building", "storeys_m"), [3.0, float("nan")], "storeys_m is nan"),
        (("building", "storeys_m"), [3.0] * 300, "300 heights, allowed is 1 to 200"),
        (("building", "material"), "marble", "material is marble, allowed is one of reinforced concrete, masonry"),
        (("building", "strength"), 0, "building.strength is 0, allowed is a number above 0"),
        (("light", "sun_towards"), [0, 0, 0], "sun_towards is .*other than 0, 0, 0"),
        (("light", "sky"), [1, 2], "sky is .*, allowed is 3 numbers"),
        (("failure", 0, "radius_m"), 0, r"failure\[0\]\.radius_m is 0, allowed is a number above 0"),
        (("failure", 0, "at"), [1.0], r"failure\[0\]\.at is \[1\.0\], allowed is \[x, y\] or \[x, y, z\]"),
        (("failure", 0, "frame"), 12.5, r"failure\[0\]\.frame is 12\.5"),
        (("failure", 0, "raduis_m"), 3, r"unknown raduis_m in \[failure\[0\]\], known are at, frame, radius_m, storeys"),
        (("fall", "time"), [[1030, 1], [1001, 1]], "time is .*rising frames"),
        (("fall", "time"), 0, "time is 0"),
        (("dust", "half"), "yes", "dust.half is yes, allowed is true or false"),
        (("exemplars", "inside"), None, "exemplars.inside is missing"),
        (("exemplars", "painted"), "p/", "unknown painted"),
        (("exemplars", "marble"), "a.png", r"unknown marble in \[exemplars\]"),
        (("finsih",), {}, "unknown finsih, known are"),
        (("building",), 3, "building is 3, allowed is a table"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_is_allowed(place, value, says):
    with pytest.raises(UsageError) as found:
        parsed(changed(place, value), "my.toml")
    assert re.search(says, plain(found))


@pytest.mark.parametrize(("text", "says"), [(b"[plate", "cannot be read"), (b"\xff", "cannot be read"), (b"", "plate.*missing")])
def test_a_sheet_that_is_none_is_refused(tmp_path, text, says):
    path = tmp_path / "collapse.toml"
    path.write_bytes(text)
    with pytest.raises(UsageError) as found:
        read_sheet(path)
    assert re.search(f"collapse.toml.*{says}", plain(found))
    with pytest.raises(UsageError) as found:
        read_sheet(tmp_path / "gone.toml")
    assert "gone.toml cannot be read: No such file" in plain(found)


def test_a_sheet_the_size_of_a_picture_is_not_read(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_bytes(b"#" * (5 * 1024 * 1024))
    with pytest.raises(UsageError, match="5242880 bytes, allowed are 4194304"):
        read_sheet(path)


MATRIX = [[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]


def test_cameras_by_frame(tmp_path):
    path = tmp_path / "camera.json"
    path.write_text(
        json.dumps(
            {
                "focal_px": 700,
                "note": 1,
                "frames": {"1001": {"camera_to_world": MATRIX}, "1002": {"camera_to_world": MATRIX, "focal_px": 710}},
            }
        )
    )
    found, reference = read_cameras(path)
    assert reference is None
    assert found[1001].to_world[0] == (1, 0, 0, 5)
    assert (found[1001].focal_px, found[1002].focal_px) == (700, 710)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"frames": []}, {"frames": {"a": {"camera_to_world": MATRIX}}, "focal_px": 1}, {"frames": {"1": {"camera_to_world": MATRIX}}},
        {"frames": {"1": {"camera_to_world": MATRIX[:3]}}, "focal_px": 1}, {"frames": {"1": {"camera_to_world": MATRIX}}, "focal_px": -1},
        {"frames": {"1": {"camera_to_world": [["x"] * 4] * 4}}, "focal_px": 1}, {"frames": {"1": {}}, "focal_px": 1},
    ],
)  # fmt: skip
def test_a_camera_file_that_is_none_is_refused(tmp_path, data):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(data))
    with pytest.raises(UsageError) as found:
        read_cameras(path)
    assert re.search(r"camera file camera\.json cannot be read .*allowed is", plain(found))
