"""A studio's own model in a process of its own: the same bits again, and every way in which it may not be used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from importlib.metadata import EntryPoint, PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bottega.adapters import backends
from bottega.adapters.diffusers import DiffusersPainter, painting, process, worker
from bottega.adapters.ending import how
from bottega.jobs.runner.concept.painter import Asked
from bottega.model import JobError, UsageError

ASKED = Asked(prompt="a b", size_px=(96, 64), seed=1, steps=2, guidance=7.5)


def heard(step: int) -> None:
    """Nothing is made of it."""


def script(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker in place of ours."""
    path = tmp_path / "worker.py"
    path.write_text(text)
    monkeypatch.setattr(process, "WORKER", path)
    monkeypatch.setattr(DiffusersPainter, "versions", lambda _: {})


def test_backends_are_found_by_name_and_ours_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    other = EntryPoint("diffusers", "collections:OrderedDict", backends.GROUP)
    broken = EntryPoint("comfort", "no.such.module:thing", backends.GROUP)
    theirs = EntryPoint("theirs", "collections:OrderedDict", backends.GROUP)
    monkeypatch.setattr(backends, "entry_points", lambda group: [other, broken, theirs] if group == backends.GROUP else [])
    assert isinstance(backends.backend("diffusers"), DiffusersPainter)
    assert backends.backend("theirs") == {}
    with pytest.raises(UsageError, match=r"backend 'sorcery': allowed are comfort, diffusers, theirs"):
        backends.backend("sorcery")
    with pytest.raises(UsageError, match=r"backend 'comfort' \(no.such.module:thing\) cannot be imported"):
        backends.backend("comfort")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(painting, "version", missing)
    with pytest.raises(UsageError, match=r"diffusers is needed and is not installed: pip install 'bottega\[backend\]'"):
        DiffusersPainter().paint(Path("anywhere"), ASKED, told=heard)


def test_its_process_sees_nothing_of_the_users_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "elsewhere:1")
    seen = process.environment(tmp_path)
    assert not {"HF_TOKEN", "PYTHONPATH", "HTTPS_PROXY"} & seen.keys()
    assert (seen["HF_HUB_OFFLINE"], seen["TRANSFORMERS_OFFLINE"], seen["HOME"]) == ("1", "1", str(tmp_path))


def test_a_crash_is_a_named_error_with_the_step_and_the_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import os, sys\nprint('bottega: {\"step\": 4}', flush=True)\nsys.stderr.write('out of luck')\nsys.stderr.flush()\nos.abort()\n"
    script(tmp_path, crash, monkeypatch)
    with pytest.raises(JobError, match=r"was ended by SIGABRT after step 4. It said: out of luck"):
        DiffusersPainter().paint(tmp_path, ASKED, told=heard)


def test_a_silent_end_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "", monkeypatch)
    with pytest.raises(JobError, match="ended and said nothing of a picture"):
        DiffusersPainter().paint(tmp_path, ASKED, told=heard)


def test_whoever_stops_listening_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = "import os, time\nprint('bottega: {\"pid\": %d}' % os.getpid(), flush=True)\ntime.sleep(600)\n"
    script(tmp_path, waits, monkeypatch)
    with closing(process.talk(tmp_path)) as words:
        pid = int(next(words)["pid"])
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_raised_at_a_step_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = "import os, time\nprint('bottega: {\"step\": %d}' % os.getpid(), flush=True)\ntime.sleep(600)\n"
    script(tmp_path, waits, monkeypatch)
    pids = []

    def stop(step: int) -> None:
        pids.append(step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DiffusersPainter().paint(tmp_path, ASKED, told=stop)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_it_ends_by_itself_when_the_other_side_is_gone() -> None:
    started = f"import sys, threading, time; sys.path.insert(0, {str(Path(worker.__file__).parent)!r}); import worker; "
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", started + "threading.Thread(target=worker.watch, daemon=True).start(); time.sleep(600)"],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.close()
    began = time.monotonic()
    assert child.wait(60) == 1
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import pickle; pickle.loads(pickle.dumps(print))",
    ],
)
def test_nothing_in_its_process_connects_starts_programs_or_unpickles(attempt: str) -> None:
    text = (
        f"import sys; sys.path.insert(0, {str(Path(worker.__file__).parent)!r}); import worker; sys.addaudithook(worker.forbid); {attempt}"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "a model's process may not do that" in ended.stderr


class Known:
    """What a test has for `diffusers`."""

    __version__ = "0"

    class DiffusionPipeline:
        pass

    class Good(DiffusionPipeline):
        pass

    class Other:
        pass


def indexed(folder: Path, index: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(index if isinstance(index, str) else json.dumps(index))
    return folder


def test_only_the_librarys_own_pipelines_and_parts_are_run(tmp_path: Path) -> None:
    good = {"_class_name": "Good", "unet": ["diffusers", "UNet"], "safety_checker": [None, None]}
    assert worker.pipeline_class(indexed(tmp_path / "m", good), Known) is Known.Good
    for index, said in [
        ("{", "cannot be read"),
        ({"a": 1}, "cannot be read"),
        ([], "cannot be read"),
        (good | {"_class_name": "Theirs"}, "the model is a 'Theirs', allowed are the pipelines of diffusers 0"),
        (good | {"_class_name": "Other"}, "the model is a 'Other'"),
        (good | {"unet": ["my_unet", "UNet"]}, "part 'unet' is of"),
        (good | {"unet": ["pipeline", "UNet", "x"]}, "part 'unet' is of"),
    ]:
        with pytest.raises(worker.Refused, match=said):
            worker.pipeline_class(indexed(tmp_path / "m", index), Known)
    indexed(tmp_path / "m", good)
    (tmp_path / "m" / "config.json").write_text('{"auto_map": {"AutoModel": "evil.Model"}}')
    with pytest.raises(worker.Refused, match="auto_map"):
        worker.pipeline_class(tmp_path / "m", Known)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("diffusers", exc_type=ImportError)
    folder = tmp_path_factory.mktemp("models") / "ours"
    made = Path(__file__).with_name("tiny_model.py")
    subprocess.run([sys.executable, "-W", "ignore", str(made), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.heavy
def test_the_same_asked_again_is_the_same_bits_and_another_seed_is_not(model: Path) -> None:
    painter = DiffusersPainter()
    one, again = painter.paint(model, ASKED, told=heard), painter.paint(model, ASKED, told=heard)
    assert one.shape == (64, 96, 3) and one.dtype == np.uint8 and one.std() > 5
    assert (one == again).all()
    other = painter.paint(model, Asked(prompt="a b", size_px=(96, 64), seed=2, steps=2, guidance=7.5), told=heard)
    assert (one != other).any()


@pytest.mark.heavy
def test_a_model_whose_weights_are_damaged_is_refused_in_words(model: Path, tmp_path: Path) -> None:
    import shutil

    bad = tmp_path / "bad"
    shutil.copytree(model, bad)
    (bad / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UsageError, match="the model cannot be used"):
        DiffusersPainter().paint(bad, ASKED, told=heard)


def test_signals_have_names() -> None:
    assert how(-signal.SIGKILL) == "was ended by SIGKILL"
    assert how(3) == "ended with code 3"
