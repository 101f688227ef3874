"""A note is written on an expectation, answered, found, replayed on a new version, and undone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.support.browser import accessibility_violations, watched_page
from tests.support.patience import PATIENCE_MS
from tests.support.prepared import COLLECTION, PASSWORD
from tests.support.server import MANAGE, ROOT, environment, live_server, live_worker, manage
from tests.support.visiting import expect_notice, image_url, sign_in
from tests.support.witness import Witness
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, NoteReply
from workbench.store.people import AuditEvent
from workbench.store.results import PixelGroup
from workbench.store.versions import ModelVersion

WORDS = "The checkerboard is what the model sees."
REPLY = "And without the border?"


@pytest.fixture
def two_people(own_data: Path) -> Path:
    """A data directory with a second account."""
    subprocess.run(
        [*MANAGE, "user", "add", "ben", "--role", "reviewer", "--password-stdin"],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(own_data),
    )
    return own_data


def test_a_note_is_answered_found_replayed_and_undone(
    browser_page: Page, chromium: Browser, two_people: Path, tmp_path: Path
) -> None:
    page, witness = browser_page, Witness(two_people)
    image_id = witness.one(select(PixelGroup.image_id).order_by(PixelGroup.id).limit(1))[0]
    with live_server(two_people, tmp_path / "server.log") as server:
        sign_in(page, server.url)
        page.goto(image_url(server.url, image_id))
        write_a_note_on_an_expectation(page, witness)
        with watched_page(chromium) as (other, watch):
            answer_as_somebody_else(other, server.url)
            assert watch.unexpected() == []
        done = manage("retrain", "--collection", COLLECTION, "--wait", data_dir=two_people)
        assert done.returncode == 0, done.stderr
        find_and_replay_it(page, server.url, witness)
        undo_it_from_my_history(page, witness)
        accessible(page)
        with live_worker(two_people, tmp_path / "worker.log"):
            replay_all_by_the_worker(page, server.url, witness)


def write_a_note_on_an_expectation(page: Page, witness: Witness) -> None:
    page.get_by_role("combobox", name="Edit", exact=True).select_option(index=0)
    page.get_by_label("fall", exact=True).check()
    page.get_by_label("below or above").fill("0.999")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".trial")).to_contain_text("Expected to fall below 0.999:")
    written: Expectation = witness.one(select(Expectation))[0]
    assert (written.direction, written.bound, written.known) == ("fall", 0.999, False)
    assert witness.count(CounterfactualNote) == 0
    page.locator("#note-text").fill(WORDS)
    page.get_by_role("button", name="Save note").click()
    expect_notice(page, "Note saved.")
    note: CounterfactualNote = witness.one(select(CounterfactualNote))[0]
    assert (note.expectation_id, note.bound) == (written.id, 0.999)


def answer_as_somebody_else(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{url}/c/{COLLECTION}/")
    page.get_by_role("link", name="Notes").click()
    expect(page.locator(".note")).to_contain_text(WORDS)
    page.get_by_text("Reply", exact=True).click()
    page.get_by_label("Reply to ada").fill(REPLY)
    page.get_by_role("button", name="Save reply").click()
    expect_notice(page, "Reply saved.")
    expect(page.locator(".replies")).to_contain_text(REPLY)


def find_and_replay_it(page: Page, url: str, witness: Witness) -> None:
    version = witness.one(select(ModelVersion.id).where(ModelVersion.number == 2))[0]
    page.goto(f"{url}/c/{COLLECTION}/notes")
    expect(page.locator(".came")).to_contain_text("1 not replayed yet")
    page.get_by_label("Words in notes and replies").fill("WITHOUT the border")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".note")).to_have_count(1)
    accessible(page)
    page.get_by_role("button", name="Replay on v2", exact=True).click()
    expect_notice(page, "Replayed on v2.")
    replay: NoteReplay = witness.one(select(NoteReplay).where(NoteReplay.version_id == version))[0]
    assert replay.p_after is not None
    words = "met" if replay.met else "not met" if replay.met is False else "not tested"
    expect(page.locator(".note .met, .note .unmet, .note .untested")).to_have_text(words)


def undo_it_from_my_history(page: Page, witness: Witness) -> None:
    page.locator(".masthead details.menu summary").click()
    page.get_by_role("link", name="My history").click()
    written = page.locator(".event", has_text="wrote a counterfactual note")
    written.get_by_role("button", name="Undo").click()
    expect_notice(page, "Undone.")
    assert witness.count(CounterfactualNote, CounterfactualNote.withdrawn_at.is_(None)) == 0
    withdrawal = page.locator(".event", has_text="withdrew a counterfactual note")
    withdrawal.get_by_role("button", name="Undo").click()
    expect(page.locator(".event", has_text="restored a counterfactual note")).to_be_visible()
    assert witness.count(CounterfactualNote, CounterfactualNote.withdrawn_at.is_(None)) == 1
    undone = [row[0] for row in witness.rows(select(AuditEvent.undoes_id)) if row[0]]
    assert len(undone) == 2


def replay_all_by_the_worker(page: Page, url: str, witness: Witness) -> None:
    first = witness.one(select(ModelVersion.id).where(ModelVersion.number == 1))[0]
    page.goto(f"{url}/c/{COLLECTION}/images/1?version=1")
    page.get_by_role("combobox", name="Edit", exact=True).select_option("dimension-0")
    page.get_by_label("stay", exact=True).check()
    page.get_by_role("button", name="Run").click()
    page.locator("#note-text").fill("One more.")
    page.get_by_role("button", name="Save note").click()
    expect_notice(page, "Note saved.")
    page.goto(f"{url}/c/{COLLECTION}/notes?version=2")
    page.get_by_role("button", name=re.compile("Replay 1 on v2")).click()
    expect(page.locator(".came")).not_to_contain_text("not replayed yet", timeout=PATIENCE_MS)
    expect(page.locator(".replaying")).to_have_count(0)
    assert witness.count(NoteReplay) == 4
    assert witness.count(NoteReplay, NoteReplay.version_id == first) == 2
    assert witness.count(NoteReply) == 1


def accessible(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found = accessibility_violations(page)
        assert not [each for each in found if "(serious)" in each or "(critical)" in each], found
    page.emulate_media(color_scheme="light")
