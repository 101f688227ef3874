"""Tables of curated datasets, model versions, training runs and schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.artifacts import Artifact
from workbench.store.database import NEVER_AGAIN, Base, now
from workbench.store.images import Collection
from workbench.store.jobs import Job
from workbench.store.people import User


class CuratedDataset(Base):
    """A frozen, hashed list of (image, final label, weight). Written once."""

    __tablename__ = "curated_dataset"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the items in image order; equal decisions give equal hashes."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    last_verdict_id: Mapped[int] = mapped_column(default=0)
    """The newest verdict included; later ones are new decisions."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class CuratedItem(Base):
    """One image of a curated dataset."""

    __tablename__ = "curated_item"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("curated_dataset.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True, index=True)
    label: Mapped[str] = mapped_column(String(4))
    weight: Mapped[float]
    held_out: Mapped[bool]
    fold: Mapped[int | None]
    """Of a training image: the head of this fold is not trained on it. Null for held-out images,
    and in datasets from before cross-fitting."""


class ModelVersion(Base):
    """A distiller trained on one curated dataset. Never changed once its run has succeeded."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("collection_id", "number"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    number: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"), index=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("curated_dataset.id"), index=True)
    encoder: Mapped[str] = mapped_column(String(300))
    encoder_fingerprint: Mapped[str] = mapped_column(String(64))
    relevance: Mapped[str] = mapped_column(String(40))
    dimensions: Mapped[int]
    weights_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship()
    parent: Mapped[ModelVersion | None] = relationship(remote_side=id)
    dataset: Mapped[CuratedDataset] = relationship()
    weights: Mapped[Artifact] = relationship()


class StoredProjection(Base):
    """A forget-to-spell projection of a collection's embeddings by one encoder. Written once.

    The next training uses the newest one of the collection and encoder. A version keeps its own
    copy among its weights.
    """

    __tablename__ = "projection"
    __table_args__ = (
        Index(
            "ix_projection_collection_id_encoder_fingerprint",
            "collection_id",
            "encoder_fingerprint",
            "id",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    encoder_fingerprint: Mapped[str] = mapped_column(String(64))
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    artifact: Mapped[Artifact] = relationship()


class ActiveVersion(Base):
    """The version that a collection's pages show."""

    __tablename__ = "active_version"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    since: Mapped[datetime] = mapped_column(default=now)

    version: Mapped[ModelVersion] = relationship()


SCORES = "scores"
"""Trigger of a run that imports scores of a detector from outside."""


class TrainingRun(Job, Base):
    """A training run with its progress. Inserted by web, claimed by the worker."""

    __tablename__ = "training_run"
    __table_args__ = (
        CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'removed')",
            name="state",
        ),
        Index("ix_training_run_collection_id_id", "collection_id", "id"),
        Index("ix_training_run_state", "state"),
        # At most one open run a collection, whoever asks at the same moment.
        Index(
            "uq_training_run_open",
            "collection_id",
            unique=True,
            sqlite_where=text("state in ('queued', 'running')"),
            postgresql_where=text("state in ('queued', 'running')"),
        ),
    )

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    trigger: Mapped[str] = mapped_column(String(12))
    """`first` (the `analyze` command), `request` (a user), `schedule`, or `SCORES`."""
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("curated_dataset.id"), index=True)
    """The dataset that it froze; set before the dataset's items are written."""
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"), index=True)
    """The version that it trained; set before the version is active.

    Version and dataset of a run that failed or was cancelled are to be removed, as are those of a
    run whose version somebody removed.
    """

    collection: Mapped[Collection] = relationship()
    requested_by: Mapped[User | None] = relationship()
    version: Mapped[ModelVersion | None] = relationship()

    @classmethod
    def like(cls, job_id: int) -> ColumnElement[bool]:
        """Runs of the same collection; those that import scores apart."""
        its = select(cls.collection_id).where(cls.id == job_id).scalar_subquery()
        trigger = select(cls.trigger).where(cls.id == job_id).scalar_subquery()
        return and_(cls.collection_id == its, (cls.trigger == SCORES) == (trigger == SCORES))

    @property
    def resumable(self) -> bool:
        """Scores are imported by the process that has read their file, or not at all."""
        return self.trigger != SCORES


class WorkerLease(Base):
    """Lease of the only active worker; others wait until it expires."""

    __tablename__ = "worker_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime]


class Schedule(Base):
    """Time of a collection's scheduled retrains, local."""

    __tablename__ = "schedule"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    hour: Mapped[int]
    minute: Mapped[int] = mapped_column(default=0)
    min_decisions: Mapped[int]
