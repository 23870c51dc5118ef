"""The jobs on the footage that ships: refused without a consent, made with one. Everything goes through the command line."""

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
FOOTAGE, CORNER, CONCEPT = HERE / "performer_a", HERE / "corner", HERE / "concept"
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


def repaired() -> str:
    """The main job: Performer A at 35, from painted key frames. Gives the take."""
    keys = sorted(str(p) for p in (FOOTAGE / "keys").iterdir())
    job = ["deage", "sh010", "--keys", str(FOOTAGE / "keys"), "--matte", str(FOOTAGE / "matte"), "--person", "Performer A", "--age", "35"]
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
    return "sh010/deage/v001"


def collapsed() -> str:
    """A building brought down in a plate, small: a second and a half at 480x270. Gives the take."""
    shot = OUT / "corner"
    print("\nA building comes down, directed by a sheet (demo/corner/collapse.toml):")
    subprocess.run([sys.executable, str(CORNER / "plates.py"), str(shot), "--width", "480", "--frames", "1001-1036"], check=True)
    sheet = (CORNER / "collapse.toml").read_text().replace("piece_m = 1.8", "piece_m = 2.4").replace("frame = 1006", "frame = 1004")
    (shot / "collapse.toml").write_text(sheet)
    shutil.copyfile(CORNER / "wide_mask.png", shot / "wide_mask.png")
    bottega("exemplar", "add", *sorted(str(p) for p in (shot / "exemplars").iterdir()), "--by", "Artist C", "--licence", "work-for-hire")
    for code, plate in (("sh020", shot / "with"), ("sh020-clean", shot / "clean"), ("sh020-wide", CORNER / "wide_with.exr")):
        bottega("shot", "add", code, str(plate / "####.exr" if plate.is_dir() else plate), "--colour", "lin_rec709_srgb")
    job = ["collapse", "sh020", str(shot / "collapse.toml"), "--no-performer"]
    bottega(*job, "--dry-run")
    bottega(*job, "--threads", "2")
    return "sh020/collapse/v001"


def boarded() -> str:
    """Twelve coats for a croquis, in the designer's own palettes. Gives the take."""
    print("\nA costume board, from a drawing and swatches (demo/concept/board.toml):")
    bottega("exemplar", "add", str(CONCEPT / "croquis"), "--by", "Designer D", "--licence", "work-for-hire")
    bottega("exemplar", "add", str(CONCEPT / "swatches"), "--by", "Weaver E", "--licence", "work-for-hire")
    job = ["concept", str(CONCEPT / "board.toml"), "--no-performer", "--state", "names_real=no"]
    bottega(*job, "--dry-run")
    bottega(*job, "--threads", "2")
    return "consul/concept/v001"


def main() -> None:
    """Make the show afresh, run the jobs, say where to look."""
    began = time.monotonic()
    if OUT.exists():
        shutil.rmtree(OUT)
    OUT.mkdir(parents=True)
    bottega("new", str(SHOW), "--show", "demo", "--fps", "24")
    takes = [repaired(), boarded(), collapsed()]
    reports = [json.loads(bottega("report", take, "--json", quiet=True)) for take in takes]
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look at:")
    for take, report in zip(takes, reports, strict=True):
        print(f"\n  {take}")
        for name, path in report["files"].items():
            print(f"  {name:16} {path}")
        print(f"  {report['bar']}")


if __name__ == "__main__":
    main()
