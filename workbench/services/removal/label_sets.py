"""What of label sets leaves with images and collections."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.services.label_sets.freezing import Counts
from workbench.store.label_sets import LabelSet, LabelSetImage

_UNSYNCHRONISED = {"synchronize_session": False}


def delete_images(write: Session, image_ids: Sequence[int]) -> None:
    """Take images out of all label sets, and out of their counts; the sets say how many went."""
    going = LabelSetImage.image_id.in_(image_ids)
    rows = write.scalars(select(LabelSetImage).where(going)).all()
    for label_set_id in {row.label_set_id for row in rows}:
        own = [row for row in rows if row.label_set_id == label_set_id]
        out = Counts()
        for row in own:
            out.add(row.label, row.decision, row.rule, json.loads(row.detail))
        kept = write.get_one(LabelSet, label_set_id, with_for_update=True, populate_existing=True)
        kept.counts = out.taken_from(kept.counts)
        kept.removed += len(own)
    write.flush()
    write.execute(delete(LabelSetImage).where(going), execution_options=_UNSYNCHRONISED)


def delete_sets(write: Session, collection_id: int) -> None:
    """Delete the label sets of a collection whose images are gone."""
    of_it = LabelSet.collection_id == collection_id
    write.execute(delete(LabelSet).where(of_it), execution_options=_UNSYNCHRONISED)
