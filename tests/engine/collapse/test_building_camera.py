"""A camera is found from a building's corners, or it is said why not."""

import numpy as np
import pytest

from bottega.engine.collapse.building import FaceCorners, plan_of, solve_camera
from bottega.engine.collapse.records import Camera


def looking(at, place, focal=900.0, size=(1280, 720)):
    """A camera at a place that looks at a point, upright."""
    back = np.asarray(place, float) - at
    back /= np.linalg.norm(back)
    right = np.cross([0, 0, 1.0], back)
    right /= np.linalg.norm(right)
    turn = np.eye(4)
    turn[:3, 0], turn[:3, 1], turn[:3, 2], turn[:3, 3] = right, np.cross(back, right), back, place
    return Camera(turn, focal, (size[0] / 2, size[1] / 2), *size)


def seen(camera, feet, height, noise=None):
    """The faces as the camera sees them."""
    out = []
    for i, (left, right) in enumerate(feet):
        points = np.array([[*left, 0], [*right, 0], [*right, height], [*left, height]], float)
        pixels, depth = camera.project(points)
        assert (depth > 0).all()
        pixels = pixels + (noise.normal(0, 1, (4, 2)) if noise is not None else 0)
        out.append(FaceCorners("AB"[i], tuple(map(tuple, pixels)), float(np.hypot(*np.subtract(right, left))), height))
    return out


CORNER = (((0, 0), (12, 0)), ((0, 9), (0, 0)))
CAMERAS = [
    looking((4, 4, 9), (-16, -24, 1.7)), looking((4, 4, 6), (-9, -30, 14), focal=1500), looking((6, 3, 10), (-20, -12, 2), focal=600),
]  # fmt: skip


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("square", [True, False])
def test_two_faces_give_the_camera_its_place_and_its_focal_length(camera, square):
    found = solve_camera(seen(camera, CORNER, 20.0), width=1280, height=720, square=square)
    assert found.camera.focal_px == pytest.approx(camera.focal_px, rel=1e-4)
    assert np.allclose(found.camera.to_world, camera.to_world, atol=1e-3)
    assert found.residual_px.max() < 1e-3
    assert np.allclose(found.feet, CORNER, atol=1e-3)


def test_a_corner_that_is_not_square_is_found_where_it_is_allowed():
    feet = (((0, 0), (12, 0)), ((-3.0, 9.0), (0, 0)))
    found = solve_camera(seen(CAMERAS[0], feet, 20.0), width=1280, height=720, square=False)
    assert np.allclose(found.feet, feet, atol=1e-2)
    assert found.camera.focal_px == pytest.approx(900, rel=1e-3)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_faces_moves_the_origin_only(order):
    faces = [seen(CAMERAS[0], CORNER, 20.0)[i] for i in order]
    found = solve_camera(faces, width=1280, height=720)
    assert found.camera.focal_px == pytest.approx(900, rel=1e-4)
    assert np.allclose(found.feet[0, 0], 0, atol=1e-9)


@pytest.mark.parametrize("camera", CAMERAS)
def test_one_face_and_a_focal_length_are_enough(camera):
    found = solve_camera(seen(camera, CORNER[:1], 20.0), width=1280, height=720, focal_px=camera.focal_px)
    assert np.allclose(found.camera.to_world, camera.to_world, atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_a_pixel_of_noise_moves_it_little(seed):
    camera = looking((4, 4, 9), (-16, -24, 1.7), focal=1280.0, size=(1920, 1080))
    found = solve_camera(seen(camera, CORNER, 20.0, np.random.default_rng(seed)), width=1920, height=1080)
    assert found.camera.focal_px == pytest.approx(1280, rel=0.02)
    assert np.linalg.norm(np.asarray(found.camera.to_world)[:3, 3] - [-16, -24, 1.7]) < 1.0


def test_a_lens_is_found_where_it_is_asked_for():
    camera = CAMERAS[0]
    bent = []
    for face in seen(camera, CORNER, 20.0):
        flat = (np.asarray(face.corners_px) - camera.centre_px) / camera.focal_px
        corners = flat * (1 - 0.08 * (flat**2).sum(-1, keepdims=True)) * camera.focal_px + camera.centre_px
        bent.append(FaceCorners(face.name, tuple(map(tuple, corners)), face.width_m, face.height_m))
    assert solve_camera(bent, width=1280, height=720, lens=True).k1 == pytest.approx(-0.08, abs=1e-3)


GOOD = ((200.0, 400.0), (440.0, 400.0), (440.0, 80.0), (200.0, 80.0))


@pytest.mark.parametrize(
    ("corners", "says"),
    [
        (GOOD[::-1], "another order than bottom left, bottom right"),
        (GOOD[2:] + GOOD[:2], "another order"),
        ((GOOD[0], GOOD[2], GOOD[1], GOOD[3]), "not convex in the order|square pixels"),
        ((GOOD[0], GOOD[1], (300.0, 350.0), GOOD[3]), "not convex"),
        (((1, 1), (2, 1), (2, 0), (1, 0)), "span 1.0 square pixels, allowed are 25"),
        (GOOD[:3], "four corners"),
        ((*GOOD[:3], (float("nan"), 1)), "four corners"),
    ],
)
def test_corners_that_are_none_are_named(corners, says):
    with pytest.raises(ValueError, match=f"face 'front': .*({says})"):
        solve_camera([FaceCorners("front", corners, 6.0, 8.0)], width=640, height=480, focal_px=400.0)


def test_what_cannot_be_is_refused():
    face = FaceCorners("front", GOOD, 6.0, 8.0)
    with pytest.raises(ValueError, match=r"face 'side': it shares no upright edge .* nearest is 'front', 200.0 px away"):
        far = tuple((x + 440, y) for x, y in GOOD)
        solve_camera([face, FaceCorners("side", far, 6.0, 8.0)], width=640, height=480)
    with pytest.raises(ValueError, match=r"top .* corner is .* px from where a camera would see it"):
        solve_camera([FaceCorners("front", GOOD, 6.0, 80.0)], width=640, height=480, focal_px=400.0)
    with pytest.raises(ValueError, match="size must be above 0"):
        solve_camera([face], width=0, height=480)
    with pytest.raises(ValueError, match="width and height must be above 0"):
        solve_camera([FaceCorners("front", GOOD, 0.0, 8.0)], width=640, height=480)
    with pytest.raises(ValueError, match="one at least"):
        solve_camera([], width=640, height=480)


def test_a_plan_is_closed():
    corners, of = plan_of(np.asarray(CORNER, float))
    assert corners == ((0.0, 9.0), (0.0, 0.0), (12.0, 0.0), (12.0, 9.0))
    assert of == (1, 0, -1, -1)
    with pytest.raises(ValueError, match="given 3"):
        plan_of(np.zeros((3, 2, 2)))


def unmeasured(faces, **sizes):
    return [FaceCorners(f.name, f.corners_px, sizes.get(f"width_{f.name}"), sizes.get("height")) for f in faces]


@pytest.mark.parametrize("camera", CAMERAS)
def test_one_length_in_metres_is_enough(camera):
    faces = seen(camera, CORNER, 20.0)
    for sizes in ({"height": 20.0}, {"width_A": 12.0}, {"width_B": 9.0}):
        found = solve_camera(unmeasured(faces, **sizes), width=1280, height=720)
        assert np.allclose(found.sizes_m, [[12, 20], [9, 20]], rtol=1e-4)
        assert np.allclose(found.camera.to_world, camera.to_world, atol=1e-2)
        assert found.camera.focal_px == pytest.approx(camera.focal_px, rel=1e-4)


def test_a_cropped_picture_has_its_principal_point_elsewhere():
    camera = CAMERAS[0]
    off = [FaceCorners(f.name, tuple((x + 70, y - 40) for x, y in f.corners_px), f.width_m, f.height_m) for f in seen(camera, CORNER, 20.0)]
    found = solve_camera(off, width=1280, height=720, centre=True)
    assert found.camera.centre_px == pytest.approx((710, 320), abs=0.1)
    assert found.camera.focal_px == pytest.approx(900, rel=1e-3)
    assert np.allclose(found.camera.to_world, camera.to_world, atol=1e-2)


def test_it_says_how_sure_it_is():
    camera = looking((4, 4, 9), (-16, -24, 1.7), focal=1280.0, size=(1920, 1080))
    true = solve_camera(seen(camera, CORNER, 20.0), width=1920, height=1080)
    tries = [solve_camera(seen(camera, CORNER, 20.0, np.random.default_rng(s)), width=1920, height=1080) for s in range(24)]
    off = np.std([t.camera.focal_px - 1280 for t in tries])
    assert 0.5 * true.focal_sd_px < off < 1.7 * true.focal_sd_px
    away = np.sqrt(np.mean([((np.asarray(t.camera.to_world)[:3, 3] - [-16, -24, 1.7]) ** 2).sum() for t in tries]))
    assert 0.5 * true.place_sd_m < away < 1.7 * true.place_sd_m


def test_what_corners_cannot_tell_is_refused():
    front = seen(looking((6, 0, 10), (6, -40, 10)), CORNER[:1], 20.0)
    with pytest.raises(ValueError, match=r"a pixel in the corners changes .* px .* seen so square on do not tell it; give focal_px"):
        solve_camera(front, width=1280, height=720)
    both = seen(CAMERAS[0], CORNER, 20.0)
    with pytest.raises(ValueError, match=r"one width or height in metres at least .* none given"):
        solve_camera(unmeasured(both), width=1280, height=720)
    with pytest.raises(ValueError, match=r"1 face\(s\) tell 8 numbers, asked for are 9"):
        solve_camera(both[:1], width=1280, height=720, centre=True)
    with pytest.raises(ValueError, match="focal_px must be above 0, not -3"):
        solve_camera(both, width=1280, height=720, focal_px=-3)
    with pytest.raises(ValueError, match="size must be above 0, not Nonex720"):
        solve_camera(both, width=None, height=720)
