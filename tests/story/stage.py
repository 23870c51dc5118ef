"""A small show for the stories: a textured disc that drifts and turns over a textured ground, and an artist who paints it darker."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio

from bottega import Studio

FIRST, KEYS = 1001, (1001, 1006, 1010)
SIZE = (96, 128)  # rows, columns
SHOT = "sh010"
PERFORMER, ARTIST = "Performer A", "Artist B"


@dataclass(frozen=True)
class Stage:
    """Files of a shot on disk, as they come from a scan and a paint program."""

    root: Path
    plates: Path
    keys: Path
    mattes: Path
    frames: int


def texture(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth noise around middle grey, (H, W, 3) float32, with detail at several scales."""
    rng = np.random.default_rng(seed)
    out = np.full((*size, 3), 0.2, np.float32)
    for step, gain in ((4, 0.05), (8, 0.06), (16, 0.08)):
        small = rng.standard_normal((size[0] // step + 2, size[1] // step + 2, 3)).astype(np.float32)
        out += gain * np.kron(small, np.ones((step, step, 1), np.float32))[: size[0], : size[1]]
    return np.clip(out, 0.01, 0.9)


def picture(number: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """A frame's plate (H, W, 3) float32 and its matte (H, W) float32."""
    shift = 2 * (number - FIRST)
    ground, face = texture(1, size), np.roll(texture(2, size), shift, axis=1)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    distance = np.hypot(rows - size[0] / 2, columns - size[1] / 3 - shift)
    matte = np.clip((size[0] / 3 - distance) / 4, 0, 1).astype(np.float32)
    return (ground * (1 - matte[..., None]) + face * matte[..., None]).astype(np.float16).astype(np.float32), matte


def painted(plate: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """What the artist made of it: warmer and darker inside the matte."""
    return plate * (1 + matte[..., None] * np.array([-0.15, -0.3, -0.4], np.float32))


def write_exr(path: Path, rgb: np.ndarray, dtype: type = np.float16) -> None:
    """A plain scan-line EXR."""
    channels = {"RGB": np.ascontiguousarray(rgb.astype(dtype))}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def write_png(path: Path, values: np.ndarray, *, bits: int = 16) -> None:
    """Values 0..1 as an integer PNG, grey or RGB."""
    codes = np.round(np.clip(values, 0, 1) * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)
    codes = codes[..., None] if codes.ndim == 2 else codes
    spec = oiio.ImageSpec(codes.shape[1], codes.shape[0], codes.shape[2], "uint16" if bits == 16 else "uint8")
    out = oiio.ImageOutput.create(str(path))
    assert out and out.open(str(path), spec) and out.write_image(np.ascontiguousarray(codes)) and out.close()


def srgb(linear: np.ndarray) -> np.ndarray:
    """The sRGB curve, 0..1."""
    x = np.clip(linear, 0, 1)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)


def build(root: Path, *, frames: int = 10, size: tuple[int, int] = SIZE, keys: tuple[int, ...] = KEYS) -> Stage:
    """Write plates (half EXR), keys (16-bit sRGB PNG) and mattes (8-bit PNG)."""
    stage = Stage(root, root / "plates", root / "paint", root / "mattes", frames)
    for folder in (stage.plates, stage.keys, stage.mattes):
        folder.mkdir(parents=True)
    for number in range(FIRST, FIRST + frames):
        plate, matte = picture(number, size)
        write_exr(stage.plates / f"{number}.exr", plate)
        write_png(stage.mattes / f"{number}.png", matte, bits=8)
        if number in keys:
            write_png(stage.keys / f"{number}.png", srgb(painted(plate, matte)))
    return stage


def signed(form: str, *, today: datetime | None = None, **changes: str) -> str:
    """A consent form as Performer A would return it: blanks filled in, `changes` by field name as TOML values."""
    now = today or datetime.now(UTC)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    answers = {
        "description": '"The performer shown younger in this one shot, by painted key frames carried over it"',
        "age_range_out": "[30, 40]",
        "valid_from": f'"{(now - timedelta(days=1)).strftime(stamp)}"',
        "valid_until": f'"{(now + timedelta(days=90)).strftime(stamp)}"',
        "notice_given_at": f'"{(now - timedelta(days=10)).strftime(stamp)}"',
        "representation": '"union"',
        "document_sha256": f'"{"5" * 64}"',
        "kind": '"e-sign"',
        "signed_at": f'"{(now - timedelta(days=2)).strftime(stamp)}"',
        "id": next(line.split("=", 1)[1].strip() for line in form.splitlines() if line.startswith("subject_id")),
        "role": '"self"',
        "techniques": '["exemplar_synthesis"]',
        "separately_signed": "true",
        "clear_conspicuous": "true",
        "model_training": "false",
        "biometric_template": "false",
        "revocable": "true",
    } | changes
    lines = []
    for line in form.splitlines():
        name = line.split("=", 1)[0].strip()
        lines.append(f"{name} = {answers.pop(name)}" if "=" in line and name in answers else line)
    return "\n".join(lines) + "\n"


def open_show(stage: Stage, *, consent: bool = True, shot: bool = True, **changes: str) -> Studio:
    """A show with the shot, its people, its keys and (unless refused) Performer A's consent."""
    studio = Studio.create(stage.root / "my_show", show="demo", fps=24)
    studio.add_person(PERFORMER, role="performer")
    if consent:
        form = stage.root / "consent.toml"
        form.write_text(signed(studio.consent_template(purpose="deage", person=PERFORMER, shot=SHOT), **changes))
        studio.add_consent(form)
    studio.add_exemplars(sorted(stage.keys.iterdir()), by=ARTIST, licence="work-for-hire")
    if shot:
        studio.add_shot(SHOT, stage.plates, colour="lin_rec709_srgb")
    return studio


def deage(studio: Studio, stage: Stage, **options: object) -> object:
    """The job of the stories."""
    asked = {"keys": stage.keys, "matte": stage.mattes, "person": PERFORMER, "age": 35} | options
    return studio.deage(SHOT, **asked)


def copy_of(show: Path, to: Path) -> Studio:
    """The same show elsewhere, as it would be restored from a backup."""
    shutil.copytree(show, to)
    return accepted(to)


def accepted(show: Path) -> Studio:
    """A show whose copy went on meanwhile: somebody says that this ledger is the one that counts now."""
    studio = Studio.open(show)
    studio.upkeep.accept_mark(by="Operator C")
    return studio
