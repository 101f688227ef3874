"""What a whole analysis costs, stage by stage, in forward passes over its images, and its memory.

A collection is imported and analysed as by `manage.py analyze`; before and after it the encoder
alone goes over the same images. `forward_passes` is the processor time of the analysis over that of
one such pass, so that neither the machine nor what else it does decides. `--data DIR` (again and
again) names folders; without it, the demo set is used.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image as Picture
from sqlalchemy import select

from benchmarks.command import Figures, run_on_folders
from benchmarks.temporary import candidates, import_listed, list_images, temporary_workbench
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.encoding.pixels import read_copy
from workbench.services.encoding.registry import encoder_of
from workbench.services.pipeline import executor
from workbench.services.runs import processes, requests
from workbench.store.database import db, session
from workbench.store.images import Image

SIZES = (120, 800)
QUICK_SIZES = (48,)
_PASSES = 2
"""Bare passes before, and as many after."""


class Stages:
    """A Progress that adds up the processor seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "Starting", time.process_time()

    def advance(self, _done: int, _total: int, stage: str) -> None:
        """Book what has passed on the stage that was under way."""
        moment = time.process_time()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + moment - self._since
        self._stage, self._since = stage, moment


def measure(folders: list[Path], quick: bool) -> Figures:
    """The figures of a small and a large collection; memory is that of the whole process."""
    Settings().set_up_numba()  # the installation's cache: not that of a folder that goes
    found = candidates(folders)
    figures: Figures = {}
    for size in QUICK_SIZES if quick else SIZES:
        with temporary_workbench() as settings:
            manifest = list_images(found[:size], settings.data_dir / "images.csv")
            collection_id = import_listed(manifest, "images", settings)
            figures |= {
                f"{key}_{size}": value for key, value in _analysed(collection_id, settings).items()
            }
    figures["peak_gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return figures


def _analysed(collection_id: int, settings: Settings) -> Figures:
    encoder = encoder_of(settings)
    hashes = (
        session()
        .scalars(select(Image.pixel_hash).where(Image.collection_id == collection_id))
        .all()
    )
    session().rollback()
    passes = [_pass(hashes, encoder, settings) for _ in range(_PASSES)]
    stages = Stages()
    run_id = requests.run_for_analysis(collection_id)
    if run_id is None:
        raise RuntimeError("there is nothing to analyse")
    began, cpu = time.perf_counter(), time.process_time()
    view = executor.see_through(db.engine, run_id, settings, processes.new_name(), stages)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if view.state != "succeeded":
        raise RuntimeError(f"the analysis {view.state}: {view.error}")
    stages.advance(0, 0, "")
    passes += [_pass(hashes, encoder, settings) for _ in range(_PASSES)]
    forward = sum(passes) / len(passes)
    return {
        "images": len(hashes),
        "forward_passes": cpu / forward,
        "forward_passes_by_stage": {
            stage: round(spent / forward, 3) for stage, spent in stages.seconds.items()
        },
        "seconds": seconds,
    }


def _pass(hashes: Sequence[str], encoder: Encoder, settings: Settings) -> float:
    """Processor seconds of encoding these images, and of nothing else."""
    spent = 0.0
    for start in range(0, len(hashes), settings.batch_size):
        batch = hashes[start : start + settings.batch_size]
        pictures = [Picture.fromarray(read_copy(settings.image_dir, each)) for each in batch]
        pixels = encoder.preprocess(pictures)
        before = time.process_time()
        encoder.encode(pixels, frozenset())
        spent += time.process_time() - before
    return spent


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
