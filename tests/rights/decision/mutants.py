"""Take one check away at a time: from the source of a module of policies, or from a pack."""

from __future__ import annotations

import ast
import copy
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from bottega.rights.packs import Condition, Pack

PACKAGE = "bottega.rights.decision"
MODULES = ("consent_rules", "place_rules", "exemptions", "use_rules", "facts", "table", "lifting")
"""The modules that are changed, each before those that import it."""
REBUILT = ("rules", "policies", "decide")
"""Those that put the lists together again."""


def source_mutants(module: str) -> Iterator[tuple[str, ast.Module]]:
    """Every way to take one check out of a module: a yield, a guard, one side of an and or an or, a filter."""
    tree = ast.parse(Path(str(importlib.import_module(f"{PACKAGE}.{module}").__file__)).read_text())
    for path, spot in _spots(tree):
        for what, change in _changes(spot):
            changed = copy.deepcopy(tree)
            _put(changed, path, change)
            yield f"{module}.{_inside(tree, path)}: {what}", ast.fix_missing_locations(changed)


def pack_mutants(pack: Pack) -> Iterator[tuple[str, Pack]]:
    """Every way to take a question, a row, an alternative, a test, a need or an approval out of a pack."""
    for i, question in enumerate(pack.questions):
        name = f"{pack.id} {question.id}"
        yield f"{name}: the question", replace(pack, questions=_without(pack.questions, i))
        for how, less in _less(question):
            yield f"{name}: {how}", replace(pack, questions=_with(pack.questions, i, less))
    for i, row in enumerate(pack.rows):
        name = f"{pack.id} {row.id}"
        yield f"{name}: the row", replace(pack, rows=_without(pack.rows, i))
        for how, less in _less(row):
            yield f"{name}: {how}", replace(pack, rows=_with(pack.rows, i, less))
    for i, place in enumerate(pack.environments):
        yield f"{pack.id}: the place {place}", replace(pack, environments=_without(pack.environments, i))


@contextmanager
def decided_by(module: str, tree: ast.Module) -> Iterator[ModuleType]:
    """The module that decides, built on the changed one."""
    names = [f"{PACKAGE}.{name}" for name in (*MODULES, *REBUILT)]
    package = sys.modules[PACKAGE]
    before = {name: (sys.modules[name], getattr(package, name.rpartition(".")[2])) for name in names}
    try:
        for name in (*MODULES[MODULES.index(module) :], *REBUILT):
            _build(name, compile(tree, f"<{name}>", "exec") if name == module else _code(name))
        yield sys.modules[f"{PACKAGE}.decide"]
    finally:
        for name, (module_was, attribute_was) in before.items():
            sys.modules[name] = module_was
            setattr(package, name.rpartition(".")[2], attribute_was)


def _build(name: str, code: Any) -> None:
    made = ModuleType(f"{PACKAGE}.{name}")
    made.__package__ = PACKAGE
    sys.modules[made.__name__] = made
    setattr(sys.modules[PACKAGE], name, made)
    exec(code, made.__dict__)  # noqa: S102 - our own source, changed in one place


@cache
def _code(name: str) -> Any:
    path = Path(str(importlib.import_module(f"{PACKAGE}.{name}").__file__))
    return compile(path.read_text(), str(path), "exec")


def _spots(tree: ast.AST, path: tuple[tuple[str, int | None], ...] = ()) -> Iterator[tuple[tuple[tuple[str, int | None], ...], Any]]:
    """Every node, with the way to it."""
    for name, value in ast.iter_fields(tree):
        if isinstance(value, ast.AST):
            yield (*path, (name, None)), value
            yield from _spots(value, (*path, (name, None)))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield (*path, (name, i)), item
                    yield from _spots(item, (*path, (name, i)))


def _changes(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield f"without {ast.unparse(node.value)[:60]}", ast.parse("yield from ()").body[0]
    if isinstance(node, ast.If):
        yield f"never {ast.unparse(node.test)[:60]}", ast.If(ast.Constant(False), node.body, node.orelse)
    if isinstance(node, ast.BoolOp):
        for i, part in enumerate(node.values):
            left = [v for j, v in enumerate(node.values) if j != i]
            yield f"without {ast.unparse(part)[:60]}", left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
    if isinstance(node, ast.comprehension):
        for i, part in enumerate(node.ifs):
            kept = [v for j, v in enumerate(node.ifs) if j != i]
            yield f"without if {ast.unparse(part)[:60]}", ast.comprehension(node.target, node.iter, kept, node.is_async)


def _put(tree: Any, path: tuple[tuple[str, int | None], ...], change: Any) -> None:
    for name, i in path[:-1]:
        tree = getattr(tree, name) if i is None else getattr(tree, name)[i]
    name, i = path[-1]
    if i is None:
        setattr(tree, name, change)
    else:
        getattr(tree, name)[i] = change


def _inside(tree: Any, path: tuple[tuple[str, int | None], ...]) -> str:
    for name, i in path:
        tree = getattr(tree, name) if i is None else getattr(tree, name)[i]
        if isinstance(tree, ast.FunctionDef):
            return tree.name
    return "module"


def _less(asked: Any) -> Iterator[tuple[str, Any]]:
    for i, role in enumerate(asked.approvals):
        yield f"without {role}", replace(asked, approvals=_without(asked.approvals, i))
    for field in ("yes", "no", "when"):
        condition = getattr(asked, field, None)
        for how, less in _weaker(condition) if condition else ():
            yield f"{field} {how}", replace(asked, **{field: less})
    for i, need in enumerate(getattr(asked, "needs", ())):
        yield f"without the need {need.texts[0]}", replace(asked, needs=_without(asked.needs, i))


def _weaker(condition: Condition) -> Iterator[tuple[str, Condition]]:
    for i, tests in enumerate(condition.alternatives):
        text = condition.texts[i]
        if len(condition.alternatives) > 1:
            yield f"without {text}", Condition(_without(condition.texts, i), _without(condition.alternatives, i))
        for j, test in enumerate(tests if len(tests) > 1 else ()):
            yield f"without {test.fact} in {text}", replace(condition, alternatives=_with(condition.alternatives, i, _without(tests, j)))
        for j, test in enumerate(tests):
            for k, value in enumerate(test.values if len(test.values) > 1 else ()):
                fewer = _with(tests, j, replace(test, values=_without(test.values, k)))
                yield f"without {value} in {text}", replace(condition, alternatives=_with(condition.alternatives, i, fewer))


def _without(items: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    return (*items[:i], *items[i + 1 :])


def _with(items: tuple[Any, ...], i: int, item: Any) -> tuple[Any, ...]:
    return (*items[:i], item, *items[i + 1 :])
