"""Which images a review queue is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray

from workbench.services.columns.store import ColumnStore, Rows, column_store
from workbench.services.errors import InvalidError
from workbench.services.explore.decisions import judged_rows
from workbench.services.explore.filters import Selection, choose
from workbench.store.database import session
from workbench.store.hygiene import DataCheck
from workbench.store.queues import SOURCES

LABEL_ERRORS: Final = "label_errors"
"""The kind of finding that names them."""


@dataclass(frozen=True)
class Source:
    """What a queue is made of.

    kind: one of `SOURCES`.
    p: lowest and highest p(fake) of uncertain images.
    share: of all images, in (0, 1], of a random sample.
    selection: of a slice; `arguments` are the query parameters that it was read from.
    most: so many images at most; None for all.
    """

    kind: str
    p: tuple[float, float] = (0.4, 0.6)
    share: float = 0.1
    selection: Selection = field(default_factory=Selection)
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    most: int | None = None

    def as_json(self) -> dict[str, str | int | float]:
        """What a queue keeps of it."""
        if self.kind == "uncertain":
            return {"low": self.p[0], "high": self.p[1]}
        if self.kind == "random":
            return {"share": self.share}
        return dict(self.arguments) if self.kind == "slice" else {}


def images_of(collection_id: int, version_id: int, source: Source) -> NDArray[np.int64]:
    """The ids of the images that a queue would hold, in the order in which they are judged.

    Likely label errors, misclassified and uncertain images that have a decision are left out.
    Raises InvalidError for a source that makes no sense.
    """
    store = column_store(version_id)
    if source.kind not in SOURCES:
        raise InvalidError(gettext("Choose what the queue is made of."))
    rows: NDArray[np.integer[Any]]
    if source.kind == "slice":
        rows = store.order_uncertain[
            choose(version_id, source.selection).selected[store.order_uncertain]
        ]
    elif source.kind == "random":
        rows = _sample(store, source.share)
    else:
        rows = _ordered(store, collection_id, source)
    ids: NDArray[np.int64] = store.image_ids[rows].astype(np.int64)
    return ids[: source.most]


def _sample(store: ColumnStore, share: float) -> NDArray[np.int64]:
    if not 0 < share <= 1:
        raise InvalidError(gettext("The share of a random sample lies between 0 and 100 percent."))
    count = max(round(share * store.count), 1)
    # Another one each time: the random order of the pages would always begin with the same images.
    return np.random.default_rng().permutation(store.count)[:count]


def _ordered(store: ColumnStore, collection_id: int, source: Source) -> NDArray[np.int32]:
    order, chosen = _candidates(store, collection_id, source)
    chosen = chosen & ~judged_rows(store)
    found: NDArray[np.int32] = order[chosen[order]]
    return found


def _candidates(
    store: ColumnStore, collection_id: int, source: Source
) -> tuple[NDArray[np.int32], Rows]:
    if source.kind == "misclassified":
        return store.order_wrong, store.wrong
    if source.kind == "uncertain":
        low, high = source.p
        if not 0 <= low <= high <= 1:
            raise InvalidError(gettext("p(fake) lies between 0 and 1, the lower end first."))
        inside: Rows = (store.p >= np.float32(low)) & (store.p <= np.float32(high))
        return store.order_uncertain, inside
    rows = store.rows_of(_likely_label_errors(collection_id))
    chosen: Rows = np.zeros(store.count, np.bool_)
    chosen[rows] = True
    return store.order_wrong, chosen


def _likely_label_errors(collection_id: int) -> list[int]:
    """Those that the newest check of the data found."""
    check = session().get(DataCheck, collection_id)
    if check is None:
        raise InvalidError(gettext("Check the data first: the check finds likely label errors."))
    return [
        image_id
        for finding in check.findings
        if finding.get("kind") == LABEL_ERRORS
        for group in finding.get("groups", ())
        for image_id in group
    ]
