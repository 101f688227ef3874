"""Suggested tags by keyboard: one key accepts, one dismisses, and the next item is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.support.browser import Watch
from tests.support.prepared import COLLECTION, DATABASE, copy_of
from tests.support.server import Server, live_server
from tests.support.visiting import expect_notice, sign_in
from tests.support.witness import Witness
from workbench.store.judgements import DismissedSuggestion, Tag, TaggedRegion, Tagging
from workbench.store.people import User
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import Pattern, PixelGroup

TAGGED = 20
OF_GROUPS = 24
PATTERNS_TAG, GROUPS_TAG = "smooth skin", "blurred edge"


@pytest.fixture(scope="module")
def data(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Regions that were tagged and lie on part of the patterns, and of two dozen pixel groups."""
    made = copy_of(analysed_once, tmp_path_factory.mktemp("suggested") / "data")
    with Session(create_engine(f"sqlite:///{made / DATABASE}")) as write:
        user_id = write.scalars(select(User.id)).first()
        tags = [
            Tag(name=name, created_by_id=user_id, hotkey=key)
            for key, name in (("1", PATTERNS_TAG), ("2", GROUPS_TAG))
        ]
        write.add_all(tags)
        write.flush()
        several = Tagging(tag_id=tags[0].id, user_id=user_id)
        write.add(several)
        write.flush()
        left: list[PixelGroup] = []
        for pattern_id in write.scalars(select(Pattern.id)).all():
            query = select(PixelGroup).where(PixelGroup.pattern_id == pattern_id)
            groups = write.scalars(query.order_by(PixelGroup.id)).all()
            third = len(groups) // 3
            for group in groups[:third]:
                write.add(TaggedRegion(tagging_id=several.id, region_id=group.region_id))
            left += groups[third:]
        for group in left[:OF_GROUPS]:
            beside = Region(
                image_id=group.image_id, rle="1", left=0, top=0, width=1, height=1, area=1
            )
            write.add(beside)
            write.flush()
            for pair in ((beside.id, group.region_id), (group.region_id, beside.id)):
                write.add(RegionOverlap(region_id=pair[0], other_id=pair[1], share=0.3, iou=0.3))
            write.add(Tagging(tag_id=tags[1].id, region_id=beside.id, user_id=user_id))
        write.commit()
    return made


@pytest.fixture
def page(
    watched: tuple[Page, Watch], data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    with live_server(data, tmp_path_factory.mktemp("logs") / "suggested.log") as server:
        yield from signed_in(watched[0], server)


def signed_in(page: Page, server: Server) -> Iterator[Page]:
    sign_in(page, server.url)
    page.goto(f"{server.url}/c/{COLLECTION}/patterns")
    page.get_by_role("link", name="suggested tags").click()
    page.wait_for_url("**/suggestions?*", wait_until="load")
    yield page


def put_on(data: Path) -> list[tuple[str, int | None, int | None]]:
    """The tags that were put on since: name, pattern, region."""
    found = Witness(data).rows(
        select(Tag.name, Tagging.pattern_id, Tagging.region_id)
        .join(Tag, Tag.id == Tagging.tag_id)
        .where(Tagging.id > OF_GROUPS + 1)
        .order_by(Tagging.id)
    )
    return [(name, pattern_id, region_id) for name, pattern_id, region_id in found]


def test_twenty_patterns_and_pixel_groups_are_tagged_by_a_key_each(page: Page, data: Path) -> None:
    items = page.locator(".suggested-item")
    patterns = page.locator("#suggested > :first-child .suggested-item").count()
    total = items.count()
    assert patterns > 0
    assert total == patterns + OF_GROUPS >= TAGGED + 3

    for tagged in range(TAGGED):
        expect(items).to_have_count(total - tagged)
        # A key in the moment before the page's scripts have taken the list over is lost.
        page.wait_for_selector("form[data-htmx-powered] [data-key=a]")
        page.keyboard.press("a")
    expect(items).to_have_count(total - TAGGED)

    made = put_on(data)
    assert len(made) == TAGGED
    on_patterns = [each for each in made if each[1] is not None]
    on_groups = [each for each in made if each[2] is not None]
    assert (len(on_patterns), len(on_groups)) == (patterns, TAGGED - patterns)
    assert {each[0] for each in on_patterns} == {PATTERNS_TAG}
    assert {each[0] for each in on_groups} == {GROUPS_TAG}
    assert len({each[2] for each in on_groups}) == len(on_groups)

    # One further down: two keys to it, one that dismisses it; the focus stays there.
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.locator(":focus")
    off = focused.get_attribute("id")
    after = items.nth(2).get_attribute("id")
    assert off == items.nth(1).get_attribute("id")
    page.keyboard.press("d")
    expect_notice(page, "Suggestion dismissed.")
    expect(page.locator(f"#{off}")).to_have_count(0)
    expect(page.locator(f"#{after}")).to_be_focused()
    [(region_id,)] = Witness(data).rows(select(DismissedSuggestion.region_id))
    group_id = int((off or "").split("-")[1])
    assert (
        region_id
        == Witness(data).one(select(PixelGroup.region_id).where(PixelGroup.id == group_id))[0]
    )

    page.keyboard.press("u")
    expect(page.locator(f"#{off}")).to_have_count(1)


def test_the_hotkey_of_a_tag_puts_it_on_the_pixel_group_in_focus(page: Page, data: Path) -> None:
    before = len(put_on(data))
    image_id, region_id = Witness(data).rows(
        select(PixelGroup.image_id, PixelGroup.region_id).order_by(PixelGroup.id.desc()).limit(1)
    )[0]
    group_id = Witness(data).one(select(PixelGroup.id).where(PixelGroup.region_id == region_id))[0]
    page.goto(page.url.replace("/suggestions", f"/images/{image_id}"))
    page.locator(f"#group-{group_id}").focus()

    page.keyboard.press("2")

    expect_notice(page, f"Tagged “{GROUPS_TAG}”.")
    expect(page.locator(f"#group-{group_id}")).to_be_focused()
    assert put_on(data)[before:] == [(GROUPS_TAG, None, region_id)]
