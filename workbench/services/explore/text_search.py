"""The images that a text is found at: in the file name, a tag, a note, or a reason."""

from __future__ import annotations

import numpy as np
from flask_babel import gettext
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.errors import InvalidError
from workbench.services.review.tags import named_with
from workbench.services.tagged.groups import bearers, tag_ids
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Verdict

LONGEST_TEXT = 100


def mentioning(store: ColumnStore, text: str) -> Rows:
    """The images whose file name, tags, notes or reasons hold a text; all are folded.

    Raises InvalidError for no text, or too long a one.
    """
    wanted = folded(text)
    if not wanted or len(wanted) > LONGEST_TEXT:
        raise InvalidError(
            gettext("A search text must have 1 to %(longest)s characters.", longest=LONGEST_TEXT)
        )
    rows = named(store, wanted)
    rows |= bearers(store, tag_ids(named_with(text)))
    for written, standing in (
        (CounterfactualNote.folded_text, CounterfactualNote),
        (Verdict.folded_reason, Verdict),
    ):
        mentioned = (
            select(standing.image_id)
            .join(Image)
            .where(
                Image.collection_id == store.collection_id,
                standing.withdrawn_at.is_(None),
                written.contains(wanted, autoescape=True),
            )
        )
        rows[store.rows_of(session().scalars(mentioned).all())] = True
    return rows


def named(store: ColumnStore, text: str) -> Rows:
    """The images whose file name holds a text that is folded already."""
    rows = np.zeros(store.count, np.bool_)
    signs = np.frombuffer(text.encode(), np.uint8)
    last = len(store.names) - len(signs) + 1
    if last <= 0:
        return rows
    # The rarest sign first: few starts are left to compare the others at.
    counts = store.name_signs[signs]
    rarest = int(np.argmin(counts))
    starts = np.flatnonzero(store.names[rarest : rarest + last] == signs[rarest])
    for offset in np.argsort(counts):
        if offset != rarest:
            starts = starts[store.names[starts + offset] == signs[offset]]
    rows[np.searchsorted(store.name_ends, starts, side="right")] = True
    return rows
