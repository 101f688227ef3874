"""Removal of what failed and cancelled runs leave, and of versions that somebody removed.

The run's state marks them: pages show versions of runs that succeeded. A removal that is cut short
is continued by the next one.
"""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from workbench.services.models.versions import remove_results
from workbench.store.chunks import change_in_chunks
from workbench.store.database import session, transaction
from workbench.store.versions import CuratedDataset, CuratedItem, ModelVersion, TrainingRun


def remove_left() -> None:
    """Remove versions and datasets of all runs that are marked so."""
    left = session().execute(
        select(TrainingRun.id, TrainingRun.version_id, TrainingRun.dataset_id).where(
            TrainingRun.state.in_(("failed", "cancelled", "removed")),
            or_(TrainingRun.version_id.is_not(None), TrainingRun.dataset_id.is_not(None)),
        )
    )
    found = left.tuples().all()
    session().rollback()
    for run_id, version_id, dataset_id in found:
        if version_id is not None:
            _remove_version(run_id, version_id)
        if dataset_id is not None:
            remove_dataset(dataset_id)


def _remove_version(run_id: int, version_id: int) -> None:
    remove_results(version_id)
    with transaction() as write:
        # The run's mark goes with the last row: until then the id is not given out again.
        write.execute(update(TrainingRun).where(TrainingRun.id == run_id).values(version_id=None))
        write.execute(delete(ModelVersion).where(ModelVersion.id == version_id))


def remove_dataset(dataset_id: int) -> None:
    """Delete a curated dataset that no version was trained on."""
    change_in_chunks(
        delete(CuratedItem), CuratedItem.image_id, CuratedItem.dataset_id == dataset_id
    )
    with transaction() as write:
        write.execute(
            update(TrainingRun).where(TrainingRun.dataset_id == dataset_id).values(dataset_id=None)
        )
        write.execute(delete(CuratedDataset).where(CuratedDataset.id == dataset_id))
