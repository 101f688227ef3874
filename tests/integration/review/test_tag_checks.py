"""A random sample of the groups that inherit a pattern's tag is checked by people."""

from __future__ import annotations

from math import sqrt

import pytest
from sqlalchemy import select

from tests.support.queries import in_write_transactions
from workbench.services import visibility
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.image.detail import image_detail
from workbench.services.review import tag_checks, tags
from workbench.services.review.tags import TaggingView
from workbench.services.taxonomy.listing import taxonomy
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import TagCheck
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed


@pytest.fixture
def pattern(version_id: int) -> Pattern:
    """The pattern with most groups."""
    found = session().scalars(
        select(Pattern).where(Pattern.version_id == version_id).order_by(Pattern.groups.desc())
    )
    return found.first()  # type: ignore[return-value]  # the version has some


@pytest.fixture
def tag(pattern: Pattern, ada: Account) -> TaggingView:
    return tags.tag_pattern(ada.id, pattern.id, "rough")


def members(pattern: Pattern) -> list[int]:
    return list(session().scalars(select(PixelGroup.id).where(PixelGroup.pattern_id == pattern.id)))


def sampled(version_id: int, pattern: Pattern, tag: TaggingView) -> list[int]:
    found = tag_checks.check(version_id, pattern.id, tag.id)
    return [each.group_id for each in found.sample]


def test_the_sample_is_of_the_patterns_groups_and_the_same_for_everybody(
    version_id: int, pattern: Pattern, tag: TaggingView, ben: Account
) -> None:
    sample = sampled(version_id, pattern, tag)
    other = tags.tag_pattern(ben.id, pattern.id, "another")

    assert len(set(sample)) == len(sample) == min(tag_checks.SAMPLE, pattern.groups)
    assert set(sample) <= set(members(pattern))
    assert sampled(version_id, pattern, tag) == sample
    assert pattern.groups > tag_checks.SAMPLE
    assert sampled(version_id, pattern, other) != sample


def test_the_share_found_wrong_has_wilsons_interval(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    sample = sampled(version_id, pattern, tag)
    for place, group_id in enumerate(sample[:10]):
        tag_checks.answer(ada.id, tag.id, group_id, fits=place > 1)

    tally = tag_checks.check(version_id, pattern.id, tag.id).tally
    n, p, z = 10, 0.2, 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)

    assert (tally.checked, tally.wrong, tally.share) == (10, 2, 0.2)
    assert (tally.low, tally.high) == (
        pytest.approx(middle - half, abs=1e-5),
        pytest.approx(middle + half, abs=1e-5),
    )
    assert tag_checks.tallies([tag.id]) == {tag.id: tally}


def test_a_tag_that_nobody_checked_claims_nothing(tag: TaggingView) -> None:
    assert tag_checks.tallies([tag.id]) == {tag.id: tag_checks.Tally(0, 0, None, None, None)}


def test_the_newest_answer_counts_until_it_is_taken_back(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account, ben: Account
) -> None:
    group_id = sampled(version_id, pattern, tag)[0]

    def standing() -> list[tuple[bool, str]]:
        found = tag_checks.check(version_id, pattern.id, tag.id).sample
        return [(each.answer.fits, each.answer.by) for each in found if each.answer]

    tag_checks.answer(ada.id, tag.id, group_id, fits=True)
    newer = tag_checks.answer(ben.id, tag.id, group_id, fits=False)
    assert standing() == [(False, "ben")]
    with pytest.raises(ConflictError):
        tag_checks.withdraw(ada.id, newer)
    tag_checks.withdraw(ben.id, newer)
    assert standing() == [(True, "ada")]
    with pytest.raises(NotFoundError):
        tag_checks.withdraw(ben.id, newer)
    actions = session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-3:] == ["tag.check", "tag.check", "tag_check.withdraw"]


def test_a_tag_that_does_not_fit_a_group_is_off_it_until_that_answer_is_withdrawn(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account, ben: Account
) -> None:
    group_id = next(
        each for each in sampled(version_id, pattern, tag) if alone_in_its_image(pattern, each)
    )
    image_id = session().get_one(PixelGroup, group_id).image_id

    def bearing() -> tuple[list[str], bool, int, int]:
        """The group's tags, whether a filter finds the image, groups and images counted."""
        group = next(g for g in image_detail(version_id, image_id).groups if g.id == group_id)
        found = choose(version_id, Selection(Filters(tag="rough")))
        [row] = taxonomy([version_id]).rows
        assert row.images == found.total
        return (
            [each.tag for each in group.tags],
            bool(found.selected[found.store.row_of(image_id)]),
            row.groups,
            row.images,
        )

    whole = (["rough"], True, pattern.groups, pattern.images)
    off = ([], False, pattern.groups - 1, pattern.images - 1)
    assert bearing() == whole
    tag_checks.answer(ada.id, tag.id, group_id, fits=False)
    assert bearing() == off
    kept = tag_checks.answer(ben.id, tag.id, group_id, fits=True)
    assert bearing() == whole
    tag_checks.withdraw(ben.id, kept)
    assert bearing() == off
    # Somebody who puts it on by hand says more than the pattern did.
    tags.tag_group(ben.id, group_id, "rough")
    assert bearing() == whole


def test_an_image_keeps_the_tag_of_its_pattern_s_other_groups(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    counted = choose(version_id, Selection(Filters(tag="rough")))
    image_id, groups = next(
        (image_id, groups)
        for image_id, groups in by_image(pattern).items()
        if len(groups) > 1 and set(groups) & set(sampled(version_id, pattern, tag))
    )
    rejected = next(each for each in sampled(version_id, pattern, tag) if each in groups)

    tag_checks.answer(ada.id, tag.id, rejected, fits=False)

    found = choose(version_id, Selection(Filters(tag="rough")))
    assert found.total == counted.total
    assert found.selected[found.store.row_of(image_id)]
    shown = {each.id: each.tags for each in image_detail(version_id, image_id).groups}
    assert [bool(shown[each]) for each in groups] == [each != rejected for each in groups]


def by_image(pattern: Pattern) -> dict[int, list[int]]:
    """The pattern's pixel groups by image."""
    found: dict[int, list[int]] = {}
    rows = select(PixelGroup.image_id, PixelGroup.id).where(PixelGroup.pattern_id == pattern.id)
    for image_id, group_id in session().execute(rows.order_by(PixelGroup.id)):
        found.setdefault(image_id, []).append(group_id)
    return found


def alone_in_its_image(pattern: Pattern, group_id: int) -> bool:
    return [group_id] in by_image(pattern).values()


def test_only_groups_of_the_sample_are_checked(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    left_out = set(members(pattern)) - set(sampled(version_id, pattern, tag))

    with pytest.raises(InvalidError):
        tag_checks.answer(ada.id, tag.id, left_out.pop(), fits=True)
    assert session().scalars(select(TagCheck)).all() == []


def test_the_sample_is_drawn_before_the_write_lock_is_taken(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    group_id = sampled(version_id, pattern, tag)[0]

    with in_write_transactions() as held:
        tag_checks.answer(ada.id, tag.id, group_id, fits=True)

    assert any("INSERT INTO tag_check" in each for each in held)
    assert not [each for each in held if "pixel_group.pattern_id" in each]


def test_a_tag_that_is_gone_or_not_a_patterns_is_not_checked(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    group_id = sampled(version_id, pattern, tag)[0]
    by_hand = tags.tag_group(ada.id, group_id, "rough")
    tags.withdraw(ada.id, tag.id)

    for tagging_id in (tag.id, by_hand.id, 10**6):
        with pytest.raises(NotFoundError):
            tag_checks.answer(ada.id, tagging_id, group_id, fits=True)
        with pytest.raises(NotFoundError):
            tag_checks.check(version_id, pattern.id, tagging_id)


def test_a_tag_is_taken_off_a_group_that_somebody_picked_without_counting_in_the_error_rate(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    tag_checks.answer(ada.id, tag.id, sampled(version_id, pattern, tag)[0], fits=True)
    rate = tag_checks.tallies([tag.id])[tag.id]
    picked = (set(members(pattern)) - set(sampled(version_id, pattern, tag))).pop()
    image_id = session().get_one(PixelGroup, picked).image_id

    def shown() -> list[str]:
        group = next(g for g in image_detail(version_id, image_id).groups if g.id == picked)
        return [each.tag for each in group.tags]

    off = tag_checks.take_off(ada.id, tag.id, picked)

    assert shown() == []
    assert taxonomy([version_id]).rows[0].groups == pattern.groups - 1
    assert tag_checks.tallies([tag.id])[tag.id] == rate
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.take_off")).one()
    assert (event.subject, event.tag_id) == (f"tag_check:{off}", tag.tag_id)
    assert event.after is not None
    assert (event.after["fits"], event.after["tagging_id"]) == (False, tag.id)

    tag_checks.withdraw(ada.id, off)

    assert shown() == ["rough"]


def test_a_tag_is_not_taken_off_a_group_that_it_is_not_on(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    here = set(members(pattern))
    others = session().scalars(select(PixelGroup.id).where(PixelGroup.version_id == version_id))
    elsewhere = next(each for each in others if each not in here)
    group = session().get_one(PixelGroup, next(iter(here)))
    collection_id = session().get_one(Image, group.image_id).collection_id

    with pytest.raises(NotFoundError, match="does not have this tag"):
        tag_checks.take_off(ada.id, tag.id, elsewhere)
    hidden = visibility.hide(frozenset({collection_id}))
    try:
        with pytest.raises(NotFoundError):
            tag_checks.take_off(ada.id, tag.id, group.id)
    finally:
        visibility.see_all_again(hidden)

    assert session().scalars(select(TagCheck)).all() == []


def test_a_tag_that_is_gone_or_of_one_region_is_not_taken_off(
    version_id: int, pattern: Pattern, tag: TaggingView, ada: Account
) -> None:
    group_id = members(pattern)[0]
    alone = tags.tag_group(ada.id, group_id, "other")

    for tagging_id, group in ((alone.id, group_id), (10**6, group_id), (tag.id, 10**6)):
        with pytest.raises(NotFoundError):
            tag_checks.take_off(ada.id, tagging_id, group)
    tags.withdraw(ada.id, tag.id)
    with pytest.raises(NotFoundError):
        tag_checks.take_off(ada.id, tag.id, group_id)
