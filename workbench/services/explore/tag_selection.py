"""A tag on all pixel groups of a selection at once."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import insert, literal, select

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.explore.filters import Chosen
from workbench.services.review.tags import Tagged, clean_name, tag_named, view_of
from workbench.store.database import transaction
from workbench.store.id_lists import listed
from workbench.store.judgements import TaggedRegion, Tagging


def tag_selection(user_id: int, chosen: Chosen, name: str, seen: int) -> Tagged:
    """Put a tag on the regions of the selected pattern's groups in the selected images.

    It is one decision: one event, withdrawn as one. `seen` is how many groups the page showed.
    Raises ConflictError where these are not as many any more, InvalidError where there are none.
    """
    name = clean_name(name)
    regions = chosen.store.pixel_group_regions[chosen.groups].tolist()
    if len(regions) != seen:
        raise ConflictError(
            gettext(
                "The selection has %(now)s pixel groups now, and had %(seen)s when the page was "
                "loaded. Look at it again, then tag it.",
                now=len(regions),
                seen=seen,
            )
        )
    if not regions:
        raise InvalidError(gettext("The selection has no pixel groups. Select a pattern first."))
    with transaction() as write:
        audit.acting(write, user_id, version_id=chosen.store.version_id)
        tag = tag_named(write, user_id, name)
        tagging = Tagging(tag_id=tag.id, user_id=user_id)
        write.add(tagging)
        write.flush()
        write.execute(
            insert(TaggedRegion).from_select(
                ["tagging_id", "region_id"],
                select(literal(tagging.id), listed(write, regions)),
            )
        )
        return Tagged(**vars(view_of(tagging)), new=True)
