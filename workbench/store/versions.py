"""Curated datasets, the model versions trained on them, and the runs that train."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.artifacts import Artifact
from workbench.store.database import Base, now
from workbench.store.images import Collection
from workbench.store.people import User


class CuratedDataset(Base):
    """A frozen, hashed list of (image, final label, weight). Written once."""

    __tablename__ = "curated_dataset"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    """Hash over the items in image order; the same decisions give the same hash."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    last_verdict_id: Mapped[int] = mapped_column(default=0)
    """The newest verdict that was seen; later ones are new decisions."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class CuratedItem(Base):
    """One image of a curated dataset."""

    __tablename__ = "curated_item"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("curated_dataset.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(4))
    weight: Mapped[float]
    held_out: Mapped[bool]


class ModelVersion(Base):
    """A distiller trained on one curated dataset. Never changed once its run has succeeded."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("collection_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    number: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    dataset_id: Mapped[int] = mapped_column(ForeignKey("curated_dataset.id"))
    encoder: Mapped[str] = mapped_column(String(300))
    encoder_fingerprint: Mapped[str] = mapped_column(String(64))
    relevance: Mapped[str] = mapped_column(String(40))
    dimensions: Mapped[int]
    weights_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"))
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship()
    parent: Mapped[ModelVersion | None] = relationship(remote_side=id)
    dataset: Mapped[CuratedDataset] = relationship()
    weights: Mapped[Artifact] = relationship()


class StoredProjection(Base):
    """A forget-to-spell projection of a collection's embeddings by one encoder. Written once.

    The newest of a collection and encoder is the one that the next training uses. A version keeps
    its own copy among its weights.
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
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"))
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    artifact: Mapped[Artifact] = relationship()


class ActiveVersion(Base):
    """Which version a collection's pages show. Changing this row is the switch."""

    __tablename__ = "active_version"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    since: Mapped[datetime] = mapped_column(default=now)

    version: Mapped[ModelVersion] = relationship()


class TrainingRun(Base):
    """A request to train and analyse, and how far it is. Web inserts it, the worker claims it."""

    __tablename__ = "training_run"
    __table_args__ = (
        CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
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

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    trigger: Mapped[str] = mapped_column(String(12))
    """`first` (analyze), `request` (a person) or `schedule`."""
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    stage: Mapped[str] = mapped_column(String(60), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    stage_started_at: Mapped[datetime | None]
    stage_started_done: Mapped[int] = mapped_column(default=0)
    """What was done already when this process began the stage; it tells nothing of the rate."""
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    """The process that works on it, as `host:pid:token`."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed; a run that keeps killing its worker is given up."""
    heartbeat_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    """The version this run made; set as soon as it is trained, before it is active."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    collection: Mapped[Collection] = relationship()
    requested_by: Mapped[User | None] = relationship()
    version: Mapped[ModelVersion | None] = relationship()


class WorkerLease(Base):
    """Held by the one worker that may work; another waits until it expires."""

    __tablename__ = "worker_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime]


class Schedule(Base):
    """When the worker considers a retrain of a collection by itself."""

    __tablename__ = "schedule"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    hour: Mapped[int]
    minute: Mapped[int] = mapped_column(default=0)
    min_decisions: Mapped[int]
