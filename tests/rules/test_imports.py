"""The import contracts of pyproject.toml hold, and a planted violation of any of them is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .tree import ROOMS, ROOT, SOURCE

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

# contract, room to plant in, line to plant
PLANTED = [
    ("rooms", "rights", "import bottega.footage"),
    ("rooms", "attribution", "import bottega.footage"),
    ("rooms", "model", "import bottega.rights"),
    ("rooms", "footage", "import bottega.jobs.runner"),
    ("rooms", "studio", "import bottega.cli"),
    ("model-alone", "model", "import numpy"),
    ("rights-without-pixels", "rights", "import numpy"),
    ("engine-alone", "engine", "import bottega.footage"),
    ("engine-alone", "engine", "from bottega.model import Claim"),
    ("engine-alone", "engine", "def late():\n    import bottega.rights"),
    *(("engine-alone", "engine", f"import {name}") for name in ("pathlib", "os", "io", "json", "logging", "socket")),
    ("attribution-alone", "attribution", "import bottega.rights"),
    ("attribution-alone", "attribution", "from pathlib import Path"),
    ("recipes-engine-only", "jobs/recipes", "import bottega.footage"),
    ("recipes-engine-only", "jobs/recipes", "import bottega.jobs.runner"),
    ("recipes-engine-only", "jobs/recipes", "import os"),
    ("decoders-in-footage", "studio", "import OpenEXR"),
    ("decoders-in-footage", "cli", "def late():\n    import av"),
    ("decoders-in-footage", "jobs", "from PIL import Image"),
    ("decoders-in-footage", "engine", "import OpenImageIO"),
    ("engine-for-jobs", "studio", "import bottega.engine"),
    ("footage-for-runner", "cli", "import bottega.footage"),
    ("footage-for-runner", "jobs", "import bottega.footage"),
    ("rooms", "jobs", "import bottega.adapters"),
    ("adapters-by-public-names", "adapters", "import bottega.footage"),
    ("adapters-by-public-names", "adapters", "from bottega.engine.collapse.records import Pieces"),
    ("cli-through-studio", "cli", "import bottega.jobs.runner"),
]


def lint(source: Path, *contract: str) -> subprocess.CompletedProcess[str]:
    """Run lint-imports on a source tree, all contracts or the ones named."""
    options = [o for c in contract for o in ("--contract", c)]
    return subprocess.run(
        [sys.executable, "-c", LINT, "--config", ROOT / "pyproject.toml", "--no-cache", *options],
        env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=source, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def copy_with(tmp_path: Path, room: str, line: str) -> Path:
    source = tmp_path / "src"
    shutil.copytree(SOURCE, source / "bottega", ignore=shutil.ignore_patterns("__pycache__"))
    folder = source / "bottega" / room
    file = folder / "planted.py" if folder.is_dir() else folder.with_suffix(".py")
    file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
    return source


def contracts() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [c["id"] for c in config["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_planted_violation() -> None:
    assert {name for name, _, _ in PLANTED} == set(contracts())
    assert len(contracts()) >= 10


def test_every_room_exists() -> None:
    assert not [room for room in ROOMS if not (SOURCE / room).is_dir() and not (SOURCE / f"{room}.py").is_file()]


def test_the_tree_keeps_every_contract() -> None:
    result = lint(SOURCE.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(contracts())} kept, 0 broken" in result.stdout


@pytest.mark.parametrize(("contract", "room", "line"), PLANTED)
def test_a_planted_violation_is_found(contract: str, room: str, line: str, tmp_path: Path) -> None:
    result = lint(copy_with(tmp_path, room, line), contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout


def test_a_room_outside_the_story_is_found(tmp_path: Path) -> None:
    source = copy_with(tmp_path, "model", "")
    (source / "bottega" / "utils.py").write_text("")
    result = lint(source, "rooms")
    assert result.returncode == 1
    assert "utils" in result.stdout
