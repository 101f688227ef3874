"""What rows of long work have in common: how far it is, and which process does it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ColumnElement, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.database import now

OPEN_STATES = ("queued", "running")
"""States of work that is not over."""


class Job:
    """Columns of work that is queued, claimed by a process, watched and cancelled."""

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    stage: Mapped[str] = mapped_column(String(60), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    stage_started_at: Mapped[datetime | None]
    stage_started_done: Mapped[int] = mapped_column(default=0)
    """Value of `done` when this process began the stage; excluded from the rate."""
    seconds_left: Mapped[float | None]
    """Estimate of the time until the end; null while there is none."""
    stage_seconds: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    """Seconds worked on each stage, by all processes; estimates of the next one start from them."""
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    """The process that claimed it, as `host:pid:token`."""
    claim: Mapped[int] = mapped_column(default=0)
    """Number of claims so far; a process writes for it only while it holds the last one."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Number of claims that were not given back; work whose processes keep dying fails."""
    heartbeat_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def resumable(self) -> bool:
        """Whether another process can go on with it."""
        return True

    @classmethod
    def like(cls, job_id: int) -> ColumnElement[bool]:
        """The condition that a row is of the same work as this one, so that it takes as long."""
        raise NotImplementedError
