"""Commands answer in one line or one object, and say what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from sqlalchemy import select

from tests.support.commands import run
from tests.support.patience import PATIENCE_S
from tests.support.pictures import draw_collection, with_rough_patch
from tests.support.prepared import COLLECTION, IMAGES, copy_of
from tests.support.server import MANAGE, ROOT, environment, manage
from tests.support.witness import Witness
from workbench.store.images import Collection, Image, ImportRun

COMMANDS = (
    ("import",),
    ("import-scores",),
    ("analyze",),
    ("status",),
    ("evaluate",),
    ("retrain",),
    ("project",),
    ("serve",),
    ("worker",),
    ("demo",),
    ("db", "upgrade"),
    ("user", "add"),
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with tables and nothing in them."""
    data = tmp_path_factory.mktemp("commands") / "data"
    assert run("db", "upgrade", data_dir=data).exit_code == 0
    return data


@pytest.fixture(scope="module")
def analysed(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an analysed collection, for commands that add to it."""
    return copy_of(analysed_once, tmp_path_factory.mktemp("commands") / "data")


@pytest.fixture
def interrupts_heard() -> Iterator[None]:
    """A suite that runs in the background ignores SIGINT, and hands that down to what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def one_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object that a command printed, and nothing beside it."""
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*command, "--help", data_dir=tmp_path)

    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize("command", ["analyze", "evaluate", "retrain", "project"])
def test_an_unknown_collection_is_one_clear_line(migrated: Path, command: str) -> None:
    done = run(command, "--collection", "nothing", "--json", data_dir=migrated)

    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: Collection “nothing” not found")


def test_status_is_one_object_even_of_an_empty_workbench(migrated: Path) -> None:
    found = json.loads(run("status", "--json", data_dir=migrated).stdout)

    wanted = {
        "images",
        "held_out_auc",
        "cross_validated_auc",
        "dimensions",
        "pixel_groups",
        "patterns",
        "cells",
    }
    assert wanted <= found.keys()
    assert (found["images"], found["held_out_auc"]) == (0, None)
    assert found["cross_validated_auc"] is None


@pytest.mark.parametrize(
    "command",
    [
        ("status", "--json"),
        ("analyze", "--collection", "x", "--json"),
        ("evaluate", "--collection", "x", "--json"),
        ("retrain", "--collection", "x", "--json"),
        ("serve", "--port", "0"),
        ("worker",),
    ],
    ids=lambda command: command[0],
)
def test_without_tables_a_command_says_how_to_get_them(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = run(*command, data_dir=tmp_path)

    assert done.exit_code == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "manage.py db upgrade" in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = run("status", data_dir=tmp_path, batch_size="many")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "WORKBENCH_BATCH_SIZE=many" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_path_that_is_not_there_is_one_clear_line(migrated: Path) -> None:
    done = run("import", "/nowhere", "--collection", "x", "--json", data_dir=migrated)

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_status_answers_without_loading_what_trains_or_draws_pages(analysed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *MANAGE[1:], "status", "--json"],
        cwd=ROOT,
        env=environment(analysed),
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "flask" in loaded
    assert loaded.isdisjoint({"torch", "umap", "sklearn", "openvino", "open_clip"})
    assert loaded.isdisjoint({"scipy.stats", "workbench.web.screens"})


def test_status_tells_what_the_analysis_found(analysed_once: Path, tmp_path: Path) -> None:
    found = one_object(
        manage("status", "--json", data_dir=copy_of(analysed_once, tmp_path / "data"))
    )

    assert found["images"] == IMAGES
    assert 0.5 < found["held_out_auc"] <= 1
    assert min(found[each] for each in ("dimensions", "pixel_groups", "patterns", "cells")) > 0
    (collection,) = found["collections"]
    assert (collection["name"], collection["version"], collection["run"]) == (COLLECTION, 1, None)


def test_a_second_analysis_says_at_once_that_it_is_up_to_date(analysed: Path) -> None:
    done = run("analyze", "--collection", COLLECTION, data_dir=analysed)
    found = one_object(
        manage("analyze", "--collection", COLLECTION, "--json", data_dir=analysed, timeout_s=30)
    )

    assert "is up to date" in done.stdout
    assert (found["collection"], found["version"], found["images"]) == (COLLECTION, 1, IMAGES)


def test_an_import_is_one_object_and_its_bars_are_elsewhere(tmp_path: Path) -> None:
    pictures = draw_collection(tmp_path / "pictures", 3)
    (pictures / "fake" / "broken.png").write_text("no image")
    done = manage(
        "import", str(pictures), "--collection", "few", "--json", data_dir=tmp_path / "data"
    )
    found = one_object(done)

    assert (found["collection"], found["imported"], found["rejected"]) == ("few", 6, 1)
    assert (found["real"], found["fake"]) == (3, 3)
    assert found["rejections"][0]["name"].endswith("broken.png")
    assert "Importing images: 100%" in done.stderr


def test_an_import_in_vain_fails_with_the_options_to_add(migrated: Path, tmp_path: Path) -> None:
    pictures = draw_collection(tmp_path / "pictures", 1)
    manifest = tmp_path / "manifest.csv"
    rows = [f"{path},{label}" for label, path in zip("10", pictures.rglob("*.png"), strict=True)]
    manifest.write_text("\n".join(["path,label", *rows]))

    done = run("import", str(manifest), "--collection", "few", data_dir=migrated)

    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        f"Error: {manifest}: no row has a known label; there are: 0, 1. "
        "Add: --label 0=real --label 1=fake (if 0 means real)"
    )
    assert Witness(migrated).count(Collection) == 0


def test_an_evaluation_is_one_object_with_each_generator(analysed: Path, tmp_path: Path) -> None:
    pictures = draw_collection(tmp_path / "pictures", 4, seed=400)
    for number in range(2):
        Picture.fromarray(with_rough_patch(900 + number)).save(pictures / f"other-{number}.png")
    lines = [
        *(f"{path.relative_to(pictures)},real," for path in (pictures / "real").iterdir()),
        *(f"{path.relative_to(pictures)},fake,boards" for path in (pictures / "fake").iterdir()),
        *(f"other-{number}.png,fake,others" for number in range(2)),
    ]
    manifest = pictures / "manifest.csv"
    manifest.write_text("\n".join(["path,label,generator", *lines]))
    one_object(
        manage(
            *("import", str(pictures), "--manifest", str(manifest)),
            *("--collection", "elsewhere", "--json"),
            data_dir=analysed,
        )
    )
    found = one_object(manage("evaluate", "--collection", "elsewhere", "--json", data_dir=analysed))

    assert {"n", "accuracy", "auc", "auc_interval", "by_generator"} <= found.keys()
    assert (found["n"], found["trained_on"]) == (10, COLLECTION)
    assert 0.5 < found["auc"] <= 1
    low, high = found["auc_interval"]
    assert low <= found["auc"] <= high
    assert {name: each["n"] for name, each in found["by_generator"].items()} == {
        "boards": 4,
        "others": 2,
    }


def test_a_retrain_that_is_waited_for_is_one_object(analysed: Path) -> None:
    found = one_object(
        manage("retrain", "--collection", COLLECTION, "--wait", "--json", data_dir=analysed)
    )

    assert (found["version"], found["parent"], found["state"]) == (2, 1, "succeeded")
    assert 0.5 < found["metrics"]["held_out_auc"] <= 1
    status = one_object(manage("status", "--json", data_dir=analysed))
    versions = {each["name"]: each["version"] for each in status["collections"]}
    assert versions[COLLECTION] == 2


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_interrupted_says_so_and_goes_on_when_repeated(
    migrated: Path, tmp_path: Path, interrupts_heard: None, asked: signal.Signals
) -> None:
    pictures, count, log = tmp_path / "pictures", 600, tmp_path / "import.log"
    generator = np.random.default_rng(0)
    for number in range(count):
        path = pictures / ("real" if number % 2 else "fake") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.fromarray(generator.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(path)
    data_dir = copy_of(migrated, tmp_path / "data")
    witness = Witness(data_dir)
    command = ("import", str(pictures), "--collection", "many", "--json")
    with log.open("w") as out:
        importing = subprocess.Popen(
            [*MANAGE, *command],
            cwd=ROOT,
            env=environment(data_dir),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    while not witness.count(Image):
        assert importing.poll() is None, log.read_text()
        time.sleep(0.01)
    os.kill(importing.pid, asked)
    assert importing.wait(PATIENCE_S) == 1
    assert "run the same command to resume" in log.read_text()
    kept = witness.count(Image)
    assert 0 < kept < count
    assert witness.one(select(ImportRun.state)) == ("interrupted",)

    found = one_object(manage(*command, data_dir=data_dir))

    assert (found["already"], found["imported"]) == (kept, count - kept)
    assert witness.count(Image) == count


DEMO_BUILT = """
import sys
from workbench.cli import demo
def served(port):
    print("torch" in sys.modules, *open("/proc/self/statm").read().split()[:2])
    return 0
demo.run_to_its_end = lambda command: print(*command[2:]) or 0
demo.run_web_and_worker = served
demo.demo.main(["--port", "0"])
"""


def test_the_demo_builds_in_a_process_that_ends_and_keeps_no_model_itself(migrated: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEMO_BUILT],
        cwd=ROOT,
        env=environment(migrated),
        capture_output=True,
        text=True,
        check=True,
    )

    first, *_told, last = done.stdout.splitlines()
    torch, _size, pages = last.split()
    assert first == "demo --build-only --with-parent"
    assert torch == "False"
    assert int(pages) * os.sysconf("SC_PAGE_SIZE") < 400e6


def test_a_demo_that_cannot_be_built_ends_with_the_reason_said_once(tmp_path: Path) -> None:
    (tmp_path / "workbench.sqlite").write_text("not a database " * 100)

    done = manage("demo", "--port", "0", data_dir=tmp_path)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("file is not a database") == 1


def test_scores_of_another_detector_are_one_line_and_a_version(
    analysed: Path, tmp_path: Path
) -> None:
    images = Witness(analysed).rows(
        select(Image.id).join(Collection).where(Collection.name == COLLECTION)
    )
    table = tmp_path / "scores.csv"
    table.write_text("id,fakeness\n" + "".join(f"{row[0]},0.{row[0] % 10}\n" for row in images))
    command = ("import-scores", str(table), "--collection", COLLECTION, "--model", "UnivFD")
    mapped = (*command, "--column", "p_fake=fakeness")

    refused = manage(*command, data_dir=analysed)
    tried = one_object(manage(*mapped, "--dry-run", "--json", data_dir=analysed))
    done = manage(*mapped, data_dir=analysed)
    again = one_object(manage(*mapped, "--json", data_dir=analysed))

    assert refused.returncode == 1
    assert "--column p_fake=HEADER" in refused.stderr
    assert (tried["version"], tried["scores"]) == (None, len(images))
    assert f"{len(images)} images scored by {len(images)} rows." in done.stdout
    assert again["already"]
    assert f"v{again['version']} of {COLLECTION} has the scores of UnivFD." in done.stdout
