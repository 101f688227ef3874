"""A dimension says what it shows before it has a name; the name that it gets comes back to it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.browser import Watch, accessibility_violations
from tests.support.prepared import COLLECTION
from tests.support.server import live_server
from tests.support.visiting import expect_notice, sign_in
from tests.support.witness import Witness
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.images import Collection
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion

NAME = "rough middle"


def test_a_dimension_is_described_then_named_by_its_pattern_and_knows_its_name(
    watched: tuple[Page, Watch], own_data: Path, tmp_path: Path
) -> None:
    page, _watch = watched
    witness = Witness(own_data)
    version_id = witness.one(
        select(ActiveVersion.version_id)
        .join(Collection, Collection.id == ActiveVersion.collection_id)
        .where(Collection.name == COLLECTION)
    )[0]
    described = {
        each.dimension: each
        for (each,) in witness.rows(
            select(DimensionDescription).where(DimensionDescription.version_id == version_id)
        )
    }
    pattern_id, by_dimension = witness.rows(
        select(PatternDescription.pattern_id, PatternDescription.by_dimension).order_by(
            PatternDescription.evidence.desc()
        )
    )[0]
    dimension = max(range(len(by_dimension)), key=by_dimension.__getitem__)
    known = described[dimension]
    with live_server(own_data, tmp_path / "server.log") as server:
        sign_in(page, server.url)

        page.goto(f"{server.url}/c/{COLLECTION}/")
        violin = page.locator(f"#dimension-{dimension}")
        expect(violin).to_contain_text(known.location)
        violin.click()
        page.wait_for_url(re.compile(rf"dimension={dimension}\b"))
        shown = page.locator("#dimension-shown")
        expect(shown).to_contain_text(known.location)
        expect(shown).to_contain_text("none of its evidence")
        expect(shown.locator("svg.mean-map path").first).to_be_visible()
        patches = shown.locator(".typical img")
        assert patches.count() == len(known.strongest)
        for index in range(patches.count()):
            patch = patches.nth(index)
            patch.scroll_into_view_if_needed()
            assert patch.evaluate("image => image.decode().then(() => image.naturalWidth)") == 96
        wrong = witness.count(
            Prediction,
            Prediction.version_id == version_id,
            Prediction.outcome.in_(("real_called_fake", "fake_called_real")),
        )
        cells = page.locator(".in-errors tbody td").all_inner_texts()
        assert cells[3].endswith(f"of {wrong}")
        assert accessibility_violations(page) == []

        page.goto(f"{server.url}/c/{COLLECTION}/patterns/{pattern_id}")
        share = round(100 * by_dimension[dimension] / sum(by_dimension))
        expect(page.locator("section.shows")).to_contain_text(f"dim {dimension} {share}%")
        page.keyboard.press("t")
        page.keyboard.type(NAME)
        page.keyboard.press("Enter")
        expect_notice(page, f"Tagged “{NAME}”")
        expect(page.locator("section.shows")).to_contain_text(f"100% {NAME}")

        page.goto(f"{server.url}/c/{COLLECTION}/?dimension={dimension}")
        tagged = round(100 * by_dimension[dimension] / known.in_groups)
        expect(page.locator("#dimension-shown")).to_contain_text(
            f"{tagged}% {NAME} (100% of what is tagged)"
        )
        expect(page.locator("#dimension-shown")).to_contain_text(
            f"{tagged}% of its evidence in pixel groups has a tag"
        )
        if tagged > 10:
            expect(page.locator(f"#dimension-{dimension}")).to_contain_text(f"{NAME} {tagged}%")
