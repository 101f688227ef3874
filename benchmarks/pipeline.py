"""Files to pixel groups in the database, against the encoder's forward pass alone.

Import (decoding, normalising, writing), encoding, relevance, superpixels, grouping and SQLite, for
images that the workbench has not seen, under a distiller trained before on others. The bare forward
pass has the same images, preprocessed already, in the same batches. The two take turns, round by
round, in one process. `--data DIR` (again and again) names folders; without it, the demo set is
used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import Image as Picture
from sqlalchemy import func, select
from torch import Tensor

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
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.encoding.pixels import read_copy
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Silent
from workbench.services.sources.entries import Candidate
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction

Result = TypeVar("Result")

TAUGHT = 96
ROUNDS = 4
A_ROUND = 160
QUICK_ROUNDS = 2
QUICK_A_ROUND = 48


def measure(folders: list[Path], quick: bool) -> Figures:
    """Both throughputs, and their ratio over all rounds and in each."""
    rounds, size = (QUICK_ROUNDS, QUICK_A_ROUND) if quick else (ROUNDS, A_ROUND)
    found = candidates(folders)
    taught, rest = found[:TAUGHT], found[TAUGHT : TAUGHT + rounds * size]
    encoder = default_encoder()
    with temporary_workbench() as settings:
        manifest = list_images(taught, settings.data_dir / "taught.csv")
        distilled = teach(import_listed(manifest, "taught", settings), encoder, settings)
        turns = [
            Round(number, rest[number * size :][:size], encoder, distilled, settings)
            for number in range(rounds)
            if rest[number * size :]
        ]
        for turn in turns:
            turn.run()
        groups = session().scalar(select(func.count()).select_from(PixelGroup)) or 0
    images = sum(turn.images for turn in turns)
    importing, explaining, forward = (
        sum(getattr(turn, name) for turn in turns)
        for name in ("importing", "explaining", "forward")
    )
    return {
        "throughput_ratio": forward / (importing + explaining),
        "throughput_ratio_rounds": [
            turn.forward / (turn.importing + turn.explaining) for turn in turns
        ],
        "images_per_second": images / (importing + explaining),
        "forward_images_per_second": images / forward,
        "import_images_per_second": images / importing,
        "explain_images_per_second": images / explaining,
        "images": images,
        "pixel_groups": groups,
    }


class Round:
    """Some images once through everything, then once through the encoder alone. In seconds."""

    def __init__(
        self,
        number: int,
        chosen: list[Candidate],
        encoder: Encoder,
        distilled: Distilled,
        settings: Settings,
    ) -> None:
        self._name = f"round-{number}"
        self._manifest = list_images(chosen, settings.data_dir / f"{self._name}.csv")
        self._encoder = encoder
        self._distilled = distilled
        self._settings = settings
        self.images = 0
        self.importing = self.explaining = self.forward = 0.0

    def run(self) -> None:
        """Import, explain, then only encode."""
        encoder, settings = self._encoder, self._settings
        self.importing, collection_id = _timed(
            lambda: import_listed(self._manifest, self._name, settings)
        )
        version_id = add_version(collection_id, 1, self._distilled, encoder, settings)
        self.explaining, _ = _timed(lambda: score(version_id, encoder, settings, Silent()))
        batches = self._batches(collection_id)
        self.forward, _ = _timed(lambda: [encoder.encode(batch, frozenset()) for batch in batches])
        self.images = sum(len(batch) for batch in batches)
        scored = select(func.count()).where(Prediction.version_id == version_id)
        if session().scalar(scored) != self.images:
            raise RuntimeError("not every image was explained, or not every one was new")

    def _batches(self, collection_id: int) -> list[Tensor]:
        hashes = (
            session()
            .scalars(
                select(Image.pixel_hash)
                .where(Image.collection_id == collection_id)
                .order_by(Image.id)
            )
            .all()
        )
        session().rollback()
        size = self._settings.batch_size
        return [
            self._encoder.preprocess(
                [
                    Picture.fromarray(read_copy(self._settings.image_dir, each))
                    for each in hashes[start : start + size]
                ]
            )
            for start in range(0, len(hashes), size)
        ]


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
