"""The measure itself: known errors planted, known figures got."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from bench.score import DEMO, encoded, main, read, score

H, W = 48, 64


def write(folder: Path, number: int, picture: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    assert cv2.imwrite(str(folder / f"a.{number}.png"), picture)


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """Four frames of noise as truth and plate, a matte with a hole, 16 bit."""
    rng = np.random.default_rng(1)
    matte = np.zeros((H, W), np.uint8)
    matte[:, :32] = 255
    for number in range(1001, 1005):
        picture = rng.integers(10_000, 50_000, (H, W, 3)).astype(np.uint16)
        write(tmp_path / "truth", number, picture)
        write(tmp_path / "plate", number, picture)
        write(tmp_path / "matte", number, matte)
    return tmp_path


def changed(shot: Path, change) -> Path:  # type: ignore[no-untyped-def]
    for number in range(1001, 1005):
        picture = cv2.imread(str(shot / "truth" / f"a.{number}.png"), cv2.IMREAD_UNCHANGED)
        write(shot / "result", number, change(picture, number))
    return shot / "result"


def test_the_truth_itself_is_perfect(shot: Path) -> None:
    found = score(shot / "truth", shot / "truth", plate=shot / "plate", matte=shot / "matte")
    assert (found.frames, found.missing, found.psnr, found.p99, found.outside, found.flicker) == (4, (), 120.0, 0.0, 0.0, 0.0)
    assert found.ssim == pytest.approx(1, abs=1e-6)


def test_a_steady_error_has_its_psnr_and_no_flicker(shot: Path) -> None:
    result = changed(shot, lambda p, _: p + np.uint16(6554))  # 0.1 of full scale: 20 dB
    found = score(shot / "truth", result, matte=shot / "matte")
    assert found.psnr == pytest.approx(20, abs=0.01)
    assert found.psnr_worst == pytest.approx(20, abs=0.01)
    assert found.p99 == pytest.approx(0.1, abs=1e-4)
    assert found.flicker == pytest.approx(0, abs=1e-3)
    assert found.outside is None


def test_an_error_that_comes_and_goes_flickers(shot: Path) -> None:
    result = changed(shot, lambda p, n: p + np.uint16(655 * (n % 2)))
    assert score(shot / "truth", result, matte=shot / "matte").flicker == pytest.approx(10, abs=0.01)


def test_a_change_outside_the_matte_is_seen_there_only(shot: Path) -> None:
    def touch(picture: np.ndarray, number: int) -> np.ndarray:
        out = picture.copy()
        out[3, 40] += np.uint16(655 if number == 1003 else 0)
        return out

    found = score(shot / "truth", changed(shot, touch), plate=shot / "plate", matte=shot / "matte")
    assert found.outside == pytest.approx(0.01, abs=1e-4)
    assert found.psnr == 120.0


def test_keys_are_left_out_and_missing_frames_listed(shot: Path) -> None:
    result = changed(shot, lambda p, n: p + np.uint16(6554 * (n == 1002)))
    assert score(shot / "truth", result, keys={1002}).psnr == 120.0
    (result / "a.1003.png").unlink()
    found = score(shot / "truth", result)
    assert (found.frames, found.missing) == (3, (1003,))


def test_what_cannot_be_scored_is_named(shot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        score(shot / "truth", shot / "plate", keys=set(range(1001, 1005)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no pictures with a frame number"):
        score(tmp_path / "empty", shot / "plate")
    (shot / "plate" / "a.1002.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="not readable"):
        score(shot / "truth", shot / "plate")
    assert main(["--truth", str(shot / "truth"), "--result", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_encoding_is_that_of_srgb() -> None:
    got = encoded(np.array([-1, 0, 0.0031308, 0.18, 1, 7, np.nan], np.float32))
    assert got == pytest.approx([0, 0, 0.04045, 0.46136, 1, 1, 0], abs=1e-5)


def test_the_shipped_shot_is_whole_and_doing_nothing_scores_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    for folder, suffix, frames in (("plate", "exr", 48), ("truth", "exr", 48), ("matte", "png", 48), ("keys", "png", 3)):
        names = {p.name for p in (DEMO / folder).iterdir()}
        numbers = (1001, 1024, 1048) if frames == 3 else range(1001, 1049)
        assert names == {f"{n}.{suffix}" for n in numbers}
    assert read(DEMO / "keys" / "1024.png").shape == (512, 512, 3)
    assert main([]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["frames"], found["outside"]) == (45, 0.0)
    assert found["psnr"] == pytest.approx(21.56, abs=0.01)
    assert found["ssim"] == pytest.approx(0.8206, abs=0.0005)
    assert found["flicker"] == pytest.approx(38.48, abs=0.05)
