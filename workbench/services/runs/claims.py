"""Fencing: a process writes for a run only while it holds the newest claim on it.

A process may be suspended for longer than it may be silent, and another one takes its run over.
When it wakes, none of its writes may land.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from workbench.store.database import guarded
from workbench.store.versions import TrainingRun


@dataclass(frozen=True)
class Claim:
    """A process's claim on a run. `number` counts the run's claims: the highest one is valid."""

    run_id: int
    number: int


class ClaimLost(BaseException):
    """Raised where a process writes for a run that another one has taken over, or that has ended.

    No Exception, like KeyboardInterrupt: nothing on its way may take it for a failure of the run.
    """

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"claim {claim.number} on run {claim.run_id} is no longer valid")


def is_valid(claim: Claim) -> ColumnElement[bool]:
    """The condition that a row of `training_run` is this run, still held by this claim."""
    return and_(
        TrainingRun.id == claim.run_id,
        TrainingRun.claim == claim.number,
        TrainingRun.state == "running",
    )


def held(claim: Claim) -> AbstractContextManager[None]:
    """While entered, check the claim at the start of each of this thread's write transactions.

    The run's row is locked until the transaction ends, so that nobody takes the run over between
    the check and the commit. A transaction without a valid claim raises ClaimLost and changes
    nothing.
    """

    def check(write: Session) -> None:
        valid = select(TrainingRun.id).where(is_valid(claim)).with_for_update()
        if write.scalar(valid) is None:
            raise ClaimLost(claim)

    return guarded(check)
