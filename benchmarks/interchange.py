"""Labels out and in: decisions with regions as JSON lines, and back to the same state.

A made-up collection, on SQLite: each image has a verdict and a region with a tag. `freeze_*_s` is
how long a label set of it takes; `export_*_s` how long writing it as JSON lines, and `export_mb`
the peak memory of a process that does nothing else; `import_*_s` reading it back into a collection
with the same images on which nobody decided anything, with an event in the audit log for each
decision. `round_trip_equal` says whether a label set of that one says the same.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import insert, select

from benchmarks.command import Figures, parser, show
from benchmarks.temporary import temporary_workbench
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.run_lengths import compressed
from workbench.config import PROJECT_ROOT, Settings
from workbench.services import accounts
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.importing import import_labels
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set
from workbench.store.chunks import write_in_chunks
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag, Tagging, Verdict
from workbench.store.regions import DrawnRegion, Region

DECISIONS = 100_000
QUICK_DECISIONS = 5_000
SIDE = 12
"""Of a region, in pixels."""

# Peak memory is that of a process: the export has one of its own.
_PROGRAM = """
import json, sys, time
from pathlib import Path
from workbench.app import create_app_without_pages
from workbench.config import Settings
from workbench.services.interchange.writing import write_label_set
from workbench.store.database import db

data, label_set_id, target = sys.argv[1:]
with create_app_without_pages(Settings(data_dir=Path(data), database_url="")).app_context():
    began = time.perf_counter()
    with open(target, "wb") as out:
        write_label_set(int(label_set_id), "jsonl", out)
    spent = time.perf_counter() - began
    db.session.remove()
    db.engine.dispose()
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"seconds": spent, "megabytes": peak}))
"""


def main() -> None:
    """Fill, freeze, export, import, compare."""
    options = parser(__doc__ or "")
    options.add_argument("--decisions", type=int)
    chosen = options.parse_args()
    number = chosen.decisions or (QUICK_DECISIONS if chosen.quick else DECISIONS)
    show(measure(number), as_json=chosen.json)


def measure(decisions: int) -> Figures:
    """Seconds and megabytes of so many decisions with regions."""
    size = f"{decisions // 1000}k" if decisions >= 1000 else str(decisions)
    with temporary_workbench() as settings:
        ada = accounts.add_user("ada", "correct horse battery", "reviewer").id
        first, second = (fill_images(name, decisions) for name in ("first", "second"))
        decide(first, ada)
        began = time.perf_counter()
        frozen = label_set(first, make_label_set(ada, first, "out")).id
        freeze_seconds = time.perf_counter() - began
        path = settings.data_dir / "labels.jsonl"
        exported = _exported(settings, frozen, path)
        began = time.perf_counter()
        report = import_labels(ada, second, path, "jsonl")
        import_seconds = time.perf_counter() - began
        back = label_set(second, make_label_set(ada, second, "back")).id
        return {
            f"freeze_{size}_s": freeze_seconds,
            f"export_{size}_s": exported["seconds"],
            "export_mb": exported["megabytes"],
            "file_mb": path.stat().st_size / 1e6,
            f"import_{size}_s": import_seconds,
            "round_trip_equal": int(not report.wrong and digest(frozen) == digest(back)),
        }


def _exported(settings: Settings, frozen: int, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(settings.data_dir), str(frozen), str(path)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=PROJECT_ROOT,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def fill_images(name: str, count: int) -> int:
    """A collection of so many images without files; the id. The same names have the same images."""
    with transaction() as write:
        collection = Collection(name=name, real=count)
        write.add(collection)
        write.flush()
        collection_id = collection.id
    rows = [
        {
            "collection_id": collection_id,
            "content_hash": f"{each:064}",
            "pixel_hash": f"{each:064}",
            "original_uri": f"file:///set/{each % 100}/{each}.png",
            "name": f"{each}.png",
            "label": "real" if each % 2 else "fake",
            "group_key": str(each),
            "held_out": each % 5 == 0,
            "format": "PNG",
            "width": NORMAL_SIZE,
            "height": NORMAL_SIZE,
            "file_size": 100,
            "modified_ns": 1,
        }
        for each in range(count)
    ]
    write_in_chunks(rows, lambda write, some: write.execute(insert(Image), some))
    return collection_id


def decide(collection_id: int, user_id: int) -> None:
    """A verdict on each image, and a drawn region with one of ten tags."""
    ids = session().scalars(
        select(Image.id).where(Image.collection_id == collection_id).order_by(Image.id)
    )
    images = ids.all()
    with transaction() as write:
        tags = [Tag(name=f"pattern {each}", created_by_id=user_id) for each in range(10)]
        write.add_all(tags)
        write.flush()
        tag_ids = [each.id for each in tags]
        first = (write.scalar(select(Region.id).order_by(Region.id.desc()).limit(1)) or 0) + 1
    regions, drawn, taggings, verdicts = [], [], [], []
    for number, image_id in enumerate(images):
        left, top = number % 200, number // 200 % 200
        box = {"left": left, "top": top, "width": SIDE, "height": SIDE, "area": SIDE**2}
        region_id = first + number
        regions.append({"id": region_id, "image_id": image_id, "rle": _square(left, top), **box})
        drawn.append(
            {
                "region_id": region_id,
                "user_id": user_id,
                "tool": "box",
                "picture_width": NORMAL_SIZE,
                "picture_height": NORMAL_SIZE,
                "rle": compressed([0, SIDE**2]),
                "created_at": now(),
                **box,
            }
        )
        taggings.append(
            {
                "tag_id": tag_ids[number % 10],
                "region_id": region_id,
                "user_id": user_id,
                "reason": f"seen in {number}",
                "severity": "minor",
            }
        )
        verdicts.append(
            {
                "image_id": image_id,
                "user_id": user_id,
                "decision": ("real", "fake", "unsure", "exclude")[number % 4],
                "reason": f"so it is {number}",
            }
        )
    for table, rows in (
        (Region, regions),
        (DrawnRegion, drawn),
        (Tagging, taggings),
        (Verdict, verdicts),
    ):
        write_in_chunks(rows, lambda write, some, table=table: write.execute(insert(table), some))


def _square(left: int, top: int) -> str:
    """Run lengths of a square over the analysed one, column by column."""
    between = NORMAL_SIZE - SIDE
    counts = [left * NORMAL_SIZE + top]
    for _column in range(SIDE - 1):
        counts += [SIDE, between]
    counts += [SIDE]
    return compressed([*counts, NORMAL_SIZE**2 - sum(counts)])


def digest(label_set_id: int) -> str:
    """Of what a label set says of each image, whoever said it and when."""
    found = hashlib.sha256()
    for row in FrozenSet(label_set_id):
        regions = [
            (
                each["size"],
                each["box"],
                each["rle"],
                [(tag["tag"], tag["reason"], tag["severity"]) for tag in each["tags"]],
            )
            for each in row.details["regions"]
        ]
        said = (row.content_hash, row.label, row.decision, row.imported, regions)
        found.update(json.dumps(said).encode())
    return found.hexdigest()


if __name__ == "__main__":
    main()
