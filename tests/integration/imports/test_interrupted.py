"""Imports that are cut off, in processes of their own; and the memory that a long one takes."""

from __future__ import annotations

import hashlib
import io
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from sqlalchemy import select

from tests.support.patience import PATIENCE_S
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.imports.run import import_images
from workbench.services.progress import Cancelled, Silent
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.image_files import normalised_path
from workbench.store.images import Image, ImportRun

ROOT = Path(__file__).resolve().parents[3]
IMAGES = 300

# Without the web, so that the process is small and starts fast.
IMPORTER = """
import signal, sys, time

# A suite that was started in the background hands an ignored SIGINT down.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from flask import Flask
from workbench.config import Settings
from workbench.services.imports.run import import_images
from workbench.store import judgements, results
from workbench.store.database import db, prepare_engine

class Pace:
    def advance(self, done, total, stage):
        time.sleep(float(sys.argv[3]))

settings = Settings(data_dir=Path(sys.argv[1]))
app = Flask("importer")
app.config["SQLALCHEMY_DATABASE_URI"] = settings.url
db.init_app(app)
with app.app_context():
    prepare_engine(db.engine)
    import_images(Path(sys.argv[2]), collection="faces", settings=settings, progress=Pace())
# Peak memory in KiB; getrusage would count the parent's, from before this program was loaded.
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a workbench with tables, in whose application context the test runs."""
    settings = Settings(data_dir=tmp_path / "data")
    app = create_app(settings)
    with app.app_context():
        migrating.upgrade(db.engine)
        yield settings
        db.session.remove()
        db.engine.dispose()


def start_import(settings: Settings, source: Path, pause: float) -> subprocess.Popen[str]:
    arguments = [str(settings.data_dir), str(source), str(pause)]
    return subprocess.Popen(
        [sys.executable, "-c", IMPORTER, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def grow(root: Path, count: int = IMAGES, side: int = 24) -> Path:
    random = np.random.default_rng(0)
    for number in range(count):
        path = root / ("real" if number % 2 else "fake") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Picture.fromarray(pixels).save(buffer, "JPEG")
        path.write_bytes(buffer.getvalue())
    return root


def committed(settings: Settings) -> int:
    with sqlite3.connect(settings.data_dir / "workbench.sqlite") as connection:
        return int(connection.execute("select count(*) from image").fetchone()[0])


def run_states() -> list[str]:
    return list(session().scalars(select(ImportRun.state).order_by(ImportRun.id)))


def assert_everything_is_there_exactly_once(settings: Settings, source: Path) -> None:
    images = session().scalars(select(Image)).all()
    originals = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path for path in source.rglob("*.jpg")
    }
    assert len(images) == len(originals) == IMAGES
    assert {image.content_hash for image in images} == set(originals)
    for image in images:
        assert image.label == originals[image.content_hash].parent.name
        content = normalised_path(settings.image_dir, image.pixel_hash).read_bytes()
        assert hashlib.sha256(content).hexdigest() == image.pixel_hash


@pytest.mark.parametrize("cut", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_cut_off_goes_on_where_it_was(
    sqlite_settings: Settings, tmp_path: Path, cut: signal.Signals
) -> None:
    source = grow(tmp_path / "set")
    process = start_import(sqlite_settings, source, pause=0.01)
    while committed(sqlite_settings) == 0:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(cut)
    process.communicate(timeout=PATIENCE_S)
    kept = committed(sqlite_settings)
    assert 0 < kept < IMAGES
    assert run_states() == ["running" if cut is signal.SIGKILL else "interrupted"]

    report = import_images(source, collection="faces", settings=sqlite_settings, progress=Silent())

    assert (report.seen, report.already, report.imported) == (IMAGES, kept, IMAGES - kept)
    assert (report.duplicates, report.rejected) == (0, 0)
    assert run_states() == ["interrupted", "succeeded"]
    assert_everything_is_there_exactly_once(sqlite_settings, source)


@pytest.mark.parametrize("reason", [KeyboardInterrupt, Cancelled])
def test_what_was_ready_at_an_interruption_is_kept(
    sqlite_settings: Settings, tmp_path: Path, reason: type[BaseException]
) -> None:
    class Interrupting:
        def advance(self, done: int, total: int, stage: str) -> None:
            if done == 70:
                raise reason

    source = grow(tmp_path / "set")
    with pytest.raises(reason):
        import_images(source, collection="faces", settings=sqlite_settings, progress=Interrupting())
    assert committed(sqlite_settings) == 70
    run = session().scalars(select(ImportRun)).one()
    assert (run.state, run.counts) == ("interrupted", {"seen": 70, "imported": 70})


def test_memory_does_not_grow_with_the_number_of_images(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    peaks = []
    for count in (100, 800):
        source = grow(tmp_path / str(count), count, side=200)
        process = start_import(sqlite_settings, source, pause=0)
        told, complaints = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, complaints
        peaks.append(int(told) / 1024)
    assert peaks[1] - peaks[0] < 8  # megabytes; the 700 more hold 80 as pixels, 14 as files


def test_memory_does_not_grow_with_the_rows_of_a_manifest(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    pictures = sorted(grow(tmp_path / "set", 8).rglob("*.jpg"))
    peaks = []
    for count in (1_000, 10_000):
        rows = (
            # Again and again the same files, and files that are not there.
            f"{pictures[row % 8] if row % 3 else tmp_path / str(row)},{('real', 'fake')[row % 2]}"
            for row in range(count)
        )
        manifest = tmp_path / f"{count}.csv"
        manifest.write_text("\n".join(["path,label", *rows]))
        process = start_import(sqlite_settings, manifest, pause=0)
        told, complaints = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, complaints
        peaks.append(int(told) / 1024)
    assert peaks[1] - peaks[0] < 3  # megabytes; as candidates, the 9,000 more rows hold 5
