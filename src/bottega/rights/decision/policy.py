"""A policy: one question with one answer. It is silent, or raises with every reason it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from bottega.model import ConsentError, Reason
from bottega.rights.reasons import refusal

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Checks(Protocol[T_contra]):
    """Whatever can be asked about a case: one policy, or all of a list."""

    def check(self, case: T_contra, /) -> None:
        """Raise ConsentError with every reason found."""


@dataclass(frozen=True)
class Policy(Generic[T]):
    """A named question. `number` is its place in the list it stands in, from 1 on; 0 while it stands in none."""

    name: str
    says: str
    find: Callable[[T], Iterator[Reason]]
    number: int = 0

    def check(self, case: T, /) -> None:
        """Raise ConsentError with every reason found."""
        reasons = tuple(self.find(case))
        if reasons:
            raise ConsentError(*reasons)


@dataclass(frozen=True)
class AllOf(Generic[T]):
    """Several questions as one: it asks them all and raises with the reasons of all, each once. An empty list refuses."""

    members: Sequence[Checks[T]]

    def check(self, case: T, /) -> None:
        """Raise ConsentError with every member's reasons in order, `no_policies` where there is no member."""
        if not self.members:
            raise refusal("no_policies", "the list of policies or of consent rules is empty")
        reasons = tuple(dict.fromkeys(r for member in self.members for r in found(member, case)))
        if reasons:
            raise ConsentError(*reasons)


def policy(find: Callable[[T], Iterator[Reason]]) -> Policy[T]:
    """Make a policy of a function that yields a Reason for each thing that does not fit; its docstring says what is asked."""
    return Policy(find.__name__, (find.__doc__ or "").strip(), find)


def numbered(*policies: Policy[T]) -> tuple[Policy[T], ...]:
    """The policies with their places as numbers, from 1 on. A name may stand there once."""
    names = [p.name for p in policies]
    if len(set(names)) < len(names):
        raise ValueError(f"a policy stands in the list twice: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
    return tuple(replace(p, number=i) for i, p in enumerate(policies, 1))


def found(asked: Checks[T], case: T) -> tuple[Reason, ...]:
    """The reasons with which it refuses; none where it is silent."""
    try:
        asked.check(case)
    except ConsentError as refused:
        return refused.reasons
    return ()
