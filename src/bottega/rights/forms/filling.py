"""Writing a form's blanks, and reading them back with everything that is wrong said at once. Shared by all forms."""

from __future__ import annotations

import difflib
import hashlib
import json
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bottega.model import UsageError
from bottega.model.names import shown

from .form_fields import Blank, is_blank

FORM_WIDTH = 110
LONGEST_FORM = 4 * 1024 * 1024


def read_text(path: Path, what: str) -> str:
    """A form's text. Raises UsageError for what cannot be read or is too long for a form."""
    try:
        if path.stat().st_size > LONGEST_FORM:
            raise UsageError(f"{what} {shown(path.name)} is longer than {LONGEST_FORM} bytes; no form is")
        return path.read_text("utf-8")
    except (OSError, ValueError) as problem:
        raise UsageError(f"{what} {shown(path.name)} cannot be read: {problem}") from problem


def parsed(form: str, what: str) -> dict[str, Any]:
    """The form as TOML gives it. Raises UsageError."""
    try:
        return tomllib.loads(form)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"the {what} form is no TOML: {problem}; texts and instants in quotes, true and false without") from problem


def heading(text: str) -> list[str]:
    """A line that a reader's eye finds."""
    return [f"# ---------- {text} ".ljust(FORM_WIDTH, "-"), ""]


def paragraph(text: str) -> list[str]:
    """A comment of several lines."""
    return [f"# {part}" for part in textwrap.wrap(text, FORM_WIDTH, break_long_words=False, break_on_hyphens=False)]


def line_of(blank: Blank, presets: Mapping[str, Any], needed: bool) -> list[str]:
    """A blank with its explanation over it."""
    mark = "required" if needed else "optional"
    value = json.dumps(presets[blank.name], ensure_ascii=False) if blank.name in presets else blank.preset
    return [*paragraph(f"{blank.explained} ({mark}) Allowed: {blank.allowed}."), f"{blank.name} = {value}", ""]


def offered_table(name: str, blanks: Sequence[Blank], why: str) -> list[str]:
    """A table that may be left out: every line of it is a comment until somebody wants it."""
    lines = [*paragraph(f"{why} To use it, take away the # before its lines."), f"#[{name}]"]
    for blank in blanks:
        mark = "required" if blank.needed else "optional"
        lines += [*paragraph(f"    {blank.explained} ({mark}) Allowed: {blank.allowed}."), f"#{blank.name} = {blank.preset}"]
    return [*lines, ""]


def blanks_of(
    given: Mapping[str, Any], blanks: Sequence[tuple[Blank, bool]], where: str, others: Sequence[str], problems: list[str]
) -> dict[str, Any]:
    """Read the lines of one table; what is left blank and not needed is left out, so that the record's default holds."""
    known = [blank.name for blank, _ in blanks]
    for name in given.keys() - {*known, *others}:
        close = difflib.get_close_matches(name, known, 1)
        problems.append(f"{where}{shown(name)}: unknown" + (f", did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"))
    values = {}
    for blank, needed in blanks:
        value = given.get(blank.name)
        if is_blank(value):
            if needed:
                problems.append(f"{where}{blank.name}: empty; allowed is {blank.allowed}")
            continue
        try:
            values[blank.name] = blank.parse(value)
        except (ValueError, UsageError, OverflowError):
            problems.append(f"{where}{blank.name}: given {shown(str(value))}; allowed is {blank.allowed}")
    return values


def table_of(given: Any, blanks: Sequence[Blank], name: str, problems: list[str]) -> dict[str, Any]:
    """Read a table that may be missing."""
    if not isinstance(given, Mapping | None):
        problems.append(f"{name}: given {shown(str(given))}; allowed is a table, [{name}]")
        return {}
    return blanks_of(given or {}, [(blank, blank.needed) for blank in blanks], f"{name}.", (), problems)


def document_of(values: dict[str, Any], pair: tuple[str, str], folder: Path | None, problems: list[str], where: str = "") -> str | None:
    """The sha256 of a document, from its path or as stated. The path may hold a name, so it is taken out and not kept."""
    by_path, by_hash = pair
    path, stated = values.pop(by_path, None), values.get(by_hash)
    if path is None:
        return stated
    try:
        with ((folder or Path()) / path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as problem:
        problems.append(f"{where}{by_path}: given {shown(path)}; it cannot be read: {getattr(problem, 'strerror', None) or problem}")
        return stated
    if stated is not None and stated != found:
        problems.append(f"{where}{by_hash}: given {stated}; the file at {by_path} has {found}")
    return found


def refuse(problems: Sequence[str], what: str) -> None:
    """Raise UsageError with all problems, if there are any."""
    if problems:
        raise UsageError(f"the {what} form cannot be taken:\n" + "\n".join(f"  {p}" for p in problems))
