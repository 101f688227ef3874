"""How far review queues are: verdicts, people, pace, what is left and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy import and_, case, func, select

from workbench.services import visibility
from workbench.services.queues.counted import is_counted
from workbench.services.queues.forecast import Forecast, forecast, judged_by_day
from workbench.services.queues.leases import live
from workbench.services.queues.taking_part import find_queue, is_taking_part
from workbench.store.database import now, session
from workbench.store.judgements import Verdict
from workbench.store.people import User
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember


@dataclass(frozen=True)
class QueueLine:
    """A queue in a list. `done` and `needed` count verdicts, without those on controls.

    Who does not lead is told of those that `counted.py` says.
    """

    id: int
    name: str
    source: str
    images: int
    done: int
    needed: int
    created_by: str
    created_at: datetime
    state: str
    """`open`, `done`, `paused`, `ended`, or `making` while its items are written."""
    own: bool
    """Whether the reader takes part."""


@dataclass(frozen=True)
class Participant:
    """What one person has done in a queue."""

    user_id: int
    name: str
    judged: int
    """Without controls; for who does not lead with them."""
    skipped: int
    """Of those that they have not judged since."""
    holding: int
    """Items whose leases run."""
    seconds: float | None
    """Median time that a verdict took, of their last 200."""
    controls: int
    controls_right: int
    """By what they said first."""
    sees: bool
    """Whether they still see the collection; who does not is given nothing."""
    is_member: bool
    """Whether the queue names them, as one that is not for everybody does."""


@dataclass(frozen=True)
class QueueView:
    """A queue with everything that leads see of it."""

    line: QueueLine
    instructions: str
    filters: Mapping[str, Any]
    version: int | None
    """The number of the version that it was made under."""
    verdicts_needed: int
    disputes: str
    blind: bool
    independent: bool
    everybody: bool
    control_share: float
    controls: int
    round_size: int
    reasons: tuple[str, ...]
    finished: int
    """Images that have all their verdicts."""
    people: tuple[Participant, ...]
    ahead: Forecast
    """Of the verdicts that are still needed."""
    able: int
    """How many people can take part."""

    @property
    def too_few(self) -> bool:
        """Whether there are fewer people than an image needs verdicts: it would stay open."""
        return self.able < self.verdicts_needed

    @property
    def left(self) -> int:
        """Verdicts that are still needed."""
        return self.line.needed - self.line.done


def queues(collection_id: int, user_id: int | None, *, leads: bool = True) -> tuple[QueueLine, ...]:
    """The queues of a collection, open ones first, then the newest. Three queries."""
    found = session().execute(
        select(Queue, User.name)
        .join(User, User.id == Queue.created_by_id)
        .where(Queue.collection_id == collection_id)
        .order_by(Queue.ended_at.is_not(None), Queue.id.desc())
    )
    rows = found.tuples().all()
    ids = [queue.id for queue, _by in rows]
    counts = _counts(ids, leads=leads)
    member_of = set(
        session().scalars(select(QueueMember.queue_id).where(QueueMember.user_id == user_id))
    )
    return tuple(
        _line(queue, by, counts.get(queue.id, (0, 0)), own=queue.everybody or queue.id in member_of)
        for queue, by in rows
    )


def queue_view(
    collection_id: int, queue_id: int, user_id: int | None, *, leads: bool = True
) -> QueueView:
    """One queue, as a lead or anybody else sees it. Raises NotFoundError."""
    queue = find_queue(collection_id, queue_id)
    counts = _counts([queue_id], leads=leads).get(queue_id, (0, 0))
    own = user_id is not None and is_taking_part(session(), queue, user_id)
    controls = select(func.count()).where(
        QueueItem.queue_id == queue_id, QueueItem.control_answer.is_not(None)
    )
    line = _line(queue, queue.created_by.name, counts, own=own)
    return QueueView(
        line=line,
        instructions=queue.instructions,
        filters=queue.filters,
        version=queue.version.number if queue.version else None,
        verdicts_needed=queue.verdicts_needed,
        disputes=queue.disputes,
        blind=queue.blind,
        independent=queue.independent,
        everybody=queue.everybody,
        control_share=queue.control_share,
        controls=session().scalar(controls) or 0,
        round_size=queue.round_size,
        reasons=tuple(queue.reasons),
        finished=_finished(queue, leads=leads),
        people=_people(queue, leads=leads),
        ahead=forecast(
            line.needed - line.done,
            judged_by_day([queue_id], leads=leads).get(queue_id, {}),
            now().astimezone(UTC).date(),
            queue.created_at.astimezone(UTC).date(),
        ),
        able=_able(queue),
    )


def _line(queue: Queue, by: str, counts: tuple[int, int], *, own: bool) -> QueueLine:
    images, done = counts
    needed = images * queue.verdicts_needed
    return QueueLine(
        id=queue.id,
        name=queue.name,
        source=queue.source,
        images=images,
        done=done,
        needed=needed,
        created_by=by,
        created_at=queue.created_at,
        state=_state(queue, done >= needed),
        own=own,
    )


def _state(queue: Queue, all_done: bool) -> str:
    if queue.ended_at is not None:
        return "ended"
    if queue.ready_at is None:
        return "making"
    if queue.paused_at is not None:
        return "paused"
    return "done" if all_done else "open"


def _counts(queue_ids: list[int], *, leads: bool) -> dict[int, tuple[int, int]]:
    """How many images and standing verdicts each queue has, by its id; controls left out."""
    standing = and_(Verdict.id == QueueClaim.verdict_id, Verdict.withdrawn_at.is_(None))
    rows = session().execute(
        select(QueueItem.queue_id, func.count(QueueItem.id.distinct()), func.count(Verdict.id))
        .select_from(QueueItem)
        .outerjoin(
            QueueClaim,
            and_(
                QueueClaim.item_id == QueueItem.id,
                QueueClaim.verdict_id.is_not(None),
                is_counted(queue_ids, leads=leads),
            ),
        )
        .outerjoin(Verdict, standing)
        .where(QueueItem.queue_id.in_(queue_ids), QueueItem.control_answer.is_(None))
        .group_by(QueueItem.queue_id)
    )
    return {queue_id: (images, done) for queue_id, images, done in rows}


def _finished(queue: Queue, *, leads: bool) -> int:
    """How many images have all their verdicts."""
    all_there = (
        select(QueueItem.id)
        .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
        .join(Verdict, Verdict.id == QueueClaim.verdict_id)
        .where(
            QueueItem.queue_id == queue.id,
            QueueItem.control_answer.is_(None),
            Verdict.withdrawn_at.is_(None),
            is_counted([queue.id], leads=leads),
        )
        .group_by(QueueItem.id)
        .having(func.count() >= queue.verdicts_needed)
        .subquery()
    )
    return session().scalar(select(func.count()).select_from(all_there)) or 0


def _people(queue: Queue, *, leads: bool) -> tuple[Participant, ...]:
    at = now()
    judged = and_(Verdict.id.is_not(None), Verdict.withdrawn_at.is_(None))
    plain = QueueItem.control_answer.is_(None)
    rows = session().execute(
        select(
            QueueClaim.user_id,
            func.count(case((and_(judged, plain) if leads else judged, 1))),
            func.count(
                case((and_(QueueClaim.skipped_at.is_not(None), QueueClaim.verdict_id.is_(None)), 1))
            ),
            func.count(case((live(QueueClaim, at), 1))),
            func.count(case((and_(QueueClaim.first_decision.is_not(None), ~plain), 1))),
            func.count(case((QueueClaim.first_decision == QueueItem.control_answer, 1))),
        )
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
        .outerjoin(Verdict, Verdict.id == QueueClaim.verdict_id)
        .where(QueueItem.queue_id == queue.id)
        .group_by(QueueClaim.user_id)
    )
    done = {user_id: counted for user_id, *counted in rows}
    members = set(
        session().scalars(select(QueueMember.user_id).where(QueueMember.queue_id == queue.id))
    )
    names = session().execute(
        select(User.id, User.name, visibility.seen_by(User.id, queue.collection_id))
        .where(User.id.in_(done.keys() | members))
        .order_by(User.name)
    )
    seconds = _seconds(queue.id)
    return tuple(
        Participant(
            user_id,
            name,
            judged=counted[0],
            skipped=counted[1],
            holding=counted[2],
            seconds=seconds.get(user_id),
            controls=counted[3],
            controls_right=counted[4],
            sees=sees,
            is_member=user_id in members,
        )
        for user_id, name, sees in names
        for counted in (done.get(user_id, [0] * 5),)
    )


def _able(queue: Queue) -> int:
    """How many active accounts take part, and see the collection."""
    members = select(QueueMember.user_id).where(QueueMember.queue_id == queue.id)
    able = select(func.count()).where(
        User.deactivated_at.is_(None), visibility.seen_by(User.id, queue.collection_id)
    )
    if not queue.everybody:
        able = able.where(User.id.in_(members))
    return session().scalar(able) or 0


def _seconds(queue_id: int) -> dict[int, float]:
    """The median time, in seconds, between claim and verdict of each person's last 200."""
    rows = session().execute(
        select(QueueClaim.user_id, QueueClaim.claimed_at, QueueClaim.judged_at)
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
        .where(QueueItem.queue_id == queue_id, QueueClaim.judged_at.is_not(None))
        .order_by(QueueClaim.judged_at.desc())
        .limit(2_000)
    )
    took: dict[int, list[float]] = {}
    for user_id, claimed, judged in rows:
        took.setdefault(user_id, []).append(max((judged - claimed).total_seconds(), 0.0))
    return {user_id: median(times[:200]) for user_id, times in took.items()}
