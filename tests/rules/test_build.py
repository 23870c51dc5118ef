"""What is built is what is in the tree: a wheel with every module, the same bytes each time, that runs where it is unpacked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .tree import ROOT, tracked


def build(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.heavy
def test_the_wheel_holds_every_module_and_runs(tmp_path: Path) -> None:
    wheel, again = build(tmp_path / "a"), build(tmp_path / "b")
    assert hashlib.sha256(wheel.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    modules = {p.relative_to(ROOT / "src").as_posix() for p in tracked(".py", under=ROOT / "src")}
    assert len(modules) > 40
    assert modules <= names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    version = wheel.name.split("-")[1]
    code = "import bottega, sys; print(bottega.__file__); from bottega.cli import main; sys.argv = ['bottega', '--version']; main()"
    place = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    result = subprocess.run([sys.executable, "-c", code], env=place, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.startswith(str(tmp_path / "site"))
    assert result.stdout.rstrip().endswith(f"bottega {version}")
