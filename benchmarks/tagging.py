"""Tagging many regions at once, and the pages that count a million of them.

A made-up analysed collection of 250,000 images has a million pixel groups, each with a region;
its taxonomy has 5,000 tags on patterns, which reach a hundred thousand groups each, and on groups.
Milliseconds are medians of `REPEATS`, in this process, on SQLite and on PostgreSQL beside it:
`bulk_5000_ms` puts a tag on the groups of one pattern in 5,000 images, in one transaction with its
event, `undo_5000_ms` withdraws it; the others answer a page's question, or, as `…_page_ms`, draw
the page of the tag that is on most groups and the taxonomy's, while all those tags stand.
What comes of tags over retrains is told by `benchmarks.tags_carried`, whose figures follow.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from flask import Flask
from sqlalchemy import select

from benchmarks.command import Figures, parser, show
from benchmarks.tags_carried import carried
from benchmarks.web.databases import Filled, filled_databases, offer_databases
from workbench.app import create_app
from workbench.services.columns.store import column_store
from workbench.services.explore.filters import Chosen, Filters, Selection, choose
from workbench.services.explore.tag_selection import tag_selection
from workbench.services.review import tags
from workbench.services.tagged.groups import tagged_groups
from workbench.services.tagged.pattern_tags import tags_of_patterns
from workbench.services.taxonomy.listing import taxonomy
from workbench.store.database import session
from workbench.store.people import User
from workbench.store.versions import ActiveVersion

IMAGES = 250_000
QUICK_IMAGES = 20_000
BULK = 5_000
REPEATS = 5


def main() -> None:
    """Fill, tag, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", type=int)
    offer_databases(options)
    chosen = options.parse_args()
    images = chosen.images or (QUICK_IMAGES if chosen.quick else IMAGES)
    figures: Figures = {}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            print(f"{database}, {images:,} images", file=sys.stderr)
            measured = measure(store.filled(database, images))
            figures |= {f"{key}_{database}": value for key, value in measured.items()}
    figures |= carried(quick=chosen.quick)
    show(figures, as_json=chosen.json)


def measure(filled: Filled) -> Figures:
    """Milliseconds, and how many images and groups were tagged at once."""
    app = create_app(filled.settings.model_copy(update={"open_reading": True}))
    with app.app_context():
        version_id = session().scalars(select(ActiveVersion.version_id)).one()
        user_id = session().scalars(select(User.id)).first() or 0
        some = _selection(version_id)
        put: list[float] = []
        undone: list[float] = []
        for number in range(REPEATS):
            name = f"bulk {number}"
            took, made = _timed(
                lambda name=name: tag_selection(user_id, some, name, len(some.groups))
            )
            put.append(took)
            if number < REPEATS - 1:
                undone.append(_timed(lambda made=made: tags.withdraw(user_id, made.id))[0])
        store = column_store(version_id)
        figures: Figures = {
            "images": store.count,
            "regions": len(store.pixel_group_regions),
            "bulk_images": some.total,
            "bulk_groups": len(some.groups),
            f"bulk_{BULK}_ms": statistics.median(put),
            f"undo_{BULK}_ms": statistics.median(undone),
            "taxonomy_ms": _median(lambda: taxonomy([version_id])),
            "tag_filter_ms": _median(lambda: choose(version_id, Selection(Filters(tag=name)))),
            "pattern_tags_ms": _median(lambda: tags_of_patterns(store)),
        }
        borne = tagged_groups(store)
        largest = max(borne, key=lambda tag_id: len(borne[tag_id].groups))
        figures["tag_page_groups"] = len(borne[largest].groups)
        session().rollback()
    for page, address in (("tag", f"/taxonomy/{largest}"), ("taxonomy", "/taxonomy")):
        figures[f"{page}_page_ms"] = _median_page(app, address)
    return figures


def _median_page(app: Flask, address: str) -> float:
    client = app.test_client()
    times = []
    for _ in range(REPEATS + 1):  # what is read once stays
        began = time.perf_counter()
        answer = client.get(address)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} was answered with {answer.status_code}")
    return statistics.median(times[1:])


def _selection(version_id: int) -> Chosen:
    """The first images that have the largest pattern."""
    store = column_store(version_id)
    largest = int(store.pattern_ids[np.argmax(store.pattern_sizes)])
    chosen = choose(version_id, Selection(pattern_id=largest))
    rows = np.flatnonzero(chosen.selected)[:BULK]
    selected = np.zeros(store.count, np.bool_)
    selected[rows] = True
    return replace(chosen, selected=selected)


def _median(work: Callable[[], object]) -> float:
    work()  # what is read once stays
    return statistics.median(_timed(work)[0] for _ in range(REPEATS))


Made = TypeVar("Made")


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    session().rollback()
    session().expunge_all()
    began = time.perf_counter()
    made = work()
    return (time.perf_counter() - began) * 1000, made


if __name__ == "__main__":
    main()
