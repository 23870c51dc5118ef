"""Drape and look: scale is kept, nothing leaves its part, the line is the line, and every pixel has its source."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from bottega.engine.concept import drape as drape_module
from bottega.engine.concept import edges, sampling
from bottega.engine.concept import look as look_module
from bottega.engine.concept.drape import drape
from bottega.engine.concept.look import dress, flatten, shares
from bottega.engine.concept.records import NO_PART, Cloth, Figure, Garment


def croquis(folds: bool = True) -> Figure:
    """A flared skirt under a bodice, 10 pixels a cm, its folds fanning out."""
    y, x = np.mgrid[0:300, 0:260].astype(np.float64)
    labels = np.full(y.shape, NO_PART, np.uint8)
    labels[(y >= 20) & (y < 110) & (np.abs(x - 130) < 50)] = 0
    labels[(y >= 110) & (y < 280) & (np.abs(x - 130) < 50 + (y - 110) * 0.3)] = 1
    line = np.zeros((300, 260, 4), np.float32)
    line[108:112, 80:181] = (0.01, 0.01, 0.02, 1.0)
    line[112, 80:181] = (0.005, 0.005, 0.01, 0.5)
    angle = np.arctan2(np.ones_like(x), (x - 130) / 300)
    field = np.stack([np.cos(2 * angle), np.sin(2 * angle), np.full_like(x, 0.9)], axis=-1).astype(np.float32)
    shade = (0.8 + 0.2 * np.cos(x / 9)).astype(np.float32)
    return Figure(line, labels, ("bodice", "skirt"), 10.0, shade, field if folds else None)


def checks(per_cm: float = 20.0) -> Cloth:
    """Checks of 2 cm that tile."""
    y, x = np.mgrid[0 : int(4 * per_cm), 0 : int(4 * per_cm)] / per_cm
    grey = 0.2 + 0.6 * ((x // 2 + y // 2) % 2)
    return Cloth((grey[..., None] * (1.0, 0.5, 0.3)).astype(np.float32), per_cm, tileable=True)


@pytest.mark.parametrize("name", [drape_module, edges, look_module, sampling])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("folds", [True, False])
def test_cloth_keeps_its_scale_within_three_in_a_hundred(folds: bool) -> None:
    low, middle, high = drape(croquis(folds), ("bodice", "skirt")).stretch
    assert abs(middle - 1) < 0.005
    assert low > 0.97
    assert high < 1.03


def test_cloth_turns_with_the_folds_and_runs_on_over_the_seam() -> None:
    laid = drape(croquis(), ("bodice", "skirt"))
    turn = []
    for x in (80, 180):
        down = laid.uv_cm[241, x] - laid.uv_cm[240, x]
        turn.append(np.degrees(np.arctan2(down[0], down[1])))
    assert turn[0] > 2
    assert turn[1] < -2
    steps = np.abs(np.diff(laid.uv_cm[:, 90:170], axis=0))[20:270]
    assert steps.max() < 0.13


def test_nothing_of_a_part_is_outside_of_it_and_the_line_is_untouched() -> None:
    figure = croquis()
    look = dress(figure, (Garment(("skirt",), "checks", checks()), Garment(("bodice",), "red", colour=(0.4, 0.05, 0.05))))
    for layer, label in zip(look.layers[1:3], (1, 0), strict=True):
        outside = (figure.labels != label) & (figure.line[..., 3] < 0.05)
        assert not layer.pixels[outside].any()
        assert not layer.pixels[(figure.labels != label) & (figure.labels != NO_PART)].any()
    assert look.layers[-1].pixels is figure.line
    ink = figure.line[..., 3] == 1
    assert (look.picture[ink] == figure.line[ink][:, :3]).all()
    assert (look.picture == flatten(look.layers)).all()


def outlined(wide: int, gap: int, soft: bool = False) -> Figure:
    """A square in red whose outline's middle is `gap` pixels outside of its flats."""
    labels = np.full((80, 80), NO_PART, np.uint8)
    labels[20:60, 20:60] = 0
    line = np.zeros((80, 80, 4), np.float32)
    for side in (slice(20 - gap - wide // 2, 20 - gap + wide // 2 + 1), slice(59 + gap - wide // 2, 59 + gap + wide // 2 + 1)):
        line[side, 12:68] = line[12:68, side] = (0, 0, 0, 0.8)
    cover = np.ones((80, 80), np.float32)
    if soft:
        cover[20, 20:60] = cover[20:60, 20] = 0.3
    return Figure(line, labels, ("coat",), 10.0, coverage=cover)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("gap", [0, 1, 2])
def test_cloth_runs_on_under_the_line_to_its_middle(gap: int, soft: bool) -> None:
    figure = outlined(5, gap, soft)
    look = dress(figure, (Garment(("coat",), "red", colour=(0.4, 0.02, 0.02)),))
    cover = look.layers[1].pixels[40, :, 3]
    middle = 20 - gap
    assert (cover[middle : 80 - middle] == 1).all()
    assert not cover[: middle - 1].any()
    assert look.picture[40, middle : 80 - middle].max() < 0.45  # no paper shows
    assert (look.source[40, middle : 80 - middle] == 0).all()
    bare = dress(
        Figure(np.zeros((80, 80, 4), np.float32), figure.labels, ("coat",), 10.0), (Garment(("coat",), "red", colour=(0.4, 0, 0)),)
    )
    assert not bare.layers[1].pixels[figure.labels == NO_PART].any()
    assert 0 < bare.layers[1].pixels[40, 20, 3] < 1


def test_every_pixel_has_its_source_and_shares_sum_to_one() -> None:
    figure = croquis()
    look = dress(figure, (Garment(("skirt",), "checks", checks()), Garment(("bodice",), "red", colour=(0.4, 0.05, 0.05))))
    drawn = figure.labels != NO_PART
    assert ((look.source == 0) == (figure.labels == 1))[drawn].all()
    assert ((look.source == 1) == (figure.labels == 0))[drawn].all()
    assert (look.source[~drawn & (figure.line[..., 3] == 0)] == -1).all()
    assert (look.positions[look.source == 0] >= 0).all()
    assert sum(shares(look).values()) == pytest.approx(1, abs=1e-12)
    assert (
        dress(figure, (Garment(("skirt",), "checks", checks()),)).picture
        == dress(figure, (Garment(("skirt",), "checks", checks()),)).picture
    ).all()


def test_fine_cloth_makes_no_moire() -> None:
    fine = Cloth(np.tile(np.float32([[0.0], [1.0]]), (100, 200))[..., None].repeat(3, -1).copy(), 97.0, tileable=True)
    figure = croquis()
    look = dress(figure, (Garment(("skirt",), "stripes", fine, angle_deg=7.0),))
    flat = look.layers[1].pixels[..., 0] / np.maximum(figure.shade if figure.shade is not None else 1, 1e-6)
    inner = (slice(120, 270), slice(100, 160))
    assert flat[inner].std() < 0.03
    assert abs(flat[inner].mean() - 0.5) < 0.02


def test_a_part_worn_twice_or_not_drawn_is_named() -> None:
    figure = croquis()
    red = (0.4, 0.05, 0.05)
    with pytest.raises(ValueError, match="part 'skirt' is in two garments"):
        dress(figure, (Garment(("skirt",), "a", colour=red), Garment(("skirt",), "b", colour=red)))
    with pytest.raises(ValueError, match="part is 'hat', allowed is one of bodice, skirt"):
        dress(figure, (Garment(("hat",), "a", colour=red),))
