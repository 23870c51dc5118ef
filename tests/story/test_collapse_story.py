"""A building comes down in a plate, from a sheet to layers: refused, directed, made, stopped, made again."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from bottega import Studio
from bottega.attribution import CreditMap
from bottega.cli import app
from bottega.footage import read_delivered
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, Take, TakeState, UsageError

CORNER = Path(__file__).resolve().parents[2] / "demo" / "corner"
FIRST, LAST, FAILS = 1001, 1008, 1003
pytestmark = pytest.mark.timeout(1200)  # on a new machine the first take compiles every kernel


@dataclass(frozen=True)
class Set:
    """A small shot of the corner building on disk, and a show that knows it."""

    root: Path
    studio: Studio

    def sheet(self, name: str = "collapse.toml", **change: str) -> Path:
        """The sheet with texts replaced."""
        text = (self.root / "collapse.toml").read_text()
        for old, new in change.values():
            assert old in text, old
            text = text.replace(old, new)
        path = self.root / name
        path.write_text(text)
        return path


@pytest.fixture(scope="module")
def corner(tmp_path_factory: pytest.TempPathFactory) -> Set:
    root = tmp_path_factory.mktemp("corner")
    plates = [sys.executable, str(CORNER / "plates.py"), str(root), "--width", "256", "--frames", f"{FIRST}-{LAST}"]
    subprocess.run(plates, check=True)
    text = (CORNER / "collapse.toml").read_text()
    for old, new in (("frame = 1006", f"frame = {FAILS}"), ("piece_m = 1.8", "piece_m = 4.0"), ("amount = 0.3", "amount = 3.0")):
        assert old in text
        text = text.replace(old, new)
    (root / "collapse.toml").write_text(text)
    shutil.copyfile(CORNER / "wide_mask.png", root / "wide_mask.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        studio = Studio.create(root / "show", show="demo", fps=24)
    studio_set = Set(root, studio)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(root / "home"))
        studio.add_exemplars(sorted((root / "exemplars").iterdir()), by="Artist B", licence="work-for-hire")
        for name, plate in (("sh020", root / "with"), ("sh020-clean", root / "clean"), ("sh020-wide", CORNER / "wide_with.exr")):
            studio.add_shot(name, plate, colour="lin_rec709_srgb")
    return studio_set


@pytest.fixture(autouse=True)
def _its_keys(corner: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
    monkeypatch.setenv("BOTTEGA_SHOW", str(corner.root / "show"))


@pytest.fixture(scope="module")
def take(corner: Set) -> Take:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
        request = corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True)
        return corner.studio.collapse(request, threads=1)


def delivered(corner: Set, take: Take, number: int):
    [found] = [o for o in take.outputs if o.frame == number and o.path.startswith("frames/")]
    path = corner.studio.folder.root / take.folder / found.path
    return path, read_delivered(path, sha256=found.sha256)


def test_without_a_word_on_performers_it_is_refused_and_nothing_is_made(corner: Set) -> None:
    request = corner.studio.collapse_request("sh020", corner.root / "collapse.toml")
    with pytest.raises(ConsentError) as refusal:
        corner.studio.collapse(request)
    assert refusal.value.codes[0] == "declaration_missing"
    result = CliRunner().invoke(app, ["collapse", "sh020", str(corner.root / "collapse.toml"), "--dry-run"])
    assert result.exit_code == 3, result.output
    assert "declaration_missing" in result.output


def test_the_gate_can_be_asked_about_a_collapse_and_says_who_has_to_do_what(corner: Set) -> None:
    sheet, ask = str(corner.root / "collapse.toml"), CliRunner().invoke
    silent = ask(app, ["decide", "sh020", "--collapse", sheet, "--json"])
    assert silent.exit_code == 3, silent.output
    assert {step["code"] for step in json.loads(silent.output)["needed"]} >= {"declaration_missing"}
    said = ask(app, ["decide", "sh020", "--collapse", sheet, "--no-performer", "--explain"])
    assert said.exit_code == 0 and "The gate answers: allow" in said.output and "studio-guidance" in said.output
    final = ask(app, ["decide", "sh020", "--collapse", sheet, "--no-performer", "--delivery", "final", "--json"])
    assert final.exit_code == 3
    steps = {step["code"]: step["command"] for step in json.loads(final.output)["needed"]}
    assert "bottega approve job sh020 --job collapse --role ROLE" in steps["approval_missing"]
    assert not list((corner.studio.folder.root / "sh020").glob("collapse/v*")), "a question makes nothing"
    for wrong, named in (("--age", "--age is not for a collapse"), ("--keys", "which job?"), ("--matte", "--matte is not for a collapse")):
        refused = ask(app, ["decide", "sh020", "--collapse", sheet, wrong, "0"])
        assert refused.exit_code == 2 and named in refused.output


def test_an_exemplar_that_nobody_registered_is_refused_by_name(corner: Set) -> None:
    stranger = corner.root / "exemplars" / "found_somewhere.png"
    data = (corner.root / "exemplars" / "broken.png").read_bytes()
    stranger.write_bytes(data[:-12] + b"\0\0\0\x04tEXtc\0ab" + (0).to_bytes(4, "big") + data[-12:])
    sheet = corner.sheet("stranger.toml", a=("exemplars/broken.png", "exemplars/found_somewhere.png"))
    with pytest.raises(ConsentError) as refusal:
        corner.studio.collapse(corner.studio.collapse_request("sh020", sheet, no_performer=True))
    assert "unknown_exemplar" in refusal.value.codes
    assert "found_somewhere.png" in str(refusal.value)


def test_a_dry_run_says_what_it_would_do_and_makes_nothing(corner: Set) -> None:
    plan = corner.studio.plan_collapse(corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True))
    assert plan.allowed
    assert (plan.frames, plan.width, plan.height, plan.first_failure) == (8, 256, 144, FAILS)
    assert plan.exemplars == ("broken", "inside")


@pytest.mark.heavy
def test_frames_before_the_failure_are_the_plate_bit_for_bit(corner: Set, take: Take) -> None:
    for number in range(FIRST, FAILS):
        path, made = delivered(corner, take, number)
        with OpenEXR.File(str(path)) as file, OpenEXR.File(str(corner.root / "with" / f"{number}.exr")) as plate:
            assert (file.parts[0].channels["RGB"].pixels == plate.parts[0].channels["RGB"].pixels).all()
        assert not made.delta.any()


@pytest.mark.heavy
def test_the_dust_goes_out_as_volumes_and_the_chips_as_points_listed_like_any_file(corner: Set, take: Take) -> None:
    request = corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True, also=("vdb",))
    made = corner.studio.collapse(request, threads=1)
    by_path = {o.path: o for o in made.outputs}
    sizes = {}
    for folder, kind in (("dust", "vdb"), ("debris", "ply")):
        for number in range(FIRST, LAST + 1):
            out = by_path[f"{folder}/{made.name}.{number:04d}.{kind}"]
            data = (corner.studio.folder.root / made.folder / out.path).read_bytes()
            assert (out.frame, out.sha256) == (number, hashlib.sha256(data).hexdigest())
            sizes[folder, number] = len(data)
    for folder in ("dust", "debris"):
        assert sizes[folder, LAST] > 2 * sizes[folder, FIRST]
    assert delivered(corner, made, LAST)[1].delta.tobytes() == delivered(corner, take, LAST)[1].delta.tobytes()


@pytest.mark.heavy
def test_then_it_comes_down_in_layers_and_every_pixel_is_somebodys(corner: Set, take: Take) -> None:
    assert take.state is TakeState.DONE
    path, made = delivered(corner, take, LAST)
    assert (np.abs(made.delta).max(-1) > 0.02).mean() > 0.1
    with OpenEXR.File(str(path)) as file:
        names = [p.name() for p in file.parts]
        ids = file.parts[names.index("id")].channels["piece"].pixels
    common = {"rgb", "delta", "matte", "credit", "pieces", "behind", "shadow", "depth", "id", "normal", "motion"}
    assert set(names) >= common | {"dust", "debris", "crypto_piece", "crypto_element"}
    assert ids.dtype == np.uint32
    assert len(np.unique(ids)) > 100
    credit = CreditMap.from_channels(dict(made.credit), made.manifest)  # it verifies that all parts sum to one
    assert credit.shape == (144, 256)
    assert sum(s.share for s in take.shares) == 1
    shown = {(s.exemplar, s.share > 0) for s in take.shares}
    assert {e.digest for e, _ in corner.studio.exemplars() if e.came_from and "exemplars" in e.came_from} <= {
        d for d, some in shown if some
    }
    own = [take.carried[str(n)] for n in range(FAILS + 1, LAST + 1)]
    assert all(0.2 < share <= 1 for share in own)
    assert own == sorted(own, reverse=True)
    untouched = (made.credit["credit.claim"] == 1) & (made.matte == 0)
    assert untouched.mean() > 0.3
    assert not made.delta[made.matte == 0].any()


@pytest.mark.heavy
def test_what_stands_before_the_building_stays(corner: Set, take: Take) -> None:
    """Where the matte says that something stands before the building, and no dust lies on it, the plate's own samples go out."""
    path, _ = delivered(corner, take, LAST)
    with OpenEXR.File(str(path)) as file, OpenEXR.File(str(corner.root / "with" / f"{LAST}.exr")) as plate:
        rgb, own = file.parts[0].channels["RGB"].pixels, plate.parts[0].channels["RGB"].pixels
        parts = {p.name(): p.channels for p in file.parts}
        dust, shown = parts["dust"]["RGBA"].pixels[..., 3], parts["pieces"]["RGBA"].pixels[..., 3]
    before = stands_before(corner, LAST, rgb.shape[:2]) & (dust == 0)
    assert before.sum() > 20
    assert (rgb[before] == own[before]).all()
    assert (shown[before] == 0).all()
    assert ((rgb != own).any(-1) & (shown > 0)).sum() > 500  # and round it all has changed


def stands_before(corner: Set, number: int, size: tuple[int, int]) -> np.ndarray:
    """Pixels of a frame all round which the wide matte is black, well inside the outline of the faces: carried by the pan's homography."""
    data = json.loads((corner.root / "cameras.json").read_text())
    turn, wide = (np.asarray(c["camera_to_world"])[:3, :3] for c in (data["frames"][str(number)], data["reference"]))
    mask = oiio.ImageBuf(str(CORNER / "wide_mask.png")).get_pixels(oiio.FLOAT)[..., 0]
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    ray = np.stack([x - size[1] / 2, size[0] / 2 - y, np.full(size, -data["focal_px"])], -1) @ turn.T @ wide
    at = ray[..., :2] * (data["reference"]["focal_px"] / -ray[..., 2:])
    column, row = at[..., 0] + mask.shape[1] / 2, mask.shape[0] / 2 - at[..., 1]
    inside = (column > 720) & (column < 1260) & (row > 420) & (row < 880)  # deep in the two faces
    near = [(dy, dx) for dy in (-10, 0, 10) for dx in (-10, -5, 0, 5, 10)]
    rows, columns = (np.clip(v.astype(int), 12, n - 13) for v, n in ((row, mask.shape[0]), (column, mask.shape[1])))
    return inside & np.all([mask[rows + dy, columns + dx] == 0 for dy, dx in near], axis=0)


@pytest.mark.heavy
def test_there_are_a_preview_a_movie_sheets_and_a_report(corner: Set, take: Take) -> None:
    there = {o.path for o in take.outputs}
    assert {"preview.mp4", "proxy.mp4", "contact.png", "worst.png"} <= there
    report = corner.studio.report(take.folder)
    assert report["frames_made"] == 8
    assert "Artist B" in report["bar"]
    assert {k.removeprefix("cpu_seconds ") for k in take.timings} >= {"build", "simulate", "preview", "prepare", "frames"}


@pytest.mark.heavy
def test_the_same_request_again_is_the_same_take(corner: Set, take: Take) -> None:
    again = corner.studio.collapse(corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True))
    assert again.take_id == take.take_id


@pytest.mark.heavy
def test_stopped_in_the_fall_and_in_the_frames_it_goes_on_to_the_same_bits(corner: Set, take: Take) -> None:
    for step, frame in (("simulate", 1004), ("make", 1005), ("make", 1007)):

        def stop(event: Event, step: str = step, frame: int = frame) -> None:
            if event.step == step and event.frame == frame:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            corner.studio.remake(take.folder, threads=1, watch=stop)
    result = corner.studio.remake(take.folder, threads=2)
    assert result.different == ()
    assert result.same == 8
    assert result.notes == ()
    assert not (corner.studio.folder.root / result.folder / ".work").exists()
    assert CliRunner().invoke(app, ["advise", take.folder]).exit_code == 2  # a collapse has no keys to advise on


@pytest.mark.heavy
def test_killed_in_the_fall_and_in_the_frames_it_goes_on_to_the_same_bits(corner: Set, take: Take) -> None:
    """SIGKILL twice: as the building lies on disk and the fall is reckoned, then with two frames made."""
    makes = set((corner.studio.folder.root / "sh020" / "collapse").iterdir())
    for traces, many in (("**/.work/arrays/building.arrays", 1), ("**/.work/10*.json", 2)):
        words = [sys.executable, "-m", "bottega", "remake", take.folder, "--threads", "1"]
        job = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shots = corner.studio.folder.root / "sh020" / "collapse"
        while len(list(shots.glob(traces))) < many:
            assert job.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        job.kill()
        assert job.wait() == -signal.SIGKILL
    result = corner.studio.remake(take.folder, threads=1)
    assert (result.different, result.same) == ((), 8)
    assert len(set(shots.iterdir()) - makes) == 1  # one take, gone on with twice
    assert not list(shots.rglob("*.part"))


@pytest.mark.heavy
def test_a_look_at_the_fall_first(corner: Set) -> None:
    sheet = corner.sheet("slow.toml", a=("[dust]", "[fall]\ntime = 0.5\n\n[dust]"))
    done = CliRunner().invoke(app, ["collapse", "sh020", str(sheet), "--no-performer", "--preview", "--json"])
    assert done.exit_code == 0, done.output
    movie = Path(json.loads(done.output)["preview"])
    assert movie.stat().st_size > 1000
    record = json.loads((movie.parent / "take.json").read_text())
    assert record["state"] == "making"
    assert not list(movie.parent.glob("frames/*"))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[929.19, 926.59], [1313.37, 916.47]", "[1313.37, 916.47], [929.19, 926.59]", "face 'south': its corners are"),
        ("at = [6.0, 6.0]", "at = [90.0, 6.0]", "outside the building"),
        ("storeys = [0, 1]", "storeys = [40]", "storeys must be among"),
        (f"frame = {FAILS}", "frame = 1100", "outside the shot 1001..1008"),
        ("[dust]", "[[block]]\nlow = [4.0, 4.0, 0.0]\nhigh = [40.0, 9.0, 6.0]\n\n[dust]", "stands in the building"),
        ("[dust]", "[[painted]]\nframe = 1040\npath = 'exemplars/broken.png'\n\n[dust]", "allowed are the frames that are made, 1001 to"),
        ("[dust]", "[[painted]]\nframe = 1006\npath = 'exemplars/broken.png'\n\n[dust]", "1006 is .*x.*, the plate .*256x144"),
        ('clean = "sh020-clean"', 'clean = "sh020-wide"', "clean 'sh020-wide' is 1920x1082, the plate of sh020 is 256x144"),
        ('clean = "sh020-clean"', 'clean = "sh090"', "shot 'sh090' is not registered"),
        ("width_m = 18.5", "width_m = 55.0", "from where a camera would see it"),
        ('inside = "exemplars/rooms.png"', "", "exemplars.inside is missing"),
    ],
)
def test_what_cannot_be_is_named_and_leaves_no_take(corner: Set, old: str, new: str, says: str) -> None:
    before = sorted((corner.studio.folder.root / "sh020" / "collapse").glob("v*"))
    sheet = corner.sheet("wrong.toml", a=(old, new))
    with pytest.raises(UsageError, match=says):
        corner.studio.collapse(corner.studio.collapse_request("sh020", sheet, no_performer=True))
    assert sorted((corner.studio.folder.root / "sh020" / "collapse").glob("v*")) == before


def test_the_template_is_printed_and_a_sheet_is_asked_for(corner: Set) -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["collapse", "sh020", "--template"])
    assert printed.exit_code == 0
    assert "[[failure]]" in printed.output
    assert runner.invoke(app, ["collapse", "sh020"]).exit_code == 2
