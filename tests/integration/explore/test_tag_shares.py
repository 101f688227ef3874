"""Tags come back as shares of the evidence, live: held to a slow count over every pixel group."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from sqlalchemy import delete, select

from tests.support.hand_tags import hand_tags
from tests.support.queries import queries
from workbench.services.accounts import Account
from workbench.services.explore.descriptions import dimension_views, pattern_views
from workbench.services.explore.tag_shares import (
    UNTAGGED,
    TagShares,
    tags_of_pattern,
)
from workbench.services.review import tag_checks, tags
from workbench.services.workspaces import workspace
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.judgements import TagCheck
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed


def patterns_of(version_id: int) -> list[int]:
    return list(
        session().scalars(
            select(Pattern.id)
            .where(Pattern.version_id == version_id)
            .order_by(Pattern.groups.desc(), Pattern.id)
        )
    )


def groups_of(version_id: int, pattern_id: int | None = None) -> list[PixelGroup]:
    query = select(PixelGroup).where(PixelGroup.version_id == version_id).order_by(PixelGroup.id)
    if pattern_id is not None:
        query = query.where(PixelGroup.pattern_id == pattern_id)
    return list(session().scalars(query))


def tags_on(group: PixelGroup) -> set[str]:
    """By hand and by pattern, without what was rejected on it: as the image's page lists them."""
    found = set(hand_tags(group.id))
    if group.pattern_id is not None:
        for given in tags.taggings_of_patterns([group.pattern_id]).get(group.pattern_id, ()):
            if group.region_id not in tag_checks.rejected(TagCheck.tagging_id == given.id).get(
                given.id, ()
            ):
                found.add(given.tag)
    return found


def slowly(groups: list[PixelGroup], dimension: int | None) -> TagShares | dict[str, float]:
    by_tag: dict[str, float] = defaultdict(float)
    whole = tagged = 0.0
    for group in groups:
        amount = abs(group.contribution if dimension is None else group.by_dimension[dimension])
        names = tags_on(group)
        whole += amount
        tagged += amount if names else 0.0
        for name in names:
            by_tag[name] += amount
    return {name: amount / whole for name, amount in by_tag.items()} | {"": tagged / whole}


def check(found: TagShares, groups: list[PixelGroup], dimension: int | None) -> None:
    expected = slowly(groups, dimension)
    assert found.tagged == pytest.approx(expected[""], abs=1e-4)
    assert {each.tag: each.whole for each in found.shares} == pytest.approx(
        {name: share for name, share in expected.items() if name and share}, abs=1e-4
    )
    for each in found.shares:
        assert each.tagged == pytest.approx(each.whole / found.tagged, abs=1e-4)
        assert 0 <= each.whole <= each.tagged <= 1
    assert [each.whole for each in found.shares] == sorted(
        (each.whole for each in found.shares), reverse=True
    )


def work(version_id: int, ada: Account, ben: Account) -> tuple[list[int], int]:
    """Tags by pattern and by hand, doubled, rejected and withdrawn; some patterns stay bare."""
    first, second, *others = patterns_of(version_id)
    assert others
    eyes = tags.tag_pattern(ada.id, first, "eyes")
    tags.tag_pattern(ben.id, first, "shiny")
    tags.tag_pattern(ada.id, second, "hair")
    of_first = [each.id for each in groups_of(version_id, first)]
    sample = [each.group_id for each in tag_checks.check(version_id, first, eyes.id).sample][:3]
    for group_id in sample:
        tag_checks.answer(ada.id, eyes.id, group_id, fits=False)
    # Rejected by sample, and yet tagged by hand.
    tags.tag_group(ben.id, sample[0], "eyes")
    tags.tag_group(ben.id, of_first[-1], "eyes")
    bare = [each.id for each in groups_of(version_id) if each.pattern_id in (None, *others)]
    tags.tag_group(ada.id, bare[0], "eyes")
    tags.tag_group(ada.id, bare[0], "hair")
    tags.tag_group(ada.id, bare[1], "wall")
    gone = tags.tag_group(ada.id, bare[2], "mistake")
    tags.withdraw(ada.id, gone.id)
    return [first, second, others[0]], sample[0]


def test_shares_of_a_dimension_are_what_a_count_over_all_groups_gives(
    version_id: int, ada: Account, ben: Account
) -> None:
    work(version_id, ada, ben)

    found = {index: each.tags for index, each in enumerate(dimension_views(version_id))}

    groups = groups_of(version_id)
    assert len(found) == len(groups[0].by_dimension)
    for dimension, shares in found.items():
        check(shares, groups, dimension)
    assert any(each.tagged for each in found.values())


def test_shares_of_a_pattern_are_what_a_count_over_its_groups_gives(
    version_id: int, ada: Account, ben: Account
) -> None:
    patterns, _group = work(version_id, ada, ben)

    for pattern_id in patterns:
        check(tags_of_pattern(version_id, pattern_id), groups_of(version_id, pattern_id), None)


def test_a_group_that_every_tag_was_rejected_on_has_none(version_id: int, ada: Account) -> None:
    first = patterns_of(version_id)[0]
    given = [tags.tag_pattern(ada.id, first, name) for name in ("one", "two")]
    samples = [
        {each.group_id for each in tag_checks.check(version_id, first, tagging.id).sample}
        for tagging in given
    ]
    both = samples[0] & samples[1]
    assert both, "the samples are as large as the pattern"
    for tagging in given:
        tag_checks.answer(ada.id, tagging.id, min(both), fits=False)

    check(tags_of_pattern(version_id, first), groups_of(version_id, first), None)
    assert tags_of_pattern(version_id, first).tagged < 1


def test_tags_of_another_collection_count_nothing(version_id: int, ada: Account) -> None:
    other = workspace("others").version
    assert other is not None
    tags.tag_pattern(ada.id, patterns_of(other.id)[0], "elsewhere")
    tags.tag_group(ada.id, groups_of(other.id)[0].id, "elsewhere")

    assert {each.tags.tagged for each in dimension_views(version_id)} == {0.0}
    assert tags_of_pattern(version_id, patterns_of(version_id)[0]) == UNTAGGED


def test_it_asks_as_often_for_twenty_tags_as_for_one(
    version_id: int, ada: Account, ben: Account
) -> None:
    groups = [each.id for each in groups_of(version_id)]
    patterns = patterns_of(version_id)
    tags.tag_group(ada.id, groups[0], "first")
    tags.tag_pattern(ada.id, patterns[0], "first")
    one = queries(lambda: dimension_views(version_id))
    for number, group_id in enumerate(groups[:20]):
        tags.tag_group(ben.id, group_id, f"tag {number}")
        tags.tag_pattern(ben.id, patterns[number % len(patterns)], f"tag {number}")

    assert one == queries(lambda: dimension_views(version_id)) <= 9
    assert queries(lambda: pattern_views(patterns)) == 1


def test_shares_of_evidence_and_of_the_mix_sum_to_one(version_id: int) -> None:
    views = dimension_views(version_id)

    assert sum(each.share or 0.0 for each in views) == pytest.approx(1)
    for shown in pattern_views(patterns_of(version_id)).values():
        assert sum(share for _index, share in shown.mix) == pytest.approx(1)
        assert np.all(np.diff([share for _index, share in shown.mix]) <= 0)


def test_a_version_from_before_descriptions_has_none_and_no_shares(
    version_id: int, ada: Account
) -> None:
    tags.tag_pattern(ada.id, patterns_of(version_id)[0], "eyes")
    with transaction() as write:
        write.execute(delete(PatternDescription))
        write.execute(delete(DimensionDescription))

    views = dimension_views(version_id)

    assert {(each.location, each.share, each.strongest, each.tags) for each in views} == {
        (None, None, (), UNTAGGED)
    }
    assert tags_of_pattern(version_id, patterns_of(version_id)[0]) == UNTAGGED
    assert pattern_views(patterns_of(version_id)) == {}
