"""How runs, imports and exports ended, in the audit log: what is told of them elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.store.export_jobs import ExportJob
from workbench.store.images import Collection
from workbench.store.import_jobs import ImportJob
from workbench.store.jobs import Job
from workbench.store.label_sets import LabelSet
from workbench.store.versions import TrainingRun

_ACTS: Final = {"succeeded": "finish", "failed": "fail"}
"""A cancellation is recorded where somebody asks for it."""


@dataclass(frozen=True)
class _Kind:
    name: str
    concerned: Callable[[Session, Any], Concerned]


def _of_run(_write: Session, run: TrainingRun) -> Concerned:
    return Concerned(
        collection_id=run.collection_id,
        version_id=run.version_id if run.state == "succeeded" else None,
    )


def _of_import(write: Session, job: ImportJob) -> Concerned:
    named = select(Collection.id).where(Collection.name == job.collection_name)
    return Concerned(collection_id=write.scalar(named))


def _of_export(write: Session, job: ExportJob) -> Concerned:
    return Concerned(collection_id=write.get_one(LabelSet, job.label_set_id).collection_id)


_KINDS: Final[dict[type[Job], _Kind]] = {
    TrainingRun: _Kind("run", _of_run),
    ImportJob: _Kind("import", _of_import),
    ExportJob: _Kind("export", _of_export),
}


def record_end(write: Session, ended: Job) -> None:
    """Add the event of an end, within the transaction that writes it: `run.finish`, `run.fail`."""
    kind, act = _KINDS.get(type(ended)), _ACTS.get(ended.state)
    if kind is not None and act is not None:
        audit.record(
            write,
            None,
            f"{kind.name}.{act}",
            f"{ended.__tablename__}:{ended.id}",  # type: ignore[attr-defined]
            concerned=kind.concerned(write, ended),
        )
