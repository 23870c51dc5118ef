"""The main job on the footage that ships: refused without a consent, made with one. Everything goes through the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOOTAGE = HERE / "performer_a"
OUT = HERE.parent / "build" / "demo"
SHOW = OUT / "my_show"
REFUSED = 3


def bottega(*words: str, expect: int = 0, quiet: bool = False) -> str:
    """Run one command as a person would type it, and show it."""
    print("\n$ bottega " + " ".join(f'"{w}"' if " " in w else w for w in words), flush=True)
    place = {"BOTTEGA_HOME": str(OUT / "home"), "BOTTEGA_SHOW": str(SHOW), "OMP_NUM_THREADS": "1"}
    if words[0] == "new":
        place.pop("BOTTEGA_SHOW")
    done = subprocess.run([sys.executable, "-m", "bottega", *words], env=os.environ | place, stdout=subprocess.PIPE, text=True, check=False)
    if not quiet:
        print(done.stdout, end="", flush=True)
    if done.returncode != expect:
        sys.exit(f"expected exit code {expect}, got {done.returncode}")
    return done.stdout


def filled_in(form: str) -> str:
    """The form as Performer A's side returns it. In a production this is a person with a pen."""
    now, stamp = datetime.now(UTC), "%Y-%m-%dT%H:%M:%SZ"
    answers = {
        "description": '"The performer shown at 30 to 40 years of age in this one shot, by painted key frames carried over it"',
        "age_range_out": "[30, 40]",
        "valid_from": f'"{(now - timedelta(days=1)).strftime(stamp)}"',
        "valid_until": f'"{(now + timedelta(days=90)).strftime(stamp)}"',
        "notice_given_at": f'"{(now - timedelta(days=10)).strftime(stamp)}"',
        "representation": '"union"',
        "document_sha256": '"' + "5" * 64 + '"',
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
    }
    lines = []
    for line in form.splitlines():
        name = line.split("=", 1)[0].strip()
        lines.append(f"{name} = {answers.pop(name)}" if "=" in line and name in answers else line)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the show afresh, run the job, say where to look."""
    began = time.monotonic()
    if OUT.exists():
        shutil.rmtree(OUT)
    OUT.mkdir(parents=True)
    keys = sorted(str(p) for p in (FOOTAGE / "keys").iterdir())
    job = ["deage", "sh010", "--keys", str(FOOTAGE / "keys"), "--matte", str(FOOTAGE / "matte"), "--person", "Performer A", "--age", "35"]
    bottega("new", str(SHOW), "--show", "demo", "--fps", "24")
    bottega("person", "add", "Performer A", "--role", "performer")
    bottega("exemplar", "add", *keys, "--by", "Artist B", "--licence", "work-for-hire")
    bottega("shot", "add", "sh010", str(FOOTAGE / "plate" / "####.exr"), "--colour", "lin_rec709_srgb")
    print("\nWithout a consent the gate refuses:")
    bottega(*job, expect=REFUSED)
    print("\nPerformer A fills in and signs the form:")
    form = OUT / "consent.toml"
    form.write_text(
        filled_in(bottega("consent", "template", "--purpose", "deage", "--person", "Performer A", "--shot", "sh010", quiet=True))
    )
    bottega("consent", "add", str(form))
    bottega(*job, "--dry-run")
    bottega(*job, "--threads", "2")
    report = json.loads(bottega("report", "sh010/deage/v001", "--json", quiet=True))
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look at:")
    for name, path in report["files"].items():
        print(f"  {name:16} {path}")
    print(f"  {report['bar']}")


if __name__ == "__main__":
    main()
