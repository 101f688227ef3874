"""The review queue by keyboard: each key judges the image that is seen, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from tests.support.browser import Watch
from tests.support.prepared import COLLECTION, copy_of
from tests.support.server import Server, live_server
from tests.support.visiting import expect_notice, image_id_of, judge, sign_in
from tests.support.witness import Witness
from workbench.store.images import Image
from workbench.store.judgements import Verdict

STANDS = Verdict.withdrawn_at.is_(None)


@pytest.fixture(scope="module")
def data(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(analysed_once, tmp_path_factory.mktemp("keyboard") / "data")


@pytest.fixture(scope="module")
def reviewing(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with live_server(data, tmp_path_factory.mktemp("logs") / "keyboard.log") as running:
        yield running


@pytest.fixture
def queue(watched: tuple[Page, Watch], reviewing: Server, data: Path) -> Iterator[Page]:
    """The queue's first image, for who has signed in; what is judged is taken back at the end."""
    browser_page, watch = watched
    watch.expect("409")
    sign_in(browser_page, reviewing.url)
    browser_page.goto(f"{reviewing.url}/c/{COLLECTION}/adjudicate")
    token = browser_page.locator("input[name=csrf_token]").first.get_attribute("value")
    yield browser_page
    for (verdict_id,) in Witness(data).rows(select(Verdict.id).where(STANDS)):
        browser_page.request.post(
            f"{reviewing.url}/verdicts/{verdict_id}/withdraw", form={"csrf_token": token or ""}
        )
    assert verdicts(data) == []


def verdicts(data: Path) -> list[tuple[int, str]]:
    """Those that stand, as images and decisions, in the order in which they were given."""
    found = Witness(data).rows(
        select(Verdict.image_id, Verdict.decision).where(STANDS).order_by(Verdict.id)
    )
    return [(image_id, decision) for image_id, decision in found]


def imported_label(data: Path, image_id: int) -> str:
    label: str = Witness(data).one(select(Image.label).where(Image.id == image_id))[0]
    return label


def goes_to_another(page: Page, image_id: int) -> None:
    expect(page.locator("#work form[data-module=judging]")).not_to_have_attribute(
        "action", f"/images/{image_id}/"
    )
    page.wait_for_url(lambda url: f"/images/{image_id}?" not in url)


def test_two_keys_in_haste_judge_one_image_once_and_the_next_one_not_at_all(
    queue: Page, data: Path
) -> None:
    first = image_id_of(queue)

    judge(queue, "c")
    queue.keyboard.press("o")
    goes_to_another(queue, first)
    queue.keyboard.press("x")

    label = imported_label(data, first)
    expect_notice(queue, f"Saved: {label} (confirmed).")
    assert verdicts(data) == [(first, label)]


def test_two_clicks_while_the_answer_is_slow_send_one_verdict(queue: Page, data: Path) -> None:
    first = image_id_of(queue)
    held: list[Route] = []
    queue.route("**/verdicts?*", lambda route: held.append(route))  # noqa: PLW0108 - it must bear attributes

    queue.get_by_role("button", name="Unsure").click()
    queue.get_by_role("button", name="Exclude").click(force=True)
    queue.wait_for_function("document.querySelector('form[aria-busy=true]')")
    for route in held:
        route.continue_()
    goes_to_another(queue, first)

    assert verdicts(data) == [(first, "unsure")]


def test_a_page_of_before_ones_own_verdict_is_told_so_and_changes_nothing(
    queue: Page, data: Path
) -> None:
    first = image_id_of(queue)
    other = queue.context.new_page()
    other.goto(queue.url)
    judge(queue, "c")
    goes_to_another(queue, first)
    judge(other, "o")

    expect(other.locator(".verdict [data-refusal]")).to_contain_text("already judged this image")
    assert verdicts(data) == [(first, imported_label(data, first))]


def test_skipping_goes_on_and_k_comes_back_and_so_it_does_to_what_was_judged(queue: Page) -> None:
    first = image_id_of(queue)
    queue.keyboard.press("j")
    queue.wait_for_url(lambda url: f"/images/{first}?" not in url)
    second = image_id_of(queue)
    queue.keyboard.press("k")
    queue.wait_for_url(f"**/images/{first}?*")

    judge(queue, "s")
    queue.wait_for_url(f"**/images/{second}?*")
    queue.keyboard.press("k")

    queue.wait_for_url(f"**/images/{first}?*")
    expect(queue.locator(".label-standing")).to_contain_text("unsure by")


def test_a_reason_and_a_note_are_written_and_sent_without_the_mouse(
    queue: Page, data: Path
) -> None:
    first = image_id_of(queue)
    queue.keyboard.press("r")
    queue.keyboard.type("the teeth run together")
    queue.keyboard.press("Control+Enter")
    expect(queue.get_by_role("button", name="Confirm")).to_be_focused()
    judge(queue, "c")
    goes_to_another(queue, first)

    reason = Witness(data).one(select(Verdict.reason).where(STANDS))
    assert reason == ("the teeth run together",)

    queue.get_by_role("combobox", name="Edit").select_option("dimension-0")
    queue.get_by_label("stay", exact=True).check()
    queue.get_by_role("button", name="Run").click()
    expect(queue.locator("#note-text")).to_be_visible()
    queue.keyboard.press("n")
    queue.keyboard.type("dimension 0 is not needed")
    queue.keyboard.press("Control+Enter")
    expect_notice(queue, "Note saved.")
