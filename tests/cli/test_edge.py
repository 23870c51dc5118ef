"""Flags, exit codes, one JSON document, and nothing that moves a terminal's cursor."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from bottega.cli import app, edge
from bottega.cli.edge import WRONG_USAGE
from tests.story.stage import Stage

from .conftest import Bottega
from .test_upkeep_commands import ASKED as UPKEEP

HOSTILE = ("\x1b[31mred", "\x9b31m", "\u202egnp.exe", "a\nError: faked", "\x00", "\U000e0041", "\udcff")
WRONG = {
    "an unknown flag": ["report", "--nope"],
    "an unknown command": ["reports"],
    "a missing argument": ["shot", "add"],
    "a missing option": ["deage", "sh010"],
    "a number that is none": ["deage", "sh010", "--keys", "k", "--person", "P", "--age", "young"],
    "an age below zero": ["deage", "sh010", "--keys", "k", "--person", "P", "--age", "-3"],
    "no threads": ["repair", "sh010", "--keys", "k", "--threads", "0"],
    "a frame rate of zero": ["new", "other", "--show", "other", "--fps", "0"],
    "a frame rate below zero": ["new", "other", "--show", "other", "--fps", "-24"],
    "a show that is no code": ["new", "other", "--show", "My Show"],
    "a folder that is no show": ["report", "--in", "/"],
    "keys that are not there": ["repair", "sh010", "--keys", "nowhere"],
    "a tone that is no strength": ["repair", "sh010", "--keys", ".", "--tone", "nan"],
    "a region without a strength": ["repair", "sh010", "--keys", ".", "--region", "hair"],
    "a purpose that nobody knows": ["consent", "template", "--purpose", "x", "--person", "Performer A", "--shot", "sh010"],
    "a person who is not in the show": ["consent", "template", "--purpose", "deage", "--person", "Performer Q", "--shot", "sh010"],
    "a take that is not there": ["remake", "sh010/deage/v099"],
    "a form that is not there": ["consent", "add", "nowhere.toml"],
}


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    return [path] if not inner else [c for name, sub in inner.items() for c in commands(sub, (*path, name))]


COMMANDS = commands(typer.main.get_command(app))


def there(show: Path) -> set[str]:
    return {p.name for p in show.iterdir() if not p.name.startswith("ledger.db-")}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_words_end_with_2_in_words_and_in_json(what: str, bottega: Bottega, show: Path) -> None:
    before = there(show)
    in_words, in_json = bottega(*WRONG[what]), bottega(*WRONG[what], "--json")
    assert in_words.code == in_json.code == WRONG_USAGE
    assert in_words.out == "" and in_words.err.strip()
    document = json.loads(in_json.out)
    assert document["error"] == "UsageError" and document["message"] and document["exit_code"] == WRONG_USAGE
    assert there(show) == before


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_and_json(path: tuple[str, ...], bottega: Bottega) -> None:
    said = bottega(*path, "--help")
    assert said.code == 0 and f"Example: bottega {' '.join(path)} " in said.out.replace("\n", " ") + " " and "--json" in said.out


def test_the_commands_are_all_there() -> None:
    assert {" ".join(c) for c in COMMANDS} >= {
        "new",
        "person add",
        "consent revoke",
        "exemplar add",
        "shot handout",
        "deage",
        "remake",
        "doctor",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_reaches_the_terminal_raw(text: str, bottega: Bottega) -> None:
    for words in (
        ["person", "add", text, "--role", "performer"],
        ["report", text],
        ["report", "--in", f"/{text}"],
        [text],
        ["report", f"--{text}"],
    ):
        for flags in ([], ["--json"]):
            if "\0" in text and "--in" in words:
                continue  # no program can be given such a word
            said = bottega(*words, *flags)
            raw = [c for c in said.out + said.err if c != "\n" and not c.isprintable()]
            assert said.code == WRONG_USAGE and not raw, (words, raw)
            assert "\nError: faked" not in said.out + said.err


def test_markup_in_a_name_is_a_name(bottega: Bottega) -> None:
    assert bottega("person", "add", "[red]X[/red]", "--role", "performer").out.startswith("[red]X[/red]: p_")
    assert "[red]X[/red]" in bottega("person", "list").out


def test_a_terminal_without_our_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("ascii", "latin-1"):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", out)
        edge.ready_streams()
        edge.show({"bar": "█ Исполнитель"}, as_json=False, words=lambda: "█ Исполнитель")
        edge.show({"bar": "█ Исполнитель\x9b"}, as_json=True, words=str)
        out.flush()
        words, document = out.buffer.getvalue().decode(encoding).split("\n", 1)
        assert words.startswith("\\u2588 \\u0418")
        assert json.loads(document) == {"bar": "█ Исполнитель\x9b"}


def test_tables_keep_their_lines() -> None:
    assert edge.table(("a", "b"), [("x\ny", 1)]).splitlines()[2:] == ["x\\ny  1"]
    assert edge.pairs({"long": "a\nb", "b": 2}) == "long  a\\nb\nb     2"


def test_every_command_prints_one_document_when_it_went_well(bottega: Bottega, job: list[str], whole: Stage, show: Path) -> None:
    key = str(whole.keys / "1001.png")
    asked = [
        ["new", str(show.parent / "other"), "--show", "other"],
        ["person", "add", "Performer C", "--role", "performer"],
        ["person", "list"],
        ["consent", "template", "--purpose", "deage", "--person", "Performer C", "--shot", "sh010"],
        ["consent", "list"],
        ["exemplar", "add", key, "--by", "Artist B", "--licence", "work-for-hire"],
        ["exemplar", "list"],
        ["shot", "add", "sh020", str(whole.plates / "####.exr"), "--colour", "lin_rec709_srgb"],
        ["shot", "list"],
        ["shot", "cuts", "sh010"],
        ["shot", "handout", "sh010", "1001", "--to", str(show.parent / "paper")],
        [*job, "--dry-run"],
        job,
        ["remake", "sh010/deage/v002"],
        ["report"],
        ["doctor"],
        ["ledger", "list"],
        ["ledger", "verify"],
        ["ledger", "checkpoint"],
        ["ledger", "prove", "0"],
        ["ledger", "export"],
        ["witness", "new", str(show.parent / "witness"), "--name", "guild.example/w1"],
        ["witness", "trust", str(show.parent / "witness"), "keys/log.vkey"],
        ["witness", "list", str(show.parent / "witness")],
        *UPKEEP,
    ]
    found = {}
    for words in asked:
        said = bottega(*words, "--json")
        assert said.code == 0, (words, said)
        found[tuple(words[:2])] = json.loads(said.out)
    assert found["shot", "list"][1]["code"] == "sh020" and found["deage", "sh010"]["name"] == "sh010_deage_v002"
    assert found["remake", "sh010/deage/v002"]["same"] == 3
    assert found["shot", "cuts"] == {"cuts": [], "repeats": []}
    grant = found["consent", "list"][0]["grant_id"]
    assert json.loads(bottega("consent", "revoke", grant, "--json").out)["takes"] == [f"sh010_deage_v00{n}" for n in (1, 2, 3)]


def test_every_command_is_run_by_some_test() -> None:
    tests = [p.read_text() for folder in ("cli", "story") for p in (Path(__file__).parents[1] / folder).glob("*.py")]
    words = {path: ", ".join(f'"{word}"' for word in path) for path in COMMANDS}
    assert [path for path, said in words.items() if not any(said in text for text in tests)] == []
