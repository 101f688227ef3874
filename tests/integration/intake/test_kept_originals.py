"""Originals that came by upload are kept: shown whole, checked, and taken down with their image."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select

from tests.support.layouts import picture
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.encoding.pixels import read_pixels, sources_of
from workbench.services.image.original import original_view, whole
from workbench.services.intake import execute, jobs
from workbench.services.removal.check_files import check_files
from workbench.services.removal.images import remove_image
from workbench.store.database import db, session
from workbench.store.image_files import kept_original_path
from workbench.store.images import Image

FILES = {"real/a.png": 300, "real/b.png": 24, "fake/c.png": 24}
"""Names in the archive, and the side of each in pixels."""


@dataclass
class Sent:
    filename: str
    stream: io.BytesIO


@pytest.fixture
def uploaded(tables: Flask, settings: Settings, ada: Account) -> dict[str, bytes]:
    """An imported upload: the bytes of each image by its name."""
    tables.config["WORKBENCH"] = settings
    contents = {name: picture(side=side) for name, side in FILES.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in contents.items():
            made.writestr(name, content)
        made.writestr("real/broken.png", b"\x89PNG\r\n\x1a\nnothing more")
    job = jobs.draft_upload(ada.id, "few", [Sent("set.zip", buffer)], settings)
    jobs.start(ada.id, job.id)
    claim = jobs.claim_next("here:1:test")
    assert claim is not None
    execute.execute(db.engine, claim, settings)
    session().rollback()
    assert jobs.job_of(job.id).state == "succeeded"
    return {name.rpartition("/")[2]: content for name, content in contents.items()}


def image(name: str) -> Image:
    session().rollback()
    return session().scalars(select(Image).where(Image.name == name)).one()


def test_the_upload_is_gone_and_the_originals_of_its_images_are_shown(
    uploaded: dict[str, bytes], settings: Settings
) -> None:
    assert list(settings.upload_dir.glob("*")) == []
    files = [each for each in settings.original_dir.rglob("*") if each.is_file()]
    assert {each.read_bytes() for each in files} == set(uploaded.values())
    large = image("a.png")
    assert original_view(large.id).missing == ""
    with Picture.open(io.BytesIO(whole(large.id))) as shown:
        assert shown.size == (300, 300)

    source = sources_of([large.id])[large.id]

    fine = read_pixels(source, 280, settings).astype(int)
    with Picture.open(io.BytesIO(uploaded["a.png"])) as original:
        wanted = original.convert("RGB").resize((280, 280), Picture.Resampling.LANCZOS)
    assert np.abs(fine - np.asarray(wanted, int)).mean() < 8


def test_a_changed_one_is_found_and_not_shown(
    uploaded: dict[str, bytes], settings: Settings
) -> None:
    assert check_files(settings).is_well
    path = kept_original_path(settings.original_dir, image("b.png").content_hash)
    path.write_bytes(b"something else")

    assert check_files(settings).changed == (path.relative_to(settings.data_dir).as_posix(),)
    assert original_view(image("b.png").id).missing


def test_it_is_taken_down_with_its_image(
    uploaded: dict[str, bytes], settings: Settings, ada: Account
) -> None:
    taken = image("b.png")
    path = kept_original_path(settings.original_dir, taken.content_hash)
    assert path.exists()

    remove_image(taken.id, ada.id, settings)

    assert not path.exists()
    assert kept_original_path(settings.original_dir, image("a.png").content_hash).exists()
