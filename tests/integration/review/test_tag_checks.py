"""A random sample of the groups that inherit a pattern's tag is checked by people."""

from __future__ import annotations

from math import sqrt

import pytest
from sqlalchemy import select

from tests.support.queries import in_write_transactions
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.review import tag_checks, tags
from workbench.services.review.tags import TaggingView
from workbench.store.database import session
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
