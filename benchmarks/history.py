"""Histories of people, images and tags among a million events, and undo.

Milliseconds are medians of `REPEATS`, in this process, on SQLite and on PostgreSQL beside it, for a
made-up collection of which four people decided everything: the first page of a person's history, a
page half a million events down, one limited to a kind, a collection and days, those of an image and
of a tag, what a bulk would undo, and an undo of one verdict and of 1,000 at once.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import func, insert, select, text

from benchmarks.command import Figures, parser, show
from benchmarks.web.databases import Filled, filled_databases, offer_databases
from workbench.app import create_app
from workbench.services import accounts
from workbench.services.review import history, undo, verdicts
from workbench.services.review.history import Asked
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag
from workbench.store.people import AuditEvent

EVENTS = 1_000_000
QUICK_EVENTS = 50_000
IMAGES = 5_000
PEOPLE = 4
FIRST = 1_000
REPEATS = 5
BULK = 1_000


def main() -> None:
    """Fill, ask, report."""
    options = parser(__doc__ or "")
    options.add_argument("--events", type=int)
    offer_databases(options)
    chosen = options.parse_args()
    events = chosen.events or (QUICK_EVENTS if chosen.quick else EVENTS)
    figures: Figures = {"events": events}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            print(f"{database}, {events:,} events", file=sys.stderr)
            measured = measure(store.filled(database, IMAGES), events)
            figures |= {f"{key}_{database}": value for key, value in measured.items()}
    show(figures, as_json=chosen.json)


def measure(filled: Filled, events: int) -> Figures:
    """Milliseconds of each question."""
    with create_app(filled.settings).app_context():
        people = _people()
        fill_history(events, people)
        person = people[0]
        middle = session().scalar(select(func.max(AuditEvent.id)))
        image_id = session().scalar(select(func.min(Image.id))) or 0
        tag_id = session().scalar(select(func.min(Tag.id))) or 0
        collection = session().scalar(select(Collection.name).limit(1)) or ""
        today = now().date()
        limited = Asked(
            person_id=person,
            kind="note",
            collection=collection,
            since=today - timedelta(days=1),
            until=today,
        )
        image_ids = session().scalars(select(Image.id).order_by(Image.id).limit(BULK)).all()
        for each in image_ids:
            verdicts.give_verdict(people[1], each, None, "fake")
        newest = history.history(Asked(person_id=people[1], kind="verdict")).events[0]
        figures: Figures = {
            "person_ms": _median(lambda: history.history(Asked(person_id=person))),
            "person_middle_ms": _median(
                lambda: history.history(Asked(person_id=person), (middle or 0) // 2)
            ),
            "person_limited_ms": _median(lambda: history.history(limited)),
            "image_ms": _median(lambda: history.history_of_image(image_id)),
            "tag_ms": _median(lambda: history.history_of_tag(tag_id)),
            "count_undoable_ms": _median(
                lambda: undo.count_undoable(person, Asked(person_id=person))
            ),
            "undo_ms": _timed(lambda: undo.undo(people[1], newest.id))[0],
        }
        asked = Asked(person_id=people[1], kind="verdict", since=today)
        seen = undo.count_undoable(people[1], asked)
        figures["undo_1000_ms"] = _timed(lambda: undo.undo_all(people[1], asked, seen))[0]
        session().rollback()
        return figures


def _people() -> list[int]:
    return [
        accounts.add_user(f"person {number}", "correct horse battery", "reviewer").id
        for number in range(PEOPLE)
    ]


def fill_history(events: int, people: list[int]) -> None:
    """Write so many events about the images and tags that are there; each is about its own row."""
    images = session().scalars(select(Image.id).order_by(Image.id).limit(IMAGES)).all()
    tags = session().scalars(select(Tag.id).order_by(Tag.id).limit(50)).all() or [1]
    collection_id = session().scalar(select(Collection.id).limit(1))
    kinds = (*["verdict"] * 6, *["tagging"] * 3, "note")
    actions = {"verdict": "verdict.give", "tagging": "tag.add", "note": "note.save"}
    before = session().scalar(select(func.max(AuditEvent.id))) or 0
    with transaction() as write:
        write.execute(
            insert(AuditEvent),
            [
                {
                    "user_id": people[number % len(people)],
                    "action": actions[kinds[number % 10]],
                    "subject": f"{kinds[number % 10]}:{10**8 + number}",
                    "image_id": images[number % len(images)],
                    "tag_id": tags[number % len(tags)] if kinds[number % 10] == "tagging" else None,
                    "collection_id": collection_id,
                    "before": None,
                    "after": {"decision": "fake"},
                    "detail": {},
                    "at": now(),
                }
                for number in range(FIRST)
            ],
        )
    written = FIRST
    columns = "user_id, action, image_id, tag_id, collection_id, after, detail, at"
    while written < events:
        more = min(written, events - written)
        with transaction() as write:
            write.execute(
                text(
                    # Of another row each time: an event about the same row follows the earlier.
                    f"insert into audit_event (subject, {columns}) "  # noqa: S608 - names of columns
                    "select substr(subject, 1, length(subject) - 9) || "
                    "(100000000 + :written + row_number() over (order by id)), "
                    f"{columns} from audit_event where id > :before order by id limit :more"
                ),
                {"written": written, "more": more, "before": before},
            )
        written += more


Made = TypeVar("Made")


def _median(work: Callable[[], object]) -> float:
    work()  # what is read once stays
    return statistics.median(_timed(work)[0] for _ in range(REPEATS))


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """Milliseconds, and what came of it."""
    session().rollback()
    session().expunge_all()
    began = time.perf_counter()
    made = work()
    return (time.perf_counter() - began) * 1e3, made


if __name__ == "__main__":
    main()
