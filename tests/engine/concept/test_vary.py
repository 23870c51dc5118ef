"""Vary: looks differ on one axis only, by as much as is asked, in the shares that are asked; and what cannot be is said with numbers."""

from __future__ import annotations

import doctest
import itertools

import numpy as np
import pytest

from bottega.engine.concept import choices, deal, silhouette
from bottega.engine.concept import vary as module
from bottega.engine.concept.choices import AXES, Axis, Choice, Options, Recipe, lineage, overlap
from bottega.engine.concept.look import dress
from bottega.engine.concept.records import NO_PART, Cloth, Figure, Garment
from bottega.engine.concept.silhouette import field_overlap, redrawn, swap_part
from bottega.engine.concept.vary import vary

SLOTS = {"coat": 300.0, "trousers": 290.0, "shirt": 280.0, "shoes": 150.0, "belt": 80.0}
BASE = Recipe("walk", tuple((slot, Choice("tartan")) for slot in SLOTS), drawings=(("sleeve", "first"), ("collar", "first")))
CLOTHS = tuple("abcdefghijklmn")
FULL = Options(
    cloths=CLOTHS, palettes=(("card", 5), ("painting", 6), ("script", 4)), scales=(0.7, 1.0, 1.4), angles_deg=(0.0, 45.0),
    offsets=((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)), drawings=(("sleeve", ("first", "wide", "puffed")), ("collar", ("first", "high", "none"))),
)  # fmt: skip


@pytest.mark.parametrize("name", [choices, deal, module, silhouette])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(("axis", "count"), [("cloth", 12), ("palette", 12), ("ornament", 12), ("silhouette", 3)])
@pytest.mark.parametrize("seed", [0, 5])
def test_looks_differ_on_the_axis_and_nowhere_else(axis: Axis, count: int, seed: int) -> None:
    areas = {"sleeve": 2.0, "collar": 1.0} if axis == "silhouette" else SLOTS
    board = vary(BASE, axis=axis, count=count, options=FULL, areas=areas, seed=seed)
    assert len(board.recipes) == count
    for one, two in itertools.combinations(board.recipes, 2):
        assert overlap(one, two, axis=axis, areas=areas) < 0.3
        for other in set(AXES) - {axis}:
            assert one.on(other) == two.on(other) == BASE.on(other)
    assert board.overlap < 0.3
    assert board == vary(BASE, axis=axis, count=count, options=FULL, areas=areas, seed=seed)
    assert len({recipe.name for recipe in board.recipes}) == count
    assert [(r.parent, r.axis, r.seed) for r in board.recipes] == [("walk", axis, seed)] * count


def test_a_palettes_look_has_colours_of_one_palette() -> None:
    for recipe in vary(BASE, axis="palette", count=12, options=FULL, areas=SLOTS).recipes:
        assert len({choice.palette for _, choice in recipe.choices}) == 1


def test_another_seed_gives_another_board() -> None:
    boards = [vary(BASE, axis="cloth", count=6, options=FULL, areas=SLOTS, seed=seed).recipes for seed in (0, 1)]
    assert [r.choices for r in boards[0]] != [r.choices for r in boards[1]]


@pytest.mark.parametrize("quotas", [{"a": 0.2, "b": 0.1}, {"c": 0.25}, dict.fromkeys("abcd", 0.1)])
def test_quotas_are_kept_within_one_in_a_hundred(quotas: dict[str, float]) -> None:
    board = vary(BASE, axis="cloth", count=12, options=FULL, areas=SLOTS, quotas=quotas)
    for quota in board.quotas:
        worn = sum(area for r in board.recipes for slot, area in SLOTS.items() if dict(r.choices)[slot].cloth == quota.name)
        assert abs(worn / (12 * sum(SLOTS.values())) - quota.got) < 1e-12
        assert abs(quota.got - quotas[quota.name]) <= 0.01
    assert board.overlap < 0.3


def test_a_quota_that_cannot_be_had_is_come_near_to_and_told() -> None:
    (quota,) = vary(BASE, axis="cloth", count=2, options=FULL, areas={"coat": 1.0}, quotas={"a": 0.3}).quotas
    assert quota.got in (0.0, 0.5)
    assert abs(quota.got - 0.3) == pytest.approx(0.2)


def test_locks_and_pins_stay() -> None:
    first = vary(BASE, axis="cloth", count=4, options=FULL, areas=SLOTS, locks=("shoes",))
    kept = first.recipes[1:3]
    board = vary(BASE, axis="cloth", count=8, options=FULL, areas=SLOTS, locks=("shoes",), pins=kept, seed=3)
    assert board.recipes[:2] == kept
    assert board.overlap < 0.3
    assert {dict(r.choices)["shoes"] for r in board.recipes} == {Choice("tartan")}


def test_more_like_this_is_nearer_but_no_copy() -> None:
    like = vary(BASE, axis="cloth", count=1, options=FULL, areas=SLOTS, seed=2).recipes[0]
    tone = {name: (index / 10,) for index, name in enumerate(CLOTHS)}
    options = Options(cloths=CLOTHS, features=tone)

    def away(recipe: Recipe) -> float:
        return sum(abs(tone[dict(recipe.choices)[s].cloth][0] - tone[dict(like.choices)[s].cloth][0]) * a for s, a in SLOTS.items())

    near = vary(BASE, axis="cloth", count=4, options=options, areas=SLOTS, like=like)
    far = vary(BASE, axis="cloth", count=4, options=options, areas=SLOTS)
    assert sum(map(away, near.recipes)) < 0.7 * sum(map(away, far.recipes))
    assert all(overlap(like, r, axis="cloth", areas=SLOTS) < 0.3 for r in near.recipes)
    assert near.recipes[0].parent == like.name
    assert [r.name for r in lineage(near.recipes[0].name, (BASE, like, *near.recipes))] == [near.recipes[0].name, like.name, "walk"]


def test_each_slot_takes_what_it_may_and_one_way_cloth_is_not_turned_round() -> None:
    options = Options(cloths=CLOTHS, allowed=(("shoes", ("a", "b")),), angles_deg=(0.0, 30.0, 120.0, 180.0), one_way=frozenset({"tartan"}))
    board = vary(BASE, axis="cloth", count=6, options=options, areas=SLOTS)
    assert {dict(r.choices)["shoes"].cloth for r in board.recipes} <= {"a", "b"}
    turned = vary(BASE, axis="ornament", count=2, options=options, areas={"coat": 1.0})
    assert {dict(r.choices)["coat"].angle_deg for r in turned.recipes} == {0.0, 30.0}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"axis": "mood"}, "axis is 'mood', allowed is one of cloth"),
        ({"count": 0}, "count is 0, allowed is 1 to 200"),
        ({"areas": {"hat": 1.0}}, "the slot 'hat', allowed is one of coat"),
        ({"areas": {"coat": 1.0}, "count": 15}, r"15 looks are asked for .* allowed is up to 14: 'coat' has 100%"),
        ({"options": Options(cloths=("a", "b", "c")), "count": 12}, "found are|allowed is up to"),
        ({"quotas": {"z": 0.5}}, "quotas name 'z', allowed is one of a, b"),
        ({"quotas": {"a": 0.7, "b": 0.6}}, "quotas sum to 1.3, allowed is at most 1"),
        ({"axis": "ornament", "quotas": {"tartan": 1.0}}, "quotas are given for axis 'ornament'"),
        ({"locks": tuple(SLOTS)}, "nothing is left to vary"),
        ({"locks": ("hat",)}, "locks name 'hat', allowed is one of coat"),
        ({"options": Options()}, "options for cloth of 'coat' are"),
        ({"options": Options(cloths=CLOTHS, allowed=(("coat", ("silk",)),))}, "allowed names silk for 'coat'"),
        (
            {"pins": (Recipe("x", tuple((s, Choice("a", scale=2.0)) for s in SLOTS)),)},
            "only cloth of coat, trousers, shirt, shoes, belt varies",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_numbers(given: dict[str, object], said: str) -> None:
    asked: dict[str, object] = {"axis": "cloth", "count": 4, "options": FULL, "areas": SLOTS, **given}
    with pytest.raises(ValueError, match=said):
        vary(BASE, **asked)  # type: ignore[arg-type]


def drawn(flare: int, sleeve: int, ink: float) -> Figure:
    """A bodice, a skirt with some flare, sleeves of some width; every line of one drawing has the same tone."""
    y, x = np.mgrid[0:200, 0:160]
    labels = np.full((200, 160), NO_PART, np.uint8)
    labels[(y >= 30) & (y < 90) & (np.abs(x - 80) < 25)] = 0
    labels[(y >= 90) & (y < 180) & (np.abs(x - 80) < 25 + (y - 90) * flare // 60)] = 1
    labels[(y >= 34) & (y < 80) & (np.abs(x - 80) >= 25) & (np.abs(x - 80) < 25 + sleeve)] = 2
    line = np.zeros((200, 160, 4), np.float32)
    edge = (labels != np.roll(labels, 1, 0)) | (labels != np.roll(labels, 1, 1))
    line[edge] = (ink, ink, ink, 1)
    return Figure(line, labels, ("bodice", "skirt", "sleeve"), 4.0)


def test_a_sleeve_of_another_drawing_brings_its_line_and_nothing_else() -> None:
    first, second = drawn(20, 12, 0.01), drawn(20, 24, 0.02)
    swapped, taken = swap_part(first, second, "sleeve")
    assert (swapped.part("sleeve") == second.part("sleeve")).all()
    for part in ("bodice", "skirt"):
        assert (swapped.part(part) == first.part(part)).all()
    assert (swapped.line[taken] == second.line[taken]).all()
    assert (swapped.line[~taken] == first.line[~taken]).all()
    assert taken[60, 80 + 48]
    assert not taken[150].any()
    back, _ = swap_part(swapped, first, "sleeve")
    assert (back.labels == first.labels).all()


def test_a_recipes_parts_come_each_from_its_drawing() -> None:
    first, wide, flared = drawn(20, 12, 0.01), drawn(20, 24, 0.02), drawn(45, 12, 0.03)
    known = {"first": first, "wide": wide, "flared": flared}
    recipe = Recipe("a", (("coat", Choice("wool")),), drawings=(("sleeve", "wide"), ("skirt", "flared"), ("bodice", "first")))
    figure, taken = redrawn(first, recipe, known)
    assert (figure.part("sleeve") == wide.part("sleeve")).all()
    assert (figure.part("skirt") == flared.part("skirt")).all()
    assert set(taken) == {"wide", "flared"}
    assert not (taken["wide"] & taken["flared"]).any()
    for name, mask in taken.items():
        assert (figure.line[mask] == known[name].line[mask]).all()
    own = ~taken["wide"] & ~taken["flared"]
    assert (figure.line[own] == first.line[own]).all()
    with pytest.raises(ValueError, match="part 'sleeve' is of drawing 'puffed', allowed is one of first, wide, flared"):
        redrawn(first, Recipe("b", recipe.choices, drawings=(("sleeve", "puffed"),)), known)


def test_drawings_that_do_not_belong_together_are_refused() -> None:
    first = drawn(20, 12, 0.01)
    moved = Figure(first.line, np.roll(first.labels, 60, axis=1), first.names, 4.0)
    with pytest.raises(ValueError, match="lie in the same place in both drawings, allowed is at least 50%"):
        swap_part(first, moved, "sleeve")
    with pytest.raises(ValueError, match=r"has 8 pixels a cm, allowed is 4"):
        swap_part(first, Figure(first.line, first.labels, first.names, 8.0), "sleeve")
    with pytest.raises(ValueError, match="part is 'hat'"):
        swap_part(first, first, "hat")


def test_fields_of_a_board_overlap_as_little_as_was_promised_and_agree_elsewhere() -> None:
    figure = drawn(20, 12, 0.01)
    rng = np.random.default_rng(4)
    cloths = {name: Cloth(rng.random((40, 40, 3), np.float32), 8.0, tileable=True) for name in "abcd"}
    base = Recipe("walk", (("skirt", Choice("a")), ("bodice", Choice("a")), ("sleeve", Choice("a"))))
    areas = {part: float(figure.part(part).sum()) for part in ("skirt", "bodice")}
    board = vary(base, axis="cloth", count=4, options=Options(cloths=tuple("abcd")), areas=areas)
    kept: dict[object, object] = {}
    looks = [dress(figure, tuple(Garment((s,), c.cloth, cloths[c.cloth]) for s, c in r.choices), drapes=kept) for r in board.recipes]
    varied, locked = figure.part("skirt") | figure.part("bodice"), figure.part("sleeve")
    for one, two in itertools.combinations(looks, 2):
        assert field_overlap(one, two, within=varied & (figure.line[..., 3] == 0)) < 0.3
        assert (one.picture[locked] == two.picture[locked]).all()
        assert (one.positions[locked] == two.positions[locked]).all()
