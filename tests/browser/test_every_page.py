"""Every page in both themes on a desk and on a phone: axe, the console, the width."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.support.browser import accessibility_violations, watched_page
from tests.support.prepared import COLLECTION, DATABASE
from tests.support.server import Server
from tests.support.visiting import sign_in
from tests.support.witness import Witness
from workbench.store.database import now
from workbench.store.images import Image
from workbench.store.judgements import Tag, Tagging
from workbench.store.label_sets import LabelSet, LabelSetImage
from workbench.store.people import User
from workbench.store.queues import Queue, QueueItem
from workbench.store.results import Cell, Pattern, PixelGroup
from workbench.store.tag_changes import TagExample

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}

COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""Those that a theme, which changes colours and nothing else, can break."""


@pytest.fixture(scope="module")
def addresses(data_dir: Path) -> dict[str, str]:
    """Each page of the workbench; the main screen with everything set."""
    witness = Witness(data_dir)
    cells = [row[0] for row in witness.rows(select(Cell.id).where(Cell.level == 0))]
    pattern = witness.one(select(Pattern.id).limit(1))[0]
    group, image = witness.one(select(PixelGroup.id, PixelGroup.image_id).limit(1))
    tag = tagged(data_dir, group)
    person = witness.one(select(User.id).limit(1))[0]
    home = f"/c/{COLLECTION}"
    everything = (
        f"a={cells[0]}&b={cells[-1]}&pattern={pattern}&dimension=1&by=difference&sort=lift"
        "&p=0,1&text=png&lasso=0:0,0;16,0;16,12;0,12&order=wrong"
    )
    return {
        "explore": f"{home}/",
        "everything set": f"{home}/?{everything}",
        "a cell": f"{home}/?cell={cells[0]}&level=1",
        "nothing left": f"{home}/?text=nowhere",
        "image": f"{home}/images/{image}",
        "patterns": f"{home}/patterns",
        "pattern": f"{home}/patterns/{pattern}",
        "suggestions": f"{home}/suggestions",
        "similar": f"{home}/similar?group={group}",
        "similar, nothing asked": f"{home}/similar",
        "models": f"{home}/models",
        "api": "/api",
        "agreement": f"{home}/agreement",
        "dashboard": f"{home}/dashboard",
        "agreement on a tag": f"{home}/agreement?tag={tag}",
        "label sets": f"{home}/label-sets",
        "label set": f"{home}/label-sets/{labels_frozen(data_dir, image)}",
        "label sets compared": f"{home}/label-sets/2/changes?since=1",
        "labels imported": f"{home}/label-imports",
        "data": f"{home}/data",
        "labels of a version": f"{home}/versions/1/labels",
        "taxonomy": "/taxonomy",
        "tag": f"/taxonomy/{tag}?collection={COLLECTION}",
        "vocabulary": "/vocabulary",
        "notes": f"{home}/notes",
        "history of a person": f"/people/{person}/history",
        "adjudicate": f"{home}/adjudicate",
        "review": f"{home}/queues",
        "review queue": f"{home}/queues/{queued(data_dir, image)}",
        "disagreements": f"{home}/disagreements",
        "disagreement": f"{home}/disagreements/{image}",
        "login": "/login",
        "collections": "/",
        "error": "/c/nowhere/",
    }


def tagged(data_dir: Path, group_id: int) -> int:
    """A tag in the taxonomy with a parent, on a pixel group that is its example, too."""
    with Session(create_engine(f"sqlite:///{data_dir / DATABASE}")) as write:
        user_id = write.scalars(select(User.id)).first()
        region_id = write.get_one(PixelGroup, group_id).region_id
        parent = Tag(name="texture artefact", created_by_id=user_id, source="arXiv 2601.19430")
        write.add(parent)
        write.flush()
        tag = Tag(name="too smooth", created_by_id=user_id, parent_id=parent.id, state="proposed")
        write.add(tag)
        write.flush()
        write.add(Tagging(tag_id=tag.id, region_id=region_id, user_id=user_id))
        write.add(TagExample(tag_id=tag.id, region_id=region_id, user_id=user_id, positive=True))
        write.commit()
        return tag.id


def labels_frozen(data_dir: Path, image_id: int) -> int:
    """The number of the second of two label sets, in which an image has another label."""
    with Session(create_engine(f"sqlite:///{data_dir / DATABASE}")) as write:
        collection_id = write.get_one(Image, image_id).collection_id
        images = write.scalars(select(Image).where(Image.collection_id == collection_id)).all()
        tags = [{"tag": "too smooth"}]
        for number in (1, 2):
            made = LabelSet(
                collection_id=collection_id,
                number=number,
                name="labels with a rather long name, to see where they break",
                description="After the first round.\nWithout the second.",
                event_id=12_345,
                taxonomy=[],
                counts={
                    "images": len(images),
                    "labels": {"real": len(images) - 9, "fake": 8, "exclude": 1},
                    "rules": {"imported": len(images) - 9, "verdicts": 8, "disputed": 1},
                    "tags": {"too smooth": 8, "texture artefact": 3},
                    "regions": 8,
                    "notes": 1,
                },
                removed=1,
                created_by_id=write.scalars(select(User.id)).first(),
                ready_at=now(),
            )
            write.add(made)
            write.flush()
            write.add_all(
                LabelSetImage(
                    label_set_id=made.id,
                    image_id=each.id,
                    label="fake" if number == 2 and each.id == image_id else each.label,
                    imported=each.label,
                    rule="imported",
                    detail=json.dumps({"regions": [{"tags": tags * (number - 1)}]}),
                )
                for each in images
            )
        write.commit()
        return 2


def queued(data_dir: Path, image_id: int) -> int:
    """A review queue of one image, for everybody."""
    with Session(create_engine(f"sqlite:///{data_dir / DATABASE}")) as write:
        made = Queue(
            collection_id=write.get_one(Image, image_id).collection_id,
            name="a queue with a rather long name, to see where it breaks",
            instructions="Look at the hands first.\nThen at the text.",
            source="misclassified",
            verdicts_needed=2,
            disputes="any",
            blind=True,
            independent=True,
            everybody=True,
            control_share=0.1,
            round_size=20,
            created_by_id=write.scalars(select(User.id)).first(),
            ready_at=now(),
        )
        write.add(made)
        write.flush()
        write.add(QueueItem(queue_id=made.id, image_id=image_id, position=0))
        write.commit()
        return made.id


def serious(page: Page, rules: Sequence[str] = ()) -> list[str]:
    return [
        each
        for each in accessibility_violations(page, rules)
        if "(serious)" in each or "(critical)" in each
    ]


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_too_wide_breaks_a_serious_rule_or_complains(
    chromium: Browser, server: Server, addresses: dict[str, str], size: str
) -> None:
    found: dict[str, list[str]] = {}
    # Colours that are still changing would be measured.
    still = {"reduced_motion": "reduce"}
    with watched_page(chromium, viewport=SIZES[size], **still) as (page, watch):
        watch.expect("404")
        sign_in(page, server.url)
        for name, address in addresses.items():
            page.emulate_media(color_scheme="light")
            page.goto(f"{server.url}{address}")
            expect(page.locator("h1")).to_have_count(1)
            expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
            problems = serious(page)
            page.emulate_media(color_scheme="dark")
            problems += [f"dark: {each}" for each in serious(page, COLOUR_RULES)]
            wide = page.evaluate("document.documentElement.scrollWidth") - SIZES[size]["width"]
            problems += [f"{wide} px too wide"] if wide > 0 else []
            if problems:
                found[name] = problems
        assert watch.unexpected() == []
    assert found == {}


def test_every_page_reads_without_javascript(
    chromium: Browser, server: Server, addresses: dict[str, str]
) -> None:
    with watched_page(chromium, java_script_enabled=False) as (page, watch):
        watch.expect("404")
        for address in addresses.values():
            page.goto(f"{server.url}{address}")
            expect(page.locator("h1")).to_have_count(1)
            assert len(page.locator("main").inner_text()) > 40
        assert watch.unexpected() == []


def test_menus_filters_and_tables_of_the_main_screen_work_without_javascript(
    chromium: Browser, server: Server
) -> None:
    with watched_page(chromium, java_script_enabled=False) as (page, watch):
        page.goto(f"{server.url}/c/{COLLECTION}/")
        page.get_by_text("Show as table").click()
        expect(page.locator(".dimensions table tbody tr").first).to_be_visible()
        page.locator("#download-overview summary").click()
        expect(page.locator("#download-overview").get_by_role("link", name="SVG")).to_be_visible()
        page.locator("#filter-menu summary").click()
        page.get_by_label("Label", exact=True).select_option("real")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator(".counted")).to_contain_text("18 of 36 images")
        page.get_by_role("button", name="Got it").click()
        expect(page.locator(".welcome")).to_have_count(0)
        assert watch.unexpected() == []
