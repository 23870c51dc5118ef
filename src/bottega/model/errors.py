"""The error family: one root, and the few branches that a caller would treat differently."""

from __future__ import annotations

from dataclasses import dataclass


class BottegaError(Exception):
    """Root of every error that Bottega raises on purpose. The command line ends with code 1."""

    exit_code = 1


class UsageError(BottegaError):
    """The request itself is wrong: a bad name, a missing option, a frame outside the shot. Exit code 2."""

    exit_code = 2


class FootageError(BottegaError):
    """A picture file is missing, damaged, of the wrong size or cannot be written. Names file and frame."""


class CredentialError(BottegaError):
    """A record, signature or digest does not hold."""


class JobError(BottegaError):
    """A job could not be planned, run or resumed."""


@dataclass(frozen=True)
class Reason:
    """Why the gate said no: a stable code, and what was given, what is allowed and what to do next."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class ConsentError(BottegaError):
    """The gate refuses. Carries every reason found, the first one decisive. Exit code 3."""

    exit_code = 3

    def __init__(self, *reasons: Reason) -> None:
        if not reasons:
            raise ValueError("a refusal needs at least one reason, given none")
        self.reasons = reasons
        super().__init__("; ".join(str(r) for r in reasons))

    @property
    def codes(self) -> tuple[str, ...]:
        """The reason codes in the order in which they were found."""
        return tuple(r.code for r in self.reasons)
