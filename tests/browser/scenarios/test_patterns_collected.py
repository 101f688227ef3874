"""From misclassified real images to named patterns, label errors found, and what is learned."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.browser import accessibility_violations
from tests.support.patience import PATIENCE_MS
from tests.support.prepared import (
    COLLECTION,
    HELD_OUT_MISLABELLED,
    IMAGES,
    MISLABELLED,
    TRAINING_MISLABELLED,
)
from tests.support.server import live_server, live_worker
from tests.support.visiting import expect_notice, image_id_of, judge, sign_in
from tests.support.witness import Witness
from workbench.store.images import Image
from workbench.store.judgements import Tag, TagCheck, Tagging, Verdict
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion, CuratedDataset, CuratedItem, ModelVersion

NAMES = ("checkerboard", "its surroundings")


def collect_misclassified_real_images(page: Page, url: str) -> None:
    page.goto(f"{url}/c/{COLLECTION}/")
    page.keyboard.press("f")
    page.get_by_label("Outcome").select_option("real_called_fake")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("outcome=real_called_fake"))
    expect(page.locator(".images .panel-head")).to_contain_text(f"{len(MISLABELLED)} images")
    page.locator(".patterns a.level", has_text="lift").click()
    page.wait_for_url(re.compile("sort=lift"))


def name_their_common_patterns(page: Page, witness: Witness) -> list[int]:
    rows = page.locator(".patterns tr[data-pattern-id]")
    links = rows.locator(".pattern-link").evaluate_all("all => all.map((each) => each.href)")
    assert len(links) >= len(NAMES)
    for link, name in zip(links, NAMES, strict=False):
        page.goto(link)
        page.keyboard.press("t")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect_notice(page, f"Tagged “{name}”")
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    tagged = witness.rows(
        select(Tag.name, Tagging.pattern_id)
        .join(Tagging, Tagging.tag_id == Tag.id)
        .order_by(Tagging.id)
    )
    assert [each[0] for each in tagged] == list(NAMES)
    page.get_by_role("link", name="Taxonomy").click()
    for name in NAMES:
        expect(page.locator(".tag-row", has_text=name)).to_be_visible()
    return [each[1] for each in tagged]


def check_a_sample_by_keyboard(page: Page, witness: Witness, url: str, pattern_id: int) -> None:
    page.goto(f"{url}/c/{COLLECTION}/patterns/{pattern_id}")
    expect(page.locator(".tallies")).to_contain_text("not checked yet")
    page.get_by_role("link", name="check a random sample").click()
    groups = page.locator(".sampled")
    expect(groups.first).to_contain_class("current")
    assert accessibility_violations(page) == []
    for place, key in enumerate("nyy"):
        judge(page, key)
        expect_notice(page, "Saved: rejected." if key == "n" else "Saved: accepted.")
        expect(groups.nth(place)).to_contain_text("by ada")
    expect(page.locator(".panel-head")).to_contain_text("error rate 33% (1 of 3 checked)")
    page.keyboard.press("u")
    expect_notice(page, "Answer withdrawn.")
    expect(page.locator(".panel-head")).to_contain_text("error rate 50% (1 of 2 checked)")
    standing = select(TagCheck.fits).where(TagCheck.withdrawn_at.is_(None)).order_by(TagCheck.id)
    assert [each[0] for each in witness.rows(standing)] == [False, True]


def overturn_the_flipped_labels_as_the_queue_brings_them_up(page: Page, witness: Witness) -> None:
    page.locator(".navigation").get_by_role("link", name="Review").click()
    page.get_by_role("link", name="misclassified images without a verdict").click()
    brought = []
    for number in range(len(MISLABELLED)):
        page.wait_for_url(re.compile("queue=1"))
        here = page.url
        image = named(witness, image_id_of(page))
        brought.append(image.name)
        form = page.locator("form[data-module=judging]")
        expect(form).to_contain_text(
            "Test image: a verdict corrects the test set; the image is never trained on."
            if image.held_out
            else "Training image: a verdict teaches the next training."
        )
        judge(page, "o")
        page.wait_for_url(lambda url, here=here: url != here)
        assert witness.count(Verdict) == number + 1
        assert witness.one(
            select(Verdict.decision, Verdict.shown_label).where(Verdict.image_id == image.id)
        ) == ("fake", "real")
    # Before every error of the model: those that were trained on wait in the queue, too.
    assert sorted(brought) == sorted(MISLABELLED)


def named(witness: Witness, image_id: int) -> Image:
    found: Image = witness.one(select(Image).where(Image.id == image_id))[0]
    return found


def the_rest_are_errors_of_the_model(page: Page, witness: Witness) -> None:
    while "queue=1" in (here := page.url):
        judge(page, "c")
        page.wait_for_url(lambda url, here=here: url != here)
    expect(page.get_by_role("heading", level=1)).to_have_text("The review queue is empty")
    wrong = select(Prediction.image_id).where(
        Prediction.outcome.in_(("real_called_fake", "fake_called_real"))
    )
    judged = select(Verdict.image_id)
    assert set(witness.rows(judged)) == set(witness.rows(wrong))


def retrain_and_compare_with_the_parent(page: Page, witness: Witness) -> None:
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("button", name="Retrain").click()
    expect(page.locator(".run progress")).to_be_visible()
    # It can be left and come back to.
    page.get_by_role("link", name="Explore").click()
    expect(page.locator("#masthead .running progress")).to_be_visible()
    page.locator("#masthead .running progress").click()
    new = page.locator("article[data-version='2']")
    expect(new).to_be_visible(timeout=PATIENCE_MS)
    expect(new.locator(".chip")).to_have_text("active")
    expect(new.locator("header")).to_contain_text("from v1")
    expect(new).to_contain_text(f"{len(MISLABELLED)} overturned")
    against = new.locator(".better, .worse")
    first, second = (
        witness.one(select(ModelVersion).where(ModelVersion.number == number))[0]
        for number in (1, 2)
    )
    change = second.metrics["held_out_auc"] - second.metrics["parent_auc"]
    shown = against.inner_text().translate(str.maketrans({"−": "-"}))
    assert abs(float(shown) - change) < 0.0006
    assert second.parent_id == first.id
    assert witness.count(CuratedDataset) == 2


def the_version_says_what_it_learned(page: Page, witness: Witness) -> None:
    """The labels in the database, the sentence on top of the version, the list of the images."""
    for number, label in ((1, "real"), (2, "fake")):
        assert labels_of_the_flipped(witness, number) == (
            {(name, label, False) for name in TRAINING_MISLABELLED}
            | {(name, label, True) for name in HELD_OUT_MISLABELLED}
        )
    new = page.locator("article[data-version='2']")
    training, test = len(TRAINING_MISLABELLED), len(HELD_OUT_MISLABELLED)
    said = (
        f"v2 learned from v1: {training} training labels changed, "
        f"{test} test label corrected (not learned)"
    )
    expect(new.locator(".learned")).to_contain_text(said)
    new.get_by_role("link", name="changed labels").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Labels of v2")
    for title, names in (
        ("Training images", TRAINING_MISLABELLED),
        ("Test set", HELD_OUT_MISLABELLED),
    ):
        listed = page.get_by_role("region", name=title).last.locator("tbody tr")
        expect(listed.get_by_role("rowheader")).to_have_text(names)
        for row in listed.all():
            expect(row).to_contain_text(re.compile(r"real\s*real\s*fake\s*new"))
    page.get_by_role("main").get_by_role("link", name="Models").click()


def labels_of_the_flipped(witness: Witness, number: int) -> set[tuple[str, str, bool]]:
    found = witness.rows(
        select(Image.name, CuratedItem.label, CuratedItem.held_out)
        .join(CuratedItem, CuratedItem.image_id == Image.id)
        .join(ModelVersion, ModelVersion.dataset_id == CuratedItem.dataset_id)
        .where(ModelVersion.number == number, Image.label == "real", Image.name.in_(MISLABELLED))
    )
    return {(name, label, held_out) for name, label, held_out in found}


def no_image_was_scored_by_a_head_that_was_trained_on_it(witness: Witness) -> None:
    scored = witness.rows(
        select(ModelVersion.number, CuratedItem.held_out, CuratedItem.fold, Prediction.fold)
        .join(CuratedItem, CuratedItem.dataset_id == ModelVersion.dataset_id)
        .join(
            Prediction,
            (Prediction.version_id == ModelVersion.id)
            & (Prediction.image_id == CuratedItem.image_id),
        )
    )
    assert len(scored) == 2 * IMAGES
    for _number, held_out, fold, scored_by in scored:
        assert (fold is None) == held_out
        assert scored_by == fold


def the_names_are_on_as_many_images_of_either_version(page: Page, url: str) -> None:
    counted = []
    for number in (1, 2):
        page.goto(f"{url}/taxonomy?collection={COLLECTION}&version={number}")
        expect(page.get_by_role("main")).to_contain_text(f"Counted in model v{number}")
        rows = [page.locator(".tag-row", has_text=name).inner_text() for name in NAMES]
        counted.append([int(re.findall(r"(\d+) images?", row)[0]) for row in rows])
    assert counted[0] == counted[1]
    assert all(counted[0])
    page.goto(f"{url}/c/{COLLECTION}/models")


def do_without_the_new_version(page: Page, witness: Witness) -> None:
    for number in (1, 2):
        page.get_by_role("button", name=f"Make v{number} active").click()
        expect_notice(page, f"v{number} is active")
        expect(page.locator(f"article[data-version='{number}'] .chip")).to_have_text("active")
        expect(page.locator("#masthead")).to_contain_text(f"model v{number}")
        active = select(ModelVersion.number).join(
            ActiveVersion, ActiveVersion.version_id == ModelVersion.id
        )
        assert witness.one(active) == (number,)


def test_patterns_of_misclassified_images_are_named_and_flipped_labels_found_and_learned(
    browser_page: Page, own_data: Path, tmp_path: Path
) -> None:
    page, witness = browser_page, Witness(own_data)
    with (
        live_server(own_data, tmp_path / "server.log") as server,
        live_worker(own_data, tmp_path / "worker.log"),
    ):
        sign_in(page, server.url)
        collect_misclassified_real_images(page, server.url)
        named = name_their_common_patterns(page, witness)
        check_a_sample_by_keyboard(page, witness, server.url, named[0])
        page.goto(f"{server.url}/c/{COLLECTION}/")
        overturn_the_flipped_labels_as_the_queue_brings_them_up(page, witness)
        the_rest_are_errors_of_the_model(page, witness)
        retrain_and_compare_with_the_parent(page, witness)
        the_version_says_what_it_learned(page, witness)
        no_image_was_scored_by_a_head_that_was_trained_on_it(witness)
        the_names_are_on_as_many_images_of_either_version(page, server.url)
        do_without_the_new_version(page, witness)
        # Both versions can still be looked at, each under its own address.
        page.locator("article[data-version='1'] h3 a").click()
        page.wait_for_url(re.compile("version=1"))
        expect(page.locator("#masthead")).to_contain_text("model v1")
        page.goto(f"{server.url}/c/{COLLECTION}/patterns?version=1")
        for name in NAMES:
            expect(page.locator(".pattern-table")).to_contain_text(name)
