"""What people decided, laid over a version's images."""

from __future__ import annotations

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.review.decisions import decisions_between, judged_between

# By ids and not by collection: every page counts these, and need not look at the images.


def judged_rows(store: ColumnStore) -> Rows:
    """The images that have a final decision. One query."""
    return store.mask_of(judged_between(*_ids(store)))


def decided_rows(store: ColumnStore, decision: str) -> Rows:
    """The images whose final decision is this one. One query."""
    decisions = decisions_between(*_ids(store))
    return store.mask_of([each for each, found in decisions.items() if found == decision])


def _ids(store: ColumnStore) -> tuple[int, int]:
    return int(store.image_ids[0]), int(store.image_ids[-1])
