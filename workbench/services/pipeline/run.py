"""A training run, step by step, from images to the active version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import structlog

from workbench.analysis.cross_fitting.heads import Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.columns.build import write_columns
from workbench.services.describing import describe, of_words
from workbench.services.encoding.encode import encode_missing
from workbench.services.encoding.made_alike import MADE_ALIKE, made_alike_of
from workbench.services.encoding.precision import precision_of
from workbench.services.encoding.registry import encoder_of
from workbench.services.errors import ServiceError, UnavailableError, reason
from workbench.services.imports.alike import bring_copies
from workbench.services.models import scores
from workbench.services.models.encoders import encoder_of_version
from workbench.services.models.figures import CONSTANT
from workbench.services.models.learned import KEY
from workbench.services.models.left_out import left_out
from workbench.services.models.versions import PRECISION, switch_to, trained_version
from workbench.services.models.weights import load_heads
from workbench.services.pipeline import (
    cells,
    cleanup,
    layout,
    learning,
    patterns,
    scoring,
    sensitivity,
)
from workbench.services.pipeline.contributions import map_scale
from workbench.services.pipeline.metrics import figures_of_version
from workbench.services.progress import Cancelled, Progress
from workbench.services.runs import queue
from workbench.services.runs.claims import Claim, end_row, held
from workbench.services.runs.removal import remove_dataset, remove_left
from workbench.services.similar.build import make_indexes
from workbench.services.training import dataset, train
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion, TrainingRun

log = structlog.get_logger()
WRITING = "Writing cells and patterns"


def perform(claim: Claim, settings: Settings, progress: Progress) -> str:
    """Do a claimed run to its end; returns the state it ended in.

    Every step is resumable: embeddings by batch, the version once it is trained, scores by batch.
    A run that fails or is cancelled leaves nothing of its version behind, and the active version
    as it was. KeyboardInterrupt and SystemExit pass through: the caller puts the run back. So does
    ClaimLost: another process has taken the run over, and nothing more is written here.
    """
    with held(claim):
        state = _taken_to_its_end(claim, settings, progress)
    if state == "succeeded":
        _clean_up(settings)
    else:
        remove_left()
    return state


def _taken_to_its_end(claim: Claim, settings: Settings, progress: Progress) -> str:
    try:
        _take_steps(claim.run_id, settings, progress)
    except Cancelled:
        queue.end(claim, "cancelled")
        return "cancelled"
    except Exception as error:
        log.exception("run failed", run=claim.run_id)
        queue.end(claim, "failed", _reason(error))
        return "failed"
    return "succeeded"


def _take_steps(run_id: int, settings: Settings, progress: Progress) -> None:
    run = session().get_one(TrainingRun, run_id)
    collection_id, dataset_id, version_id = run.collection_id, run.dataset_id, run.version_id
    session().rollback()
    remove_left()
    parent = trained_version(collection_id)
    parent_id = parent.id if parent else None
    if version_id is None:
        encoder = encoder_of(settings)
    else:
        # What was trained is finished as it began, whatever the settings say by now.
        encoder = encoder_of_version(session().get_one(ModelVersion, version_id), settings)
        session().rollback()
    bring_copies(collection_id, settings, progress)
    encode_missing(collection_id, encoder, settings, progress)
    if version_id is None:
        if dataset_id is not None:
            remove_dataset(dataset_id)  # of a process that died: it may lack items
        frozen = dataset.freeze(collection_id, run_id, parent_id=parent_id, seed=settings.seed)
        version_id = train.train_version(run_id, frozen, parent_id, encoder, settings, progress)
    scoring.score(version_id, encoder, settings, progress)
    _summarise(version_id, encoder, settings, progress)
    write_columns(version_id, settings, transaction)
    _index(version_id, encoder, settings, progress)
    lost = left_out(version_id, collection_id, settings)
    found = {
        KEY: learning.learned_in(version_id),
        CONSTANT: learning.has_one_score(version_id),
        PRECISION: precision_of(settings),
        MADE_ALIKE: made_alike_of(collection_id),
    }
    _activate(run_id, version_id, found | ({"left_out": asdict(lost)} if lost.count else {}))


def _summarise(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Lay the version's images out, measure sensitivity, find patterns, cut cells, describe all.

    When repeated, a layout that is there is kept, and what was measured is not measured again;
    patterns, cells and descriptions start afresh.
    """
    version = session().get_one(ModelVersion, version_id)
    heads = load_heads(version, settings)
    known = scores.load_scores(version_id, settings)
    _measure(version_id, heads.final, known, settings)
    known = layout.write_layouts(version_id, known, encoder, settings, progress)
    known = sensitivity.measure_sensitivity(version_id, known, encoder, heads, settings, progress)
    found = patterns.find_patterns(version_id, known, encoder, heads, settings, progress)
    progress.advance(0, 1, WRITING)
    patterns.write_patterns(version_id, known, found)
    cells.write_cells(version_id, known)
    progress.advance(1, 1, WRITING)
    weights = heads.final.logit_weight.numpy()
    describe.describe(version_id, known, weights, encoder.grid, settings, progress)
    of_words.suggest_words(version_id, encoder, settings)


def _measure(version_id: int, head: Head, known: scores.Scores, settings: Settings) -> None:
    """Note the version's figures, and the scale of its heatmaps."""
    found = figures_of_version(version_id, known, settings)
    scale = map_scale(version_id, head, settings)
    with transaction() as write:
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | found | {"map_scale": scale}


def _index(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Make what nearest images are looked up in. It can be made later: the run needs it not."""
    try:
        make_indexes(version_id, encoder, settings, progress)
    except (UnavailableError, OSError):
        log.exception("indexing failed", version=version_id)


def _activate(run_id: int, version_id: int, found: dict[str, Any]) -> None:
    """The run's end and the switch to its version are one transaction, and a short one."""
    with transaction() as write:
        run = write.get_one(TrainingRun, run_id)
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | found
        end_row(write, run, "succeeded")
        switch_to(write, version, run.requested_by_id, run_id)


def _clean_up(settings: Settings) -> None:
    """Take away what earlier runs left behind; the run has succeeded, whatever comes of it."""
    try:
        swept = cleanup.sweep(settings)
    except Exception:
        log.exception("sweeping failed")
    else:
        log.info("swept", **vars(swept))


def _reason(error: Exception) -> str:
    if isinstance(error, ServiceError | ValueError):
        return str(error)
    return f"{type(error).__name__}: {reason(error)}"
