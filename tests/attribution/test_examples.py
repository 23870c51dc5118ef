"""The examples in the docstrings run, and each does something."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["bar", "claims", "credit", "gather", "picture", "tally"])
def test_examples_in_docstrings_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"bottega.attribution.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
