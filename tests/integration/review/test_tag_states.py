"""A new name is proposed; that of a merged tag leads on, that of a deprecated one is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.hand_tags import hand_tags
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.explore.filters import Filters, Selection, choose, filter_choices
from workbench.services.image.detail import image_detail
from workbench.services.review import tags
from workbench.store.database import now, session, transaction
from workbench.store.judgements import Tag
from workbench.store.results import PixelGroup

pytestmark = pytest.mark.analysed


@pytest.fixture
def group(version_id: int) -> PixelGroup:
    of_version = PixelGroup.version_id == version_id
    return session().scalars(select(PixelGroup).where(of_version).order_by(PixelGroup.id)).all()[0]


def put_in(name: str, by: Account, **fields: object) -> int:
    with transaction() as write:
        tag = Tag(name=name, created_by_id=by.id, **fields)
        write.add(tag)
        write.flush()
        return tag.id


def state_of(name: str) -> str:
    return session().scalars(select(Tag.state).where(Tag.name == name)).one()


def test_a_new_name_is_proposed_and_one_that_is_there_stays_as_it_is(
    group: PixelGroup, ada: Account
) -> None:
    put_in("blur", ada)
    tags.tag_group(ada.id, group.id, "Blur")
    tags.tag_group(ada.id, group.id, "haze")

    assert (state_of("blur"), state_of("haze")) == ("active", "proposed")


def test_an_accepted_tag_stays_when_the_tagging_that_made_it_is_withdrawn(
    group: PixelGroup, ada: Account
) -> None:
    accepted = tags.tag_group(ada.id, group.id, "blur")
    proposed = tags.tag_group(ada.id, group.id, "haze")
    with transaction() as write:
        write.get_one(Tag, accepted.tag_id).state = "active"

    tags.withdraw(ada.id, accepted.id)
    tags.withdraw(ada.id, proposed.id)

    assert tags.tag_names() == ("blur",)


def test_the_name_of_a_merged_tag_puts_on_what_it_was_merged_into_in_the_end(
    group: PixelGroup, ada: Account
) -> None:
    blur = put_in("blur", ada)
    haze = put_in("haze", ada, withdrawn_at=now(), replaced_by_id=blur)
    put_in("mist", ada, withdrawn_at=now(), replaced_by_id=haze)

    made = tags.tag_group(ada.id, group.id, "Mist")

    assert (made.tag, made.tag_id) == ("blur", blur)
    assert hand_tags(group.id) == ["blur"]
    assert session().scalars(select(Tag.name).where(Tag.withdrawn_at.is_(None))).all() == ["blur"]


def test_a_name_that_was_given_again_means_the_tag_that_has_it(
    group: PixelGroup, ada: Account
) -> None:
    blur = put_in("blur", ada)
    put_in("haze", ada, withdrawn_at=now(), replaced_by_id=blur)
    again = put_in("haze", ada)

    assert tags.tag_group(ada.id, group.id, "haze").tag_id == again


def test_a_deprecated_tag_is_looked_for_but_neither_offered_nor_put_on(
    group: PixelGroup, ada: Account, version_id: int
) -> None:
    blur = put_in("blur", ada)
    put_in("haze", ada, state="deprecated", replaced_by_id=blur)
    put_in("mist", ada, state="deprecated")

    for name, sentence in (
        ("haze", "“haze” is deprecated. Use “blur” instead."),
        ("Mist", "“mist” is deprecated: it is put on nothing any more."),
    ):
        with pytest.raises(ConflictError) as refused:
            tags.tag_group(ada.id, group.id, name)
        assert str(refused.value) == sentence

    assert hand_tags(group.id) == []
    assert tags.tag_names() == ("blur",)
    assert filter_choices(version_id).tags == ("blur", "haze", "mist")


def test_a_deprecated_tag_is_marked_where_it_is_with_its_own_colour(
    group: PixelGroup, ada: Account, version_id: int
) -> None:
    put_in("haze", ada, hue=4)
    tags.tag_group(ada.id, group.id, "haze")
    with transaction() as write:
        write.scalars(select(Tag)).one().state = "deprecated"

    shown = image_detail(version_id, group.image_id)

    given = next(each.tags[0] for each in shown.groups if each.id == group.id)
    assert (given.tag, given.hue, given.state) == ("haze", 4, "deprecated")


def test_a_filter_by_the_name_of_a_merged_tag_finds_what_bears_the_other(
    group: PixelGroup, ada: Account, version_id: int
) -> None:
    blur = put_in("blur", ada)
    put_in("haze", ada, withdrawn_at=now(), replaced_by_id=blur)
    tags.tag_group(ada.id, group.id, "blur")

    chosen = choose(version_id, Selection(filters=Filters(tag="Haze")))

    assert int(chosen.filtered.sum()) == 1
