"""Another croquis and other swatches, drawn here: twelve parts, thin straps, holes, parts in two pieces; and scans too large to hold."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest

from bottega.engine.concept.cloth import make_cloth
from bottega.engine.concept.drape import drape
from bottega.engine.concept.flats import fill_flats, read_flats
from bottega.engine.concept.look import dress, shares
from bottega.engine.concept.palette import colour_map, palette_from
from bottega.engine.concept.records import NO_PART, Cloth, Figure, Garment, Look

NAMES = ("skin", "hair", "hat", "bodice", "straps", "belt", "skirt", "underskirt", "gloves", "stockings", "shoes", "brooch")
SIZE = (640, 1000)  # width, height
PX_PER_CM = 5.2


def flats() -> np.ndarray:
    """A dancer: each part over those before it; polygons in pixels."""
    labels = np.full((SIZE[1], SIZE[0]), NO_PART, np.uint8)

    def fill(part: str, *shapes: list[tuple[float, float]]) -> None:
        for shape in shapes:
            cv2.fillPoly(labels, [np.array(shape, np.int32)], NAMES.index(part) if part else NO_PART)

    def both(shape: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        return shape, [(640 - x, y) for x, y in shape]

    cv2.ellipse(labels, (320, 120), (46, 60), 0, 0, 360, NAMES.index("skin"), -1)
    fill("skin", [(295, 160), (345, 160), (350, 235), (290, 235)], [(230, 225), (410, 225), (395, 330), (245, 330)])
    fill("skin", *both([(232, 226), (252, 236), (196, 420), (150, 520), (134, 510), (178, 410)]))
    cv2.ellipse(labels, (320, 88), (52, 40), 0, 180, 360, NAMES.index("hair"), -1)
    fill("hat", [(236, 78), (404, 70), (410, 84), (240, 94)], [(276, 76), (286, 30), (352, 26), (366, 72)])
    fill("gloves", *both([(190, 400), (206, 410), (160, 560), (130, 550), (146, 490)]))
    fill("bodice", [(246, 290), (282, 300), (320, 318), (358, 300), (394, 290), (384, 420), (256, 420)])
    cv2.ellipse(labels, (320, 366), (17, 26), 0, 0, 360, NAMES.index("skin"), -1)  # a hole in the bodice
    for x in (262, 378):
        cv2.line(labels, (x, 226), (x, 296), NAMES.index("straps"), 3)
    fill("stockings", *both([(262, 780), (300, 780), (296, 930), (274, 930)]))
    fill("shoes", *both([(270, 920), (300, 920), (302, 960), (236, 962), (250, 942)]))
    fill("underskirt", [(232, 700), (408, 700), (440, 820), (200, 820)])
    fill("skirt", [(258, 430), (382, 430), (470, 640), (500, 790), (420, 740), (330, 792), (240, 742), (140, 788), (172, 640)])
    for x, y in ((230, 640), (320, 690), (410, 640)):
        cv2.ellipse(labels, (x, y), (14, 30), 0, 0, 360, NAMES.index("underskirt"), -1)  # slashes that show what is under it
    fill("belt", [(256, 418), (384, 418), (386, 432), (254, 432)])
    cv2.circle(labels, (350, 60), 5, NAMES.index("brooch"), -1)
    return labels


@lru_cache(maxsize=1)
def dancer() -> Figure:
    """Inked with a brush of three pixels about, broken here and there; shaded by its distance to the outline; no folds are given."""
    labels = flats()
    edge = np.zeros(labels.shape, np.uint8)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    ink = cv2.GaussianBlur(cv2.dilate(edge, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.7)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    ink *= np.where(np.sin(x / 17.0) + np.cos(y / 23.0) > -1.7, 1, 0).astype(np.float32)
    line = np.concatenate([ink[..., None] * (0.02, 0.015, 0.02), ink[..., None]], axis=-1).astype(np.float32)
    deep = cv2.distanceTransform((labels != NO_PART).astype(np.uint8), cv2.DIST_L2, 5)
    pleats = 0.85 + 0.15 * np.cos((x - 320) / (9 + (y - 430).clip(0) / 40))
    shade = (np.minimum(0.55 + deep / 60, 1) * np.where(y > 430, pleats, 1)).astype(np.float32)
    return Figure(line, labels, NAMES, PX_PER_CM, shade)


def gingham() -> Cloth:
    y, x = np.mgrid[0:300, 0:330].astype(np.float64)
    u, v = x * np.cos(0.03) + y * np.sin(0.03), -x * np.sin(0.03) + y * np.cos(0.03)
    many = (np.sin(2 * np.pi * u / 41.7) > 0).astype(float) + (np.sin(2 * np.pi * v / 41.7) > 0)
    cloth = np.array([(0.8, 0.8, 0.75), (0.4, 0.45, 0.6), (0.03, 0.06, 0.3)])[many.astype(int)]
    lamp = np.exp(-0.6 * (x / 330) ** 2)
    return make_cloth((cv2.GaussianBlur(cloth, (0, 0), 0.7) * lamp[..., None]).astype(np.float32), 20.0, repeat_cm=(2.1, 2.1))


def dots() -> Cloth:
    y, x = np.mgrid[0:280, 0:260].astype(np.float64)
    away = np.hypot((x + 15.5 * (np.floor(y / 27) % 2)) % 31 - 15.5, y % 27 - 13.5)
    share = np.clip(8 - away, 0, 1)[..., None]
    return make_cloth((share * (0.85, 0.8, 0.6) + (1 - share) * (0.35, 0.02, 0.05)).astype(np.float32), 12.0)


def fur() -> Cloth:
    noise = np.random.default_rng(3).normal(0, 1, (260, 240))
    hair = cv2.GaussianBlur(cv2.GaussianBlur(noise, (1, 31), 0.1, sigmaY=6), (0, 0), 0.7)
    return make_cloth((np.exp(1.2 * hair)[..., None] * (0.2, 0.12, 0.07)).astype(np.float32), 25.0)


@lru_cache(maxsize=1)
def cloths() -> dict[str, Cloth]:
    return {"gingham": gingham(), "dots": dots(), "fur": fur()}


@lru_cache(maxsize=1)
def look() -> Look:
    made = cloths()
    card = palette_from(np.array([[0.01, 0.05, 0.04], [0.05, 0.3, 0.25], [0.8, 0.75, 0.6]]))
    green = colour_map(made["dots"].pixels, card, name="card", main=1)
    return dress(
        dancer(),
        (
            Garment(("skin",), "skin", colour=(0.55, 0.33, 0.24)), Garment(("hair",), "hair", colour=(0.05, 0.02, 0.01)),
            Garment(("hat", "belt"), "fur", made["fur"]), Garment(("bodice", "straps"), "gingham", made["gingham"]),
            Garment(("skirt",), "dots", made["dots"]), Garment(("underskirt",), "gingham2", made["gingham"], angle_deg=45.0),
            Garment(("gloves", "stockings"), "dots2", made["dots"], dye=green),
            Garment(("shoes", "brooch"), "black", colour=(0.02, 0.02, 0.02)),
        ),
    )  # fmt: skip


def test_every_part_is_dressed_and_nothing_leaves_it_where_no_line_is() -> None:
    figure, made = dancer(), look()
    bare = figure.line[..., 3] < 0.05
    for layer in made.layers[1:-1]:
        inside = np.logical_or.reduce([figure.part(name) for name in layer.name.split(" + ")])
        assert not layer.pixels[bare & ~inside].any()
        assert (layer.pixels[inside, 3] > 0).mean() > 0.98
        assert np.isfinite(layer.pixels).all()
    assert ((made.source >= 0) | (figure.labels == NO_PART)).all()
    assert sum(shares(made).values()) == pytest.approx(1, abs=1e-12)
    opaque = figure.line[..., 3] == 1
    assert (made.picture[opaque] == figure.line[opaque][:, :3]).all()


def test_holes_show_what_is_under_them() -> None:
    figure, made = dancer(), look()
    for x, y, name in ((320, 366, "skin"), (230, 640, "gingham2"), (320, 690, "gingham2"), (410, 640, "gingham2")):
        assert made.sources[made.source[y, x]] == name
    assert made.sources[made.source[560, 320]] == "dots"
    assert figure.labels[366, 320] == 0


def test_thin_straps_have_cloth_of_their_own_colour() -> None:
    figure, made = dancer(), look()
    layer = next(la for la in made.layers if la.name == "bodice + straps")
    strap = figure.part("straps")
    assert 3 <= strap[250].sum() / 2 <= 5
    flat = layer.pixels[strap][:, :3] / np.maximum(layer.pixels[strap][:, 3:] * figure.shade[strap][:, None], 1e-6)  # type: ignore[index]
    low, high = (np.quantile(cloths()["gingham"].pixels.reshape(-1, 3), q, axis=0) for q in (0, 1))
    assert (flat.mean(axis=0) > low).all()
    assert (flat.mean(axis=0) < high).all()


@pytest.mark.parametrize("parts", [("gloves", "stockings"), ("skirt",), ("underskirt",), ("bodice", "straps"), ("hat", "belt")])
def test_cloth_keeps_its_scale_on_every_part(parts: tuple[str, ...]) -> None:
    low, middle, high = drape(dancer(), parts).stretch
    assert abs(middle - 1) < 0.01
    assert low > 0.97
    assert high < 1.03


def test_two_pieces_of_one_layout_carry_on_each_others_repeat() -> None:
    laid = drape(dancer(), ("gloves",), follow=0.0)
    left, right = laid.uv_cm[480, 160], laid.uv_cm[480, 640 - 160]
    assert laid.inside[480, 160]
    assert laid.inside[480, 480]
    assert right[0] - left[0] == pytest.approx(320 / PX_PER_CM, abs=0.02)
    assert right[1] == pytest.approx(left[1], abs=0.02)
    apart = drape(dancer(), ("gloves",), follow=0.0, seams=False)
    mine, its = apart.uv_cm[480, 160], apart.uv_cm[480, 640 - 160]
    assert its[1] == mine[1] == pytest.approx((480 - 400) / PX_PER_CM)  # each from its own top
    assert its[0] == pytest.approx(-mine[0], abs=0.01)


def test_closed_line_art_of_the_croquis_gives_its_parts_back() -> None:
    figure = dancer()
    edge = (figure.labels != np.roll(figure.labels, 1, 0)) | (figure.labels != np.roll(figure.labels, 1, 1))
    filled = fill_flats(edge.astype(np.float32), gap_px=2).labels
    for name, x, y in (("skirt", 320, 560), ("bodice", 280, 380), ("hat", 320, 50)):
        part, area = figure.part(name), filled == filled[y, x]
        assert (part & area).sum() / (part | area).sum() > 0.9


def test_the_look_has_the_same_bits_again() -> None:
    first = look().picture.copy()
    look.cache_clear()
    assert (look().picture == first).all()


def test_scans_too_large_to_hold_are_refused_by_their_size() -> None:
    vast = np.broadcast_to(np.zeros((1, 1), np.uint8), (20000, 20000))
    with pytest.raises(ValueError, match=r"the drawing has 20000x20000 pixels, allowed is at most 120 million \(10954 a side\)"):
        Figure(np.zeros((1, 1, 4), np.float32), vast, ("coat",), 100.0)
    with pytest.raises(ValueError, match="the swatch has 20000x20000 pixels, allowed is at most 40 million"):
        make_cloth(np.broadcast_to(np.float32(0.5), (20000, 20000, 3)), 400.0)
    with pytest.raises(ValueError, match="the flats has 20000x20000 pixels"):
        read_flats(np.broadcast_to(np.uint8(0), (20000, 20000, 3)), np.zeros((1, 3), np.uint8))
    with pytest.raises(ValueError, match="the line art has 20000x20000 pixels, allowed is at most 60 million"):
        fill_flats(np.broadcast_to(np.float32(0), (20000, 20000)))
