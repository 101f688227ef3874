"""Maps after a retrain, from the cached tokens, against maps from the normalised images.

Both read files, make the state and all maps of all dimensions, batch by batch and overlapped; the
second decodes and encodes where the first reads tokens. They take turns, round by round. Beside
it, a whole second pass of a version (maps, pixel groups, database) from the cache and without it.
`--data DIR` (again and again) names folders; without it, the demo set is used.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.command import Figures, run_on_folders
from benchmarks.distilling import Distilled
from benchmarks.encoded import default_encoder
from benchmarks.temporary import (
    add_version,
    candidates,
    import_listed,
    list_images,
    teach,
    temporary_workbench,
)
from workbench.analysis.cross_fitting.folds import FOLDS
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.relevance.methods import default_method, needs
from workbench.config import Settings
from workbench.services.encoding.encode import encoded_shards
from workbench.services.encoding.shards import Shard, embedding_files, stored_shard
from workbench.services.pipeline.contributions import score_batch
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Silent

IMAGES = 256
QUICK_IMAGES = 64
ROUNDS = 3


def measure(folders: list[Path], quick: bool) -> Figures:
    """Times of both, in images a second, and their ratio."""
    chosen = candidates(folders)[: QUICK_IMAGES if quick else IMAGES]
    encoder = default_encoder()
    with temporary_workbench() as settings:
        manifest = list_images(chosen, settings.data_dir / "images.csv")
        collection_id = import_listed(manifest, "images", settings)
        distilled = teach(collection_id, encoder, settings)
        shards = [
            stored_shard(each) for each in embedding_files(collection_id, encoder.fingerprint)
        ]
        images = sum(len(shard.pixel_hashes) for shard in shards)
        without = [replace(shard, parts={}) for shard in shards]
        cached = from_pixels = 0.0
        for _round in range(ROUNDS):
            cached += _maps(shards, encoder, distilled.heads, settings)
            from_pixels += _maps(without, encoder, distilled.heads, settings)
        whole_cached = _whole(collection_id, 1, encoder, distilled, settings)
        shutil.rmtree(settings.part_dir)
        whole_from_pixels = _whole(collection_id, 2, encoder, distilled, settings)
    return {
        "speedup": from_pixels / cached,
        "cached_images_per_second": ROUNDS * images / cached,
        "from_pixels_images_per_second": ROUNDS * images / from_pixels,
        "speedup_with_groups": whole_from_pixels / whole_cached,
        "with_groups_images_per_second": images / whole_cached,
        "images": images,
        "method": default_method(encoder),
    }


def _maps(
    shards: Iterable[Shard],
    encoder: Encoder,
    heads: CrossFittedHeads[ConceptHead],
    settings: Settings,
) -> float:
    """Seconds for the maps of all images."""
    method = default_method(encoder)
    started = time.perf_counter()
    with closing(encoded_shards(shards, needs(method, encoder), encoder, settings)) as stream:
        for encoded in stream:
            # As in a run: each head scores the images of its fold.
            for fold in range(FOLDS):
                rows = range(fold, len(encoded.shard.pixel_hashes), FOLDS)
                if rows:
                    score_batch(encoder, heads.head_of(fold), method, encoded.state(rows))
    return time.perf_counter() - started


def _whole(
    collection_id: int,
    number: int,
    encoder: Encoder,
    distilled: Distilled,
    settings: Settings,
) -> float:
    """Seconds until a new version has maps and pixel groups of all images in the database."""
    version_id = add_version(collection_id, number, distilled, encoder, settings)
    started = time.perf_counter()
    score(version_id, encoder, settings, Silent())
    return time.perf_counter() - started


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
