"""How long a check of a collection takes, from cached embeddings: 10,000 images, made here.

Rows of an analysed collection are filled in; every image has an original of 256 px, a normalised
copy and an embedding of its own, all made up. `seconds` is that of the first check, which measures
what an earlier import did not; `seconds_again` that of the next. The machine may have other work:
`cpu_seconds` counts what the check itself computed.

Folders given by `--data` are imported and checked beside it: `warned_NAME` lists the warnings.
"""

from __future__ import annotations

import io
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image as Picture
from sqlalchemy import func, select, update

from benchmarks.command import Figures, run_on_folders
from benchmarks.temporary import temporary_workbench
from benchmarks.web.filling.collection import COLLECTION, FEATURES
from benchmarks.web.filling.run import fill
from workbench.analysis.images.normalise import normalise
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.columns.store import column_store
from workbench.services.hygiene.check import check
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.artifacts import store_arrays
from workbench.store.database import db, session, transaction
from workbench.store.image_files import original_uri, store_normalised
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard
from workbench.store.versions import ModelVersion

IMAGES = 10_000
QUICK_IMAGES = 1_000
SIDE = 256
_BATCH = 64
_GRAIN = 12
_COMPONENTS = 40


def measure(folders: list[Path], quick: bool) -> Figures:
    """Seconds of a check, and the warnings of the folders."""
    figures = _timed(QUICK_IMAGES if quick else IMAGES)
    with temporary_workbench() as settings:
        for folder in folders:
            import_images(folder, collection=folder.name, settings=settings, progress=Silent())
            found = check(folder.name, settings)
            figures[f"warned_{folder.name}"] = [each.key for each in found.warnings]
    return figures


def _timed(images: int) -> Figures:
    with TemporaryDirectory(prefix="hygiene-") as folder:
        settings = Settings(data_dir=Path(folder) / "data", database_url="")
        fill(settings, images)
        with create_app(settings).app_context():
            _give_pictures(settings, Path(folder) / "originals")
            _give_embeddings(settings)
            # A run leaves it behind.
            column_store(session().scalars(select(ModelVersion.id)).one())
            figures: Figures = {"images": images}
            for name in ("", "_again"):
                wall, cpu = time.perf_counter(), time.process_time()
                found = check(COLLECTION, settings)
                figures[f"seconds{name}"] = time.perf_counter() - wall
                figures[f"cpu_seconds{name}"] = time.process_time() - cpu
            figures["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            figures["findings"] = sorted({each.kind for each in found.findings})
            session().close()
            db.engine.dispose()
    return figures


def _give_pictures(settings: Settings, folder: Path) -> None:
    """An original and a normalised copy of its own for every image; every hundredth is a copy."""
    folder.mkdir()
    ids = list(session().scalars(select(Image.id).order_by(Image.id)))
    session().rollback()

    def give(image_id: int) -> dict[str, object]:
        copied = image_id % 100 == 0
        content = _drawn(image_id - copied, quality=80 if copied else 90)
        path = folder / f"{image_id:06}.jpg"
        path.write_bytes(content)
        made = normalise(content, max_pixels=settings.max_pixels)
        return {
            "id": image_id,
            "pixel_hash": store_normalised(settings.image_dir, made.content)[0],
            "original_uri": original_uri(path, None),
            "format": made.format,
            "width": made.width,
            "height": made.height,
            "jpeg_quality": made.jpeg_quality,
        }

    print("Pictures", file=sys.stderr)
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(give, ids))
    with transaction() as write:
        write.execute(update(Image), rows)


def _drawn(seed: int, quality: int) -> bytes:
    random = np.random.default_rng(seed)
    fields = random.integers(40, 200, (SIDE // 16, SIDE // 16, 3), dtype=np.uint8)
    smooth = Picture.fromarray(fields).resize((SIDE, SIDE), Picture.Resampling.BICUBIC)
    grain = random.integers(0, _GRAIN, (SIDE, SIDE, 1), dtype=np.uint8)
    content = io.BytesIO()
    Picture.fromarray(np.minimum(smooth, 255 - _GRAIN) + grain).save(
        content, "JPEG", quality=quality
    )
    return content.getvalue()


def _give_embeddings(settings: Settings) -> None:
    """Vectors around a few directions, as long as the packaged encoder's."""
    print("Embeddings", file=sys.stderr)
    version = session().scalars(select(ModelVersion)).one()
    fingerprint = version.encoder_fingerprint
    first = select(func.min(Image.id)).group_by(Image.pixel_hash)
    hashes = list(session().scalars(select(Image.pixel_hash).where(Image.id.in_(first))))
    session().rollback()
    random = np.random.default_rng(0)
    axes = random.standard_normal((_COMPONENTS, FEATURES), np.float32)
    for batch in _batches(hashes):
        near = random.standard_normal((len(batch), _COMPONENTS), np.float32) @ axes
        vectors = near + random.standard_normal(near.shape, np.float32)
        artifact = store_arrays(settings.artifact_dir, "embeddings", {"embedding": vectors})
        with transaction() as write:
            shard = EmbeddingShard(encoder_fingerprint=fingerprint, artifact=artifact)
            write.add(shard)
            write.flush()
            write.add_all(
                Embedding(
                    pixel_hash=each, encoder_fingerprint=fingerprint, shard_id=shard.id, row=row
                )
                for row, each in enumerate(batch)
            )


def _batches(hashes: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(hashes), _BATCH):
        yield hashes[start : start + _BATCH]


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
