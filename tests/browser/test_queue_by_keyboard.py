"""A review queue by keyboard alone: judged, skipped, gone back in, undone; shown at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from tests.support.browser import Watch, accessibility_violations, watched_page
from tests.support.prepared import COLLECTION
from tests.support.reviewing import FORM, add_person, make_queue, press, shown_image
from tests.support.server import Server, live_server
from tests.support.visiting import sign_in
from tests.support.witness import Witness
from workbench.store.judgements import Verdict
from workbench.store.queues import QueueClaim, QueueItem

STANDS = Verdict.withdrawn_at.is_(None)


@pytest.fixture
def serving(own_data: Path, tmp_path: Path) -> Iterator[Server]:
    add_person(own_data, "ben", "annotator")
    with live_server(own_data, tmp_path / "server.log") as running:
        yield running


def decisions(data: Path) -> list[str]:
    return [each[0] for each in Witness(data).rows(select(Verdict.decision).where(STANDS))]


def start(page: Page, serving: Server, **more: str) -> None:
    sign_in(page, serving.url)
    make_queue(page, serving.url, "all of them", needed=1, most=24, **more)
    page.keyboard.press("j")
    expect(page.locator("main.judge-page")).to_be_visible()


def let_go(page: Page, held: list[Route]) -> None:
    """Let the request through that was held; a busy browser may be about to send it."""
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()


def test_twenty_images_are_judged_with_one_key_each(
    browser_page: Page, serving: Server, own_data: Path
) -> None:
    page = browser_page
    start(page, serving, reasons="hands\ntext")
    given = ["rfsx"[number % 4] for number in range(20)]
    page.evaluate(
        """document.querySelector("main").before(Object.assign(
            document.createElement("aside"), {className: "banner", textContent: "A warning."}))"""
    )
    expect(page.locator(".decide").last).to_be_in_viewport(ratio=1)

    for number, key in enumerate(given):
        if number == 3:
            expect(page.locator(FORM)).to_be_visible()
            page.keyboard.press("2")
            page.keyboard.press("1")
        press(page, key)

    expect(page.get_by_role("heading", name="Round 1")).to_be_visible()
    word = {"r": "real", "f": "fake", "s": "unsure", "x": "exclude"}
    assert sorted(decisions(own_data)) == sorted(word[key] for key in given)
    reasons = Witness(own_data).rows(select(Verdict.reason).where(Verdict.reason != ""))
    assert [each[0] for each in reasons] == ["text; hands"]
    assert accessibility_violations(page) == []
    page.keyboard.press("j")
    expect(page.locator("main.judge-page")).to_be_visible()


def test_a_skipped_image_is_gone_back_to_and_verdicts_are_undone_one_after_the_other(
    browser_page: Page, serving: Server, own_data: Path
) -> None:
    page = browser_page
    start(page, serving)
    first = shown_image(page)
    press(page, "j")
    second = shown_image(page)
    expect(page.locator("[rel=prev]")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(f"main[data-image='{first}']")).to_be_visible()
    press(page, "f")
    assert shown_image(page) == second
    press(page, "r")
    expect(page.locator("#notices")).to_contain_text("Saved: real")

    page.keyboard.press("z")
    expect(page.locator(f"main[data-image='{second}']")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(f"main[data-image='{first}']")).to_be_visible()

    assert decisions(own_data) == []
    assert Witness(own_data).count(Verdict) == 2
    page.keyboard.press("n")
    page.keyboard.type("six fingers")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Real")).to_be_focused()
    press(page, "f")
    expect(page.locator("#notices")).to_contain_text("Saved: fake")
    found = Witness(own_data).rows(select(Verdict.decision, Verdict.reason).where(STANDS))
    assert [tuple(each) for each in found] == [("fake", "six fingers")]


def test_the_next_image_is_shown_before_the_server_has_answered(
    browser_page: Page, serving: Server, own_data: Path
) -> None:
    page = browser_page
    start(page, serving)
    first = shown_image(page)
    held: list[Route] = []
    page.wait_for_load_state("networkidle")
    page.route(
        "**/queues/*/images/*",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )

    press(page, "f")

    assert shown_image(page) != first
    expect(page.locator("[data-part=picture]")).to_be_visible()
    assert decisions(own_data) == []
    let_go(page, held)
    expect(page.locator("#notices")).to_contain_text("Saved: fake")
    assert decisions(own_data) == ["fake"]


def test_what_is_pressed_before_the_answer_is_sent_after_it(
    browser_page: Page, serving: Server, own_data: Path
) -> None:
    page = browser_page
    start(page, serving)
    held: list[Route] = []
    page.wait_for_load_state("networkidle")

    def hold_the_first(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/queues/*/images/*", hold_the_first)
    press(page, "f")
    second = shown_image(page)
    expect(page.locator(FORM)).to_be_visible()
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    assert shown_image(page) == second, "it waits"
    assert decisions(own_data) == []
    let_go(page, held)

    expect(page.locator(f"main[data-image='{second}']")).to_have_count(0)
    expect(page.locator("#notices")).to_contain_text("Saved: real")
    assert decisions(own_data) == ["fake", "real"]


def test_a_lost_connection_brings_the_image_back_with_what_was_written(
    watched: tuple[Page, Watch], serving: Server, own_data: Path
) -> None:
    page, watch = watched
    watch.expect("Failed to load resource")
    start(page, serving)
    first = shown_image(page)
    page.wait_for_load_state("networkidle")
    page.route(
        "**/queues/*/images/*",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_label("Reason").fill("six fingers")
    page.get_by_label("Reason").press("Escape")
    expect(page.locator(FORM)).to_be_visible()
    page.keyboard.press("f")

    expect(page.locator("[data-refusal]")).to_contain_text("Connection lost")
    assert shown_image(page) == first
    expect(page.get_by_label("Reason")).to_have_value("six fingers")
    assert decisions(own_data) == []


def test_an_image_that_is_judged_on_a_phone_has_its_verdicts_within_reach(
    chromium: Browser, serving: Server
) -> None:
    size = {"width": 390, "height": 844}
    with watched_page(chromium, viewport=size, has_touch=True) as (page, watch):
        sign_in(page, serving.url)
        make_queue(page, serving.url, "phone", needed=1, most=3)
        page.get_by_role("button", name="Start reviewing").tap()
        for name in ("Real", "Fake", "Unsure", "Exclude"):
            box = page.get_by_role("button", name=name).bounding_box()
            assert box is not None
            assert box["height"] >= 48
            assert box["y"] > 844 * 0.7, "under the thumb"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert accessibility_violations(page) == []
        assert watch.unexpected() == []


def test_a_lease_is_kept_by_the_page_that_shows_the_image(
    browser_page: Page, serving: Server, own_data: Path
) -> None:
    page = browser_page
    page.clock.install()
    start(page, serving)
    claimed = (
        select(QueueClaim.renewed_at).join(QueueItem).where(QueueItem.image_id == shown_image(page))
    )
    before = Witness(own_data).one(claimed)[0]
    page.mouse.move(10, 10)
    page.mouse.move(50, 50)
    with page.expect_response("**/lease") as answered:
        page.clock.fast_forward(125_000)
    assert answered.value.status == 204
    assert Witness(own_data).one(claimed)[0] > before
    assert COLLECTION in page.url


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_the_pages_of_who_leads_and_judges_break_no_rule_in_either_theme(
    chromium: Browser, serving: Server, width: int
) -> None:
    size = {"width": width, "height": 900}
    with watched_page(chromium, viewport=size, reduced_motion="reduce") as (page, watch):
        sign_in(page, serving.url)
        queue = make_queue(page, serving.url, "rules", needed=2, most=3, round="1", reasons="hand")
        page.get_by_role("button", name="Start reviewing").click()
        item = page.locator("main.judge-page")
        expect(item).to_be_visible()
        addresses = [page.url, queue, f"{serving.url}/c/{COLLECTION}/queues/new?count=1"]
        press(page, "f")
        addresses.append(page.url)
        found = []
        for address in addresses:
            page.goto(address)
            for each in page.locator("main details > summary").all():
                each.click()
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                found += [f"{address} {theme}: {each}" for each in accessibility_violations(page)]
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [f"{address}: {wide} px wide"] if wide > width else []
        assert found == []
        assert watch.unexpected() == []
