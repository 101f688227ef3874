"""Versions whose run succeeded: they stay for good, and nobody has seen any other."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.store.database import session
from workbench.store.versions import ModelVersion, TrainingRun


def is_finished(version_id: int) -> bool:
    """Whether a version's run succeeded, so that it stays for good."""
    run_id = session().scalar(
        select(TrainingRun.id).where(
            TrainingRun.version_id == version_id, TrainingRun.state == "succeeded"
        )
    )
    return run_id is not None


def finished_versions(collection_id: int) -> list[ModelVersion]:
    """The versions whose run succeeded, the newest first; others nobody has seen."""
    return list(
        session().scalars(
            select(ModelVersion)
            .options(joinedload(ModelVersion.dataset))
            .join(TrainingRun, TrainingRun.version_id == ModelVersion.id)
            .where(ModelVersion.collection_id == collection_id, TrainingRun.state == "succeeded")
            .order_by(ModelVersion.number.desc())
        )
    )
