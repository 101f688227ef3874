"""Do scores speak of images not seen, and does the review queue bring up label errors?

Each set is imported with a fifth of the labels of each side flipped at random, analysed by a run as
the workbench does it, and asked for its review queue.

`memorised_share`: the share of images whose shown score comes from a head that was trained on them,
by the folds in the database, over all sets. `flips_found SET`: of the flipped labels, the share in
the first quarter of the queue: the images that the queue shows first, as many as a quarter of the
collection; the mean of `SEEDS` draws of which labels are flipped, with each draw beside it. By
chance a quarter. `flips_found_by_final_head SET`: the same where training images, too, are scored
by the final head, as before cross-fitting.

`--data DIR` (again and again) names folders with `real/` and `fake/` below, or with a manifest;
without it, the demo set's faces are used. Planted patterns always come last.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from benchmarks.command import Figures, run_on_folders
from benchmarks.encoded import Picture
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.planted import FIVE, planted
from benchmarks.temporary import temporary_workbench
from workbench.analysis.metrics import auc
from workbench.config import Settings
from workbench.services.encoding.registry import encoder_of
from workbench.services.encoding.states import states_of
from workbench.services.explore.review_queue import review_queue
from workbench.services.imports.run import import_images
from workbench.services.models.weights import load_heads
from workbench.services.pipeline import executor
from workbench.services.progress import Silent
from workbench.services.runs import queue
from workbench.services.runs.requests import run_for_analysis
from workbench.services.workspaces import workspace
from workbench.store.database import db, session
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion, CuratedItem, ModelVersion

FLIPPED = 0.2
SEEDS = 3
QUICK_SEEDS = 1
UNMEASURED = {"sensitivity_images": 1, "effect_images": 1}
"""What no figure here is made of is measured as little as can be."""


@dataclass(frozen=True)
class Draw:
    """What one draw of flipped labels came to."""

    images: int
    memorised: int
    found: float
    found_by_final: float
    training_errors: int
    held_out_errors: int
    auc_of_truth: float | None


def measure(folders: list[Path], quick: bool) -> Figures:
    """Every set under several draws."""
    named = {
        folder.name: pictures(folder, quick=quick)
        for folder in folders or [each for each in demo_folders() if "faces" in each.name]
    }
    named["planted"] = list(planted(FIVE, quick=quick).pictures)
    drawn = {
        name: _draws(chosen, QUICK_SEEDS if quick else SEEDS) for name, chosen in named.items()
    }
    every = [each for draws in drawn.values() for each in draws]
    figures: Figures = {
        "memorised_share": sum(each.memorised for each in every)
        / sum(each.images for each in every),
    }
    for name, draws in drawn.items():
        figures |= {
            f"flips_found {name}": float(np.mean([each.found for each in draws])),
            f"flips_found_draws {name}": [each.found for each in draws],
            f"flips_found_by_final_head {name}": float(
                np.mean([each.found_by_final for each in draws])
            ),
            f"auc_of_true_labels {name}": [each.auc_of_truth for each in draws],
            f"images {name}": draws[0].images,
            f"training_errors {name}": [each.training_errors for each in draws],
            f"held_out_errors {name}": [each.held_out_errors for each in draws],
        }
    return figures


def _draws(chosen: list[Picture], seeds: int) -> list[Draw]:
    """Each draw is a collection of the same workbench, in which images are encoded once."""
    fake = np.array([each.fake for each in chosen])
    draws = []
    with temporary_workbench() as base:
        settings = base.model_copy(update=UNMEASURED)
        for seed in range(seeds):
            flipped = _flips(fake, seed)
            name = f"flipped-{seed}"
            manifest = listed(chosen, flipped, settings.data_dir / f"{name}.csv")
            import_images(manifest, collection=name, settings=settings, progress=Silent())
            collection_id = workspace(name).collection.id
            version_id = analysed(collection_id, settings)
            turned = dict(zip((each.path.resolve() for each in chosen), flipped, strict=True))
            draws.append(_read(collection_id, version_id, turned, settings))
    return draws


def _flips(fake: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    generator = np.random.default_rng(seed)
    flipped = np.zeros(len(fake), dtype=bool)
    for side in (False, True):
        own = np.flatnonzero(fake == side)
        flipped[generator.choice(own, round(FLIPPED * len(own)), replace=False)] = True
    return flipped


def listed(chosen: list[Picture], flipped: NDArray[np.bool_], path: Path) -> Path:
    """Write a manifest, with some labels turned."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "group"))
        for each, turned in zip(chosen, flipped, strict=True):
            label = "fake" if each.fake != turned else "real"
            writer.writerow((each.path.resolve(), label, each.group))
    return path


def analysed(collection_id: int, settings: Settings) -> int:
    """Analyse a collection; the id of its version."""
    run_id = run_for_analysis(collection_id)
    claim = queue.claim(run_id, "benchmark:1:1") if run_id is not None else None
    if claim is None or executor.execute(db.engine, claim, settings) != "succeeded":
        raise RuntimeError("the analysis did not succeed")
    session().rollback()
    return session().get_one(ActiveVersion, collection_id).version_id


def _read(
    collection_id: int, version_id: int, turned: dict[Path, bool], settings: Settings
) -> Draw:
    uris = dict(
        session()
        .execute(select(Image.id, Image.original_uri).where(Image.collection_id == collection_id))
        .tuples()
        .all()
    )
    waiting = review_queue(version_id)
    store = waiting.store
    by_path = {path.as_uri(): flip for path, flip in turned.items()}
    flipped = np.array([by_path[uris[each]] for each in store.image_ids.tolist()])
    quarter = store.count // 4
    fake = (store.labels == 1) != flipped

    def found(logits: NDArray[np.float32], queued: NDArray[np.int64]) -> float:
        order = queued[np.argsort(-np.abs(logits[queued]), kind="stable")]
        return float(flipped[order[:quarter]].sum() / flipped.sum())

    final = _by_final_head(collection_id, version_id, store.image_ids, settings)
    wrong = np.flatnonzero((final > 0) != (store.labels == 1))
    return Draw(
        images=store.count,
        memorised=_memorised(version_id),
        found=found(store.logits, waiting.waiting),
        found_by_final=found(final, wrong),
        training_errors=int((store.wrong & ~store.held_out).sum()),
        held_out_errors=int((store.wrong & store.held_out).sum()),
        auc_of_truth=auc(fake, store.logits),
    )


def _memorised(version_id: int) -> int:
    version = session().get_one(ModelVersion, version_id)
    rows = session().execute(
        select(CuratedItem.fold, Prediction.fold)
        .join(Prediction, Prediction.image_id == CuratedItem.image_id)
        .where(
            CuratedItem.dataset_id == version.dataset_id,
            Prediction.version_id == version_id,
            CuratedItem.held_out.is_(False),
        )
    )
    return sum(own is None or own != scored_by for own, scored_by in rows)


def _by_final_head(
    collection_id: int, version_id: int, image_ids: NDArray[np.int64], settings: Settings
) -> NDArray[np.float32]:
    head = load_heads(session().get_one(ModelVersion, version_id), settings).final
    ids, encoder = image_ids.tolist(), encoder_of(settings)
    by_id: dict[int, float] = {}
    for chosen, state in states_of(collection_id, ids, head.parts, encoder, settings):
        logits = head.logit_of(head.dimensions_of(encoder, state))
        by_id |= dict(zip(chosen, logits.tolist(), strict=True))
    return np.array([by_id[each] for each in ids], dtype=np.float32)


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
