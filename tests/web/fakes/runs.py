"""Runs and their queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.services.errors import (
    ConflictError,
    NotFoundError,
)
from workbench.services.runs.queue import RunView


def run(state: str, **changes: Any) -> RunView:
    """A run of the collection of faces."""
    usual = RunView(
        id=7,
        collection_id=1,
        state=state,
        stage="relevance",
        done=62,
        total=100,
        fraction=0.62,
        seconds_left=14.0,
        error="",
        version_number=None,
        trigger="request",
        requested_by="ada",
        created_at=NOON,
        started_at=NOON,
        finished_at=None,
        cancel_requested=False,
    )
    return replace(usual, **changes)


@dataclass
class Runs:
    book: State

    def request_retrain(
        self, user_id: int | None, collection_id: int, *, trigger: str = "request"
    ) -> RunView:
        if any(each.state in ("queued", "running") for each in self.book.runs):
            raise ConflictError("A run for this collection is already queued or running.")
        self.book.runs.insert(0, run("queued", fraction=None, seconds_left=None))
        return self.book.runs[0]

    def cancel(self, user_id: int, run_id: int) -> RunView:
        self.book.runs = [
            replace(each, cancel_requested=True) if each.id == run_id else each
            for each in self.book.runs
        ]
        return self.run(run_id)

    def run(self, run_id: int) -> RunView:
        for each in self.book.runs:
            if each.id == run_id:
                return each
        raise NotFoundError("Run not found.")

    def runs(self, collection_id: int, limit: int = 20) -> tuple[RunView, ...]:
        return tuple(each for each in self.book.runs if each.collection_id == collection_id)


@dataclass
class Leases:
    """Whether a worker is there."""

    book: State

    def worker_alive(self) -> bool:
        return self.book.worker_alive
