"""Table of exports of label sets that are asked for on pages."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base
from workbench.store.jobs import Job
from workbench.store.label_sets import LabelSet
from workbench.store.people import User


class ExportJob(Job, Base):
    """An export of a label set, written by the worker; its file is kept for a while."""

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')",
            name="state",
        ),
        CheckConstraint(
            "format in ('jsonl', 'csv', 'parquet', 'coco', 'label_studio', 'cvat', "
            "'imagefolder', 'coco_zip', 'cvat_zip')",
            name="format",
        ),
        Index("ix_export_job_state", "state"),
    )

    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id"), index=True)
    format: Mapped[str] = mapped_column(String(12))
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes of the file, once it is whole."""
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)

    label_set: Mapped[LabelSet] = relationship()
    requested_by: Mapped[User] = relationship()

    @classmethod
    def like(cls, job_id: int) -> ColumnElement[bool]:
        """Exports in the same format."""
        its = select(cls.format).where(cls.id == job_id).scalar_subquery()
        return cls.format == its
