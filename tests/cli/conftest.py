"""One show with a take, made once; each test breaks a copy of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.story import stage as stage_module
from tests.story.stage import Stage, deage, open_show


class Said(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


Bottega = Callable[..., Said]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Private keys of these tests."""
    folder = tmp_path_factory.mktemp("cli_home")
    before = os.environ.get("BOTTEGA_HOME")
    os.environ["BOTTEGA_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["BOTTEGA_HOME"]
    else:
        os.environ["BOTTEGA_HOME"] = before


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Stage:
    """The files of a shot, and `my_show` beside them with one finished take."""
    stage = stage_module.build(tmp_path_factory.mktemp("cli"), frames=3, size=(48, 64), keys=(1001, 1003))
    deage(open_show(stage), stage)
    return stage


@pytest.fixture
def show(whole: Stage, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the show to stand in and to break, and of its private keys."""
    shutil.copytree(home, tmp_path / "home")
    shutil.copytree(whole.root / "my_show", tmp_path / "show")
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OCIO", raising=False)
    monkeypatch.delenv("BOTTEGA_SHOW", raising=False)
    monkeypatch.chdir(tmp_path / "show")
    return tmp_path / "show"


@pytest.fixture
def bottega(show: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bottega:
    """Run a command in this process as the shell would."""
    from bottega.cli import main

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["bottega", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Said(int(end.value.code or 0), out, err)

    return run


@pytest.fixture
def job(whole: Stage) -> list[str]:
    """A de-ageing of another age, so that it is a new take."""
    return ["deage", "sh010", "--keys", str(whole.keys), "--matte", str(whole.mattes), "--person", "Performer A", "--age", "36"]
