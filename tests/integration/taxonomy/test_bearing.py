"""A tag's page: what bears it under a version, counted as the filter by tag counts it."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from tests.support.queries import queries
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.explore.pattern_figures import figures_of_all
from workbench.services.review import tags
from workbench.services.taxonomy import examples
from workbench.services.taxonomy.bearing import bearing, images_bearing
from workbench.services.taxonomy.listing import taxonomy
from workbench.store.database import session
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed


@pytest.fixture
def pattern(version_id: int) -> Pattern:
    """The strongest pattern."""
    of_version = Pattern.version_id == version_id, Pattern.number == 0
    return session().scalars(select(Pattern).where(*of_version)).one()


@pytest.fixture
def others(version_id: int, pattern: Pattern) -> list[PixelGroup]:
    """Pixel groups that are not of that pattern."""
    return list(
        session().scalars(
            select(PixelGroup)
            .where(
                PixelGroup.version_id == version_id,
                PixelGroup.pattern_id.is_distinct_from(pattern.id),
            )
            .order_by(PixelGroup.id)
            .limit(3)
        )
    )


def test_what_bears_a_tag_is_counted_by_hand_and_by_pattern(
    version_id: int, pattern: Pattern, others: list[PixelGroup], ada: Account
) -> None:
    tag_id = tags.tag_pattern(ada.id, pattern.id, "blur").tag_id
    by_hand = {each.id: tags.tag_group(ada.id, each.id, "blur").id for each in others}

    found = bearing(version_id, tag_id)

    assert found.counts == {
        "all": pattern.groups + 3,
        "hand": 3,
        "pattern": pattern.groups,
        "suggested": 0,
    }
    chosen = choose(version_id, Selection(filters=Filters(tag="blur")))
    row = next(each for each in taxonomy([version_id]).rows if each.name == "blur")
    assert (
        found.images
        == row.images
        == int(chosen.filtered.sum())
        == images_bearing(version_id, tag_id)
    )
    assert [each.id for each in found.patterns] == [pattern.id]
    hand = bearing(version_id, tag_id, "hand")
    assert {each.group_id: each.tagging_id for each in hand.gallery} == by_hand


def test_figures_of_a_tag_on_one_pattern_are_those_of_the_pattern(
    version_id: int, pattern: Pattern, ada: Account
) -> None:
    tag_id = tags.tag_pattern(ada.id, pattern.id, "blur").tag_id
    store = column_store(version_id)
    known = figures_of_all(store)[store.pattern_index(pattern.id)]

    found = bearing(version_id, tag_id)

    assert found.contribution is not None
    assert found.contribution.mean == pytest.approx(known.mean_contribution)
    assert found.contribution.low < found.contribution.mean < found.contribution.high
    assert found.contribution.measured == pattern.groups
    assert found.prevalence == {"real": known.prevalence_real, "fake": known.prevalence_fake}
    assert sum(each.images for each in found.generators) <= store.count
    assert all(0 <= each.bearing <= each.images for each in found.generators)
    assert np.array(found.map).shape == (16, 16)
    assert 0 < np.array(found.map).max() <= 1


def test_the_gallery_is_turned_page_by_page_without_doubles(
    version_id: int, pattern: Pattern, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.services.taxonomy.gallery.GROUPS_A_PAGE", 7)
    tag_id = tags.tag_pattern(ada.id, pattern.id, "blur").tag_id

    pages = [bearing(version_id, tag_id)]
    while pages[-1].after is not None:
        pages.append(bearing(version_id, tag_id, after=pages[-1].after))

    shown = [each.group_id for page in pages for each in page.gallery]
    of_pattern = select(PixelGroup.id).where(PixelGroup.pattern_id == pattern.id)
    assert sorted(shown) == sorted(session().scalars(of_pattern))
    assert all(len(page.gallery) <= 7 for page in pages)


def test_a_tag_on_much_is_asked_for_as_often_as_one_on_little(
    version_id: int, pattern: Pattern, others: list[PixelGroup], ada: Account
) -> None:
    little = tags.tag_group(ada.id, others[0].id, "haze").tag_id
    much = tags.tag_pattern(ada.id, pattern.id, "blur").tag_id
    for each in others:
        tags.tag_group(ada.id, each.id, "blur")

    assert queries(lambda: bearing(version_id, little)) <= 12
    assert queries(lambda: bearing(version_id, much)) <= 12


def test_a_tag_that_nothing_bears_has_no_figures(version_id: int, ada: Account) -> None:
    found = bearing(version_id, 10_000)

    assert set(found.counts.values()) == {0}
    assert (found.images, found.contribution, found.gallery, found.after) == (0, None, (), None)


def test_a_region_is_an_example_once_and_only_its_author_withdraws_it(
    others: list[PixelGroup], ada: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag_id = tags.tag_group(ada.id, others[0].id, "blur").tag_id
    shown = examples.add(ada.id, tag_id, others[0].id, positive=True)
    examples.add(ben.id, tag_id, others[1].id, positive=False)

    found = examples.examples_of(tag_id)
    assert [(each.group_id, each.positive, each.by) for each in found] == [
        (others[0].id, True, "ada"),
        (others[1].id, False, "ben"),
    ]
    with pytest.raises(ConflictError, match="example of “blur” already"):
        examples.add(ben.id, tag_id, others[0].id, positive=False)
    with pytest.raises(ConflictError, match="Only its author"):
        examples.withdraw(ben.id, shown)
    monkeypatch.setattr(examples, "MOST", 2)
    with pytest.raises(ConflictError, match="has 2 examples"):
        examples.add(ben.id, tag_id, others[2].id, positive=True)

    examples.withdraw(ada.id, shown)
    assert [each.group_id for each in examples.examples_of(tag_id)] == [others[1].id]
    actions = session().scalars(
        select(AuditEvent.action).where(AuditEvent.action.startswith("example."))
    )
    assert sorted(actions) == ["example.add", "example.add", "example.withdraw"]
    with pytest.raises(NotFoundError):
        examples.add(ada.id, tag_id, 10**6, positive=True)
    with pytest.raises(NotFoundError):
        examples.add(ada.id, 10**6, others[0].id, positive=True)
