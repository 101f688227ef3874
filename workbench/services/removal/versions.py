"""Removal of a version: its scores, pixel groups, patterns, cells and files.

What people said stays: verdicts, and notes, which no longer say on which version; tags, on the
regions that they were put on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.models.versions import is_finished
from workbench.services.removal import files, journal, queues
from workbench.services.removal.counts import Counts, count, on_disk
from workbench.services.removal.finish import finish
from workbench.services.removal.notes import forget_version
from workbench.services.removal.regions import delete_on_patterns, keep_tags_of_patterns
from workbench.store.artifacts import Artifact
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote, Tagging, Verdict
from workbench.store.results import Pattern, PixelGroup, Prediction, ResultShard
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun


@dataclass(frozen=True)
class VersionPlan:
    """What the removal of a version would remove. Verdicts, notes and tags stay, without it."""

    collection: str
    number: int
    counts: Counts
    verdicts: int
    notes: int
    tags: int
    """On its patterns."""


def plan_version(name: str, number: int, settings: Settings) -> VersionPlan:
    """Count what the removal of a version would remove. Raises NotFoundError."""
    version = _version(name, number)
    return VersionPlan(
        name,
        number,
        counts_of_version(version, settings),
        verdicts=count(Verdict, Verdict.version_id == version.id),
        notes=count(CounterfactualNote, CounterfactualNote.version_id == version.id),
        tags=count(Tagging, _on_patterns(version.id), Tagging.withdrawn_at.is_(None)),
    )


def remove_version(name: str, number: int, user_id: int | None, settings: Settings) -> Counts:
    """Remove a version of a collection. Nobody sees it from here on.

    Raises NotFoundError, and ConflictError for the active version and while a run is under way.
    """
    with journal.alone(settings):
        version = _version(name, number)
        counts = counts_of_version(version, settings)
        with transaction() as write:
            journal.refuse_while_running(write, {version.collection_id})
            _refuse_active(write, version)
            removal_id = journal.record(
                write, "version", version.id, version.collection_id, counts, user_id, number=number
            )
            keep_tags_of_patterns(write, version.id)
            take_out(write, version, removal_id, settings)
        finish(settings)
    return counts


def counts_of_version(version: ModelVersion, settings: Settings) -> Counts:
    """How much of each kind goes with a version."""
    number, size = on_disk(files_of(version, settings))
    return Counts(
        versions=1,
        scores=count(Prediction, Prediction.version_id == version.id),
        pixel_groups=count(PixelGroup, PixelGroup.version_id == version.id),
        patterns=count(Pattern, Pattern.version_id == version.id),
        files=number,
        size=size,
    )


def files_of(version: ModelVersion, settings: Settings) -> list[Path]:
    """All that is on disk of a version."""
    artifacts = session().scalars(
        select(Artifact.path).where(
            or_(
                Artifact.id == version.weights_id,
                Artifact.id.in_(
                    select(ResultShard.artifact_id).where(ResultShard.version_id == version.id)
                ),
            )
        )
    )
    own = [settings.artifact_dir / each for each in artifacts]
    return own + files.of_version(settings, version)


def take_out(write: Session, version: ModelVersion, removal_id: int, settings: Settings) -> None:
    """Mark a version as removed, within a transaction; its rows go next, then its files.

    With it go the tags that are still on its patterns.
    """
    delete_on_patterns(write, _patterns(version.id))
    forget_version(write, version.id)
    queues.forget_version(write, version.id)
    write.execute(
        update(Verdict).where(Verdict.version_id == version.id).values(version_id=None),
        execution_options={"synchronize_session": False},
    )
    write.execute(
        update(ModelVersion).where(ModelVersion.parent_id == version.id).values(parent_id=None)
    )
    write.execute(
        update(TrainingRun).where(TrainingRun.version_id == version.id).values(state="removed")
    )
    files.list_files(write, removal_id, files_of(version, settings), settings)


def _version(name: str, number: int) -> ModelVersion:
    collection = find_collection(name)
    version = session().scalar(
        select(ModelVersion).where(
            ModelVersion.collection_id == collection.id, ModelVersion.number == number
        )
    )
    if version is None or not is_finished(version.id):
        raise NotFoundError(
            gettext("%(name)s has no version %(version)s.", name=name, version=number)
        )
    return version


def _refuse_active(write: Session, version: ModelVersion) -> None:
    active = write.get(ActiveVersion, version.collection_id, populate_existing=True)
    if active is not None and active.version_id == version.id:
        raise ConflictError(
            gettext(
                "v%(number)s is the active version. Make another one active first, or remove the "
                "collection.",
                number=version.number,
            )
        )


def _on_patterns(version_id: int) -> ColumnElement[bool]:
    return Tagging.pattern_id.in_(_patterns(version_id))


def _patterns(version_id: int) -> Select[tuple[int]]:
    return select(Pattern.id).where(Pattern.version_id == version_id)
