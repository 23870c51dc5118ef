"""What must not be in the tree: paths of somebody's machine, hosts nobody chose, marks of unfinished work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .tree import ROOT, tracked

TEXT = (".py", ".md", ".toml", ".lock", ".txt", ".yml", ".yaml", ".json", ".cfg", ".html", ".js", ".css", ".sh", "Makefile", "/run")
FEWEST_FILES = 50

# A machine's own folders. `/tmp` is left out: it is everybody's.
MACHINE = re.compile(r"(?<![\w.])(/(work|root|home|Users|mnt|opt)/\w|[A-Z]:\\Users)")
HOST = re.compile(r"https?://([^/\s\"'`)>\]}]+)")
HOSTS = {
    "bottega.example", "c2pa.org", "creativecommons.org", "json-schema.org", "doi.org", "github.com", "iptc.org", "cv.iptc.org",
    "openexr.com", "pypi.org", "www.apache.org", "www.w3.org", "127.0.0.1", "localhost",
}  # fmt: skip
INDEX = re.compile(r"--(extra-)?index-url|--default-index|--find-links|--trusted-host")
UNFINISHED = re.compile(r"(?<!`)\b(TODO|FIXME|XXX|HACK)\b")


def text_files() -> list[Path]:
    return [p for p in tracked(*TEXT) if p.name != "LICENSE" and p != Path(__file__)]


def offences(text: str) -> list[str]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        hosts = [h for h in HOST.findall(line) if h.split(":")[0] not in HOSTS and not h.endswith((".example", ".test", ".invalid"))]
        if MACHINE.search(line) or INDEX.search(line) or UNFINISHED.search(line) or hosts:
            found.append(f"{number}: {line.strip()[:120]}")
    return found


def test_no_machine_paths_unknown_hosts_or_marks_of_unfinished_work() -> None:
    files = text_files()
    found = {p.relative_to(ROOT).as_posix(): offences(p.read_text()) for p in files}
    assert not {name: lines for name, lines in found.items() if lines}
    assert len(files) >= FEWEST_FILES, f"this test stopped seeing the files: {len(files)}"


@pytest.mark.parametrize(
    "planted",
    ["open('/work/x/a.exr')", "see /home/artist/keys", "pip install --extra-index-url x", "https://mirror.company/simple", "# TODO later"],
)
def test_a_planted_offence_is_found(planted: str) -> None:
    assert offences(planted)


def test_honest_lines_pass() -> None:
    assert not offences("tests/work/x, a/home/b, https://www.w3.org/TR/, https://docs.studio.example/a and todo lists")


def test_every_requirement_in_the_lock_is_pinned_with_hashes() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    names = [e for e in entries if not e.startswith("#")]
    assert len(names) >= 30
    assert not [e.splitlines()[0] for e in names if not re.match(r"[a-z0-9._-]+==\S+", e) or "--hash=sha256:" not in e]
