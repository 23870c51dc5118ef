#!/usr/bin/env python3
"""Hold a consent gate to the gate cases: `python run.py -- COMMAND...`. Standard library only.

The command is started once a case (with `--keep` once for all). It reads one case as one line of JSON and answers with one line:
`{"decision": "allow" | "hold" | "deny" | "unsupported", "codes": [...], "outcome": {...}}`. What is expected is never sent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CASES = Path(__file__).with_name("gate-cases.json")
DECISIONS = ("allow", "hold", "deny", "unsupported")
LEVELS = ("decision", "system", "pictures")
REFUSED_AT_ENTRY = "refused_at_entry"
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """What became of one case. `fault` is empty for a right answer, else `false-allow`, `false-deny`, `wrong-decision`, ..."""

    id: str
    title: str
    expected: str
    answered: str
    fault: str
    note: str = ""


def merged(base: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396): objects are merged, null takes a member away, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    out = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = merged(out.get(name), value)
    return out


def whole_base(suite: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A base with those that it is made from: its facts and its ask."""
    own = suite["bases"][name]
    start = whole_base(suite, own["from"]) if "from" in own else {"facts": {}, "ask": {}}
    return {part: merged(start[part], own.get(part, {})) for part in ("facts", "ask")}


def spelled_out(suite: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts in which a consent that is `like` one of a base (`deage/g1`) has all its fields."""
    consents = {name: _alike(suite, consent) for name, consent in facts.get("consents", {}).items()}
    return {**facts, **({"consents": consents} if consents else {})}


def _alike(suite: Mapping[str, Any], consent: Any) -> Any:
    if not isinstance(consent, dict) or "like" not in consent:
        return consent
    base, name = consent["like"].split("/")
    return merged(whole_base(suite, base)["facts"]["consents"][name], {k: v for k, v in consent.items() if k != "like"})


def expanded(suite: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as an implementation gets it: all its facts, its steps and its ask, and nothing of what is expected."""
    base = whole_base(suite, case["base"])
    facts, ask = merged(base["facts"], spelled_out(suite, case.get("facts", {}))), merged(base["ask"], case.get("ask", {}))
    steps = [{**s, "facts": spelled_out(suite, s["facts"])} if "facts" in s else s for s in case.get("steps", [])]
    return {"id": case["id"], "title": case["title"], "level": case["level"], "facts": facts, "steps": steps, "ask": ask}


def judged(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Verdict:
    """Compare an answer with what is expected: the decision, the decisive code, no code beside those listed, the outcome."""
    expect = case.get("expect", {"decision": "allow"})
    want, code = expect["decision"], expect.get("code")
    got, codes = str(answer.get("decision")), [str(c) for c in answer.get("codes", [])]
    fault = _fault(want, got) or ("wrong-code" if not _codes_fit(expect, codes) else "")
    outcome = answer.get("outcome", {})
    wrong = {k: outcome.get(k) for k, v in expect.get("outcome", {}).items() if outcome.get(k) != v}
    fault = fault or ("wrong-outcome" if wrong else "")
    note = str(answer.get("note", "")) or (f"outcome {json.dumps(wrong)}" if wrong else "")
    expected, answered = " ".join(filter(None, (want, code))), " ".join((got, *dict.fromkeys(codes)))
    return Verdict(case["id"], case["title"], expected, answered, fault, note if fault else "")


def _fault(want: str, got: str) -> str:
    if got == want:
        return ""
    if got == "unsupported":
        return "not-answered"
    if got not in DECISIONS:
        return "broken"
    return "false-allow" if got == "allow" else "false-deny" if want == "allow" else "wrong-decision"


def _codes_fit(expect: Mapping[str, Any], codes: list[str]) -> bool:
    if expect["decision"] == "allow":
        return not codes
    return expect["code"] in codes and set(codes) <= {expect["code"], *expect.get("also", [])}


class Program:
    """An implementation as a command: one process a case, or one for all."""

    def __init__(self, command: list[str], *, keep: bool, timeout_s: float) -> None:
        self._command, self._keep, self._timeout_s = command, keep, timeout_s
        self._running: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __call__(self, case: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask it one case. Whatever goes wrong is an answer of the decision `broken`."""
        try:
            text = self._kept(json.dumps(case)) if self._keep else self._once(json.dumps(case))
            answer = json.loads(text)
            if not isinstance(answer, dict):
                raise ValueError(f"the answer is no object: {text[:80]}")
        except (OSError, ValueError, subprocess.SubprocessError) as problem:
            self.close()  # the next case gets a new process
            return {"decision": "broken", "note": str(problem)[:300]}
        return answer

    def close(self) -> None:
        """End a process that was kept."""
        if self._running is not None:
            self._running.kill()
            if self._reader is not None:
                self._reader.join()  # the program's end is the end of what it says
            with contextlib.suppress(OSError), self._running:  # leaving it closes its pipes and waits for it
                pass
            self._running = self._reader = None

    def _once(self, line: str) -> str:
        done = subprocess.run(self._command, input=line + "\n", capture_output=True, text=True, timeout=self._timeout_s, check=False)
        if not done.stdout.strip():
            raise ValueError(f"no answer, exit code {done.returncode}: {done.stderr.strip()[-200:]}")
        return done.stdout.strip().splitlines()[-1]

    def _kept(self, line: str) -> str:
        if self._running is None:
            self._running = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words, said, answers = self._running.stdin, self._running.stdout, queue.Queue[str]()
        if words is None or said is None:
            raise ValueError("the program has no pipes")
        words.write(line + "\n")
        words.flush()
        self._reader = threading.Thread(target=lambda: answers.put(said.readline()), daemon=True)
        self._reader.start()
        try:
            return answers.get(timeout=self._timeout_s)
        except queue.Empty:
            self.close()
            raise ValueError(f"no answer within {self._timeout_s:g} s") from None


def run(suite: Mapping[str, Any], cases: Iterable[Mapping[str, Any]], answer: Answer) -> Iterator[Verdict]:
    """Put each case to an implementation."""
    for case in cases:
        yield judged(case, answer(expanded(suite, case)))


def chosen(suite: Mapping[str, Any], only: list[str], levels: list[str]) -> list[Mapping[str, Any]]:
    """The cases and good jobs to run; `only` holds ids or the numbers of the 55 cases."""
    rows = [*suite["cases"], *suite["good_jobs"]]
    return [r for r in rows if r["level"] in levels and (not only or r["id"] in only or str(r.get("number")) in only)]


def summary(suite: Mapping[str, Any], verdicts: list[Verdict]) -> dict[str, Any]:
    """The counts. A false deny is counted among the cases and, as a rate, among the good jobs."""
    good = {r["id"] for r in suite["good_jobs"]}
    jobs = [v for v in verdicts if v.id in good]
    faults = [v.fault for v in verdicts if v.fault]
    refused = sum(v.fault == "false-deny" for v in jobs)
    return {
        "run": len(verdicts),
        "right": len(verdicts) - len(faults),
        "not_run": len(suite["cases"]) + len(good) - len(verdicts),
        "faults": {f: faults.count(f) for f in sorted(set(faults))},
        "false_allow": faults.count("false-allow"),
        "false_deny": faults.count("false-deny"),
        "good_jobs": len(jobs),
        "good_jobs_refused": refused,
        "good_jobs_refused_rate": refused / len(jobs) if jobs else None,
    }


def printed(verdict: Verdict, width: int) -> str:
    """One line of the table."""
    mark = verdict.fault or "ok"
    line = f"{verdict.id:<{width}}  {mark:<14}  {verdict.expected:<28}  {verdict.answered:<40}  {verdict.title}"
    return f"{line}\n{'':{width}}  {verdict.note}" if verdict.note else line


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when every answer was right, 1 when one was not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="+", help="the implementation, after `--`")
    parser.add_argument("--cases", type=Path, default=CASES, help="another file of cases")
    parser.add_argument("--only", action="append", default=[], metavar="N", help="a case's id (11b) or number (11); may be given again")
    parser.add_argument("--level", action="append", choices=LEVELS, help="only cases of this level; may be given again")
    parser.add_argument("--keep", action="store_true", help="start the command once and give it one case a line")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S", help="seconds for one answer")
    parser.add_argument("--faults", action="store_true", help="print wrong answers only")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    suite = json.loads(given.cases.read_text("utf-8"))
    rows = chosen(suite, given.only, given.level or list(LEVELS))
    if not rows:
        parser.error(f"no case is called {', '.join(given.only)} at this level")
    program, verdicts = Program(given.command, keep=given.keep, timeout_s=given.timeout), []
    width = max(len(r["id"]) for r in rows)
    try:
        for verdict in run(suite, rows, program):
            verdicts.append(verdict)
            if not given.json and (verdict.fault or not given.faults):
                sys.stdout.write(printed(verdict, width) + "\n")
    finally:
        program.close()
    found = summary(suite, verdicts)
    if given.json:
        sys.stdout.write(json.dumps({"summary": found, "cases": [asdict(v) for v in verdicts]}, indent=1) + "\n")
    else:
        sys.stdout.write("\n" + "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items()) + "\n")
    return 0 if found["right"] == found["run"] else 1


if __name__ == "__main__":
    sys.exit(main())
