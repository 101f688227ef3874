"""Tags are suggested where tagged regions lie in part, accepted there, or dismissed."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from tests.support.queries import counted
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.explore.tag_selection import tag_selection
from workbench.services.explore.tag_suggestions import tag_suggestions
from workbench.services.image.detail import image_detail
from workbench.services.removal.images import remove_image
from workbench.services.review import dismissals, tag_checks, tags
from workbench.services.tagged.pattern_tags import tags_of_patterns
from workbench.services.tagged.suggestions import suggested_groups
from workbench.store.database import session, transaction
from workbench.store.judgements import DismissedSuggestion, TaggedRegion, Tagging
from workbench.store.people import AuditEvent
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed

EVERY = 10_000


@pytest.fixture
def groups(version_id: int) -> list[PixelGroup]:
    """The version's pixel groups, each image's next to each other."""
    found = session().scalars(
        select(PixelGroup)
        .where(PixelGroup.version_id == version_id)
        .order_by(PixelGroup.image_id, PixelGroup.id)
    )
    return list(found)


def region_beside(group: PixelGroup, overlap: float) -> int:
    """A region of somebody's that overlaps a group so far."""
    with transaction() as write:
        drawn = Region(
            image_id=group.image_id, rle=f"{overlap}", left=0, top=0, width=1, height=1, area=1
        )
        write.add(drawn)
        write.flush()
        for pair in ((drawn.id, group.region_id), (group.region_id, drawn.id)):
            write.add(
                RegionOverlap(region_id=pair[0], other_id=pair[1], share=overlap, iou=overlap)
            )
        return drawn.id


def put(user_id: int, name: str, *regions: int) -> int:
    """A tag on a region, or on several at once."""
    with transaction() as write:
        tag = tags.tag_named(write, user_id, name)
        one = regions[0] if len(regions) == 1 else None
        made = Tagging(tag_id=tag.id, region_id=one, user_id=user_id)
        write.add(made)
        write.flush()
        if one is None:
            write.add_all(TaggedRegion(tagging_id=made.id, region_id=each) for each in regions)
        return made.id


def on_pages(version_id: int) -> set[tuple[int, str, float]]:
    """What is suggested on the page of each image: pixel group, tag, overlap."""
    image_ids = session().scalars(
        select(PixelGroup.image_id).where(PixelGroup.version_id == version_id).distinct()
    )
    return {
        (group.id, given.tag, round(given.share, 6))
        for image_id in image_ids.all()
        for group in image_detail(version_id, image_id).groups
        for given in group.suggested
    }


def listed(version_id: int) -> list[tuple[int, str, float]]:
    found = suggested_groups(column_store(version_id), EVERY)
    assert found.total == len(found.first)
    return [(each.group_id, each.tag, round(each.share, 6)) for each in found.first]


def test_the_list_has_what_the_images_pages_suggest_the_largest_overlap_first(
    version_id: int, groups: list[PixelGroup], ada: Account
) -> None:
    put(ada.id, "teeth", region_beside(groups[0], 0.2))
    put(ada.id, "teeth", region_beside(groups[0], 0.3))
    put(ada.id, "teeth", region_beside(groups[1], 0.7))
    put(ada.id, "ear", *(region_beside(each, 0.11) for each in groups[2:6]))
    put(ada.id, "ear", groups[3].region_id)
    off = put(ada.id, "hat", *(region_beside(each, 0.4) for each in groups[5:8]))
    tag_checks.take_off(ada.id, off, groups[6].id)

    found = listed(version_id)

    assert set(found) == on_pages(version_id)
    assert [each[2] for each in found] == sorted((each[2] for each in found), reverse=True)
    assert set(found) == {
        (groups[0].id, "teeth", 0.3),
        *((groups[at].id, "ear", 0.11) for at in (2, 4, 5)),
        *((groups[at].id, "hat", 0.4) for at in (5, 7)),
    }


def test_an_accepted_one_is_the_groups_own_and_no_longer_suggested(
    version_id: int, groups: list[PixelGroup], ada: Account
) -> None:
    put(ada.id, "teeth", region_beside(groups[0], 0.3))
    [given] = suggested_groups(column_store(version_id), EVERY).first

    tags.tag_group(ada.id, given.group_id, given.tag)

    assert listed(version_id) == []
    shown = {
        each.id: [tag.tag for tag in each.tags]
        for each in image_detail(version_id, groups[0].image_id).groups
    }
    assert shown[groups[0].id] == ["teeth"]


def test_a_dismissed_one_is_suggested_nowhere_until_it_is_restored(
    version_id: int, groups: list[PixelGroup], ada: Account, ben: Account
) -> None:
    put(ada.id, "teeth", *(region_beside(each, 0.3) for each in groups[:2]))
    before = listed(version_id)
    given = suggested_groups(column_store(version_id), EVERY).first[0]

    made = dismissals.dismiss_for_group(ben.id, given.group_id, given.tag_id)

    assert listed(version_id) == before[1:]
    assert on_pages(version_id) == set(before[1:])
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("suggestion.dismiss", ben.id)
    with pytest.raises(ConflictError, match="Only the person who dismissed"):
        dismissals.restore(ada.id, made)
    dismissals.restore(ben.id, made)
    assert listed(version_id) == before
    with pytest.raises(NotFoundError):
        dismissals.restore(ben.id, made)


def test_the_limit_cuts_the_list_and_not_the_count(
    version_id: int, groups: list[PixelGroup], ada: Account
) -> None:
    put(ada.id, "teeth", *(region_beside(each, 0.2) for each in groups[:5]))

    found = suggested_groups(column_store(version_id), 2)

    assert (len(found.first), found.total) == (2, 5)


def test_a_pattern_that_a_selection_covers_in_part_is_listed_until_it_is_dismissed(
    version_id: int, ada: Account
) -> None:
    query = select(Pattern).where(Pattern.version_id == version_id)
    for pattern in session().scalars(query.order_by(Pattern.groups.desc())).all():
        chosen = choose(version_id, Selection(Filters(label="real"), pattern_id=pattern.id))
        if 0.1 <= len(chosen.groups) / pattern.groups < 0.5:
            break
        chosen = choose(version_id, Selection(Filters(label="fake"), pattern_id=pattern.id))
        if 0.1 <= len(chosen.groups) / pattern.groups < 0.5:
            break
    else:
        pytest.fail("no pattern has a tenth to a half of its groups in one label")
    given = tag_selection(ada.id, chosen, "pores", len(chosen.groups))
    assert [each.id for each in tag_suggestions(version_id).patterns] == [pattern.id]

    made = dismissals.dismiss_for_pattern(ada.id, pattern.id, given.tag_id)

    assert tag_suggestions(version_id).patterns == ()
    assert tags_of_patterns(chosen.store)[pattern.id].suggested == ()
    dismissals.restore(ada.id, made)
    assert [each.id for each in tag_suggestions(version_id).patterns] == [pattern.id]


def test_what_is_not_there_cannot_be_dismissed(
    version_id: int, groups: list[PixelGroup], ada: Account
) -> None:
    put(ada.id, "teeth", groups[0].region_id)
    tag_id = session().scalars(select(Tagging.tag_id)).one()

    for pattern_id, tag in ((10**9, tag_id), (groups[0].pattern_id or 1, 10**9)):
        with pytest.raises(NotFoundError):
            dismissals.dismiss_for_pattern(ada.id, pattern_id, tag)
    with pytest.raises(NotFoundError):
        dismissals.dismiss_for_group(ada.id, 10**9, tag_id)

    assert session().scalars(select(DismissedSuggestion)).all() == []


def test_as_many_queries_for_many_as_for_few(
    version_id: int, groups: list[PixelGroup], ada: Account
) -> None:
    store = column_store(version_id)
    made = [put(ada.id, "teeth", region_beside(each, 0.3)) for each in groups[:20]]
    suggested_groups(store, EVERY)
    with counted() as many:
        assert suggested_groups(store, EVERY).total == 20
    with transaction() as write:
        write.execute(delete(Tagging).where(Tagging.id.in_(made[1:])))

    with counted() as few:
        assert suggested_groups(store, EVERY).total == 1

    assert len(few) == len(many) <= 8


def test_a_picture_that_is_taken_down_takes_its_dismissals_with_it(
    version_id: int, groups: list[PixelGroup], ada: Account, settings: Settings
) -> None:
    put(ada.id, "teeth", region_beside(groups[0], 0.3))
    tag_id = session().scalars(select(Tagging.tag_id)).one()
    dismissals.dismiss_for_group(ada.id, groups[0].id, tag_id)

    remove_image(groups[0].image_id, ada.id, settings)

    session().rollback()
    assert session().scalars(select(DismissedSuggestion)).all() == []
