"""Files of at most 400 lines, functions of at most 40."""

from __future__ import annotations

import ast

from .tree import ROOT, functions, lines_of, python_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
ALLOWED: frozenset[str] = frozenset()  # "path" or "path::function"; it may only shrink
FEWEST_FILES = 100
FEWEST_FUNCTIONS = 800


def test_files_and_functions_are_short() -> None:
    long, files, seen = [], 0, 0
    for path in python_files():
        files += 1
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        if text.count("\n") > LONGEST_FILE:
            long.append(name)
        for function in functions(ast.parse(text, name)):
            seen += 1
            if lines_of(function) > LONGEST_FUNCTION:
                long.append(f"{name}::{function.name}")
    assert set(long) == ALLOWED, f"too long, or allowed and no longer so: {sorted(set(long) ^ ALLOWED)}"
    assert files >= FEWEST_FILES, f"this test stopped seeing the files: {files}"
    assert seen >= FEWEST_FUNCTIONS, f"this test stopped seeing the functions: {seen}"


def test_the_allow_list_is_empty() -> None:
    assert not ALLOWED


def test_a_docstring_does_not_count_and_the_rest_does() -> None:
    body = "\n".join(["    x = 1"] * 39)
    plain, told = (next(functions(ast.parse(f"def f():\n{start}{body}\n"))) for start in ("", '    """One.\n\n    Two.\n    """\n'))
    assert lines_of(plain) == lines_of(told) == LONGEST_FUNCTION
