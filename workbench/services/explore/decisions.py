"""What people decided, laid over a version's images."""

from __future__ import annotations

from workbench.services.explore.columns import Columns, Rows
from workbench.services.review.decisions import decisions_between, judged_between

# By ids and not by collection: every page counts these, and need not look at the images.


def judged_rows(columns: Columns) -> Rows:
    """The images that have a final decision. One query."""
    return columns.mask_of(judged_between(*_ids(columns)))


def decided_rows(columns: Columns, decision: str) -> Rows:
    """The images whose final decision is this one. One query."""
    decisions = decisions_between(*_ids(columns))
    return columns.mask_of([each for each, found in decisions.items() if found == decision])


def _ids(columns: Columns) -> tuple[int, int]:
    return int(columns.image_ids[0]), int(columns.image_ids[-1])
