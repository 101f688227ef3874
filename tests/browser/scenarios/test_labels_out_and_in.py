"""Labels are frozen, exported and compared; the file comes back in, and its import is undone."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from tests.support.browser import accessibility_violations
from tests.support.prepared import COLLECTION, DATABASE, IMAGES
from tests.support.server import live_server, live_worker
from tests.support.visiting import sign_in
from tests.support.witness import Witness
from workbench.store.database import now
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.people import User
from workbench.store.versions import ModelVersion


def test_from_a_frozen_set_to_an_undone_import(
    browser_page: Page, own_data: Path, tmp_path: Path
) -> None:
    page, witness = browser_page, Witness(own_data)
    with (
        live_server(own_data, tmp_path / "server.log") as server,
        live_worker(own_data, tmp_path / "worker.log"),
    ):
        sign_in(page, server.url)
        page.goto(f"{server.url}/c/{COLLECTION}/dashboard")
        page.get_by_role("link", name="Label sets").click()
        make(page, "before")
        page.get_by_label("Format").select_option("jsonl")
        page.get_by_role("button", name="Export").click()
        expect(page.get_by_role("link", name="Download")).to_be_visible()
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download").click()
        path = tmp_path / "labels.jsonl"
        coming.value.save_as(path)
        assert coming.value.suggested_filename == f"{COLLECTION}-labels-1.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(rows) == IMAGES
        exports_pictures(page)
        assert accessibility_violations(page) == []

        image_id = overturned(own_data)
        page.goto(f"{server.url}/c/{COLLECTION}/label-sets")
        make(page, "after")
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", name="Relabelled: 1 image")).to_be_visible()
        expect(page.locator(f".set-image a[href*='/images/{image_id}']")).to_have_count(1)
        assert accessibility_violations(page) == []

        rows[0]["decision"], rows[1]["label"] = "exclude", "blue"
        path.write_text("\n".join(map(json.dumps, rows)))
        page.goto(f"{server.url}/c/{COLLECTION}/label-imports")
        send(page, path, "Import labels")
        expect(page.get_by_role("alert")).to_contain_text("1 line is wrong. Nothing was written.")
        expect(page.get_by_role("row", name="blue")).to_contain_text("It is one of: real, fake.")
        assert accessibility_violations(page) == []
        verdicts = select(func.count()).select_from(Verdict)
        assert witness.one(verdicts)[0] == 1

        del rows[1]["label"]
        path.write_text("\n".join(map(json.dumps, rows)))
        send(page, path, "Check the file")
        expect(page.get_by_text("No line is wrong.")).to_be_visible()
        assert witness.one(verdicts)[0] == 1
        send(page, path, "Import labels")
        expect(page.locator("#notices")).to_contain_text("Imported what is said of")
        standing = select(Verdict.decision).where(Verdict.withdrawn_at.is_(None))
        assert ("exclude",) in witness.rows(standing)

        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#notices")).to_contain_text("undone")
        assert witness.rows(standing) == [("fake",)]


def make(page: Page, name: str) -> None:
    """Make a label set, which is then shown."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the label set").click()
    expect(page.locator("h1")).to_contain_text(name)


def send(page: Page, path: Path, button: str) -> None:
    """Choose a file, and press a button."""
    page.get_by_label("Format").select_option("jsonl")
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name=button).click()


def overturned(data_dir: Path) -> int:
    """An image that somebody calls fake, and that was imported as real."""
    with Session(create_engine(f"sqlite:///{data_dir / DATABASE}")) as write:
        image_id = write.scalars(
            select(Image.id).where(Image.label == "real").order_by(Image.id.desc()).limit(1)
        ).one()
        write.add(
            Verdict(
                image_id=image_id,
                version_id=write.scalars(select(ModelVersion.id)).first(),
                user_id=write.scalars(select(User.id)).first(),
                decision="fake",
                created_at=now(),
            )
        )
        write.commit()
        return image_id


def exports_pictures(page: Page) -> None:
    """COCO as a zip, with a picture for each image that it names."""
    page.get_by_label("Format").select_option("coco_zip")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("link", name="Download")).to_have_count(2)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").first.click()
    assert coming.value.suggested_filename == f"{COLLECTION}-labels-1.coco.zip"
    with ZipFile(coming.value.path()) as archive:
        images = json.loads(archive.read("annotations.json"))["images"]
        names = set(archive.namelist())
    assert len(images) == IMAGES
    assert {f"images/{each['file_name']}" for each in images} < names
