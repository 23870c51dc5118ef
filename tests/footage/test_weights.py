"""Weights and templates: bytes for a clearance, as cleared, and never as a picture."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest
from made_pictures import LIN, Door, half_picture, sealed, write_rgb
from tests.rules.tree import SOURCE, tracked

from bottega.footage import open_frames, open_weights, seal_weights
from bottega.model import ConsentError, CredentialError, FootageError, Role, UsageError

CONTENT = bytes(range(256)) * 40
LOADERS = {
    "load_state_dict",
    "safe_open",
    "load_file",
    "from_pretrained",
    "hf_hub_download",
    "load_state_dict_from_url",
    "InferenceSession",
}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "sh010.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("role", [Role.MODEL, Role.TEMPLATE])
def test_the_bytes_that_were_sealed_are_read_once_the_door_was_asked(weights: Path, role: Role) -> None:
    door, exemplar = Door(), seal_weights(weights, role=role)
    assert open_weights(exemplar, "clearance", door=door) == CONTENT
    assert door.asked == [exemplar.digest]


def test_a_shut_door_gives_nothing(weights: Path) -> None:
    with pytest.raises(ConsentError, match="no_consent"):
        open_weights(seal_weights(weights, role=Role.MODEL), "clearance", door=Door(refuses=True))


def test_something_like_a_door_is_none(weights: Path) -> None:
    class Open:
        def admit(self, clearance: object, digest: str) -> None:
            pass

    with pytest.raises(ConsentError, match="forged"):
        open_weights(seal_weights(weights, role=Role.MODEL), "clearance", door=Open())


@pytest.mark.parametrize("at", [0, 5000, len(CONTENT) - 1])
def test_one_changed_byte_is_refused(weights: Path, at: int) -> None:
    exemplar = seal_weights(weights, role=Role.MODEL)
    data = bytearray(CONTENT)
    data[at] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(ConsentError, match="hash_changed"):
        open_weights(exemplar, "clearance", door=Door())


def test_a_changed_record_a_missing_file_and_a_link_are_refused(weights: Path, tmp_path: Path) -> None:
    exemplar = seal_weights(weights, role=Role.MODEL)
    with pytest.raises(CredentialError, match="the record was changed"):
        open_weights(dataclasses.replace(exemplar, digest="0" * 64), "clearance", door=Door())
    weights.rename(tmp_path / "elsewhere.bin")
    with pytest.raises(FootageError, match="is gone"):
        open_weights(exemplar, "clearance", door=Door())
    weights.symlink_to(tmp_path / "elsewhere.bin")
    with pytest.raises(ConsentError, match="become a link"):
        open_weights(exemplar, "clearance", door=Door())


def test_weights_are_no_picture_and_a_picture_is_no_weights(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="read it with open_weights"):
        open_frames(seal_weights(weights, role=Role.MODEL), "clearance", door=Door(), working=LIN)
    write_rgb(tmp_path / "a.exr", half_picture())
    with pytest.raises(UsageError, match="is a plate, allowed are model, template"):
        open_weights(sealed(tmp_path / "a.exr"), "clearance", door=Door())
    with pytest.raises(UsageError, match="allowed are model, template"):
        seal_weights(weights, role=Role.KEY)


def test_a_folder_is_no_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        seal_weights(tmp_path, role=Role.MODEL)


def loads(text: str) -> set[str]:
    """Names of libraries' own loaders of weights, and `load` of torch, that code uses."""
    nodes = list(ast.walk(ast.parse(text)))
    used = {n.attr for n in nodes if isinstance(n, ast.Attribute)} | {
        a.name for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names
    }
    of_torch = {"torch.load" for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n) in ("torch.load", "torch.jit.load")}
    return (used & LOADERS) | of_torch


def test_nothing_else_in_the_project_reads_weights() -> None:
    files = tracked(".py", under=SOURCE)
    assert len(files) > 100, f"this test stopped seeing the source: {len(files)}"
    where = {str(p.relative_to(SOURCE)): found for p in files if (found := loads(p.read_text()))}
    # A model of the studio's own is loaded in a process of its own, from the copy that was cleared, safetensors only.
    assert where == {"adapters/diffusers/worker.py": {"from_pretrained"}}


@pytest.mark.parametrize("planted", ["import torch\ntorch.load('x')", "from safetensors.torch import load_file", "m.from_pretrained('x')"])
def test_a_planted_loader_is_found(planted: str) -> None:
    assert loads(planted)
