"""Documentation that shows code shows code that runs.

A block of Python after a line `<!-- run -->` is run, all such blocks of a page in order in one namespace and an empty folder.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

from .tree import ROOT, tracked

MARK = "<!-- run -->"
BLOCK = re.compile(rf"^{MARK}\n+```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    top = [p for p in ROOT.glob("*.md") if p.name != "CHANGELOG.md"]
    return sorted([*top, *tracked(".md", under=ROOT / "docs"), *tracked(".md", under=ROOT / "demo")])


def blocks(text: str) -> list[str]:
    """The blocks to run. Raises ValueError for a mark that no Python block follows."""
    found: list[str] = BLOCK.findall(text)
    marks = len(re.findall(rf"^{MARK}$", text, re.MULTILINE))
    if marks != len(found):
        raise ValueError(f"{marks} marks {MARK!r} but {len(found)} blocks of python right after one")
    return found


def run_blocks(text: str, name: str) -> int:
    """Run a page's blocks; a block of `>>>` examples also checks what they print. Returns how many there were."""
    space: dict[str, Any] = {"__name__": "page"}
    found = blocks(text)
    for number, block in enumerate(found):
        where = f"{name} block {number + 1}"
        if block.lstrip().startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(block, space, where, name, 0)
            result = doctest.DocTestRunner(verbose=False).run(test, clear_globs=False)
            space.update(test.globs)
            assert result.failed == 0, where
        else:
            exec(compile(block, where, "exec"), space)  # noqa: S102 - our own pages
    return len(found)


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_marked_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run_blocks(page.read_text(), page.name)
    must = page.name in ("README.md", "attribution.md") and page.parent.name != "performer_a"
    assert ran or not must, f"{page.name}: no block is marked {MARK}"


def test_links_between_pages_lead_somewhere() -> None:
    seen, broken = 0, []
    for page in pages():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" in target or target.startswith("mailto:"):
                continue
            seen += 1
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not broken
    assert seen >= 5, f"this test stopped seeing links: {seen}"


PAGE = f"text\n\n{MARK}\n```python\nx = 2\n```\n\n```python\nnot run\n```\n\n{MARK}\n\n```python\n>>> x + {{}}\n4\n```\n"


def test_the_collector_runs_marked_blocks_in_one_namespace() -> None:
    assert run_blocks(PAGE.format(2), "page") == 2


def test_the_collector_finds_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError, match="page block 2"):
        run_blocks(PAGE.format(3), "page")
    assert "Expected" in capsys.readouterr().out
    with pytest.raises(NameError):
        run_blocks(f"{MARK}\n```python\nunknown_name\n```\n", "page")
    with pytest.raises(ValueError, match=r"2 marks .* but 1 blocks"):
        blocks(PAGE.replace("```python\n>>>", "```console\n>>>"))
