"""Fencing: a process writes for a run only while it holds the newest claim on it.

A process may be suspended for longer than it may be silent, and another one takes its run over.
When it wakes, none of its writes may land.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from workbench.services.runs import processes
from workbench.services.runs.endings import record_end
from workbench.store.database import guarded, now, transaction
from workbench.store.jobs import Job
from workbench.store.versions import TrainingRun

SILENT_FOR = timedelta(seconds=120)
"""A run whose process has not been heard of for so long is taken for dead."""
NOT_RESUMABLE = "Its process died, and no other can go on with it. Start it again."
ATTEMPTS = 3
"""A run whose processes have died so often is given up."""


@dataclass(frozen=True)
class Claim:
    """A process's claim on a run. `number` counts the run's claims: the highest one is valid.

    `table` is where the run's row is: imports are claimed like runs.
    """

    run_id: int
    number: int
    table: type[Job] = TrainingRun


class ClaimLost(BaseException):
    """Raised where a process writes for a run that another one has taken over, or that has ended.

    No Exception, like KeyboardInterrupt: nothing on its way may take it for a failure of the run.
    """

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"claim {claim.number} on run {claim.run_id} is no longer valid")


def is_valid(claim: Claim) -> ColumnElement[bool]:
    """The condition that a row of the claim's table is this run, still held by this claim."""
    table = claim.table
    return and_(table.id == claim.run_id, table.claim == claim.number, table.state == "running")


def take(table: type[Job], run_id: int, holder: str) -> Claim | None:
    """Take a queued run: a conditional update, so that of two claimers one has it.

    None where it is not queued.
    """
    moment = now()
    with transaction() as write:
        number = write.scalar(
            update(table)
            .where(table.id == run_id, table.state == "queued")
            .values(
                state="running",
                claimed_by=holder,
                claim=table.claim + 1,
                attempts=table.attempts + 1,
                started_at=func.coalesce(table.started_at, moment),
                heartbeat_at=moment,
                stage="Starting",
                done=0,
                total=0,
                seconds_left=None,
                error="",
            )
            .returning(table.claim)
            .execution_options(synchronize_session=False)
        )
    return None if number is None else Claim(run_id, number, table)


def take_next(table: type[Job], holder: str) -> Claim | None:
    """Take the oldest queued run; None where there is none."""
    with transaction() as write:
        oldest = write.scalar(
            select(table.id).where(table.state == "queued").order_by(table.id).limit(1)
        )
    return None if oldest is None else take(table, oldest, holder)


def give_back(claim: Claim) -> None:
    """Put a running run back in the queue: its process was asked to stop and stops well.

    Nothing happens where another process has taken it over, or it has ended.
    """
    with transaction() as write:
        write.execute(
            update(claim.table)
            .where(is_valid(claim))
            .values(state="queued", claimed_by="", attempts=claim.table.attempts - 1)
        )


def queue_again(table: type[Job], died: str) -> tuple[int, ...]:
    """Queue again what dead processes left running, and fail what has died too often.

    `died` says why, with the number of `times`. Returns the ids of what was left.
    """
    with transaction() as write:
        # Locked: what another process has just queued again, and a third claimed, is not left.
        running = write.scalars(
            select(table)
            .where(table.state == "running")
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        left = [each for each in running if _is_left(each)]
        for each in left:
            each.claimed_by = ""
            if not each.resumable:
                end_row(write, each, "failed", NOT_RESUMABLE)
            elif each.attempts >= ATTEMPTS:
                end_row(write, each, "failed", died.format(times=each.attempts))
            else:
                each.state = "queued"
        return tuple(each.id for each in left)


def end_row(write: Session, ended: Job, state: str, error: str = "") -> None:
    """Write how a run ended, within a transaction, with its event."""
    ended.state, ended.error, ended.finished_at = state, error[:2000], now()
    ended.claimed_by = ""
    record_end(write, ended)


def _is_left(each: Job) -> bool:
    heard = each.heartbeat_at or each.created_at
    return processes.is_known_dead(each.claimed_by) or now() - heard > SILENT_FOR


def held(claim: Claim) -> AbstractContextManager[None]:
    """While entered, check the claim at the start of each of this thread's write transactions.

    The run's row is locked until the transaction ends, so that nobody takes the run over between
    the check and the commit. A transaction without a valid claim raises ClaimLost and changes
    nothing.
    """

    def check(write: Session) -> None:
        valid = select(claim.table.id).where(is_valid(claim)).with_for_update()
        if write.scalar(valid) is None:
            raise ClaimLost(claim)

    return guarded(check)
