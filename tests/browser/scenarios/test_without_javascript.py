"""Everything that HTML can do is done by HTML."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.support.browser import watched_page
from tests.support.prepared import COLLECTION, NAME
from tests.support.server import Server
from tests.support.visiting import expect_notice, image_id_of, sign_in
from tests.support.witness import Witness
from workbench.store.judgements import CounterfactualNote, Verdict
from workbench.store.people import User


def test_a_cell_is_selected_an_image_explained_and_judged_without_javascript(
    chromium: Browser, server: Server, data_dir: Path
) -> None:
    witness = Witness(data_dir)
    with watched_page(chromium, java_script_enabled=False) as (page, watch):
        sign_in(page, server.url)
        page.goto(f"{server.url}/c/{COLLECTION}/")
        glyph = page.locator("[data-cell-id]").last
        cell_id = glyph.get_attribute("data-cell-id")
        glyph.locator("a").click()
        page.wait_for_url(f"**cell={cell_id}*")
        page.locator(".grid .card").first.click()
        page.wait_for_url("**/images/**")
        image_id = image_id_of(page)
        expect(page.locator("#viewer svg.heat")).to_be_visible()
        whole = page.locator("#viewer img.base")
        assert whole.evaluate("image => image.naturalWidth") > 0

        edits = page.get_by_role("combobox", name="Edit")
        dimension = edits.locator("option[value^=dimension-]").first.get_attribute("value")
        edits.select_option(dimension)
        page.get_by_label("stay", exact=True).check()
        # The first counterfactual waits until the encoder is loaded.
        page.get_by_role("button", name="Run").click()
        expect(page.locator(".trial")).to_contain_text("Δ logit")
        page.locator("#note-text").fill("It goes without a script.")
        page.get_by_role("button", name="Save note").click()
        expect_notice(page, "Note saved.")

        page.locator("#reason").fill("no script")
        page.get_by_role("button", name="Exclude").click()
        expect_notice(page, "Saved: excluded.")
        expect(page.locator(".label-standing")).to_contain_text(f"excluded by {NAME}")
        assert watch.unexpected() == []

    verdict = select(Verdict.image_id, Verdict.decision, Verdict.reason, User.name)
    newest = verdict.join(User, User.id == Verdict.user_id).order_by(Verdict.id.desc()).limit(1)
    assert witness.one(newest) == (image_id, "exclude", "no script", NAME)
    note = select(CounterfactualNote.image_id, CounterfactualNote.text)
    assert witness.one(note.order_by(CounterfactualNote.id.desc()).limit(1)) == (
        image_id,
        "It goes without a script.",
    )
