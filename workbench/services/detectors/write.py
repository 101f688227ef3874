"""Scores of a detector as a version: its predictions, layout, cells and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sqlalchemy import func, insert, select

from workbench.analysis.layout.mixtures import BY_CONTENT
from workbench.analysis.metrics import auc
from workbench.config import Settings
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.columns.build import write_columns
from workbench.services.models import scores
from workbench.services.models.figures import CONSTANT
from workbench.services.models.outside import BESIDE, Outside
from workbench.services.models.versions import next_number, switch_to, trained_version
from workbench.services.pipeline import cells, layout
from workbench.services.pipeline.learning import has_one_score
from workbench.services.pipeline.metrics import figures_of_version
from workbench.services.progress import Progress
from workbench.services.runs.claims import end_row
from workbench.services.runs.stages import IMPORTING_SCORES
from workbench.services.training import dataset
from workbench.store.artifacts import Artifact, store_arrays
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.outcomes import THRESHOLD, outcome_of
from workbench.store.results import Prediction, ResultShard
from workbench.store.versions import ActiveVersion, CuratedItem, ModelVersion, TrainingRun

_SUREST = 1e-12
"""Distance of p(fake) to 0 and 1 in the logit, which is infinite there."""


def write_version(
    run_id: int,
    by_image: Mapping[int, float],
    outside: Outside,
    placed: layout.Placed,
    settings: Settings,
    progress: Progress,
) -> int:
    """Write the scores as a version, and end its run; returns the version's number.

    The version is active afterwards where the collection had none.
    """
    progress.advance(0, len(by_image), IMPORTING_SCORES)
    run = session().get_one(TrainingRun, run_id)
    collection_id = run.collection_id
    session().rollback()
    frozen = dataset.freeze(collection_id, run_id, seed=settings.seed)
    version_id = _begin(run_id, collection_id, frozen.id, outside, placed, settings)
    image_ids = np.array(sorted(by_image), np.int64)
    _write_predictions(version_id, frozen.id, image_ids, by_image, settings)
    layout.write_placements(version_id, BY_CONTENT, image_ids, placed.coordinates)
    known = scores.load_scores(version_id, settings)
    # The only layout: evidence, which the others are made of, is not known.
    known = replace(known, layouts={BY_CONTENT: known.layouts[BY_CONTENT]})
    cells.write_cells(version_id, known)
    write_columns(version_id, settings, transaction)
    measured = figures_of_version(version_id, known, settings) | {
        CONSTANT: has_one_score(version_id),
        BESIDE: _beside(collection_id, frozen, known),
    }
    progress.advance(len(by_image), len(by_image), IMPORTING_SCORES)
    return _end(run_id, version_id, measured)


def _begin(
    run_id: int,
    collection_id: int,
    dataset_id: int,
    outside: Outside,
    placed: layout.Placed,
    settings: Settings,
) -> int:
    nothing: dict[str, NDArray[np.generic]] = {"logit_weight": np.zeros(0, np.float32)}
    weights = store_arrays(settings.artifact_dir, "weights", nothing)
    with transaction() as write:
        version = ModelVersion(
            collection_id=collection_id,
            number=next_number(write, collection_id),
            dataset_id=dataset_id,
            encoder=placed.encoder,
            encoder_fingerprint=placed.fingerprint,
            relevance="",
            dimensions=0,
            weights=weights,
            metrics=outside.as_metrics(),
        )
        write.add(version)
        write.flush()
        write.get_one(TrainingRun, run_id).version_id = version.id
        return version.id


def _write_predictions(
    version_id: int,
    dataset_id: int,
    image_ids: NDArray[np.int64],
    by_image: Mapping[int, float],
    settings: Settings,
) -> None:
    """One row an image; all lie in one shard, which holds no activation of any."""
    shard_id = _empty_shard(version_id, len(image_ids), settings)
    labels = _labels(version_id, dataset_id)
    p = np.array([by_image[int(each)] for each in image_ids], np.float64)
    logits = logit(np.clip(p, _SUREST, 1 - _SUREST))
    rows = [
        {
            "version_id": version_id,
            "image_id": image_id,
            "logit": its_logit,
            "p": its_p,
            "label": labels.get(image_id),
            "outcome": outcome_of(labels.get(image_id), called_fake=its_p > THRESHOLD),
            "shard_id": shard_id,
            "row": row,
        }
        for row, (image_id, its_p, its_logit) in enumerate(
            zip(image_ids.tolist(), p.tolist(), logits.tolist(), strict=True)
        )
    ]
    write_in_chunks(rows, lambda write, chunk: write.execute(insert(Prediction), chunk))


def _empty_shard(version_id: int, images: int, settings: Settings) -> int:
    arrays: dict[str, NDArray[np.generic]] = {
        "activations": np.zeros((images, 0), np.float32),
        "token_maps": np.zeros((images, 0, 0), np.float16),
    }
    artifact: Artifact = store_arrays(settings.artifact_dir, "results", arrays)
    with transaction() as write:
        shard = ResultShard(version_id=version_id, artifact=artifact)
        write.add(shard)
        write.flush()
        return shard.id


def _labels(version_id: int, dataset_id: int) -> dict[int, str | None]:
    """Each image's label in the dataset; excluded images keep their own."""
    version = session().get_one(ModelVersion, version_id)
    rows = session().execute(
        select(Image.id, func.coalesce(CuratedItem.label, Image.label))
        .outerjoin(
            CuratedItem,
            (CuratedItem.image_id == Image.id) & (CuratedItem.dataset_id == dataset_id),
        )
        .where(Image.collection_id == version.collection_id)
    )
    found: dict[int, str | None] = dict(rows.tuples().all())
    session().rollback()
    return found


def _beside(
    collection_id: int, frozen: dataset.FrozenDataset, known: scores.Scores
) -> dict[str, object] | None:
    """The AUC of the trained version on the test images that both scored, with the same labels."""
    trained = trained_version(collection_id)
    if trained is None:
        return None
    rows = session().execute(
        select(Prediction.image_id, Prediction.logit).where(Prediction.version_id == trained.id)
    )
    logits = dict(rows.tuples().all())
    number = trained.number
    session().rollback()
    both = [
        each
        for each, row in zip(
            frozen.labels, known.rows_of([each.image_id for each in frozen.labels]), strict=True
        )
        if each.held_out and row >= 0 and each.image_id in logits
    ]
    fake = np.array([each.label == "fake" for each in both], dtype=bool)
    return {"number": number, "auc": auc(fake, np.array([logits[each.image_id] for each in both]))}


def _end(run_id: int, version_id: int, measured: dict[str, object]) -> int:
    """The run's end is one transaction with the switch, where the collection had no version."""
    with transaction() as write:
        run = write.get_one(TrainingRun, run_id)
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | measured
        end_row(write, run, "succeeded")
        audit.record(
            write,
            run.requested_by_id,
            "version.import_scores",
            f"model_version:{version_id}",
            concerned=Concerned(collection_id=version.collection_id, version_id=version_id),
        )
        if write.get(ActiveVersion, version.collection_id) is None:
            switch_to(write, version, run.requested_by_id, run_id)
        return version.number
