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


def run_blocks(text: str, name: str, **given: Any) -> int:
    """Run a page's blocks; a block of `>>>` examples also checks what they print. Returns how many there were.

    `given` are names that a page uses without making them.
    """
    space: dict[str, Any] = {"__name__": "page", **given}
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


@pytest.mark.parametrize("page", [p for p in pages() if p != ROOT / "README.md"], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_marked_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_blocks(page.read_text(), page.name) == page.read_text().count(MARK) - page.read_text().count(f"`{MARK}`")


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.story.stage import build, signed

    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    stage = build(tmp_path / "shot", frames=3, keys=(1001,))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    keys = sorted(stage.keys.iterdir())
    text = (ROOT / "README.md").read_text()
    assert run_blocks(text, "README.md", signed=signed, keys=keys, plates=stage.plates, mattes=stage.mattes) >= 1
    assert "Artist B" in capsys.readouterr().out
    assert len(list(tmp_path.glob("work/my_show/sh010/deage/v001/frames/*.exr"))) == 3


def test_the_page_about_attribution_shows_code_that_runs() -> None:
    assert len(blocks((ROOT / "docs" / "attribution.md").read_text())) >= 4


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
