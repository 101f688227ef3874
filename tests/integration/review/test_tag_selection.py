"""A tag is put on all pixel groups of a selection at once, and taken off as one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.support.queries import counted
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.explore.filters import Chosen, Filters, Selection, choose
from workbench.services.explore.tag_selection import tag_selection
from workbench.services.image.detail import image_detail
from workbench.services.review import tags
from workbench.services.tagged.pattern_tags import BORNE, SUGGESTED, tags_of_patterns
from workbench.services.taxonomy.listing import taxonomy
from workbench.store.database import session
from workbench.store.judgements import TaggedRegion, Tagging
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed


@pytest.fixture
def chosen(version_id: int) -> Chosen:
    """The fake images that have the largest pattern; others have it, too."""
    pattern = (
        session()
        .scalars(
            select(Pattern)
            .where(Pattern.version_id == version_id)
            .order_by(Pattern.groups.desc(), Pattern.id)
        )
        .first()
    )
    assert pattern is not None
    found = choose(version_id, Selection(Filters(label="fake"), pattern_id=pattern.id))
    assert 1 < len(found.groups) < pattern.groups
    return found


def groups_in(chosen: Chosen) -> list[PixelGroup]:
    """The pattern's groups in the selected images, from the database."""
    ids = chosen.store.image_ids[chosen.selected].tolist()
    return list(
        session().scalars(
            select(PixelGroup).where(
                PixelGroup.pattern_id == chosen.selection.pattern_id, PixelGroup.image_id.in_(ids)
            )
        )
    )


def test_it_is_on_the_patterns_groups_in_these_images_and_on_no_others(
    version_id: int, chosen: Chosen, ada: Account
) -> None:
    groups = groups_in(chosen)

    made = tag_selection(ada.id, chosen, " Rough  skin", len(groups))

    assert (made.tag, made.by, made.source, made.new) == ("Rough skin", "ada", "pattern", True)
    [row] = taxonomy([version_id]).rows
    assert (row.patterns, row.groups, row.images) == (
        0,
        len(groups),
        len({each.image_id for each in groups}),
    )
    bearing = {
        group.id
        for image_id in {each.image_id for each in groups}
        for group in image_detail(version_id, image_id).groups
        if [each.tag for each in group.tags] == ["Rough skin"]
    }
    assert bearing == {each.id for each in groups}
    found = choose(version_id, Selection(Filters(tag="rough skin")))
    assert found.total == row.images


def test_a_pattern_that_it_covers_for_the_most_part_is_called_by_it(
    version_id: int, ada: Account
) -> None:
    pattern = (
        session()
        .scalars(
            select(Pattern).where(Pattern.version_id == version_id).order_by(Pattern.groups.desc())
        )
        .all()[0]
    )
    of_reals, of_all = (
        choose(version_id, Selection(Filters(label=label), pattern_id=pattern.id))
        for label in ("real", None)
    )
    share = len(of_reals.groups) / pattern.groups
    tag_selection(ada.id, of_reals, "pores", len(of_reals.groups))
    tag_selection(ada.id, of_all, "skin", len(of_all.groups))

    found = tags_of_patterns(of_all.store)[pattern.id]

    assert share >= SUGGESTED
    borne = [(each.tag, each.share, each.pattern_id) for each in found.tags]
    maybe = [(each.tag, each.share, each.pattern_id) for each in found.suggested]
    assert borne[:1] == [("skin", 1.0, None)]
    assert ("pores", pytest.approx(share), None) in (borne if share >= BORNE else maybe)
    assert {row.name: row.patterns for row in taxonomy([version_id]).rows} == {
        "pores": int(share >= BORNE),
        "skin": 1,
    }


def test_it_is_one_event_and_is_withdrawn_as_one(
    version_id: int, chosen: Chosen, ada: Account
) -> None:
    count = len(groups_in(chosen))
    made = tag_selection(ada.id, chosen, "rough", count)
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.add")).one()
    assert event.subject == f"tagging:{made.id}"
    assert event.after == {"tag": "rough", "regions": count}
    assert event.version_id == version_id

    tags.withdraw(ada.id, made.id)

    assert taxonomy([version_id]).rows == ()
    assert choose(version_id, Selection(Filters(tag="rough"))).total == 0
    assert session().scalar(select(func.count()).select_from(TaggedRegion)) == count


def test_only_what_the_page_showed_is_tagged(chosen: Chosen, ada: Account) -> None:
    with pytest.raises(ConflictError, match=f"has {len(groups_in(chosen))} pixel groups now"):
        tag_selection(ada.id, chosen, "rough", len(groups_in(chosen)) + 1)

    assert session().scalar(select(func.count()).select_from(Tagging)) == 0


def test_a_selection_without_a_pattern_has_nothing_to_tag(version_id: int, ada: Account) -> None:
    with pytest.raises(InvalidError, match="Select a pattern first"):
        tag_selection(ada.id, choose(version_id, Selection()), "rough", 0)


def test_it_writes_as_often_for_many_as_for_few(chosen: Chosen, ada: Account) -> None:
    with counted() as few:
        tag_selection(ada.id, chosen, "rough", len(groups_in(chosen)))
    all_images = choose(chosen.store.version_id, Selection(pattern_id=chosen.selection.pattern_id))
    assert len(all_images.groups) > len(chosen.groups)

    with counted() as many:
        tag_selection(ada.id, all_images, "rough", len(groups_in(all_images)))

    assert len(many) <= len(few)
