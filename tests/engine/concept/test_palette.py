"""Palette: means are the palette's colours, darker stays darker, greys and locks keep their bits, the gamut holds, noise does not grow."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from bottega.engine.concept import dye, oklab, palette
from bottega.engine.concept.dye import features, recolour
from bottega.engine.concept.look import dress
from bottega.engine.concept.oklab import from_oklab, to_oklab
from bottega.engine.concept.palette import colour_map, dyes_of, likeness, palette_from, palette_of
from bottega.engine.concept.records import Cloth, ColourMap, Figure, Garment

CARD = palette_from(np.array([[0.01, 0.012, 0.03], [0.25, 0.02, 0.02], [0.05, 0.2, 0.08], [0.7, 0.45, 0.1], [0.85, 0.8, 0.7]]))


@pytest.mark.parametrize("name", [oklab, dye, palette])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


def cloth(colour: tuple[float, float, float], seed: int = 1, contrast: float = 0.25) -> np.ndarray:
    """Threads of one dye, lit unevenly, with a few pale glints."""
    rng = np.random.default_rng(seed)
    threads = np.exp(rng.normal(0, contrast, (90, 80, 1)))
    glints = np.where(rng.random((90, 80, 1)) < 0.02, 0.1, 0.0)
    return (threads * np.array(colour) + glints).astype(np.float32)


def check(first: tuple[float, float, float], second: tuple[float, float, float], third: tuple[float, float, float]) -> np.ndarray:
    """Three dyes in stripes."""
    parts = [cloth(c, seed)[:, :n] for seed, (c, n) in enumerate(((first, 44), (second, 24), (third, 12)))]
    return np.concatenate(parts, axis=1)


def test_oklab_is_that_of_its_paper_and_comes_back() -> None:
    assert np.abs(to_oklab(np.array([0.0, 1, 0])) - [0.86644, -0.23389, 0.17950]).max() < 1e-4
    given = np.random.default_rng(1).random((500, 3))
    assert np.abs(from_oklab(to_oklab(given)) - given).max() < 1e-6
    wild = from_oklab(np.random.default_rng(2).normal(0, 0.5, (500, 3)))
    assert wild.min() >= 0
    assert wild.max() <= 1


@pytest.mark.parametrize("main", range(5))
@pytest.mark.parametrize("colour", [(0.05, 0.09, 0.3), (0.3, 0.3, 0.28), (0.02, 0.02, 0.02), (0.4, 0.05, 0.03)])
def test_the_mean_is_the_palettes_colour_and_darker_stays_darker(colour: tuple[float, float, float], main: int) -> None:
    given = cloth(colour)
    out = recolour(given, colour_map(given, CARD, name="card", main=main, keep_neutrals=False))
    before, after = to_oklab(given), to_oklab(out)
    assert np.linalg.norm(after.mean(axis=(0, 1)) - CARD.colours[main]) < 0.01
    order = np.argsort(before[..., 0].ravel(), kind="stable")
    assert np.diff(after[..., 0].ravel()[order]).min() > (-1e-6 if len(dyes_of(given).colours) == 1 else -0.02)
    assert out.min() >= 0
    assert out.max() <= max(1, given.max())


def test_a_cloth_of_three_dyes_has_three_and_each_gets_a_colour_of_its_own() -> None:
    given = check((0.02, 0.12, 0.05), (0.02, 0.03, 0.2), (0.6, 0.4, 0.05))
    assert len(dyes_of(given).colours) == 3
    moves = colour_map(given, CARD, name="card", main=1)
    means = to_oklab(recolour(given, moves)).mean(axis=0)
    reached = [means[s].mean(axis=0) for s in (slice(0, 44), slice(44, 68), slice(68, 80))]
    assert np.linalg.norm(reached[0] - CARD.colours[1]) < 0.02
    nearest = [int(np.argmin(np.linalg.norm(CARD.colours - mean, axis=1))) for mean in reached]
    assert len(set(nearest)) == 3
    light = [to_oklab(given)[:, s, 0].mean() for s in (slice(0, 44), slice(44, 68), slice(68, 80))]
    assert np.argsort(light).tolist() == np.argsort([mean[0] for mean in reached]).tolist()


def test_a_palette_of_many_colours_is_no_matter() -> None:
    given = check((0.02, 0.12, 0.05), (0.02, 0.03, 0.2), (0.6, 0.4, 0.05))
    many = palette_of(np.random.default_rng(1).random((80, 80, 3), np.float32), count=60)
    moves = colour_map(given, many, name="noise", main=40)
    assert np.linalg.norm(to_oklab(recolour(given, moves))[:, :44].mean(axis=(0, 1)) - many.colours[40]) < 0.02


def test_greys_locks_and_a_palette_that_is_the_same_keep_their_bits() -> None:
    given = check((0.02, 0.12, 0.05), (0.2, 0.2, 0.2), (0.6, 0.05, 0.05))
    given[:, 44:68] = given[:, 44:68, :1]
    moves = colour_map(given, CARD, name="card", main=3)
    lock = np.zeros(given.shape[:2], np.float32)
    lock[:40] = 1
    out = recolour(given, moves, lock=lock)
    assert (out[:40] == given[:40]).all()
    assert (out[:, 44:68] == given[:, 44:68]).all()
    assert (out[40:, :44] != given[40:, :44]).any(axis=-1).mean() > 0.95
    same = ColourMap("itself", moves.source, moves.source.copy(), np.ones(len(moves.source)), moves.reach, False)
    assert (recolour(given, same) == given).all()


def test_a_smooth_ramp_stays_smooth_and_noise_does_not_grow() -> None:
    given = check((0.02, 0.12, 0.05), (0.02, 0.03, 0.2), (0.6, 0.4, 0.05))
    moves = colour_map(given, CARD, name="card", main=1)
    ends = np.array([[0.01, 0.02, 0.05], [0.6, 0.5, 0.1]])
    ramp = (ends[0] + np.linspace(0, 1, 4096)[:, None] * (ends[1] - ends[0])).astype(np.float32)
    steps = np.linalg.norm(np.diff(to_oklab(recolour(ramp, moves)), axis=0), axis=1)
    bare = np.linalg.norm(np.diff(to_oklab(ramp), axis=0), axis=1)
    assert (steps < 8 * bare).all()  # no jump: a band would be hundreds
    flat = np.full((60, 60, 3), (0.02, 0.12, 0.05), np.float32)
    noisy = (flat * np.random.default_rng(5).normal(1, 0.02, flat.shape)).astype(np.float32)
    before, after = to_oklab(noisy).std(axis=(0, 1)), to_oklab(recolour(noisy, moves)).std(axis=(0, 1))
    assert after[0] < 1.3 * before[0]
    assert np.hypot(*after[1:]) < 2.5 * np.hypot(*before[1:])


def test_a_palette_is_found_in_a_painting_with_its_accent() -> None:
    painted = np.full((100, 100, 3), (0.1, 0.12, 0.2), np.float32)
    painted[:, 60:] = (0.5, 0.45, 0.3)
    painted[10:16, 10:20] = (0.7, 0.05, 0.03)
    found = palette_of(painted, count=3)
    assert np.abs(found.shares - [0.594, 0.006, 0.4]).max() < 1e-9
    assert np.abs(found.colours - to_oklab(np.array([[0.1, 0.12, 0.2], [0.7, 0.05, 0.03], [0.5, 0.45, 0.3]]))).max() < 1e-6
    away = np.ones((100, 100), bool)
    away[10:16, 10:20] = False
    assert len(palette_of(painted, count=3, mask=away).colours) == 2
    noise = np.random.default_rng(1).random((50, 60, 3), np.float32)
    assert (palette_of(noise, seed=4).colours == palette_of(noise, seed=4).colours).all()


def test_what_cannot_be_is_refused() -> None:
    grey = cloth((0.2, 0.2, 0.2))
    with pytest.raises(ValueError, match="greys only"):
        colour_map(grey[..., :1].repeat(3, -1), CARD, name="card")
    with pytest.raises(ValueError, match="main is 7, allowed is 0 to 4"):
        colour_map(grey, CARD, name="card", main=7)
    with pytest.raises(ValueError, match="mask is empty"):
        palette_of(grey, mask=np.zeros(grey.shape[:2], bool))


def test_a_dyed_garment_keeps_its_cloths_credit_and_names_the_palette() -> None:
    pixels = cloth((0.05, 0.09, 0.3))
    wool = Cloth(pixels, 8.0, tileable=True)
    figure = Figure(np.zeros((60, 50, 4), np.float32), np.zeros((60, 50), np.uint8), ("coat",), 8.0)
    dyed = Garment(("coat",), "wool", wool, dye=colour_map(pixels, CARD, name="card", main=1))
    plain, look = dress(figure, (Garment(("coat",), "wool", wool),)), dress(figure, (dyed,))
    assert look.palettes == (("coat", "card"),)
    assert look.sources == plain.sources
    assert (look.positions == plain.positions).all()
    inner = look.layers[1].pixels[5:-5, 5:-5, :3]
    assert np.linalg.norm(to_oklab(inner).mean(axis=(0, 1)) - CARD.colours[1]) < 0.03


def test_likeness_puts_like_cloths_near() -> None:
    red, wine, white = (likeness(Cloth(cloth(c), 8.0)) for c in ((0.3, 0.03, 0.03), (0.2, 0.02, 0.03), (0.8, 0.8, 0.75)))
    assert np.linalg.norm(np.subtract(red, wine)) < 0.5 * np.linalg.norm(np.subtract(red, white))
    assert features(np.array([[0.5, 0.1, 0.0]])).shape == (1, 3)
