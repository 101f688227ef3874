from __future__ import annotations

import csv
import io
import re
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.services.demo.building import DemoCollection, Ingredients, build_demo_set
from workbench.services.demo.describing import TEXTS
from workbench.services.demo.downloads import FACE_MODEL, PHOTOGRAPHS, STILLS
from workbench.services.demo.faces import CHILDREN, MADE_UP, Portrait, read_portraits
from workbench.services.demo.planted import DEMO_KINDS
from workbench.services.demo.scenes import CROPS, Scene, read_scenes
from workbench.services.progress import Cancelled, Progress

NAMES = ("demo-faces", "demo-scenes", "demo-planted")
PORTRAITS = (Portrait("female/1.jpg", 10, 5, 100), Portrait("male/2.jpg", 20, 0, 70))
SCENES = (
    Scene("fake", "town", STILLS, "street-1.webp", 0, 95, "Model A"),
    Scene("fake", "town", STILLS, "moving-1.webp", 2, 80, "Model B"),
    Scene("real", "town", PHOTOGRAPHS, "one-1500.jpg", 0, 80, ""),
)


class Recorder:
    """Collects what it is told, and stops the run after so many steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.told: list[tuple[int, int, str]] = []
        self._stop_after = stop_after

    def advance(self, done: int, total: int, stage: str) -> None:
        self.told.append((done, total, stage))
        if self._stop_after is not None and len(self.told) > self._stop_after:
            raise Cancelled


class PlainFaces:
    """Makes faces of one colour, and counts them."""

    def __init__(self) -> None:
        self.made = 0

    def load(self, archive: Path, rng: np.random.Generator) -> PlainFaces:
        assert archive.name == "model.whl"
        return self

    def face(self, latent: np.ndarray) -> Image.Image:
        self.made += 1
        red, green, blue = (int(128 + 40 * number) % 256 for number in latent[:3])
        return Image.new("RGB", (256, 256), (red, green, blue))


def encoded(width: int, height: int, form: str, *, seed: int = 0, frames: int = 1) -> bytes:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (frames, 240, 360, 3)).astype(np.uint8)
    pictures = [Image.fromarray(array).resize((width, height)) for array in small]
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(buffer, form, quality=85, **more)
    return buffer.getvalue()


def write_sources(folder: Path) -> dict[str, Path]:
    """Packages with the same insides as the real ones, but of a handful of small pictures."""
    photographs = folder / "photographs.tgz"
    members = {
        "package/src/demo/photos/one-1500.jpg": encoded(1080, 720, "JPEG", seed=1),
        "package/src/demo/photos/two-1500.jpg": encoded(1080, 720, "JPEG", seed=2),
        "package/src/demo/photos/two-500.jpg": b"not read",
        "package/src/demo/faces/female/1.jpg": encoded(128, 128, "JPEG", seed=3),
        "package/src/demo/faces/male/2.jpg": encoded(128, 128, "JPEG", seed=4),
    }
    with tarfile.open(photographs, "w:gz") as package:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    stills = folder / "stills.whl"
    with zipfile.ZipFile(stills, "w") as wheel:
        wheel.writestr("stills/templates/street-1.webp", encoded(400, 400, "WEBP", seed=5))
        moving = encoded(350, 350, "WEBP", seed=6, frames=4)
        wheel.writestr("stills/templates/moving-1.webp", moving)
    model = folder / "model.whl"
    return {PHOTOGRAPHS: photographs, STILLS: stills, FACE_MODEL: model}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_sources(tmp_path_factory.mktemp("sources"))


class Kitchen:
    """Builds small sets from made-up sources, and counts what it fetches and draws."""

    def __init__(self, sources: dict[str, Path], downloads: Path) -> None:
        self.faces = PlainFaces()
        self.fetched = 0
        self._sources = sources
        self._downloads = downloads

    def build(
        self, destination: Path, *, seed: int = 0, progress: Progress | None = None
    ) -> list[DemoCollection]:
        return build_demo_set(
            destination,
            downloads=self._downloads,
            progress=progress or Recorder(),
            seed=seed,
            ingredients=Ingredients(SCENES, PORTRAITS, 3, self.faces.load, self._fetch),
        )

    def _fetch(
        self, downloads: Path, progress: Progress, npm: Sequence[str] | None
    ) -> dict[str, Path]:
        self.fetched += 1
        return self._sources


@pytest.fixture
def kitchen(sources: dict[str, Path], tmp_path: Path) -> Kitchen:
    return Kitchen(sources, tmp_path / "downloads")


@pytest.fixture(scope="module")
def built(
    sources: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, DemoCollection]:
    folder = tmp_path_factory.mktemp("built")
    return {c.name: c for c in Kitchen(sources, folder / "downloads").build(folder / "set")}


def rows_of(collection: DemoCollection) -> list[dict[str, str]]:
    with collection.manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(collections: Sequence[DemoCollection]) -> dict[str, bytes]:
    """Every file of the collections, by its place in the set."""
    root = collections[0].manifest.parents[1]
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_there_are_three_collections_and_each_says_what_it_is_not(
    built: dict[str, DemoCollection],
) -> None:
    assert set(built) == set(NAMES)
    for collection in built.values():
        assert collection.title
        assert len(collection.description) > 200


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_lists_exactly_the_pictures_that_are_there(
    built: dict[str, DemoCollection], name: str
) -> None:
    rows = rows_of(built[name])
    folder = built[name].manifest.parent
    listed = {row["path"] for row in rows} | {row["mask"] for row in rows if row["mask"]}
    assert listed == {str(path.relative_to(folder)) for path in folder.rglob("*.png")}
    assert {row["label"] for row in rows} == {"real", "fake"}
    assert all(row["split"] in ("train", "held_out") for row in rows)
    assert all(bool(row["generator"]) == (row["label"] == "fake") for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_both_labels_have_the_same_format_and_size(
    built: dict[str, DemoCollection], name: str
) -> None:
    for row in rows_of(built[name]):
        with Image.open(built[name].manifest.parent / row["path"]) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (224, 224))


@pytest.mark.parametrize("name", NAMES)
def test_no_group_straddles_the_splits(built: dict[str, DemoCollection], name: str) -> None:
    splits = defaultdict(set)
    for row in rows_of(built[name]):
        splits[row["group"]].add(row["split"])
    assert all(len(sides) == 1 for sides in splits.values())


def test_a_photograph_is_on_the_same_side_in_scenes_and_in_planted(
    built: dict[str, DemoCollection],
) -> None:
    splits = defaultdict(set)
    for name in ("demo-scenes", "demo-planted"):
        for row in rows_of(built[name]):
            splits[row["group"]].add(row["split"])
    assert "photograph one-1500" in splits
    assert all(len(sides) == 1 for sides in splits.values())


def test_a_planted_fake_differs_from_its_real_only_where_its_mask_says(
    built: dict[str, DemoCollection],
) -> None:
    folder = built["demo-planted"].manifest.parent
    rows = rows_of(built["demo-planted"])
    fakes = [row for row in rows if row["label"] == "fake"]
    assert len(fakes) * 2 == len(rows)
    for row in fakes:
        assert row["kind"] == row["generator"]
        assert row["kind"] in DEMO_KINDS
        fake = np.asarray(Image.open(folder / row["path"]))
        real = np.asarray(Image.open(folder / row["path"].replace("fake/", "real/")))
        mask = np.asarray(Image.open(folder / row["mask"])) / 255
        assert 0.15 <= mask.mean() <= 0.25
        # The mask is written in steps of 1/255: below half a step an edit may still round up.
        assert np.abs(fake.astype(int) - real)[mask == 0].max() <= 1
        assert (fake != real)[mask == 1].any()


def test_planted_kinds_take_turns(built: dict[str, DemoCollection]) -> None:
    rows = rows_of(built["demo-planted"])
    counts = Counter(row["kind"] for row in rows if row["kind"])
    assert set(counts) == set(DEMO_KINDS)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_picture_of_an_animation_is_the_frame_that_the_list_names(
    built: dict[str, DemoCollection], sources: dict[str, Path]
) -> None:
    folder = built["demo-scenes"].manifest.parent
    crop = np.asarray(Image.open(folder / "fake/moving-1-0.png")).astype(float).mean(axis=(0, 1))
    with zipfile.ZipFile(sources[STILLS]) as wheel:
        animation = Image.open(io.BytesIO(wheel.read("stills/templates/moving-1.webp")))
    distances = []
    for frame in range(4):
        animation.seek(frame)
        mean = np.asarray(animation.convert("RGB")).astype(float).mean(axis=(0, 1))
        distances.append(np.abs(crop - mean).sum())
    assert int(np.argmin(distances)) == 2


def test_the_same_seed_gives_the_same_bytes(
    kitchen: Kitchen, built: dict[str, DemoCollection], tmp_path: Path
) -> None:
    assert contents(kitchen.build(tmp_path / "again")) == contents(list(built.values()))


def test_another_seed_gives_another_set_beside_the_first(kitchen: Kitchen, tmp_path: Path) -> None:
    first = kitchen.build(tmp_path / "set", seed=0)
    before = contents(first)
    second = kitchen.build(tmp_path / "set", seed=1)
    assert first[0].manifest != second[0].manifest
    assert contents(first) == before
    name = "demo-planted/fake/one-1500-0.png"
    assert contents(second)[name] != before[name]


def test_a_second_run_fetches_and_draws_nothing(kitchen: Kitchen, tmp_path: Path) -> None:
    first = kitchen.build(tmp_path / "set")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")}
    progress = Recorder()
    assert kitchen.build(tmp_path / "set", progress=progress) == first
    assert kitchen.fetched == 1
    assert kitchen.faces.made == 3
    assert progress.told == []
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")}


@pytest.mark.parametrize("stop_after", [4, 7])
def test_an_interrupted_run_goes_on_and_ends_in_the_same_bytes(
    kitchen: Kitchen, built: dict[str, DemoCollection], tmp_path: Path, stop_after: int
) -> None:
    with pytest.raises(Cancelled):
        kitchen.build(tmp_path / "set", progress=Recorder(stop_after))
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")}
    assert not list(tmp_path.rglob("complete.json"))
    assert contents(kitchen.build(tmp_path / "set")) == contents(list(built.values()))
    assert kept.items() <= {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")}.items()
    assert kitchen.faces.made <= 3


def test_progress_rises_to_its_total_in_every_stage(kitchen: Kitchen, tmp_path: Path) -> None:
    progress = Recorder()
    kitchen.build(tmp_path / "set", progress=progress)
    stages = defaultdict(list)
    for done, total, stage in progress.told:
        stages[stage].append((done, total))
    assert set(stages) == {"Faces", "Scenes", "Planted patterns"}
    for steps in stages.values():
        assert [done for done, _ in steps] == list(range(steps[-1][1] + 1))
        assert len({total for _, total in steps}) == 1


def test_the_lists_hold_what_the_descriptions_count() -> None:
    scenes, portraits = read_scenes(), read_portraits()
    real = [scene for scene in scenes if scene.label == "real"]
    fake = [scene for scene in scenes if scene.label == "fake"]
    texts = {text.name: re.findall(r"\d+", text.description) for text in TEXTS}
    assert texts["demo-faces"][:2] == [str(len(portraits)), str(MADE_UP)]
    counted = [len(real) * CROPS, len(real), len(fake) * CROPS, len(fake)]
    counted.append(len({scene.generator for scene in fake}))
    assert texts["demo-scenes"][:5] == [str(number) for number in counted]


def test_every_subject_stands_on_both_sides_of_the_scenes() -> None:
    scenes = read_scenes()
    subjects = {
        label: {s.subject for s in scenes if s.label == label} for label in ("real", "fake")
    }
    assert subjects["real"] == subjects["fake"]
    assert len({scene.file for scene in scenes}) == len(scenes)
    assert all(bool(scene.generator) == (scene.label == "fake") for scene in scenes)


def test_every_listed_portrait_is_a_square_within_its_128_pixels() -> None:
    portraits = read_portraits()
    assert len({portrait.file for portrait in portraits}) == len(portraits)
    for portrait in portraits:
        assert portrait.left >= 0
        assert portrait.top >= 0
        assert 64 <= portrait.side <= 128
        assert max(portrait.left, portrait.top) + portrait.side <= 128


def test_numbers_left_out_of_the_made_up_faces_are_not_drawn(
    built: dict[str, DemoCollection],
) -> None:
    assert min(CHILDREN) > 3
    fakes = [row["group"] for row in rows_of(built["demo-faces"]) if row["label"] == "fake"]
    assert fakes == ["face 000", "face 001", "face 002"]
