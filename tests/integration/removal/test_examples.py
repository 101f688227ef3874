"""Examples of tags, and moves of taggings, go with the image that they are of."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.integration.removal.conftest import Left
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.removal.images import remove_image
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.tag_changes import TagChange, TagChangeItem, TagExample

pytestmark = pytest.mark.analysed


def test_a_takedown_leaves_the_change_and_takes_what_it_says_of_the_image(
    left: Left, settings: Settings, ada: Account
) -> None:
    with transaction() as write:
        tagging = write.scalars(select(Tagging).order_by(Tagging.id)).first()
        assert tagging is not None
        assert tagging.region_id is not None
        change = TagChange(kind="split", tag_id=tagging.tag_id, user_id=ada.id)
        write.add(change)
        write.flush()
        tag_id = tagging.tag_id
        write.add_all(
            [
                TagExample(
                    tag_id=tag_id, region_id=tagging.region_id, positive=True, user_id=ada.id
                ),
                TagChangeItem(
                    change_id=change.id,
                    tagging_id=tagging.id,
                    from_id=tag_id,
                    to_id=tag_id,
                    effect="moved",
                ),
            ]
        )

    remove_image(left.id, ada.id, settings)

    for table in (TagExample, TagChangeItem, Tagging):
        assert session().scalar(select(func.count()).select_from(table)) == 0, table
    assert session().scalars(select(TagChange.kind)).all() == ["split"]
    assert session().scalars(select(Tag.name)).all() == ["Fingers"]
