"""Records for the tests of the runner, made without a picture."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from bottega.jobs.runner.parts import Region
from bottega.jobs.runner.request import RepairRequest, plan_digest, settings_json
from bottega.model import (
    Claim,
    Exemplar,
    FrameRange,
    Output,
    Purpose,
    Role,
    SealedFile,
    Share,
    Shot,
    Take,
    TakeInput,
    TakeState,
    Use,
    content_digest,
)

FRAMES = tuple(range(1001, 1011))


def sealed(name: str, role: Role, frame: int | None = None) -> Exemplar:
    files = (SealedFile(path=f"/somewhere/{name}", sha256=hashlib.sha256(name.encode()).hexdigest(), size_bytes=9, frame=frame),)
    return Exemplar(digest=content_digest(files, None), role=role, files=files)


PLATE, MATTE, REGION = sealed("plate.1001.exr", Role.PLATE, 1001), sealed("m.png", Role.MATTE), sealed("hair.png", Role.REGION)
KEYS = {1001: sealed("1001.png", Role.KEY), 1010: sealed("1010.png", Role.KEY)}
SHOT = Shot(code="sh010", plate=PLATE.digest, frames=FrameRange(first=1001, last=1010), colour="Linear Rec.709 (sRGB)", width=96, height=64)
REQUEST = RepairRequest(
    job="deage",
    shot="sh010",
    keys=Path("keys"),
    matte=Path("mattes"),
    regions=(Region(name="hair", matte=Path("hair"), strength=0.3),),
    people=("p_0123456789abcdef",),
    touches_performer=True,
    purpose=Purpose.DEAGE,
    age_target=35,
    seed=7,
    also=("png16",),
)


def digest(request: RepairRequest = REQUEST, **changes: Any) -> str:
    given: dict[str, Any] = {"plate": PLATE, "shot": SHOT, "keys": KEYS, "mattes": (MATTE, REGION), "frames": FRAMES}
    return plan_digest(request, **(given | changes))


def a_take(number: int = 1, **changes: Any) -> Take:
    take = Take(
        take_id=f"{number:032x}",
        show="demo",
        shot="sh010",
        job="deage",
        number=number,
        state=TakeState.MAKING,
        frames=SHOT.frames,
        colour=SHOT.colour,
        inputs=(
            TakeInput(digest=PLATE.digest, role=Role.PLATE, name="plate.1001.exr"),
            *(TakeInput(digest=e.digest, role=Role.KEY, name=f"{n}.png", frame=n, author_id="p_a") for n, e in KEYS.items()),
        ),
        use=Use(show_id="demo-1", shot="sh010", job="deage", inputs=(), people=REQUEST.people, purpose=Purpose.DEAGE, age_target=35),
        settings=settings_json(REQUEST),
        seed=REQUEST.seed,
        plan_digest=digest(),
        engine="test/1",
        versions={},
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(take, **changes)


def shares(*parts: tuple[str, str, Fraction]) -> tuple[Share, ...]:
    return tuple(Share(exemplar=e, author_id="p_a", claim=Claim(c), share=s) for e, c, s in parts)


def output(path: str, content: bytes, frame: int | None = None) -> Output:
    return Output(path=path, sha256=hashlib.sha256(content).hexdigest(), frame=frame)
