"""A board with a swatch that a studio's own model paints: on record, cleared, painted once, credited as what it is, made again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from typer.testing import CliRunner

from bottega import Studio
from bottega.attribution import CreditMap
from bottega.cli import app
from bottega.jobs.runner.concept.painter import Asked
from bottega.jobs.runner.progress import Event
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import BottegaError, ConsentError, JobError, LearnedKind, Take, TakeState, UsageError

from .board import SAID, Atelier, build, line

pytestmark = pytest.mark.timeout(600)
MAKER = "Maker E"
SWATCH = """file = "cloth/hide.png"
"""
PAINTED = """model = "models/ours"
prompt = "worn leather, dark"
seed = 4
steps = 3
size_px = [96, 96]
"""
INDEX = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}


class Fake:
    """Paints noise by the seed in this process, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.seen: list[set[str]] = []
        self.broken: BottegaError | None = None
        self.add = 0
        self.before_step: Callable[[int], None] = lambda step: None

    def versions(self) -> Mapping[str, str]:
        return {"fake": "1"}

    def paint(self, folder: Path, asked: Asked, *, told: Callable[[int], None]) -> np.ndarray:
        self.asked.append(asked)
        self.seen.append({p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()})
        if self.broken is not None:
            raise self.broken
        for step in range(asked.steps + 2):  # some schedulers take more steps than they are asked for
            self.before_step(step)
            told(step + 1)
        width, height = asked.size_px
        noise = np.random.default_rng(asked.seed).normal(0, 9, (height, width, 3))
        return np.clip(np.array((96, 66, 40)) + noise + self.add, 1, 254).astype(np.uint8)


def weights(folder: Path) -> Path:
    """A folder that looks like a model's; nothing in it can be run."""
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps(INDEX))
    (folder / "unet" / "config.json").write_text("{}")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"numbers" * 100)
    return folder


@pytest.fixture
def atelier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Atelier]:
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BOTTEGA_SHOW", str(tmp_path / "show"))
    built = build(tmp_path)
    weights(tmp_path / "models" / "ours")
    yield built


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    painter = Fake()
    monkeypatch.setattr("bottega.studio.studio.painter", lambda name: painter)
    return painter


def add(atelier: Atelier, *, days: int = 30, shots: tuple[str, ...] = ("walker",), **more: object) -> object:
    last = datetime.now(UTC) + timedelta(days=days)
    given = {"by": MAKER, "licence": "work-for-hire", "shots": shots, "delete_by": last} | more
    return atelier.studio.models.add_external(atelier.root / "models" / "ours", **given)


def board(atelier: Atelier, *change: tuple[str, str]) -> Path:
    return atelier.sheet((SWATCH, PAINTED), *change, name="painted.toml")


def made(atelier: Atelier, *change: tuple[str, str], **how: object) -> Take:
    return atelier.studio.boards.make(atelier.studio.boards.request(board(atelier, *change), **SAID), **how)


def refused(atelier: Atelier, *change: tuple[str, str]) -> ConsentError:
    with pytest.raises(ConsentError) as refusal:
        made(atelier, *change)
    return refusal.value


def credit(atelier: Atelier, take: Take, number: int) -> CreditMap:
    path = atelier.studio.folder.root / take.folder / "credit" / f"{take.name}.{number:04d}.exr"
    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {n: c.pixels for n, c in file.parts[0].channels.items()}
        return CreditMap.from_channels(channels, file.parts[0].header["manifest"])


def test_what_a_model_painted_is_external_its_makers_and_marked(atelier: Atelier, fake: Fake) -> None:
    model = add(atelier)
    assert model.kind is LearnedKind.EXTERNAL
    take = made(atelier)
    root = atelier.studio.folder.root / take.folder
    assert take.state is TakeState.DONE
    assert [(a.prompt, a.seed, a.size_px, a.steps, a.guidance) for a in fake.asked] == [("worn leather, dark", 4, (96, 96), 3, 7.5)]
    assert fake.seen == [{"model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"}]
    assert not list((root / "work").glob("model-*")) if (root / "work").exists() else True
    # the painted swatch lies in the take, sealed in its record
    [swatch] = [o for o in take.outputs if o.path.startswith("swatches/")]
    assert np.asarray(Image.open(root / swatch.path)).shape == (96, 96, 3)
    # card 2, "country", wears it as a coat
    found, ink = credit(atelier, take, 2), line()[..., 3]
    row = next(i for i, s in enumerate(found.sources) if s.exemplar == model.digest)
    whose = found.sources[row]
    assert atelier.studio.records.name_of(whose.author_id) == MAKER and whose.licence_id is not None
    assert ((found.claim == 4) == (found.parts[row] > 0)).all() and (found.claim == 4).sum() > 1000
    assert ((found.claim == 1) == (ink == 255)).all()
    coat = found.at(60, 100)
    assert coat.claim.value == "external" and coat.parts == ((whose, Fraction(1)),)
    assert not (credit(atelier, take, 1).claim == 4).any(), "card 1 wears none of it"
    kinds = {(s.exemplar == model.digest, s.claim.value) for s in take.shares}
    assert kinds == {(True, "external"), (False, "copied"), (False, "blended")}
    assert sum(s.share for s in take.shares) == 1
    # every file says that trained weights had a hand in it; the card names the maker and the way
    for path in (swatch.path, next(o.path for o in take.outputs if o.path.startswith("frames/"))):
        assert b"compositeWithTrainedAlgorithmicMedia" in (root / path).read_bytes()
    said = json.loads(next((root / "data").glob("*0002.json")).read_text())
    assert any(s["what"] == "hide (painted by a model)" and s["role"] == "model" for s in said["sources"])
    assert MAKER in atelier.studio.report(take.folder)["bar"] and "external" in atelier.studio.report(take.folder)["bar"]
    assert take.versions["painter fake"] == "1"
    assert "trained elsewhere" in atelier.studio.usage_desk.disclosure(title="A Film").text()


def test_it_is_made_again_by_the_same_model_and_compared(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    take = made(atelier)
    same = atelier.studio.remake(take.folder)
    assert (same.frames, same.same, same.notes) == (3, 3, ())
    assert len(fake.asked) == 2
    assert made(atelier).name == take.name, "the same plan is there already"
    fake.add = 25
    other = atelier.studio.remake(take.folder)
    assert other.same < 3
    assert any("swatch03 was painted in other bits" in note for note in other.notes)


def test_what_decides_the_picture_decides_the_plan(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    first = made(atelier)
    assert made(atelier, ("seed = 4", "seed = 5")).plan_digest != first.plan_digest
    assert made(atelier, ("dark", "pale")).plan_digest != first.plan_digest


def test_a_stopped_take_does_not_paint_twice(atelier: Atelier, fake: Fake) -> None:
    add(atelier)

    def stop(event: object) -> None:
        if getattr(event, "step", "") == "make":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(atelier, watch=stop)
    take = made(atelier)
    assert take.number == 1 and len(fake.asked) == 1
    assert (atelier.studio.folder.root / take.folder / next(o.path for o in take.outputs if "swatches" in o.path)).is_file()


def test_a_licence_that_ends_while_the_model_paints_stops_it(atelier: Atelier, fake: Fake) -> None:
    model = add(atelier)
    licence = atelier.studio.records.state().exemplars[model.digest].licence_id
    reached = []

    def revoke(step: int) -> None:
        reached.append(step)
        if step == 1:
            atelier.studio.withdrawals.licence(licence, reason="it ended")

    fake.before_step = revoke
    assert "licence_revoked" in refused(atelier).codes
    assert reached == [0, 1]


def test_the_bar_runs_over_the_steps_and_ends_whole(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    events: list[Event] = []
    made(atelier, watch=events.append)
    assert sum(e.step == "paint" for e in events) == 4
    assert abs(events[-1].done - events[-1].total) < 1e-9


def test_a_copy_that_a_killed_run_left_is_removed(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    fake.broken = JobError("the model's process was ended by SIGKILL after step 2")
    with pytest.raises(JobError):
        made(atelier)
    [take] = atelier.studio.folder.root.glob("walker/concept/v*")
    TakeFolder(take).work.joinpath("model-stale").mkdir()
    fake.broken = None
    made(atelier)
    assert not list((atelier.studio.folder.root / "walker").rglob("model-*"))


def test_a_failing_process_is_its_own_error_and_the_take_goes_on_later(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    fake.broken = JobError("the model's process was ended by SIGKILL after step 2")
    with pytest.raises(JobError, match="SIGKILL"):
        made(atelier)
    fake.broken = None
    assert made(atelier).number == 1


def test_a_model_that_is_not_on_record_is_refused(atelier: Atelier, fake: Fake) -> None:
    answer = refused(atelier)
    assert {"unknown_exemplar", "model_scope"} <= set(answer.codes)
    assert "swatch hide" in str(answer) and "card 2" in str(answer)
    assert not fake.asked, "nothing runs before the gate says yes"


def test_a_model_whose_licence_is_revoked_or_whose_time_is_over_is_refused(atelier: Atelier, fake: Fake) -> None:
    model = add(atelier)
    state = atelier.studio.records.state()
    licence = state.exemplars[model.digest].licence_id
    atelier.studio.withdrawals.licence(licence, reason="it ended")
    assert "licence_revoked" in refused(atelier).codes
    later = Studio(atelier.studio.folder, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    with pytest.raises(ConsentError) as over:
        later.boards.make(later.boards.request(board(atelier), **SAID))
    assert {"model_overdue", "licence_revoked"} <= set(over.value.codes)
    assert not fake.asked


def test_a_model_is_for_the_boards_that_it_names_and_not_after_it_was_struck_off(atelier: Atelier, fake: Fake) -> None:
    model = add(atelier, shots=("other*",))
    assert "model_scope" in refused(atelier).codes
    how = atelier.studio.models.destroy(model.digest, by="Operator D")
    assert "keeps no copy" in how and (atelier.root / "models" / "ours" / "model_index.json").is_file()
    assert "model_destroyed" in refused(atelier).codes


def test_a_name_in_the_prompt_is_refused_and_a_style_of_somebody_waits(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    assert "named_person" in refused(atelier, ("worn leather", "leather as Weaver B weaves it")).codes
    assert "text_review" in refused(atelier, ("worn leather", "leather in the style of Margit Oldfield")).codes
    assert not fake.asked


def test_bytes_that_changed_since_they_were_sealed_are_another_model(atelier: Atelier, fake: Fake) -> None:
    add(atelier)
    (atelier.root / "models" / "ours" / "unet" / "config.json").write_text('{"a": 1}')
    assert {"unknown_exemplar", "hash_changed"} & set(refused(atelier).codes)


def test_a_files_place_is_part_of_the_seal(atelier: Atelier) -> None:
    from bottega.footage import seal_model_folder

    folder = atelier.root / "models" / "ours"
    (folder / "unet" / "config.json").write_text('{"a": 1}')
    (folder / "other.json").write_text('{"b": 2}')
    before = seal_model_folder(folder)
    before.check()
    assert {f.name for f in before.files} >= {"unet/config.json", "other.json"}
    (folder / "unet" / "config.json").write_text('{"b": 2}')
    (folder / "other.json").write_text('{"a": 1}')
    assert seal_model_folder(folder).digest != before.digest
    shutil.copytree(folder, atelier.root / "moved")
    assert seal_model_folder(atelier.root / "moved").digest == seal_model_folder(folder).digest
    with pytest.raises(BottegaError, match="the record was changed"):
        replace(before, files=(replace(before.files[0], name="elsewhere.json"), *before.files[1:])).check()


@pytest.mark.parametrize("name", ["weights.bin", "data.pkl", "pipeline.py", "model.ckpt", ".hidden.json"])
def test_a_folder_that_holds_more_than_safetensors_and_text_is_refused_by_name(atelier: Atelier, name: str) -> None:
    (atelier.root / "models" / "ours" / "unet" / name).write_bytes(b"x")
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        add(atelier)


def test_links_addresses_and_folders_without_weights_are_refused(atelier: Atelier, fake: Fake) -> None:
    ours = atelier.root / "models" / "ours"
    (atelier.root / "linked").symlink_to(ours)
    for place in ("linked", "org/model", "hub:ours"):
        with pytest.raises(UsageError, match="is no folder on this machine"):
            made(atelier, ("models/ours", place))
    (ours / "unet" / "more.json").symlink_to(ours / "model_index.json")
    with pytest.raises(UsageError, match="is a link"):
        add(atelier)
    (ours / "unet" / "more.json").unlink()
    (ours / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"holds no \.safetensors file"):
        add(atelier)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("steps = 3", "steps = 0"), "steps is '0', allowed is a whole number from 1"),
        (("size_px = [96, 96]", "size_px = [100, 96]"), "multiples of 8"),
        (("prompt = ", 'file = "cloth/hide.png"\nprompt = '), "a picture of cloth, or a model"),
        (('model = "models/ours"\n', ""), "with model"),
        (("seed = 4", "seed = -1"), "a whole number from 0"),
    ],
)
def test_a_sheet_is_read_strictly(atelier: Atelier, change: tuple[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        atelier.studio.boards.request(board(atelier, change), **SAID)


def test_without_a_model_in_the_sheet_nothing_is_asked_for(atelier: Atelier, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: str) -> object:
        raise AssertionError(name)

    monkeypatch.setattr("bottega.studio.studio.painter", never)
    request = atelier.studio.boards.request(atelier.sheet(), **SAID)
    assert atelier.studio.boards.plan(request).allowed
    assert "bottega.adapters.backends" not in sys.modules or "diffusers" not in sys.modules


def test_the_command_line_puts_a_model_on_record_and_says_what_it_needs(atelier: Atelier, fake: Fake) -> None:
    last = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
    words = ["model", "add", str(atelier.root / "models" / "ours"), "--kind", "external", "--shot", "walker", "--delete-by", last]
    lacking = CliRunner().invoke(app, words)
    assert lacking.exit_code == 2 and "--kind external takes --by and --licence" in lacking.output
    result = CliRunner().invoke(app, [*words, "--by", MAKER, "--licence", "work-for-hire"])
    assert result.exit_code == 0, result.output
    assert "external" in CliRunner().invoke(app, ["model", "list"]).output
    said = ["concept", str(board(atelier)), "--no-performer", "--state", "names_real=no", "--dry-run"]
    planned = CliRunner().invoke(app, said)
    assert planned.exit_code == 0 and "hide; its own time and memory are not counted here" in planned.output, planned.output
    assert not fake.asked
    assert made(atelier).state is TakeState.DONE


@pytest.mark.heavy
def test_a_real_pipeline_paints_a_swatch_from_end_to_end(atelier: Atelier) -> None:
    pytest.importorskip("diffusers", exc_type=ImportError)
    folder = atelier.root / "models" / "ours"
    shutil.rmtree(folder)
    maker = Path(__file__).parents[1] / "adapters" / "tiny_model.py"
    subprocess.run([sys.executable, "-W", "ignore", str(maker), str(folder)], check=True, capture_output=True)
    add(atelier)
    take = made(atelier)
    assert {"painter diffusers", "painter torch", "painter transformers"} <= take.versions.keys()
    assert {s.claim.value for s in take.shares} == {"copied", "blended", "external"}
    same = atelier.studio.remake(take.folder)
    assert (same.same, same.notes) == (3, ())
