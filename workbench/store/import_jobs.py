"""Table of imports that are asked for on pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base
from workbench.store.jobs import Job
from workbench.store.people import User


class ImportJob(Job, Base):
    """An import with its options: a draft until somebody starts it, then done by the worker."""

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name="state",
        ),
        CheckConstraint("kind in ('folder', 'upload')", name="kind"),
        Index("ix_import_job_state", "state"),
    )

    collection_name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(Text)
    """Percent-encoded: a folder below the import root, or that of an upload below all uploads."""
    shown: Mapped[str] = mapped_column(Text)
    """What people know the source by: the folder, or the name of the uploaded file."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The `ImportReport` of one that has succeeded."""
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)

    requested_by: Mapped[User] = relationship()

    @classmethod
    def like(cls, job_id: int) -> ColumnElement[bool]:
        """Imports of the same source."""
        its = select(cls.source).where(cls.id == job_id).scalar_subquery()
        return cls.source == its
