"""What was made, from whose work, under whose consent. Names are looked up here and nowhere earlier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from bottega.attribution import bar
from bottega.model import Claim, ConsentError, FrameRange, JobError, Role, Share, Take, TakeState
from bottega.rights import Ledger

from .finish import PROXY, SHEET
from .laying import PLACED
from .request import WITHOUT_HANDLES
from .showfolder import ShowFolder
from .takefolder import RECORD, TakeFolder, versions
from .views import WORST

NameOf = Callable[[str], str]
WEAKEST = 3
_BAND, _NETWORK = "visible mark", "network"


def take_report(folder: TakeFolder, *, name_of: NameOf) -> dict[str, Any]:
    """A take as people ask about it: where it is, whose work, which grants, where another key would help."""
    take = folder.read()
    labels = _labels(take)
    handles = _handles(take)
    weakest = sorted(((n, v) for n, v in take.carried.items() if int(n) not in handles), key=lambda item: item[1])[:WEAKEST]
    return {
        "name": take.name,
        "folder": str(folder.path),
        "state": take.state.value,
        "frames_made": sum(o.path.startswith("frames/") for o in take.outputs),
        "handles_made": sum(o.path.startswith("frames/") and o.frame in handles for o in take.outputs),
        "files": _places(folder, take),
        "shares": [_share(s, labels, name_of) for s in take.shares],
        "touched": [_share(s, labels, name_of) for s in take.touched_shares],
        "bar": take_bar(take, name_of=name_of),
        "grants": list(take.grants),
        "weakest": weakest,
        "warnings": [*take.warnings, *_gone(folder, take)],
        "timings": dict(take.timings),
        "look": take.settings.get("look"),
        "lent": [p | {"key": f"{p['at']} of {p['painted_for']}"} for p in take.settings.get(PLACED, {"found": ()})["found"]],
    }


def _handles(take: Take) -> set[int]:
    """The take's frames that are handles: editorial may never show them, so they are no reason for another key."""
    stated = take.settings.get(WITHOUT_HANDLES)
    inside = FrameRange.parse(stated) if isinstance(stated, str) else take.frames
    return set(take.frames) - set(inside)


def take_bar(take: Take, *, name_of: NameOf) -> str:
    """The one-line bar of a take: whose work its touched pixels are."""
    if not take.touched_shares:
        return "nothing was changed" if take.state is TakeState.DONE else take.state.value
    labels = _labels(take)
    names = {s.exemplar: _credited(labels[s.exemplar], s.author_id, name_of) for s in take.touched_shares}
    return bar(take.touched_shares, names)


def show_report(folder: ShowFolder, ledger: Ledger, *, name_of: NameOf) -> dict[str, Any]:
    """The whole show: its takes, what the gate said, whether the ledger holds."""
    takes = []
    for shot in folder.shots():
        for job in sorted(p.name for p in (folder.root / shot).iterdir() if p.is_dir()):
            takes += [_take_or_damage(f, name_of) for f in versions(folder.root, shot, job) if (f.path / RECORD).is_file()]
    decisions = [e.data for e in ledger.entries(kind="gate.decided")]
    codes = Counter(r["code"] for d in decisions for r in d["reasons"])
    return {
        "takes": takes,
        "gate": {
            "allowed": sum(bool(d["allow"]) for d in decisions),
            "refused": sum(not d["allow"] for d in decisions),
            "codes": ", ".join(f"{code} {n}" for code, n in codes.most_common()),
        },
        "ledger": {"entries": ledger.head().size, "state": _ledger_state(ledger)},
    }


def _take_or_damage(folder: TakeFolder, name_of: NameOf) -> dict[str, Any]:
    """A take's report; one whose record cannot be read is listed as damaged, and does not hide the others."""
    try:
        return take_report(folder, name_of=name_of)
    except JobError as problem:
        lists: dict[str, Any] = {name: [] for name in ("shares", "touched", "grants", "weakest")}
        name = "_".join(folder.path.parts[-3:])
        made: dict[str, Any] = {"frames_made": 0, "handles_made": 0, "files": {}, "look": None, "lent": []}
        said = {"name": name, "folder": str(folder.path), "state": "damaged", "bar": str(problem)} | made
        return said | lists | {"warnings": [str(problem)], "timings": {}}


def _gone(folder: TakeFolder, take: Take) -> list[str]:
    gone = folder.lacks(take)
    return [f"{len(gone)} of {len(take.outputs)} files are gone, the first is {gone[0]}: restore them, or make it again"] if gone else []


def _ledger_state(ledger: Ledger) -> str:
    try:
        ledger.verify()
    except ConsentError as problem:
        return str(problem)
    return "every entry hashes as it was written"


def _places(folder: TakeFolder, take: Take) -> dict[str, str]:
    names = {"frames": "frames", "delta": "delta", "matte": "matte", "credit pictures": "credit", "contact sheet": SHEET, "movie": PROXY}
    names |= {"worst frames": WORST, "16-bit PNG": "png16", "record": RECORD}
    names |= {"preview": "preview.mp4", "cameras": "cameras.json", "control pack": "control", "USD": "collapse.usdc"}  # of a collapse
    names |= {"cards": "cards", "board": "board.png", "look book": "lookbook.pdf", "Photoshop": "psd", "OpenRaster": "ora"}  # of a board
    if any(o.path.endswith(".mov") for o in take.outputs):
        names["ProRes"] = f"{take.name}.mov"
    return {label: str(folder.path / name) for label, name in names.items() if (folder.path / name).exists()}


def _labels(take: Take) -> dict[str, str]:
    """What each exemplar is called; one file may be the key of several frames."""
    out: dict[str, str] = {}
    for used in take.inputs:
        frame = "" if used.frame is None else str(used.frame)
        what = _NETWORK if used.role is Role.MODEL else used.role.value
        frame += f" of {used.shot}" if used.shot else ""
        out[used.digest] = f"{out[used.digest]}, {frame}" if used.digest in out and frame else f"{what} {frame}".rstrip()
    for use, digest in reversed(take.settings.get("uses", {}).items()):  # a collapse or a board says what each picture was for
        out[digest] = use if use != "clean" else "clean plate"
    return out | ({take.band.digest: f"{_BAND} {take.band.text}"} if take.band else {})


def _credited(label: str, author_id: str | None, name_of: NameOf) -> str:
    return f"{label} {name_of(author_id)}" if author_id else label


def _share(share: Share, labels: Mapping[str, str], name_of: NameOf) -> dict[str, Any]:
    return {
        "work": labels[share.exemplar],
        "by": name_of(share.author_id) if share.author_id else "nobody" if labels[share.exemplar].startswith(_BAND) else "the production",
        "claim": Claim(share.claim).value,
        "share": f"{share.share.numerator}/{share.share.denominator}",
        "percent": _percent(share.share),
    }


def _percent(share: Fraction) -> str:
    tenths = round(share * 1000)
    return f"{tenths // 10}.{tenths % 10} %"
