"""What the page says is saved outlives the server that said it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.browser import Watch
from tests.support.prepared import NAME
from tests.support.server import live_server
from tests.support.visiting import expect_notice, image_url, judge, sign_in
from tests.support.witness import Witness
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.results import PixelGroup

WORDS = "This dimension is the roughness."


def give_a_tag(page: Page) -> None:
    page.keyboard.press("t")
    page.keyboard.type("rough patch")
    page.keyboard.press("Enter")
    expect_notice(page, "Tagged “rough patch”")


def save_a_note(page: Page) -> None:
    page.get_by_role("combobox", name="Edit").select_option("dimension-0")
    page.get_by_label("stay", exact=True).check()
    page.get_by_role("button", name="Run").click()
    # The first counterfactual waits until the encoder is loaded.
    page.locator("#note-text").fill(WORDS)
    page.get_by_role("button", name="Save note").click()
    expect_notice(page, "Note saved.")


def give_a_verdict(page: Page) -> None:
    judge(page, "s")
    expect_notice(page, "Saved: unsure.")


def test_what_is_shown_as_saved_outlives_a_kill_of_the_server(
    watched: tuple[Page, Watch], own_data: Path, tmp_path: Path
) -> None:
    (page, watch), witness = watched, Witness(own_data)
    # The page may still want its icon, or be getting a picture, when the server is gone.
    watch.expect("ERR_(CONNECTION_RE(FUSED|SET)|CONTENT_LENGTH_MISMATCH)")
    image_id: int = witness.one(
        select(Image.id).join(PixelGroup).order_by(Image.id.desc()).limit(1)
    )[0]
    wanted: list[tuple[Callable[[Page], None], type[Tagging | CounterfactualNote | Verdict]]] = [
        (give_a_tag, Tagging),
        (save_a_note, CounterfactualNote),
        (give_a_verdict, Verdict),
    ]
    for write, table in wanted:
        with live_server(own_data, tmp_path / f"{table.__name__}.log") as doomed:
            sign_in(page, doomed.url)
            page.goto(image_url(doomed.url, image_id))
            write(page)
            doomed.kill()
        assert witness.count(table) == 1
        page.context.clear_cookies()

    assert witness.one(select(Verdict.image_id, Verdict.decision)) == (image_id, "unsure")
    assert witness.one(select(CounterfactualNote.text, CounterfactualNote.expectation)) == (
        WORDS,
        "stay",
    )
    assert witness.one(select(Tag.name)) == ("rough patch",)
    with live_server(own_data, tmp_path / "again.log") as again:
        sign_in(page, again.url)
        page.goto(image_url(again.url, image_id))
        expect(page.locator(".label-standing")).to_contain_text(f"unsure by {NAME}")
        expect(page.locator(".history")).to_contain_text(WORDS)
        expect(page.locator("li.group .tag")).to_have_text("rough patch")
