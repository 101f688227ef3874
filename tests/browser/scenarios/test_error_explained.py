"""An error is found by its glyph, explained, judged, and learned from; the database is asked."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.patience import PATIENCE_MS
from tests.support.prepared import COLLECTION, IMAGES, NAME
from tests.support.server import Server, live_server, live_worker
from tests.support.visiting import expect_notice, image_id_of, judge, painted, sign_in
from tests.support.witness import Witness
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.people import User
from workbench.store.results import Cell, PixelGroup, Prediction
from workbench.store.versions import ActiveVersion, CuratedItem, ModelVersion, TrainingRun
from workbench.web.site.formatting import signed
from workbench.web.site.predictions import probability

TAG = "rough patch"
WORDS = "The checkerboard is what the model sees."
SMOOTH_CALLED_FAKE = "real_called_fake"

RECORD_THE_RUN = """() => {
    const seen = [];
    new MutationObserver(() => {
        const state = document.querySelector(".run")?.dataset.runState;
        if (!state || seen.at(-1) === state) return;
        seen.push(state);
        sessionStorage.setItem("states", JSON.stringify(seen));
    }).observe(document.body, { childList: true, subtree: true });
}"""
"""What the page shows of a run while nobody touches it; the store outlives the page's reload."""


def test_an_error_is_found_explained_judged_and_learned_from(
    browser_page: Page, own_data: Path, tmp_path: Path
) -> None:
    page, witness = browser_page, Witness(own_data)
    with (
        live_server(own_data, tmp_path / "server.log") as server,
        live_worker(own_data, tmp_path / "worker.log"),
    ):
        sign_in(page, server.url)
        find_a_cell_with_errors(page, server, witness)
        image_id = open_a_misclassified_image(page, witness)
        see_what_misled_the_model(page, image_id, witness)
        tag_the_strongest_group(page, image_id, witness)
        judge_by_keyboard(page, image_id, witness)
        try_without_the_strongest_group(page)
        note_what_it_shows(page, image_id, witness)
        retrain_and_watch(page, held_out=is_held_out(image_id, witness))
    the_new_version_has_learned(image_id, witness)
    everything_was_written_down(witness)


def person(witness: Witness) -> int:
    found: int = witness.one(select(User.id).where(User.name == NAME))[0]
    return found


def version(witness: Witness, number: int) -> ModelVersion:
    found: ModelVersion = witness.one(select(ModelVersion).where(ModelVersion.number == number))[0]
    return found


def is_held_out(image_id: int, witness: Witness) -> bool:
    found: bool = witness.one(select(Image.held_out).where(Image.id == image_id))[0]
    return found


def strongest_group(image_id: int, witness: Witness) -> PixelGroup:
    wanted = select(PixelGroup).where(
        PixelGroup.image_id == image_id,
        PixelGroup.version_id == version(witness, 1).id,
        PixelGroup.number == 0,
    )
    found: PixelGroup = witness.one(wanted)[0]
    return found


def cell_of_the_most_wrong(page: Page, witness: Witness) -> int:
    """Of the drawn cells, that of the image which the model is surest and wrong about."""
    glyphs = page.locator(f"[data-cell-id]:has(path.{SMOOTH_CALLED_FAKE})")
    expect(glyphs).not_to_have_count(0)
    drawn = glyphs.evaluate_all("all => all.map((each) => Number(each.dataset.cellId))")
    most_wrong = (
        select(Prediction.image_id)
        .where(Prediction.outcome == SMOOTH_CALLED_FAKE)
        .order_by(Prediction.p.desc())
        .limit(1)
    )
    cell = select(Cell.id).where(
        Cell.id.in_(drawn), Cell.exemplar_id == most_wrong.scalar_subquery()
    )
    found: int = witness.one(cell)[0]
    return found


def find_a_cell_with_errors(page: Page, server: Server, witness: Witness) -> None:
    page.goto(f"{server.url}/c/{COLLECTION}/")
    cell_id = cell_of_the_most_wrong(page, witness)
    glyph = page.locator(f'[data-cell-id="{cell_id}"]:has(path.{SMOOTH_CALLED_FAKE})')
    expect(glyph.locator("a")).to_have_attribute("aria-label", re.compile("real called fake"))
    wrong = witness.one(select(Cell.real_called_fake).where(Cell.id == cell_id))[0]
    expect(glyph.locator("a")).to_have_attribute(
        "aria-label", re.compile(rf"real called fake\): {wrong}\b")
    )
    glyph.locator("a").click()
    page.wait_for_url(re.compile(rf"[?&]cell={cell_id}\b"))


def open_a_misclassified_image(page: Page, witness: Witness) -> int:
    page.locator("#order").select_option("wrong")
    page.wait_for_url(re.compile("order=wrong"))
    page.locator(".grid .card:has(.wrong)").first.click()
    page.wait_for_url(re.compile(rf"/c/{COLLECTION}/images/\d+"))
    image_id = image_id_of(page)
    shown = witness.one(select(Prediction).where(Prediction.image_id == image_id))[0]
    assert shown.outcome == SMOOTH_CALLED_FAKE
    expect(page.locator(".big-p")).to_contain_text(f"{probability(shown.p)} p(fake)")
    expect(page.locator(".big-p")).to_contain_text("label in v1: real")
    return image_id


def see_what_misled_the_model(page: Page, image_id: int, witness: Witness) -> None:
    heatmap = page.locator("#viewer canvas.heat")
    expect(heatmap).to_have_attribute("data-shown", "total")
    assert len(set(painted(page))) > 10
    groups = witness.count(PixelGroup, PixelGroup.image_id == image_id)
    assert groups > 0
    outlines = page.locator("#viewer svg.outlines path.outline")
    expect(outlines).to_have_count(groups)
    sizes = outlines.evaluate_all("all => all.map((each) => each.getBBox().width)")
    assert min(sizes) > 0
    strongest = strongest_group(image_id, witness)
    page.locator("li.group").first.hover()
    expect(outlines.and_(page.locator(".lit"))).to_have_attribute(
        "data-group-id", str(strongest.id)
    )
    expect(page.locator("li.group").first).to_contain_text(signed(strongest.contribution))


def tag_the_strongest_group(page: Page, image_id: int, witness: Witness) -> None:
    page.keyboard.press("t")
    page.keyboard.type(TAG)
    page.keyboard.press("Enter")
    expect_notice(page, f"Tagged “{TAG}”")
    expect(page.locator("li.group").first.locator(".tag")).to_have_text(TAG)
    written = select(Tagging.region_id, Tagging.user_id, Tagging.withdrawn_at, Tag.name)
    assert witness.one(written.join(Tag, Tag.id == Tagging.tag_id)) == (
        strongest_group(image_id, witness).region_id,
        person(witness),
        None,
        TAG,
    )


def judge_by_keyboard(page: Page, image_id: int, witness: Witness) -> None:
    judge(page, "o")
    expect_notice(page, "Saved: fake (overturned).")
    expect(page.locator(".label-standing")).to_contain_text(f"fake decided by {NAME}")
    expect(page.locator(".label-standing")).to_contain_text("imported as real")
    expect(page.get_by_role("button", name="Confirm fake")).to_be_visible()
    assert witness.one(
        select(
            Verdict.image_id,
            Verdict.decision,
            Verdict.shown_label,
            Verdict.user_id,
            Verdict.version_id,
        )
    ) == (image_id, "fake", "real", person(witness), version(witness, 1).id)


def try_without_the_strongest_group(page: Page) -> None:
    page.locator("li.group").first.get_by_text("remove", exact=True).click()
    trial, form = page.locator(".trial"), page.locator("form.try")
    expect(page.locator("#counterfactual")).to_contain_text("Not run yet")
    expect(page).to_have_url(re.compile("edit=group-"))
    expect(page.get_by_label("fall", exact=True)).to_be_focused()
    # Without an expectation the browser itself refuses to send the form.
    page.keyboard.press("Enter")
    expect(trial).to_have_count(0)
    assert not form.evaluate("form => form.checkValidity()")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(trial).to_be_visible()
    expect(page).to_have_url(re.compile("expectation=fall"))
    expect(trial).to_contain_text("Expected to fall: met")
    shown = trial.inner_text()
    page.reload()
    assert trial.inner_text() == shown
    expect(trial).to_contain_text("control")
    expect(trial.locator(".strip circle.control")).to_have_count(10)
    edited = trial.locator("img")
    assert edited.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def note_what_it_shows(page: Page, image_id: int, witness: Witness) -> None:
    shown = page.locator(".trial .change .number").all_inner_texts()
    expect(page.locator(".note-form input[type=radio]")).to_have_count(0)
    page.keyboard.press("n")
    page.keyboard.type(WORDS)
    page.get_by_role("button", name="Save note").click()
    expect_notice(page, "Note saved.")
    note: CounterfactualNote = witness.one(select(CounterfactualNote))[0]
    group = strongest_group(image_id, witness)
    assert (note.image_id, note.user_id, note.version_id) == (
        image_id,
        person(witness),
        group.version_id,
    )
    assert (note.edit["kind"], note.edit["rle"]) == ("region", group.region.rle)
    assert [probability(note.p_before), probability(note.p_after)] == shown
    assert note.p_after < note.p_before
    assert note.delta_logit < 0
    assert note.control_mean is not None
    assert (note.expectation, note.text) == ("fall", WORDS)
    history = page.locator(".history")
    expect(history).to_contain_text(WORDS)
    expect(history).to_contain_text("met")


def retrain_and_watch(page: Page, *, held_out: bool) -> None:
    page.get_by_role("link", name="Models").click()
    page.wait_for_url(re.compile("/models"))
    page.evaluate(RECORD_THE_RUN)
    page.get_by_role("button", name="Retrain", exact=True).click()
    expect(page.locator(".run progress")).to_be_visible()
    new = page.locator("article[data-version='2']")
    expect(new.locator(".chip")).to_have_text("active", timeout=PATIENCE_MS)
    seen = page.evaluate("JSON.parse(sessionStorage.getItem('states'))")
    assert "running" in seen
    expect(new).to_contain_text("1 overturned")
    expect(new.locator(".learned")).to_contain_text("v2 learned from v1: ")
    expect(new.locator(".learned")).to_contain_text(
        "1 test label corrected (not learned)" if held_out else "1 training label changed"
    )
    for measured_on in ("test", "parent", "cross-validated"):
        expect(new.locator(f"tr[data-figures='{measured_on}']")).to_be_visible()
    # Only a corrected test label makes two sets of figures of the test set.
    expect(new.locator("tr[data-figures='as-imported']")).to_have_count(int(held_out))
    expect(page.locator("article[data-version='1'] .chip")).to_have_count(0)
    expect(page.locator(".run-row").first).to_contain_text(f"created v2 requested by {NAME}")
    page.get_by_role("link", name="Explore").click()
    expect(page.locator("#masthead")).to_contain_text("model v2")


def the_new_version_has_learned(image_id: int, witness: Witness) -> None:
    first, second = version(witness, 1), version(witness, 2)
    assert (first.parent_id, second.parent_id) == (None, first.id)
    assert witness.one(select(ActiveVersion.version_id)) == (second.id,)
    run: TrainingRun = witness.one(select(TrainingRun).where(TrainingRun.trigger == "request"))[0]
    assert (run.state, run.requested_by_id, run.version_id, run.error) == (
        "succeeded",
        person(witness),
        second.id,
        "",
    )
    labels = {
        dataset: witness.one(
            select(CuratedItem.label).where(
                CuratedItem.dataset_id == dataset, CuratedItem.image_id == image_id
            )
        )[0]
        for dataset in (first.dataset_id, second.dataset_id)
    }
    assert labels == {first.dataset_id: "real", second.dataset_id: "fake"}
    for each in (first, second):
        assert witness.count(Prediction, Prediction.version_id == each.id) == IMAGES


def everything_was_written_down(witness: Witness) -> None:
    events = witness.events(person(witness))
    assert [action for action, _subject in events] == [
        "session.start",
        "tag.create",
        "tag.add",
        "verdict.give",
        "note.save",
        "run.request",
        "version.activate",
    ]
    subjects = dict(events)
    assert subjects["verdict.give"] == f"verdict:{witness.one(select(Verdict.id))[0]}"
    assert subjects["tag.add"] == f"tagging:{witness.one(select(Tagging.id))[0]}"
    assert subjects["note.save"] == f"note:{witness.one(select(CounterfactualNote.id))[0]}"
