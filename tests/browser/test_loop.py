"""The whole loop in a browser, with the database as its witness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from tests.browser.conftest import COLLECTION, NAME, PASSWORD
from tests.support.server import Server, live_server
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.people import AuditEvent, User
from workbench.store.results import PixelGroup, Prediction
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun

RETRAIN_MS = 240_000
# A counterfactual encodes eleven images: more than the usual five seconds on a busy machine.
expect.set_options(timeout=60_000)
WRONG = ("real_called_fake", "fake_called_real")


@pytest.fixture
def database(data_dir: Path) -> Iterator[Session]:
    """The server's own database, read from outside."""
    engine: Engine = create_engine(f"sqlite:///{data_dir / 'workbench.sqlite'}")
    # The driver opens no transaction for reading, so that every look sees the newest commit.
    with Session(engine) as session:
        yield session
    engine.dispose()


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/login")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server.url}/")


def image_id_of(page: Page) -> int:
    return int(page.url.split("/images/")[1].split("?")[0])


def test_a_reviewer_finds_judges_and_explains_an_error_and_a_retrain_learns_from_it(
    browser_page: Page, server: Server, worker: Server, database: Session
) -> None:
    browser_page.set_default_timeout(30_000)
    sign_in(browser_page, server)

    image_id = find_a_misclassified_image(browser_page, server, database)
    see_what_misled_the_model(browser_page, image_id, database)
    tag_the_region(browser_page, image_id, database)
    try_without_the_region_and_note_it(browser_page, image_id, database)
    judge_by_keyboard(browser_page, image_id, database)
    retrain_and_see_the_new_version(browser_page, server, database)


def find_a_misclassified_image(page: Page, server: Server, database: Session) -> int:
    """By the glyph of its cell."""
    page.goto(f"{server.url}/c/{COLLECTION}/?outcome=misclassified")
    glyph = page.locator("[data-cell-id]:not(.faded)").first
    cell_id = glyph.get_attribute("data-cell-id")
    glyph.locator("a").click()
    page.wait_for_url(f"**cell={cell_id}*")
    page.locator(f"a[href*='/c/{COLLECTION}/images/']").first.click()
    page.wait_for_url("**/images/**")
    image_id = image_id_of(page)
    shown = database.scalar(select(Prediction).where(Prediction.image_id == image_id))
    assert shown is not None
    assert shown.outcome in WRONG
    return image_id


def see_what_misled_the_model(page: Page, image_id: int, database: Session) -> None:
    """By its heatmap, and its pixel groups."""
    heatmap = page.locator("img[src*='/heatmaps/']").first
    expect(heatmap).to_be_visible()
    assert heatmap.evaluate("image => image.decode().then(() => image.naturalWidth)") == 224
    assert page.locator("li.group").count() == database.scalar(
        select(func.count()).select_from(PixelGroup).where(PixelGroup.image_id == image_id)
    )


def tag_the_region(page: Page, image_id: int, database: Session) -> None:
    """The strongest pixel group, by hand."""
    strongest = page.locator("li.group").first
    strongest.get_by_text("tag it").click()
    strongest.get_by_role("combobox").fill("rough patch")
    strongest.get_by_role("combobox").press("Enter")
    expect(page.locator("#notices")).to_contain_text("Tagged “rough patch”")
    group = strongest_group(image_id, database)
    tagging = database.scalar(select(Tagging).join(Tag).where(Tag.name == "rough patch"))
    assert tagging is not None
    assert (tagging.pixel_group_id, tagging.user.name) == (group.id, NAME)


def strongest_group(image_id: int, database: Session) -> PixelGroup:
    return database.scalars(
        select(PixelGroup).where(PixelGroup.image_id == image_id, PixelGroup.number == 0)
    ).one()


def try_without_the_region_and_note_it(page: Page, image_id: int, database: Session) -> None:
    """The figures that are saved are the server's, beside the random control."""
    page.locator("li.group").first.get_by_text("remove it and see").click()
    expect(page.locator(".trial")).to_contain_text("control")
    page.get_by_label("fall").check()
    page.locator("#note-text").fill("The checkerboard is what the model sees.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#notices")).to_contain_text("Note saved")
    note = database.scalar(
        select(CounterfactualNote).where(CounterfactualNote.image_id == image_id)
    )
    assert note is not None
    assert note.edit["rle"] == strongest_group(image_id, database).rle
    shown = database.scalars(select(Prediction.p).where(Prediction.image_id == image_id)).one()
    assert note.p_before == pytest.approx(shown, abs=1e-3)
    assert note.p_after != note.p_before
    assert (note.expectation, note.user.name) == ("fall", NAME)


def judge_by_keyboard(page: Page, image_id: int, database: Session) -> None:
    """One key, no mouse."""
    page.keyboard.press("o")
    expect(page.locator(".standing")).to_contain_text("verturn")
    verdict = database.scalar(select(Verdict).where(Verdict.image_id == image_id))
    assert verdict is not None
    assert (verdict.decision, verdict.user.name) == ("overturn", NAME)


def retrain_and_see_the_new_version(page: Page, server: Server, database: Session) -> None:
    """Asked for on the page, done by the worker, watched live."""
    before = database.scalar(select(ActiveVersion.version_id))
    page.goto(f"{server.url}/c/{COLLECTION}/models")
    page.get_by_role("button", name="Retrain now").click()
    expect(page.locator(".run")).to_be_visible()
    expect(page.locator("tr[data-version='2'] .chip")).to_have_text("active", timeout=RETRAIN_MS)
    run = database.scalars(select(TrainingRun).order_by(TrainingRun.id.desc())).first()
    assert run is not None
    assert run.requested_by is not None
    assert (run.state, run.requested_by.name) == ("succeeded", NAME)
    version = database.scalar(select(ModelVersion).where(ModelVersion.number == 2))
    assert version is not None
    assert version.parent_id == before
    assert version.dataset.counts["overturned"] == 1
    assert database.scalar(select(ActiveVersion.version_id)) == version.id
    scored = database.scalar(
        select(func.count()).select_from(Prediction).where(Prediction.version_id == version.id)
    )
    assert scored == database.scalar(select(func.count()).select_from(Image))
    actions = set(database.scalars(select(AuditEvent.action)))
    assert {"tag.add", "note.save", "verdict.give", "run.request", "version.activate"} <= actions
    page.goto(f"{server.url}/c/{COLLECTION}/")
    expect(page.locator("#masthead")).to_contain_text("v2")


def test_what_is_shown_as_saved_survives_a_kill_of_the_server(
    browser_page: Page, data_dir: Path, tmp_path: Path, database: Session
) -> None:
    page = browser_page
    page.set_default_timeout(30_000)
    with live_server(data_dir, tmp_path / "killed.log", open_reading="true") as doomed:
        sign_in(page, doomed)
        image_id = database.scalars(select(Image.id).order_by(Image.id.desc())).first()
        page.goto(f"{doomed.url}/c/{COLLECTION}/images/{image_id}")
        page.get_by_role("button", name="Unsure").click()
        expect(page.locator("#notices")).to_contain_text("Saved:")
        doomed.kill()

    verdict = database.scalar(select(Verdict).where(Verdict.image_id == image_id))
    assert verdict is not None
    assert verdict.decision == "unsure"


def test_without_javascript_a_cell_is_selected_and_a_verdict_given(
    chromium: Browser, server: Server, database: Session
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        sign_in(page, server)
        page.goto(f"{server.url}/c/{COLLECTION}/")
        page.locator("[data-cell-id] a").first.click()
        page.wait_for_url("**cell=*")
        page.locator(f"a[href*='/c/{COLLECTION}/images/']").first.click()
        page.wait_for_url("**/images/**")
        image_id = image_id_of(page)
        page.get_by_role("button", name="Exclude").click()
        expect(page.locator("#notices")).to_contain_text("Saved:")

    newest = database.scalars(select(Verdict).order_by(Verdict.id.desc())).first()
    assert newest is not None
    assert (newest.image_id, newest.decision) == (image_id, "exclude")


def test_writing_needs_an_account_even_where_reading_does_not(
    browser_page: Page, server: Server, database: Session
) -> None:
    page = browser_page
    image_id = database.scalars(select(Image.id)).first()
    verdicts = database.scalar(select(func.count()).select_from(Verdict))
    people = database.scalar(select(func.count()).select_from(User))
    address = f"{server.url}/c/{COLLECTION}/images/{image_id}"
    page.goto(address)
    assert page.get_by_role("button", name="Confirm").count() == 0

    refused = page.request.post(f"{address}/verdicts", form={"decision": "confirm"})

    assert refused.status in (400, 401, 403)
    assert database.scalar(select(func.count()).select_from(Verdict)) == verdicts
    assert database.scalar(select(func.count()).select_from(User)) == people
