"""Tags outlive retrains: a version bears what lies on its regions, or suggests it."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from tests.support.working import retrain
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.overlap import LIES_ON, TOUCHES
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.image.detail import image_detail
from workbench.services.regions.drawn import draw_region, withdraw_region
from workbench.services.regions.shapes import Drawing, DrawnStep
from workbench.services.removal.versions import remove_version
from workbench.services.review import tag_checks, tags, verdicts
from workbench.services.tagged.pattern_tags import BORNE, SUGGESTED, tags_of_patterns
from workbench.services.taxonomy.listing import TagRow, taxonomy
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tagging
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import Pattern, PixelGroup
from workbench.store.versions import ActiveVersion

pytestmark = pytest.mark.analysed


@pytest.fixture
def collection_id(analysed: Workspace) -> int:
    return analysed.collection.id


@pytest.fixture
def retrained(version_id: int, collection_id: int, ada: Account, settings: Settings) -> int:
    """A second version, by some labels that were overturned."""
    wrong = session().scalars(
        select(Image.id).where(
            Image.collection_id == collection_id,
            Image.name.in_([f"real-{number:03}.png" for number in range(3)]),
        )
    )
    for image_id in wrong.all():
        verdicts.give_verdict(ada.id, image_id, version_id, "fake", seen=0)
    retrain(ada.id, collection_id, settings)
    session().rollback()
    return session().get_one(ActiveVersion, collection_id).version_id


def groups_of(version_id: int, pattern_id: int | None = None) -> list[PixelGroup]:
    query = select(PixelGroup).where(PixelGroup.version_id == version_id).order_by(PixelGroup.id)
    if pattern_id is not None:
        query = query.where(PixelGroup.pattern_id == pattern_id)
    return list(session().scalars(query))


def patterns_of(version_id: int) -> list[Pattern]:
    query = select(Pattern).where(Pattern.version_id == version_id)
    return list(session().scalars(query.order_by(Pattern.groups.desc(), Pattern.id)))


def row_of(version_id: int, name: str) -> TagRow:
    return next(each for each in taxonomy([version_id]).rows if each.name == name)


def share(region: Region, of: Region) -> float:
    """How much of a mask lies in a region, by counting pixels."""
    a, b = (decode_mask(each.rle, NORMAL_SIZE) > 0 for each in (region, of))
    return float((a & b).sum() / b.sum())


def covered(version_id: int, regions: list[Region], least: float = LIES_ON) -> set[int]:
    """The version's groups that lie on one of these regions; a slow look at every pair."""
    return {
        group.id
        for group in groups_of(version_id)
        if any(
            region.image_id == group.image_id and share(region, of=group.region) >= least
            for region in regions
        )
    }


def shown_on(version_id: int, group: PixelGroup) -> list[str]:
    """The tags that the image's page shows on a group."""
    detail = image_detail(version_id, group.image_id)
    return [each.tag for found in detail.groups if found.id == group.id for each in found.tags]


def names_of_patterns(version_id: int) -> dict[int, tuple[list[str], list[str]]]:
    """By pattern: the tags that it bears, and those that are suggested for it."""
    return {
        pattern_id: ([each.tag for each in found.tags], [each.tag for each in found.suggested])
        for pattern_id, found in tags_of_patterns(column_store(version_id)).items()
    }


def test_a_tag_on_a_pattern_is_on_the_groups_of_the_next_version_that_lie_there(
    version_id: int, retrained: int, ada: Account
) -> None:
    tagged = patterns_of(version_id)[0]
    tags.tag_pattern(ada.id, tagged.id, "hair")

    members = groups_of(version_id, tagged.id)
    expected = covered(retrained, [each.region for each in members])
    assert expected
    bearing = {each.id for each in groups_of(retrained) if "hair" in shown_on(retrained, each)}
    assert bearing == expected
    row = row_of(retrained, "hair")
    assert row.groups == len(expected)
    assert row.images == tagged.images
    assert choose(retrained, Selection(Filters(tag="hair"))).total == tagged.images


def test_a_pattern_of_the_next_version_bears_a_tag_that_most_of_its_groups_lie_on(
    version_id: int, retrained: int, ada: Account
) -> None:
    for number, each in enumerate(patterns_of(version_id)):
        tags.tag_pattern(ada.id, each.id, f"tag {number}")

    found = tags_of_patterns(column_store(retrained))

    checked = 0
    for number, old in enumerate(patterns_of(version_id)):
        lying = covered(retrained, [each.region for each in groups_of(version_id, old.id)])
        for new in patterns_of(retrained):
            share = len(lying & {each.id for each in groups_of(retrained, new.id)}) / new.groups
            borne = {each.tag: each for each in found[new.id].tags} if new.id in found else {}
            maybe = {each.tag: each for each in found[new.id].suggested} if new.id in found else {}
            name = f"tag {number}"
            assert (name in borne) == (share >= BORNE)
            assert (name in maybe) == (SUGGESTED <= share < BORNE)
            for view in (some[name] for some in (borne, maybe) if name in some):
                assert (view.version, view.by) == (1, "ada")
                assert view.share == pytest.approx(share)
                checked += 1
    assert checked


def test_what_was_tagged_by_hand_stays_where_it_was(
    version_id: int, retrained: int, ada: Account
) -> None:
    changed = {each.region_id for each in groups_of(retrained)} - {
        each.region_id for each in groups_of(version_id)
    }
    near = {
        each.other_id: each.share
        for each in session().scalars(
            select(RegionOverlap).where(RegionOverlap.region_id.in_(changed))
        )
    }
    put = [each for each in groups_of(version_id) if near.get(each.region_id, 0) >= TOUCHES]
    same = next(
        each
        for each in groups_of(version_id)
        if each.region_id in {other.region_id for other in groups_of(retrained)}
    )
    for each in (*put, same):
        tags.tag_group(ada.id, each.id, "teeth")

    expected = covered(retrained, [each.region for each in (*put, same)])
    bearing = {each.id for each in groups_of(retrained) if "teeth" in shown_on(retrained, each)}
    assert bearing == expected
    assert row_of(retrained, "teeth").groups == len(expected)
    for each in groups_of(retrained):
        detail = image_detail(retrained, each.image_id)
        view = next(found for found in detail.groups if found.id == each.id)
        partly = [one for one in view.suggested if one.tag == "teeth"]
        most = max(
            (share(one.region, of=each.region) for one in put if one.image_id == each.image_id),
            default=0.0,
        )
        assert bool(partly) == (TOUCHES <= most < LIES_ON and each.id not in bearing)
        for one in partly:
            assert one.share == pytest.approx(most)


def test_a_tag_that_was_rejected_on_a_region_stays_off_it(
    version_id: int, retrained: int, ada: Account
) -> None:
    tagged = patterns_of(version_id)[0]
    given = tags.tag_pattern(ada.id, tagged.id, "hair")
    before = row_of(retrained, "hair").groups
    sampled = {each.group_id for each in tag_checks.check(version_id, tagged.id, given.id).sample}
    kept = {each.region_id: each for each in groups_of(retrained)}
    off = next(
        each
        for each in groups_of(version_id, tagged.id)
        if each.id in sampled and each.region_id in kept
    )

    tag_checks.answer(ada.id, given.id, off.id, fits=False)

    assert "hair" not in shown_on(retrained, kept[off.region_id])
    assert row_of(retrained, "hair").groups == before - 1


def test_an_accepted_suggestion_is_the_patterns_own_tag_and_counts_once(
    version_id: int, retrained: int, ada: Account, ben: Account
) -> None:
    tags.tag_pattern(ada.id, patterns_of(version_id)[0].id, "hair")
    store = column_store(retrained)
    pattern_id = next(iter(tags_of_patterns(store)))

    tags.tag_pattern(ben.id, pattern_id, "hair")

    [view] = tags_of_patterns(store)[pattern_id].tags
    assert (view.tag, view.by, view.version, view.share) == ("hair", "ben", None, 1.0)
    groups = {each.id for each in groups_of(retrained, pattern_id)}
    groups |= covered(
        retrained,
        [each.region for each in groups_of(version_id, patterns_of(version_id)[0].id)],
    )
    assert row_of(retrained, "hair").groups == len(groups)


def test_a_withdrawn_tag_is_off_every_version(
    version_id: int, retrained: int, ada: Account
) -> None:
    given = tags.tag_pattern(ada.id, patterns_of(version_id)[0].id, "hair")
    tags.tag_pattern(ada.id, patterns_of(version_id)[1].id, "kept")

    tags.withdraw(ada.id, given.id)

    assert all("hair" not in shown_on(retrained, each) for each in groups_of(retrained))
    borne = {
        each.tag
        for found in tags_of_patterns(column_store(retrained)).values()
        for each in (*found.tags, *found.suggested)
    }
    assert borne <= {"kept"}


def test_two_retrains_lose_nothing_and_double_nothing(
    version_id: int, retrained: int, collection_id: int, ada: Account, settings: Settings
) -> None:
    tagged = patterns_of(version_id)[0]
    tags.tag_pattern(ada.id, tagged.id, "hair")
    hand = groups_of(version_id)[0]
    tags.tag_group(ada.id, hand.id, "teeth")

    retrain(ada.id, collection_id, settings)
    session().rollback()
    third = session().get_one(ActiveVersion, collection_id).version_id

    assert third not in (version_id, retrained)
    for newer in (retrained, third):
        assert row_of(newer, "hair").images == tagged.images
        assert row_of(newer, "teeth").images == 1
        assert row_of(newer, "hair").groups == len(
            covered(newer, [each.region for each in groups_of(version_id, tagged.id)])
        )
    assert len(session().scalars(select(Tagging)).all()) == 2


def test_tags_stay_when_the_version_that_they_were_put_on_is_removed(
    version_id: int, retrained: int, ada: Account, settings: Settings
) -> None:
    tagged = patterns_of(version_id)[0]
    tags.tag_pattern(ada.id, tagged.id, "hair")
    tags.tag_group(ada.id, groups_of(version_id)[0].id, "teeth")
    before = [row_of(retrained, name) for name in ("hair", "teeth")]
    bearing = {each.id for each in groups_of(retrained) if shown_on(retrained, each)}
    names = names_of_patterns(retrained)
    assert any(borne for borne, _maybe in names.values())

    remove_version("pictures", 1, ada.id, settings)

    assert [row_of(retrained, name) for name in ("hair", "teeth")] == before
    assert {each.id for each in groups_of(retrained) if shown_on(retrained, each)} == bearing
    assert names_of_patterns(retrained) == names


def test_a_region_that_a_tag_covers_under_an_older_version_shows_it_there(
    version_id: int, retrained: int, ada: Account
) -> None:
    new = patterns_of(retrained)[0]
    tags.tag_pattern(ada.id, new.id, "hair")

    expected = covered(version_id, [each.region for each in groups_of(retrained, new.id)])

    assert expected
    assert row_of(version_id, "hair").groups == len(expected)
    views = tags_of_patterns(column_store(version_id))
    assert all(each.version == 2 for found in views.values() for each in found.tags)


def test_overlaps_that_are_written_later_are_seen_by_columns_that_were_read_before(
    version_id: int, ada: Account
) -> None:
    store = column_store(version_id)
    group = groups_of(version_id)[0]
    tags.tag_group(ada.id, groups_of(version_id)[1].id, "other")
    assert row_of(version_id, "other").groups == 1
    mask = decode_mask(group.region.rle, NORMAL_SIZE)
    with transaction() as write:
        drawn = Region(
            image_id=group.image_id, rle="1", left=0, top=0, width=1, height=1, area=int(mask.sum())
        )
        write.add(drawn)
        write.flush()
        for pair in ((drawn.id, group.region_id), (group.region_id, drawn.id)):
            write.add(RegionOverlap(region_id=pair[0], other_id=pair[1], share=0.7, iou=0.7))
        tag = tags.tag_named(write, ada.id, "teeth")
        write.add(Tagging(tag_id=tag.id, region_id=drawn.id, user_id=ada.id))

    assert column_store(version_id) is store
    assert row_of(version_id, "teeth").groups == 1
    assert shown_on(version_id, group) == ["teeth"]
    assert np.array_equal(store.pixel_group_regions, np.sort(store.pixel_group_regions))


def test_a_region_drawn_by_hand_tags_the_groups_of_every_version_that_lie_there(
    version_id: int, retrained: int, ada: Account
) -> None:
    group = max(groups_of(version_id), key=lambda each: each.region.area)
    whole = DrawnStep("groups", groups=(group.id,))
    # Its left three quarters, and as much beside it as makes little difference.
    right = group.region.left + round(group.region.width * 0.75)
    cut = DrawnStep(
        "box", erase=True, points=((right, 0.0), (float(NORMAL_SIZE), float(NORMAL_SIZE)))
    )
    drawing = Drawing(NORMAL_SIZE, NORMAL_SIZE, (whole, cut))
    drawn = draw_region(ada.id, group.image_id, drawing, "teeth", version_id=version_id)

    region = session().get_one(Region, drawn.region_id)
    assert region.area == decode_mask(region.rle, NORMAL_SIZE).sum()
    for each in (version_id, retrained):
        expected = covered(each, [region])
        assert expected
        bearing = {one.id for one in groups_of(each) if "teeth" in shown_on(each, one)}
        assert bearing == expected
        assert row_of(each, "teeth").groups == len(expected)
        assert row_of(each, "teeth").images == 1
        maybe = {
            found.id
            for found in image_detail(each, group.image_id).groups
            if any(view.tag == "teeth" for view in found.suggested)
        }
        assert maybe == covered(each, [region], TOUCHES) - expected
    [shown] = image_detail(retrained, group.image_id).drawn
    assert [each.tag for each in shown.tags] == ["teeth"]
    for found in shown.covers:
        one = next(
            each
            for each in groups_of(retrained)
            if (each.image_id, each.number) == (group.image_id, found.number)
        )
        assert found.share == pytest.approx(share(region, of=one.region))
        assert found.bears == (found.share >= LIES_ON)


def test_a_region_drawn_as_a_pixel_group_lies_is_that_region(
    version_id: int, retrained: int, ada: Account, ben: Account
) -> None:
    group = groups_of(version_id)[0]
    tags.tag_group(ada.id, group.id, "teeth")
    whole = DrawnStep("groups", groups=(group.id,))
    drawing = Drawing(NORMAL_SIZE, NORMAL_SIZE, (whole,))

    drawn = draw_region(ben.id, group.image_id, drawing, "teeth", version_id=retrained)

    assert drawn.region_id == group.region_id
    assert not drawn.tagged.new
    assert image_detail(version_id, group.image_id).drawn == ()
    withdraw_region(ben.id, drawn.id)
    assert "teeth" in shown_on(version_id, group)


def test_a_tag_that_was_carried_over_is_taken_off_where_it_does_not_fit(
    version_id: int, retrained: int, ada: Account
) -> None:
    given = tags.tag_pattern(ada.id, patterns_of(version_id)[0].id, "hair")
    bearing = [each for each in groups_of(retrained) if shown_on(retrained, each)]
    changed = {each.region_id for each in groups_of(version_id)}
    # One that only overlaps what was tagged, and one that is the very region.
    picked = [
        next(each for each in bearing if (each.region_id in changed) == same)
        for same in (True, False)
        if any((each.region_id in changed) == same for each in bearing)
    ]

    for each in picked:
        tag_checks.take_off(ada.id, given.id, each.id)

    assert all(shown_on(retrained, each) == [] for each in picked)
    assert row_of(retrained, "hair").groups == len(bearing) - len(picked)
