"""A lead finds on the dashboard who disagrees on what, and settles it: from figure to decision."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.support.browser import accessibility_violations
from tests.support.prepared import COLLECTION, DATABASE
from tests.support.reviewing import add_person
from tests.support.server import live_server
from tests.support.visiting import sign_in
from tests.support.witness import Witness
from workbench.store.database import now
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Verdict
from workbench.store.people import User
from workbench.store.versions import ModelVersion

SPLIT = 2
"""On so many images two people say different things."""


def test_from_a_low_figure_to_the_final_decision(
    browser_page: Page, own_data: Path, tmp_path: Path
) -> None:
    page, witness = browser_page, Witness(own_data)
    for name in ("ben", "eve"):
        add_person(own_data, name, "annotator")
    split = two_people_judge(own_data)
    with live_server(own_data, tmp_path / "server.log") as server:
        sign_in(page, server.url)
        page.goto(f"{server.url}/c/{COLLECTION}/")
        page.get_by_role("link", name="Dashboard").click()
        expect(page.get_by_role("row", name="eve")).to_contain_text("36")
        expect(page.locator(".concerns")).to_contain_text("eve gives a verdict every 0.5 s")
        assert accessibility_violations(page) == []
        page.get_by_role("link", name="Agreement").click()
        expect(page.locator(".lines")).to_contain_text(f"36 images compared, {SPLIT} differ")
        expect(page.locator(".split-images li")).to_have_count(SPLIT)
        assert accessibility_violations(page) == []

        page.get_by_role("link", name=f"Adjudicate {SPLIT} images").click()
        page.locator(f"a[href*='/disagreements/{split[0]}']").click()
        page.get_by_label("Reason").fill("the grid is painted")
        page.get_by_role("button", name="Fake").click()
        expect(page.locator("#notices")).to_contain_text("fake")

        page.goto(f"{server.url}/c/{COLLECTION}/agreement")
        expect(page.get_by_role("link", name="Adjudicate 1 image")).to_be_visible()
        expect(page.locator(".split-images")).to_contain_text("adjudicated")
    assert witness.rows(select(Adjudication.image_id, Adjudication.decision)) == [
        (split[0], "fake")
    ]


def two_people_judge(data: Path) -> list[int]:
    """Ben and eve judge all images, and differ on some; the ids of those."""
    with Session(create_engine(f"sqlite:///{data / DATABASE}")) as write:
        people = {
            name: write.scalars(select(User.id).where(User.name == name)).one()
            for name in ("ben", "eve")
        }
        images = write.execute(select(Image.id, Image.label).order_by(Image.id)).tuples().all()
        version_id = write.scalars(select(ModelVersion.id)).one()
        split = [image_id for image_id, _label in images[:SPLIT]]
        other = {"real": "fake", "fake": "real"}
        for person, apart in (("ben", 4.0), ("eve", 0.5)):
            write.add_all(
                Verdict(
                    image_id=image_id,
                    version_id=version_id,
                    user_id=people[person],
                    decision=other[label] if person == "eve" and image_id in split else label,
                    created_at=now() - timedelta(hours=1) + timedelta(seconds=apart * at),
                )
                for at, (image_id, label) in enumerate(images)
            )
        write.commit()
    return split
