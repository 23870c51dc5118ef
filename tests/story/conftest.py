from __future__ import annotations

from pathlib import Path

import pytest

from . import stage as stage_module
from .stage import Stage


@pytest.fixture(autouse=True)
def _keys_of_the_test(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private keys go to a folder of the test run, never to the user's own."""
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.delenv("OCIO", raising=False)
    monkeypatch.delenv("BOTTEGA_SHOW", raising=False)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return stage_module.build(tmp_path)
