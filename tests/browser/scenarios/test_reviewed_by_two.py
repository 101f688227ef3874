"""Two people at one queue: no image twice; what they disagree on is adjudicated, and learned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.support.browser import accessibility_violations, watched_page
from tests.support.prepared import COLLECTION
from tests.support.reviewing import add_person, make_queue, press, shown_image, sign_in_as
from tests.support.server import live_server
from tests.support.visiting import expect_notice, image_url, sign_in
from tests.support.witness import Witness
from workbench.app import create_app_without_pages
from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.training.dataset import final_labels
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Verdict


def test_two_people_judge_and_a_third_decides(
    browser_page: Page, chromium: Browser, own_data: Path, tmp_path: Path
) -> None:
    for name, role in (("ben", "annotator"), ("cleo", "reviewer")):
        add_person(own_data, name, role)
    witness = Witness(own_data)
    with (
        live_server(own_data, tmp_path / "server.log") as server,
        watched_page(chromium) as (ben, of_ben),
        watched_page(chromium) as (cleo, of_cleo),
    ):
        ada = browser_page
        sign_in(ada, server.url)
        sign_in_as(ben, server.url, "ben")
        sign_in_as(cleo, server.url, "cleo")

        each_once(ada, ben, server.url, witness)
        image_id = both_judge_and_disagree_on_one(ada, ben, server.url, witness)
        a_reviewer_decides(cleo, server.url, witness, image_id)
        every_page_says_the_same((ada, ben, cleo), server.url, image_id)
        assert of_ben.unexpected() == of_cleo.unexpected() == []
    assert trained(own_data, image_id) == opposite(witness, image_id)


def each_once(ada: Page, ben: Page, url: str, witness: Witness) -> None:
    queue = make_queue(ada, url, "once", needed=1, most=6)
    people = [ada, ben]
    for person in people:
        person.goto(queue)
        person.get_by_role("button", name="Start reviewing").click()
        expect(person.locator("main.judge-page")).to_be_visible()
    assert shown_image(ada) != shown_image(ben), "at the same moment each has another image"
    judge_all(people, "s")
    judged = Counter(each[0] for each in witness.rows(select(Verdict.image_id)))
    assert set(judged.values()) == {1}
    assert len(judged) == 6
    ada.reload()
    expect(ada.locator("#main")).to_contain_text("all verdicts given")


def judge_all(people: list[Page], key: str) -> None:
    """By turns, until nobody is given another image."""
    while people:
        for person in list(people):
            if not person.locator("main.judge-page").count():
                people.remove(person)
                continue
            press(person, key)
            expect(person.locator("main.judge-page[data-ahead]")).to_have_count(0)


def both_judge_and_disagree_on_one(ada: Page, ben: Page, url: str, witness: Witness) -> int:
    queue = make_queue(ada, url, "twice", needed=2, most=3)
    for person in (ada, ben):
        person.goto(queue)
        person.get_by_role("button", name="Start reviewing").click()
        expect(person.locator("main.judge-page")).to_be_visible()
    expect(ada.locator("main")).not_to_contain_text("p(fake)")
    image_id = shown_image(ada)
    label, other = imported(witness, image_id), opposite(witness, image_id)
    assert shown_image(ben) == image_id, "two are to judge it"
    press(ada, other[0])
    press(ben, label[0])
    judge_all([ada, ben], "s")
    return image_id


def a_reviewer_decides(cleo: Page, url: str, witness: Witness, image_id: int) -> None:
    cleo.goto(f"{url}/c/{COLLECTION}/queues")
    cleo.get_by_role("link", name="disagreements to adjudicate").click()
    expect(cleo.locator(".disputed-image")).to_have_count(1)
    assert accessibility_violations(cleo) == []
    cleo.locator(".disputed-image a").click()
    expect(cleo.locator(".side-by-side > li")).to_have_count(2)
    assert accessibility_violations(cleo) == []
    cleo.keyboard.press("n")
    cleo.keyboard.type("the texture is too smooth")
    cleo.get_by_label("Reason").press("Escape")
    cleo.keyboard.press("f" if opposite(witness, image_id) == "fake" else "r")
    expect_notice(cleo, "Adjudicated:")
    expect(cleo.locator("#main")).to_contain_text("Nothing waits for adjudication")
    decision, own = witness.one(select(Adjudication.decision, Adjudication.own_opinion))
    assert (decision, own) == (opposite(witness, image_id), False)


def every_page_says_the_same(people: tuple[Page, ...], url: str, image_id: int) -> None:
    for page in people:
        page.goto(image_url(url, image_id))
        expect(page.locator(".label-standing")).to_contain_text("adjudicated by cleo")
        expect(page.locator(".verdict")).to_contain_text("the texture is too smooth")
        page.goto(f"{url}/c/{COLLECTION}/disagreements/{image_id}")
        expect(page.locator(".label-standing")).to_contain_text("adjudicated by cleo")
        page.goto(f"{url}/c/{COLLECTION}/?verdict=overturned")
        expect(page.locator(f"a.card[href*='/images/{image_id}']")).to_have_count(1)


def imported(witness: Witness, image_id: int) -> str:
    label: str = witness.one(select(Image.label).where(Image.id == image_id))[0]
    return label


def opposite(witness: Witness, image_id: int) -> str:
    return "fake" if imported(witness, image_id) == "real" else "real"


def trained(data_dir: Path, image_id: int) -> str:
    """What the next training takes the image for."""
    with create_app_without_pages(Settings(data_dir=data_dir)).app_context():
        labels = final_labels(find_collection(COLLECTION).id)
        [found] = [each for each in labels if each.image_id == image_id]
        assert found.weight == 1.0
        return found.label
