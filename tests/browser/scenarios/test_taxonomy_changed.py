"""A team keeps its taxonomy: loads a starter, merges, reverses, and meets at one tag."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.support.browser import accessibility_violations
from tests.support.prepared import DATABASE
from tests.support.server import live_server
from tests.support.visiting import expect_notice, sign_in
from tests.support.witness import Witness
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import User
from workbench.store.results import PixelGroup
from workbench.store.tag_changes import TagChange

HAZE, TEXTURE = "haze", "texture artefact"
TAGGED = 5


@pytest.fixture
def data(own_data: Path) -> Path:
    """Five pixel groups that somebody tagged with a name of their own."""
    with Session(create_engine(f"sqlite:///{own_data / DATABASE}")) as write:
        user_id = write.scalars(select(User.id)).first()
        tag = Tag(name=HAZE, created_by_id=user_id, state="proposed")
        write.add(tag)
        write.flush()
        for region_id in write.scalars(select(PixelGroup.region_id).limit(TAGGED)).all():
            write.add(Tagging(tag_id=tag.id, region_id=region_id, user_id=user_id))
        write.commit()
    return own_data


def load_the_starter(page: Page, url: str) -> None:
    page.goto(f"{url}/taxonomy")
    page.get_by_role("button", name="Load the starter taxonomy").click()
    expect_notice(page, "Added 14 tags of the starter taxonomy.")
    expect(page.locator(".tag-row")).to_have_count(15)
    expect(page.locator(".tag-row.level-3", has_text="anatomical implausibility")).to_be_visible()


def merge_what_was_proposed(page: Page, witness: Witness) -> None:
    page.get_by_role("link", name=HAZE, exact=True).click()
    expect(page.locator(".page-head")).to_contain_text("Proposed")
    expect(page.locator(".members li")).to_have_count(TAGGED)
    page.get_by_role("link", name="Merge").click()
    page.get_by_label("Merge into").fill(TEXTURE)
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.locator(".effects")).to_contain_text(f"{TAGGED} by hand")
    assert accessibility_violations(page) == []
    assert witness.count(TagChange) == 0
    page.get_by_role("button", name="Merge", exact=True).click()
    expect_notice(page, "Saved.")
    expect(page.locator(".page-head")).to_contain_text(f"Merged into {TEXTURE}")
    assert tags_of_taggings(witness) == [TEXTURE] * TAGGED


def reverse_it(page: Page, witness: Witness) -> None:
    page.get_by_role("button", name="Reverse").click()
    expect_notice(page, "the change is reversed")
    expect(page.locator(".changes")).to_contain_text("reversed since")
    assert tags_of_taggings(witness) == [HAZE] * TAGGED


def tags_of_taggings(witness: Witness) -> list[str]:
    standing = (
        select(Tag.name)
        .join(Tagging, Tagging.tag_id == Tag.id)
        .where(Tagging.withdrawn_at.is_(None))
    )
    return [row[0] for row in witness.rows(standing)]


def rename(page: Page, name: str, description: str) -> None:
    page.get_by_text("rename or describe").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Save").click()


def test_a_taxonomy_is_loaded_merged_and_reversed_and_two_people_meet_at_one_tag(
    data: Path, chromium: Browser, tmp_path: Path
) -> None:
    witness = Witness(data)
    with live_server(data, tmp_path / "server.log") as server:
        context = chromium.new_context()
        page = context.new_page()
        sign_in(page, server.url)
        load_the_starter(page, server.url)
        merge_what_was_proposed(page, witness)
        reverse_it(page, witness)

        other = context.new_page()
        other.goto(page.url)
        rename(page, "fog", "Everything is grey.")
        expect_notice(page, "Saved: “fog”.")
        rename(other, "mist", "")
        expect(other.get_by_role("heading", level=1)).to_have_text("Edit conflict")
        row = other.locator(".conflict tr", has_text="Name")
        expect(row.get_by_role("cell")).to_have_text(["fog", "mist"])
        assert accessibility_violations(other) == []
        assert [each[0] for each in witness.rows(select(Tag.name).where(Tag.name == "fog"))]
        other.get_by_role("button", name="Save mine over it").click()
        expect_notice(other, "Saved: “mist”.")
        expect(other.get_by_role("heading", level=1)).to_contain_text("mist")
        expect(other.locator(".changes")).to_contain_text(re.compile("fog.*mist"))
        context.close()
