"""How fast images come in, and what memory that takes: 10,000 files of 256 px, made here.

Three passes over them, each by a process of its own, as by `manage.py import`: from the folder into
an empty workbench, the same again (every file is known), and a dry run of a manifest of them.
`--large` adds 100,000 files. The machine may have other work: `per_cpu_second` counts the seconds
that the import itself computed, on all cores together.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.command import Figures, parser, show
from workbench.config import PROJECT_ROOT

SIZES = (10_000,)
QUICK_SIZES = (1_000,)
LARGE = 100_000
SIDE = 256
_GRAIN = 12

# Peak memory is that of a process: each pass has one of its own.
_PROGRAM = """
import json, sys, time
from pathlib import Path
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.sources.options import SourceOptions
from workbench.services.imports.preview import preview_import
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store import migrating
from workbench.store.database import db

what, source, data = sys.argv[1:]
settings = Settings(data_dir=Path(data))
with create_app(settings).app_context():
    migrating.upgrade(db.engine)
    wall, cpu = time.perf_counter(), time.process_time()
    if what == "preview":
        count = preview_import(Path(source), collection="made", settings=settings).images
    else:
        report = import_images(
            Path(source), collection="made", settings=settings, progress=Silent()
        )
        count = {"import": report.imported, "known": report.already}[what]
    spent = time.perf_counter() - wall, time.process_time() - cpu
    db.session.remove()
    db.engine.dispose()
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"count": count, "wall": spent[0], "cpu": spent[1], "megabytes": peak}))
"""


def measure(sizes: tuple[int, ...]) -> Figures:
    """Images per second and megabytes, for each number of files."""
    figures: Figures = {}
    for size in sizes:
        with TemporaryDirectory(prefix="imports-") as folder:
            measured = _measured(Path(folder), size)
        figures |= {f"{key}_{size}": value for key, value in measured.items()}
    return figures


def _measured(folder: Path, size: int) -> Figures:
    manifest = draw(folder / "set", size)
    figures: Figures = {}
    for name, what, source in (
        ("import", "import", manifest.parent),
        ("known", "known", manifest.parent),
        ("known_rows", "known", manifest),
        ("dry_run_rows", "preview", manifest),
    ):
        spent = _run(what, source, folder / "data")
        if spent["count"] != size:
            raise RuntimeError(f"{what} took {spent['count']} of {size} files")
        figures |= {
            f"{name}_per_second": size / spent["wall"],
            f"{name}_per_cpu_second": size / spent["cpu"],
            f"{name}_megabytes": spent["megabytes"],
        }
    return figures


def _run(what: str, source: Path, data: Path) -> dict[str, float]:
    command = [sys.executable, "-c", _PROGRAM, what, str(source), str(data)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=PROJECT_ROOT)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def draw(root: Path, count: int) -> Path:
    """Write JPEG files of SIDE pixels, half of them real, and a manifest of them."""
    random = np.random.default_rng(0)
    rows = ["path,label"]
    for number in range(count):
        label = ("real", "fake")[number % 2]
        name = f"{label}/{number:06}.jpg"
        fields = random.integers(40, 200, (SIDE // 16, SIDE // 16, 3), dtype=np.uint8)
        smooth = Image.fromarray(fields).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        grain = random.integers(0, _GRAIN, (SIDE, SIDE, 1), dtype=np.uint8)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.minimum(smooth, 255 - _GRAIN) + grain).save(path, quality=90)
        rows.append(f"{name},{label}")
    manifest = root / "list.csv"
    manifest.write_text("\n".join(rows))
    return manifest


if __name__ == "__main__":
    options = parser(__doc__ or "")
    options.add_argument("--large", action="store_true", help=f"{LARGE:,} files as well")
    chosen = options.parse_args()
    sizes = QUICK_SIZES if chosen.quick else SIZES
    show(measure((*sizes, LARGE) if chosen.large else sizes), as_json=chosen.json)
