"""The command line as it is promised: these words, in this order, typed into a shell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import bottega

from . import stage as stage_module
from .stage import ARTIST, PERFORMER, SHOT, signed

FRAMES, KEYS = 12, (1001, 1006, 1012)
DEAGE = f'deage {SHOT} --keys keys/ --matte mattes/ --person "{PERFORMER}" --age 35'
INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from bottega.cli import main; main()"


@dataclass
class Shell:
    """A shell with `bottega` on its path."""

    root: Path
    env: dict[str, str]

    def run(self, words: str, *, at: str = "my_show") -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", words], cwd=self.root / at, env=self.env, capture_output=True, text=True, check=False)

    def done(self, words: str, *, at: str = "my_show", code: int = 0) -> str:
        found = self.run(words, at=at)
        assert found.returncode == code, (words, found.stdout, found.stderr)
        return found.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with the artist's files in a show's own folders, and the show made up to its shot, from inside and from above."""
    root = tmp_path_factory.mktemp("floor")
    stage = stage_module.build(root / "files", frames=FRAMES, keys=KEYS)
    (root / "bin").mkdir()
    (root / "bin" / "bottega").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bottega "$@"\n')
    (root / "bin" / "bottega").chmod(0o755)
    env = {k: v for k, v in os.environ.items() if k not in ("OCIO", "BOTTEGA_SHOW")}
    env |= {
        "PYTHONPATH": str(Path(bottega.__file__).parents[1]),
        "PATH": f"{root / 'bin'}:{env['PATH']}",
        "BOTTEGA_HOME": str(tmp_path_factory.getbasetemp() / "home"),
        "BOTTEGA_USER": "operator",
    }
    shell = Shell(root, env)
    shell.done("bottega new my_show --show demo --fps 24", at=".")
    show = root / "my_show"
    for folder in (stage.plates, stage.mattes):
        folder.rename(show / folder.name)
    for key in sorted(stage.keys.iterdir()):
        key.rename(show / "keys" / key.name)
    shell.done(f'bottega person add "{PERFORMER}" --role performer', at=".")
    form = shell.done(f'bottega consent template --purpose deage --person "{PERFORMER}" --shot {SHOT} > consent.toml; cat consent.toml')
    (show / "consent.toml").write_text(signed(form, description='"The performer is shown younger in this one shot, by painted key frames"'))
    shell.done("bottega consent add my_show/consent.toml", at=".")
    shell.done(f'bottega exemplar add keys/*.png --by "{ARTIST}" --licence work-for-hire')
    shell.done(f'bottega shot add {SHOT} "plates/####.exr" --colour lin_rec709_srgb')
    return shell


@pytest.fixture(scope="module")
def take(shell: Shell) -> str:
    return shell.done(f"bottega {DEAGE}")


def files(show: Path) -> set[str]:
    return {str(p.relative_to(show)) for p in show.rglob("*") if p.is_file() and not p.name.startswith(("ledger.db", "people.db"))}


def test_the_form_is_all_that_the_template_prints(shell: Shell) -> None:
    asked = f'bottega consent template --purpose deage --person "{PERFORMER}" --shot {SHOT}'
    form = shell.run(asked)
    assert form.returncode == 0 and form.stderr == ""
    in_json = json.loads(shell.done(f"{asked} --json"))
    new_id = re.compile(r"g_[0-9a-f]{16}")
    assert in_json.keys() == {"form"} and new_id.sub("", in_json["form"]) == new_id.sub("", form.stdout)


def test_a_dry_run_says_plan_cost_and_answer(shell: Shell) -> None:
    before = files(shell.root / "my_show")
    words = shell.done(f"bottega {DEAGE} --dry-run")
    for part in (f"frames 1001-{1000 + FRAMES}", "1001, 1006, 1012", "CPU time", "memory", "allows"):
        assert part in words
    refused = shell.run(f"bottega {DEAGE.replace('35', '20')} --dry-run --json")
    plan = json.loads(refused.stdout)
    assert refused.returncode == 3 and plan["allowed"] is False and plan["reasons"][0]["code"] == "age_range"
    assert files(shell.root / "my_show") == before


def test_the_take_lies_where_it_was_promised(shell: Shell, take: str) -> None:
    folder = shell.root / "my_show" / SHOT / "deage" / "v001"
    assert "sh010_deage_v001" in take
    assert [p.name for p in sorted((folder / "frames").iterdir())] == [f"sh010_deage_v001.{n}.exr" for n in range(1001, 1001 + FRAMES)]
    assert json.loads((folder / "take.json").read_text())["state"] == "done"


def test_nothing_secret_or_personal_is_in_the_shows_files(shell: Shell, take: str) -> None:
    """Names lie in the form that the performer signed, the private key nowhere; people.db is sealed."""
    assert f"{ARTIST}" in take
    show = shell.root / "my_show"
    keys = [p.read_text() for p in (Path(shell.env["BOTTEGA_HOME"]) / "keys").glob("*.pem")]
    secrets = ["".join(k.splitlines()[1:-1]).encode() for k in keys] + [b"PRIVATE KEY"]
    looked = 0
    for name in files(show) | {"ledger.db", "people.db", *(p.name for p in show.glob("ledger.db-*"))}:
        content = (show / name).read_bytes()
        assert not any(s in content for s in secrets), name
        if name != "consent.toml":
            looked += 1
            assert PERFORMER.encode() not in content and ARTIST.encode() not in content, name
    assert looked > 4 * FRAMES


def test_the_commands_after_the_take(shell: Shell, take: str) -> None:
    assert ARTIST in shell.done("bottega report", at=".")
    assert json.loads(shell.done("bottega report sh010/deage/v001 --json", at="."))["name"] == "sh010_deage_v001"
    checks = json.loads(shell.done("bottega doctor --json"))
    assert all(c["ok"] for c in checks) and {"ledger", "gate's key", "takes"} <= {c["name"] for c in checks}
    assert f"{FRAMES} of {FRAMES} frames are the same bits" in shell.done("bottega remake sh010/deage/v001")
    assert shell.done(f"bottega shot handout {SHOT} 1001 1006 --to paint/", at=".").split() == [
        f"paint/{SHOT}.{n}.png" for n in (1001, 1006)
    ]
    assert (shell.root / "paint" / f"{SHOT}.1006.png").is_file()


def test_a_pipe_that_closes_early_is_no_fault(shell: Shell) -> None:
    said = shell.run("bottega report --json | true; exit ${PIPESTATUS[0]}")
    assert said.returncode == 1 and said.stderr == ""


def copied(shell: Shell, folder: Path, name: str) -> Shell:
    """The show, and the keys and marks that belong to it, as another machine would have them."""
    subprocess.run(["cp", "-r", shell.root / "my_show", folder / name], check=True)
    subprocess.run(["cp", "-r", shell.env["BOTTEGA_HOME"], folder / "home"], check=True)
    return Shell(folder, shell.env | {"BOTTEGA_HOME": str(folder / "home")})


def test_after_a_revocation_the_gate_refuses(shell: Shell, take: str, tmp_path: Path) -> None:
    elsewhere = copied(shell, tmp_path, "other")
    [grant] = json.loads(elsewhere.done("bottega consent list --json", at="other"))
    revoked = json.loads(elsewhere.done(f'bottega consent revoke {grant["grant_id"]} --reason "withdrawn" --json', at="other"))
    assert "sh010_deage_v001" in revoked["takes"]
    refused = elsewhere.run(f"bottega {DEAGE}", at="other")
    assert refused.returncode == 3 and refused.stdout == "" and "revoked" in refused.stderr
    document = json.loads(elsewhere.done(f"bottega {DEAGE} --json", at="other", code=3))
    assert document["error"] == "ConsentError" and document["reasons"][0]["code"] == "revoked" and document["exit_code"] == 3


def test_ctrl_c_in_the_middle_and_the_same_command_again(shell: Shell, tmp_path: Path) -> None:
    elsewhere, show = copied(shell, tmp_path, "stopped"), tmp_path / "stopped"
    subprocess.run(["rm", "-rf", show / SHOT / "deage"], check=True)
    words = [SHOT, "--keys", "keys", "--matte", "mattes", "--person", PERFORMER, "--age", "35", "--json"]
    job = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "deage", *words],
        cwd=show,
        env=elsewhere.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while job.poll() is None and not list(show.glob(f"{SHOT}/deage/v001/.work/arrays/*")):
        time.sleep(0.005)
    job.send_signal(signal.SIGINT)
    said, errors = job.communicate()
    assert job.returncode == 130, (said, errors)
    assert json.loads(said)["exit_code"] == 130 and "Traceback" not in errors
    [record] = show.glob(f"{SHOT}/deage/*/take.json")
    assert json.loads(record.read_text())["state"] == "making"
    doctor = {c["name"]: c["detail"] for c in json.loads(elsewhere.done("bottega doctor --json", at="stopped"))}
    assert "sh010_deage_v001" in doctor["unfinished takes"]
    elsewhere.done(f"bottega {DEAGE}", at="stopped")
    assert json.loads(record.read_text())["state"] == "done" and not (record.parent / ".work").exists()
