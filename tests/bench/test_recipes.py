"""The benches that compare recipes and advice: their plumbing, on pictures of a few thousand pixels."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
SIDE, FRAMES, KEYS = 64, tuple(range(1001, 1007)), (1001, 1006)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(BENCH))
    import recipes

    return recipes


@pytest.fixture
def footage(tmp_path: Path, recipes) -> Path:  # type: ignore[no-untyped-def]
    """A texture that drifts; inside the matte the truth is a third brighter."""
    rng = np.random.default_rng(5)
    wide = cv2.GaussianBlur(rng.uniform(0.02, 0.7, (SIDE, 2 * SIDE, 3)).astype(np.float32), (0, 0), 1.5)
    matte = np.zeros((SIDE, SIDE), np.uint8)
    matte[12:52, 12:52] = 255
    for kind in ("plate", "truth", "matte", "keys"):
        (tmp_path / kind).mkdir()
    for i, n in enumerate(FRAMES):
        plate = np.ascontiguousarray(wide[:, i : i + SIDE])
        truth = np.where(matte[..., None] > 0, plate * np.float32(1.3), plate).astype(np.float32)
        recipes.write(tmp_path / "plate" / f"{n}.exr", plate)
        recipes.write(tmp_path / "truth" / f"{n}.exr", truth)
        cv2.imwrite(str(tmp_path / "matte" / f"{n}.png"), matte)
        if n in KEYS:
            recipes.write(tmp_path / "keys" / f"{n}.exr", truth)
    return tmp_path


def test_every_recipe_makes_every_frame_and_is_scored(recipes, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    names = ["warp", "split band", "by patches", "ours"]
    asked = ["--footage", str(footage), "--keys", "1001,1006", "--only", ",".join(names), "--out", str(tmp_path / "out")]
    assert recipes.main(asked) == 0
    rows = {cells[1].strip(): cells for text in capsys.readouterr().out.splitlines() if (cells := text.split("|"))[1:2]}
    assert [name for name in rows if name in names] == names
    for name in names:
        assert 20 < float(rows[name][2]) < 120, name
        assert float(rows[name][7]) == 0, f"{name} touches what lies outside the matte"
        assert float(rows[name][8]) > 0
    picture = cv2.imread(str(tmp_path / "out" / "recipes.png"))
    assert picture.shape == (4 * SIDE, 5 * SIDE, 3)


def test_a_missing_network_is_said_and_left_out(  # type: ignore[no-untyped-def]
    recipes, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "available", lambda: False)
    asked = ["--footage", str(footage), "--keys", "1001,1006", "--only", "network,learned,warp", "--out", str(tmp_path / "out")]
    assert recipes.main(asked) == 0
    said = capsys.readouterr().out
    assert "network: left out" in said and "learned: left out" in said
    assert "| network |" not in said and "| learned |" not in said and "| warp |" in said


def test_an_unknown_recipe_is_refused(recipes, footage: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SystemExit) as stopped:
        recipes.main(["--footage", str(footage), "--only", "magic"])
    assert stopped.value.code == 2


def test_the_middle_and_the_gap_of_a_new_key(recipes, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(BENCH))
    sys.modules.pop("advice", None)
    import advice

    frames = tuple(range(1, 21))
    assert advice.middle(frames, (1, 9, 20)) == 14
    assert advice.middle(frames, (9,)) == 14
    assert advice.around(frames, [1, 9, 20], 12) == (list(range(9, 21)), [9, 12, 20])
    assert advice.around(frames, [9], 12) == (list(range(9, 21)), [9, 12])
    assert advice.psnr({1: 1e-3, 2: 1e-4, 3: 1.0}, [3]) == pytest.approx(35.0)
    assert not {shot.name for shot in advice.NEW} & {shot.name for shot in advice.CHOSEN_ON}
