"""A turn that we made is found again; what cannot be told is refused."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bottega.engine.collapse.building import PanSettings, nodal_pan
from bottega.engine.collapse.records import Camera

WIDE, HIGH, FOCAL = 640, 400, 520.0
NEAR = 430.0  # the frames' focal length, pixels


def street(seed=1):
    """Blots of many sizes, linear."""
    rng = np.random.default_rng(seed)
    picture = np.full((HIGH, WIDE, 3), 0.2, np.float32)
    for _ in range(900):
        at, size = (int(rng.integers(WIDE)), int(rng.integers(HIGH))), int(rng.integers(2, 18))
        cv2.rectangle(picture, at, (at[0] + size, at[1] + int(rng.integers(2, 18))), (float(rng.random()),) * 3, -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def inner(focal, wide, high):
    return np.array([[focal, 0, -wide / 2], [0, -focal, -high / 2], [0, 0, -1.0]])


def turned(picture, turn, size=(320, 200)):
    """What a camera of focal length NEAR at half the size sees."""
    to_frame = inner(NEAR / 2, *size) @ turn.T @ np.linalg.inv(inner(FOCAL, WIDE, HIGH))
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # pixel centres: ours lie at +0.5
    return cv2.warpPerspective(picture, np.linalg.inv(half) @ to_frame @ half, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)


TURNS = Rotation.from_euler("yxz", [[0, 0, 0], [3, -1, 0.5], [-4, 2, -1.5]], degrees=True).as_matrix()
POSE = np.eye(4)
POSE[:3, :3], POSE[:3, 3] = Rotation.from_euler("zx", [20, 80], degrees=True).as_matrix(), (1, 2, 3)
CAMERA = Camera(POSE, FOCAL, (WIDE / 2, HIGH / 2), WIDE, HIGH)


def degrees_between(a, b):
    return float(np.degrees(Rotation.from_matrix(a.T @ b).magnitude()))


def test_the_turn_is_found_to_a_tenth_of_a_pixel():
    picture = street()
    pan = nodal_pan([turned(picture, t) for t in TURNS], picture, camera=CAMERA, focal_px=NEAR / 2)
    for camera, turn in zip(pan.cameras, TURNS, strict=True):
        assert degrees_between(camera.to_world[:3, :3], POSE[:3, :3] @ turn) < np.degrees(0.1 / (NEAR / 2))
        assert np.array_equal(camera.to_world[:3, 3], POSE[:3, 3])
        assert (camera.width, camera.height, camera.focal_px) == (320, 200, NEAR / 2)
    assert pan.residual_px.max() < 0.6
    assert pan.matches.min() > 30


def test_what_does_not_stand_still_can_be_left_out_and_does_not_matter_then():
    picture = street()
    out = np.zeros((HIGH, WIDE), bool)
    out[50:350, 180:460] = True
    moved = picture.copy()
    moved[50:350, 180:460] = np.roll(picture, 9, axis=0)[50:350, 180:460]
    pan = nodal_pan([turned(moved, TURNS[1])], picture, camera=CAMERA, focal_px=NEAR / 2, leave_out=out)
    assert degrees_between(pan.cameras[0].to_world[:3, :3], POSE[:3, :3] @ TURNS[1]) < np.degrees(0.1 / (NEAR / 2))


def test_the_same_bits_from_any_number_of_threads():
    picture = street()
    had = cv2.getNumThreads()
    found = []
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        found.append(nodal_pan([turned(picture, TURNS[2])], picture, camera=CAMERA, focal_px=NEAR / 2).cameras[0].to_world)
    cv2.setNumThreads(had)
    assert np.array_equal(*found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"focal_px": 0.0}, "focal_px must be above 0, not 0.0"),
        ({"leave_out": np.zeros((3, 3), bool)}, r"leave_out: \(400, 640\) bool is needed"),
        ({"reference": np.zeros((4, 4, 3), np.float32)}, "the camera's size"),
        ({"frames": [np.zeros((20, 20), np.float32)]}, r"frame 0: \(h, w, 3\) is needed, given \(20, 20\)"),
        ({"frames": [np.zeros((200, 320, 3), np.float32)]}, "frame 0: 0 points match the reference"),
        ({"frames": [street(5)[::2, ::2]]}, "frame 0: "),
    ],
)
def test_what_cannot_be_told_is_refused(change, says):
    given = {"frames": [street()[::2, ::2]], "reference": street(), "focal_px": FOCAL / 2} | change
    with pytest.raises(ValueError, match=says):
        nodal_pan(given.pop("frames"), given.pop("reference"), camera=CAMERA, **given)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="near_px above 0"):
        PanSettings(near_px=0)
