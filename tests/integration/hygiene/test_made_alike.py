"""Images made alike: what files gave away is gone, and comes back when it is undone."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select

from tests.support.photographs import encoded, photograph, put
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.hygiene.actions import actions, undo
from workbench.services.hygiene.check import check
from workbench.services.hygiene.remedy import alike_state, alike_words, make_alike
from workbench.services.imports.alike import bring_copies
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.removal.check_files import check_files
from workbench.services.removal.images import remove_image
from workbench.services.workspaces import workspace
from workbench.store.database import session, transaction
from workbench.store.image_files import normalised_path, read_normalised
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.people import AuditEvent

COUNT = 16
KEY = "shortcut:size"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Real images as large JPEGs of quality 90, fakes as small PNGs."""
    for seed in range(COUNT):
        real = photograph(seed, side=160)
        put(tmp_path / "set/real" / f"{seed}.jpg", encoded(real, "JPEG", quality=90))
        put(tmp_path / "set/fake" / f"{seed}.png", encoded(photograph(100 + seed, side=96)))
    return tmp_path / "set"


@pytest.fixture
def found(tables: Flask, settings: Settings, folder: Path) -> int:
    """The id of the collection, checked."""
    import_images(folder, collection="set", settings=settings, progress=Silent())
    warned = {each.key for each in check("set", settings).warnings}
    assert {"shortcut:format", "shortcut:size", "shortcut:jpeg"} <= warned
    return workspace("set").collection.id


def copies() -> dict[str, tuple[str, str | None]]:
    rows = session().scalars(select(Image))
    found = {f"{row.label}/{row.name}": (row.pixel_hash, row.plain_pixel_hash) for row in rows}
    session().rollback()
    return found


def brought(collection_id: int, settings: Settings) -> int:
    return bring_copies(collection_id, settings, Silent())


def test_what_files_gave_away_is_gone_and_copies_are_of_originals(
    found: int, settings: Settings, ada: Account, folder: Path
) -> None:
    before = copies()

    make_alike(ada.id, "set", settings, KEY)

    assert alike_state("set") is not None
    assert f"{2 * COUNT} copies are still to be made" in alike_words(alike_state("set"))
    assert copies() == before, "the next analysis makes them"
    assert not [each for each in check("set", settings).warnings if each.kind == "shortcut"]

    assert brought(found, settings) == 2 * COUNT
    assert brought(found, settings) == 0

    state = alike_state("set")
    assert state is not None
    assert (state.alike.side, state.alike.quality, state.waiting) == (96, 75, 0)
    after = copies()
    for name, (pixel_hash, plain) in after.items():
        assert plain == before[name][0] != pixel_hash
    # By hand: the square, made small, saved, and brought to the normal size.
    with Picture.open(folder / "real" / "3.jpg") as original:
        small = original.resize((96, 96), Picture.Resampling.LANCZOS)
    saved = io.BytesIO()
    small.save(saved, "JPEG", quality=75, subsampling="4:2:0")
    with Picture.open(saved) as reopened:
        expected = reopened.resize((224, 224), Picture.Resampling.LANCZOS)
    content = read_normalised(settings.image_dir, after["real/3.jpg"][0])
    with Picture.open(io.BytesIO(content)) as copy:
        worst = np.abs(np.asarray(expected, np.int16) - np.asarray(copy, np.int16)).max()
    assert worst <= 6


def test_images_that_were_left_out_are_not_waited_for(
    found: int, settings: Settings, ada: Account
) -> None:
    with transaction() as write:
        image_id = write.scalars(select(Image.id)).first()
        write.add(Verdict(image_id=image_id, user_id=ada.id, decision="exclude"))

    done = make_alike(ada.id, "set", settings, KEY)

    assert done.images == 2 * COUNT - 1
    assert f"{2 * COUNT - 1} copies are still to be made" in alike_words(alike_state("set"))
    assert brought(found, settings) == 2 * COUNT - 1
    assert "still to be made" not in alike_words(alike_state("set"))


def test_what_is_imported_later_is_made_alike_too(
    found: int, settings: Settings, ada: Account, folder: Path
) -> None:
    make_alike(ada.id, "set", settings, KEY)
    brought(found, settings)
    put(folder / "real/later.jpg", encoded(photograph(900), "JPEG", quality=90))

    import_images(folder, collection="set", settings=settings, progress=Silent())

    state = alike_state("set")
    assert state is not None
    assert state.waiting == 1
    assert not workspace("set").collection.file_facts["warned"]
    assert brought(found, settings) == 1
    assert copies()["real/later.jpg"][1] is not None


def test_undone_the_copies_and_the_warnings_are_as_before(
    found: int, settings: Settings, ada: Account
) -> None:
    before, warned = copies(), {each.key for each in check("set", settings).warnings}
    done = make_alike(ada.id, "set", settings, KEY)
    brought(found, settings)

    undo(ada.id, done.id)

    assert brought(found, settings) == 2 * COUNT
    assert copies() == before
    assert {each.key for each in check("set", settings).warnings} == warned
    assert alike_state("set") is None
    assert actions("set")[0].withdrawn
    told = session().scalars(select(AuditEvent.action).where(AuditEvent.action.like("data.%")))
    assert list(told) == ["data.make_alike", "data.undo"]


def test_a_missing_original_is_named_and_nothing_is_changed(
    found: int, settings: Settings, ada: Account, folder: Path
) -> None:
    (folder / "real/7.jpg").unlink()

    with pytest.raises(ConflictError, match=r"The originals of 1 images .*7\.jpg"):
        make_alike(ada.id, "set", settings, KEY)

    assert alike_state("set") is None


def test_an_original_that_changed_later_ends_the_making_and_keeps_its_copy(
    found: int, settings: Settings, ada: Account, folder: Path
) -> None:
    make_alike(ada.id, "set", settings, KEY)
    put(folder / "real/7.jpg", encoded(photograph(901), "JPEG", quality=90))
    before = copies()["real/7.jpg"]

    with pytest.raises(ConflictError, match=r"7\.jpg"):
        brought(found, settings)

    assert copies()["real/7.jpg"] == before
    state = alike_state("set")
    assert state is not None
    assert state.waiting == 1


def test_images_are_made_alike_once(found: int, settings: Settings, ada: Account) -> None:
    make_alike(ada.id, "set", settings, KEY)

    with pytest.raises(ConflictError, match="already"):
        make_alike(ada.id, "set", settings, KEY)


def test_a_takedown_takes_both_copies_and_a_file_check_knows_both(
    found: int, settings: Settings, ada: Account
) -> None:
    make_alike(ada.id, "set", settings, KEY)
    brought(found, settings)
    assert not check_files(settings).missing
    assert not check_files(settings).orphaned
    image = session().scalars(select(Image).where(Image.name == "3.jpg")).one()
    image_id, both = image.id, image.copies
    session().rollback()
    assert len(both) == 2
    assert all(normalised_path(settings.image_dir, each).is_file() for each in both)

    remove_image(image_id, ada.id, settings)

    assert not any(normalised_path(settings.image_dir, each).exists() for each in both)
