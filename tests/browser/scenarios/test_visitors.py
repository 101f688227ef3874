"""Who has not signed in reads where the installation is open, and writes nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.prepared import COLLECTION
from tests.support.server import Server, live_server
from tests.support.visiting import image_url, sign_in
from tests.support.witness import Witness
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.notes import Expectation
from workbench.store.people import AuditEvent
from workbench.store.results import PixelGroup
from workbench.store.versions import ModelVersion, TrainingRun

WRITTEN = (AuditEvent, CounterfactualNote, Expectation, Tag, Tagging, TrainingRun, Verdict)


@pytest.fixture(scope="module")
def closed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The workbench as it is without a word about reading."""
    with live_server(data_dir, tmp_path_factory.mktemp("logs") / "closed.log") as running:
        yield running


@pytest.fixture
def witness(data_dir: Path) -> Witness:
    return Witness(data_dir)


def an_image(witness: Witness) -> int:
    found: int = witness.one(select(Image.id).join(PixelGroup).order_by(Image.id).limit(1))[0]
    return found


def written(witness: Witness) -> dict[str, int]:
    return {table.__name__: witness.count(table) for table in WRITTEN}


def writes(url: str, witness: Witness) -> dict[str, dict[str, str]]:
    """One of each kind, as a form would send it."""
    image_id = an_image(witness)
    group_id = witness.one(
        select(PixelGroup.id)
        .where(PixelGroup.image_id == image_id)
        .order_by(PixelGroup.id)
        .limit(1)
    )[0]
    return {
        f"{image_url(url, image_id)}/verdicts": {"decision": "fake"},
        f"{image_url(url, image_id)}/expectations": {
            "edit": "dimension-0",
            "expectation": "fall",
        },
        f"{image_url(url, image_id)}/notes": {"expected": "1", "text": "so"},
        f"{url}/groups/{group_id}/tags": {"tag": "made by nobody"},
        f"{url}/c/{COLLECTION}/runs": {},
    }


def token_of(page: Page) -> str:
    """The form token of this page's session."""
    return page.locator("input[name=csrf_token]").first.get_attribute("value") or ""


def test_a_closed_installation_shows_nothing_to_who_has_not_signed_in(
    browser_page: Page, closed: Server, witness: Witness
) -> None:
    page, image_id = browser_page, an_image(witness)
    version_id = witness.one(select(ModelVersion.id).order_by(ModelVersion.id).limit(1))[0]
    for path in ("/", f"/c/{COLLECTION}/", f"/c/{COLLECTION}/models", "/taxonomy"):
        page.goto(f"{closed.url}{path}")
        assert page.url.startswith(f"{closed.url}/login?next=")
        expect(page.get_by_label("Password")).to_be_visible()
        assert COLLECTION not in page.locator("main").inner_text()
    answer = page.request.get(image_url(closed.url, image_id), max_redirects=0)
    assert (answer.status, answer.headers["location"].startswith("/login")) == (303, True)
    pictures = (
        f"/images/{image_id}.jpg",
        f"/heatmaps/{version_id}/{image_id}.png",
        f"/maps/{version_id}/{image_id}.png",
    )
    for path in pictures:
        assert page.request.get(f"{closed.url}{path}", max_redirects=0).status == 401


def test_an_open_installation_shows_an_image_and_offers_to_sign_in_where_one_would_write(
    browser_page: Page, server: Server, witness: Witness
) -> None:
    page = browser_page
    page.goto(image_url(server.url, an_image(witness)))

    expect(page.locator("#viewer img.base")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Confirm|Overturn")).count() == 0
    assert page.locator(".tag-it").count() == 0
    expect(page.locator(".verdict").get_by_role("link", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("installation", ["closed", "server"])
def test_writing_is_refused_to_who_has_not_signed_in(
    request: pytest.FixtureRequest, browser_page: Page, witness: Witness, installation: str
) -> None:
    page, served = browser_page, request.getfixturevalue(installation)
    before = written(witness)
    page.goto(f"{served.url}/login")
    token = token_of(page)
    for url, form in writes(served.url, witness).items():
        answer = page.request.post(url, form={**form, "csrf_token": token}, max_redirects=0)
        assert (url, answer.status) == (url, 303)
        assert answer.headers["location"].startswith("/login")
    assert written(witness) == before


def test_a_form_without_its_token_changes_nothing_even_for_who_has_signed_in(
    browser_page: Page, closed: Server, witness: Witness
) -> None:
    page = browser_page
    sign_in(page, closed.url)
    before = written(witness)
    for url, form in writes(closed.url, witness).items():
        for token in ({}, {"csrf_token": "made-up"}):
            answer = page.request.post(url, form={**form, **token}, max_redirects=0)
            assert (url, answer.status) == (url, 400)
    assert written(witness) == before
