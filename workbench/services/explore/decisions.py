"""What people decided, laid over a version's images, and kept in step with what they decide.

Every page counts these. Each process keeps the decisions beside the columns and follows what
changes (ADR 29): a page reads what is new, however much was decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.review.blinding import is_told
from workbench.services.review.decision_changes import changes_after, changes_until_now
from workbench.services.review.decisions import decisions_on, final_decisions
from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.judgements import DECISIONS, Verdict

MOST_FOLLOWED = 1000
"""Of more changes than these the decisions are read afresh."""
_CODES = {decision: code for code, decision in enumerate((None, *DECISIONS))}
_OF_LABELS = np.array([_CODES[label] for label in LABELS], np.uint8)
_BY_LABEL = np.append(_OF_LABELS, np.uint8(_CODES[None]))
"""By the code of a label, the decision that confirms it: none does where there is no label."""


@dataclass(frozen=True, eq=False)
class _Known:
    """The decisions on a store's images, no older than a change. Never altered, so never torn."""

    change: int
    codes: NDArray[np.uint8]
    """One of `_CODES` a row."""


_kept: WeakKeyDictionary[ColumnStore, _Known] = WeakKeyDictionary()
_keeping = Lock()
_reading = Lock()


def judged_rows(store: ColumnStore) -> Rows:
    """The images that have a final decision. One query, of what is new."""
    judged: Rows = _codes(store) != _CODES[None]
    return judged


def decided_rows(store: ColumnStore, decision: str) -> Rows:
    """The images whose final decision is this one. One query, of what is new."""
    decided: Rows = _codes(store) == _CODES[decision]
    return decided


def decisions_of(store: ColumnStore) -> NDArray[np.object_]:
    """The final decision on each image, None where there is none. One query, of what is new."""
    return np.array(list(_CODES), object)[_codes(store)]


def overturned_rows(store: ColumnStore) -> Rows:
    """The images whose decided label is not the imported one, where they came with one.

    One query, of what is new.
    """
    codes = _codes(store)
    decided = np.isin(codes, _OF_LABELS)
    imported = _BY_LABEL[store.imported_labels]
    overturned: Rows = decided & (imported != _CODES[None]) & (codes != imported)
    return overturned


def wrong_reason_rows(store: ColumnStore) -> Rows:
    """The images of which somebody says that the model is right for the wrong reason. One query.

    Without what the reader is not told yet.
    """
    said = (
        select(Verdict.image_id)
        .join(Image, Image.id == Verdict.image_id)
        .where(
            Image.collection_id == store.collection_id,
            Verdict.wrong_reason,
            Verdict.withdrawn_at.is_(None),
            is_told(Verdict.image_id, Verdict.user_id),
        )
    )
    rows: Rows = np.zeros(store.count, np.bool_)
    rows[store.rows_of(list(session().scalars(said)))] = True
    return rows


def _codes(store: ColumnStore) -> NDArray[np.uint8]:
    known = _kept.get(store)
    if known is None:
        with _reading:  # of many pages that come first, one reads
            known = _kept.get(store) or _keep(store, _read(store))
    changes = changes_after(store.collection_id, known.change)
    if not changes.image_ids:
        return known.codes
    if len(changes.image_ids) > MOST_FOLLOWED:
        return _keep(store, _read(store)).codes
    codes = known.codes.copy()
    _set(store, codes, dict.fromkeys(changes.image_ids) | decisions_on(changes.image_ids))
    return _keep(store, _Known(changes.last, codes)).codes


def _read(store: ColumnStore) -> _Known:
    # The number first: what is decided between the two reads is then read once more, and not never.
    change = changes_until_now(store.collection_id)
    codes = np.zeros(store.count, np.uint8)
    _set(store, codes, final_decisions(store.collection_id))
    return _Known(change, codes)


def _set(store: ColumnStore, codes: NDArray[np.uint8], decisions: Mapping[int, str | None]) -> None:
    for decision, code in _CODES.items():
        ids = [image_id for image_id, found in decisions.items() if found == decision]
        codes[store.rows_of(ids)] = code


def _keep(store: ColumnStore, found: _Known) -> _Known:
    """Keep what was found, unless another thread has followed further; the newer of both."""
    with _keeping:
        kept = _kept.get(store)
        if kept is None or kept.change < found.change:
            kept = _kept[store] = found
        return kept
