"""Duplicates are found, kept on one side of the split at import, and can be left out and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.photographs import encoded, photograph, put
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.hygiene.actions import actions, leave_out, one_group, undo
from workbench.services.hygiene.check import Check, check
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.training.dataset import final_labels, freeze
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.people import AuditEvent

PICTURES = 14
COPIED = range(4)
CONTRADICTING = 4
SAME_PIXELS = 5


def import_folder(folder: Path, settings: Settings, name: str = "photos") -> None:
    import_images(folder, collection=name, settings=settings, progress=Silent())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Real and fake pictures; four saved again, one under the other label, one in other bytes."""
    root = tmp_path / "photos"
    for seed in range(PICTURES):
        put(root / "real" / f"{seed}.png", encoded(photograph(seed)))
        put(root / "fake" / f"{seed}.png", encoded(photograph(100 + seed)))
    for seed in COPIED:
        smaller = photograph(seed).resize((90, 90))
        put(root / "real" / f"{seed} again.jpg", encoded(smaller, "JPEG", quality=60))
    put(root / "fake" / "contradicts.jpg", encoded(photograph(CONTRADICTING), "JPEG", quality=75))
    put(root / "real" / "same.bmp", encoded(photograph(SAME_PIXELS), "BMP"))
    return root


@pytest.fixture
def found(tables: Flask, settings: Settings, folder: Path) -> Check:
    import_folder(folder, settings)
    return check("photos", settings)


def named(*names: str) -> dict[str, Image]:
    rows = session().scalars(select(Image).where(Image.name.in_(names)))
    return {row.name: row for row in rows}


def names_of(groups: tuple[tuple[int, ...], ...]) -> set[frozenset[str]]:
    names = dict(session().execute(select(Image.id, Image.name)).tuples().all())
    labels = dict(session().execute(select(Image.id, Image.label)).tuples().all())
    return {frozenset(f"{labels[each]}/{names[each]}" for each in group) for group in groups}


def pull_apart(*names: str) -> None:
    """As a manifest with groups and splits of its own may have it."""
    with transaction() as write:
        for side, name in enumerate(names):
            write.execute(
                update(Image)
                .where(Image.name == name, Image.label == "real")
                .values(group_key=f"own {name}", held_out=bool(side))
            )


def test_copies_are_found_however_they_were_saved_and_nothing_else(found: Check) -> None:
    duplicates = found.finding("duplicates")

    assert duplicates is not None
    assert names_of(duplicates.groups) == {
        *(frozenset({f"real/{seed}.png", f"real/{seed} again.jpg"}) for seed in COPIED),
        frozenset({f"real/{CONTRADICTING}.png", "fake/contradicts.jpg"}),
        frozenset({f"real/{SAME_PIXELS}.png", "real/same.bmp"}),
    }
    assert duplicates.figures["groups"] == 6
    assert duplicates.figures["images"] == 12
    assert duplicates.figures["same_pixels"] == 1


def test_copies_with_both_labels_are_a_warning(found: Check) -> None:
    contradicting = found.finding("contradicting_duplicates")

    assert contradicting is not None
    assert contradicting.severity == "warning"
    assert names_of(contradicting.groups) == {
        frozenset({f"real/{CONTRADICTING}.png", "fake/contradicts.jpg"})
    }


def test_an_import_puts_a_copy_into_the_group_of_what_it_copies(found: Check) -> None:
    for seed in COPIED:
        pair = session().execute(
            select(Image.group_key, Image.held_out)
            .where(Image.name.in_([f"{seed}.png", f"{seed} again.jpg"]), Image.label == "real")
            .distinct()
        )
        assert len(pair.all()) == 1
    assert len(set(session().scalars(select(Image.group_key)))) == 2 * PICTURES
    assert found.finding("duplicates_across_split") is None


def test_a_later_import_puts_a_copy_beside_the_held_out_image_that_it_copies(
    tables: Flask, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    import_folder(folder, settings)
    held_out = session().scalars(select(Image).where(Image.held_out)).all()
    later = tmp_path / "later"
    for image in held_out:
        seed = int(image.name.split(".")[0].split()[0]) if image.name[0].isdigit() else None
        if seed is not None:
            source = photograph(seed + (100 if image.label == "fake" else 0))
            put(later / image.label / f"copy {image.id}.jpg", encoded(source, "JPEG", quality=50))

    import_folder(later, settings)

    copies = session().scalars(select(Image).where(Image.name.like("copy %"))).all()
    assert copies
    assert all(copy.held_out for copy in copies)


def test_copies_on_both_sides_are_a_warning_and_are_joined_on_the_training_side(
    found: Check, settings: Settings, ada: Account
) -> None:
    pull_apart("0.png", "0 again.jpg")
    across = check("photos", settings).finding("duplicates_across_split")
    assert across is not None
    assert across.severity == "warning"
    assert names_of(across.groups) == {frozenset({"real/0.png", "real/0 again.jpg"})}

    done = one_group(ada.id, "photos", "duplicates_across_split")

    pair = named("0.png", "0 again.jpg")
    assert not pair["0 again.jpg"].held_out
    assert check("photos", settings).finding("duplicates_across_split") is None
    assert done.images == 2

    undo(ada.id, done.id)

    assert named("0 again.jpg")["0 again.jpg"].held_out
    assert check("photos", settings).finding("duplicates_across_split") is not None


def test_what_a_version_was_trained_on_does_not_become_test_again(
    found: Check, settings: Settings, ada: Account
) -> None:
    pull_apart("0.png", "0 again.jpg")
    check("photos", settings)
    done = one_group(ada.id, "photos", "duplicates_across_split")
    freeze(session().scalars(select(Image.collection_id)).first() or 0)

    with pytest.raises(ConflictError, match="must not become test"):
        undo(ada.id, done.id)

    assert not named("0 again.jpg")["0 again.jpg"].held_out
    assert not actions("photos")[0].withdrawn


def test_copies_are_left_out_of_the_next_dataset_and_come_back(
    found: Check, settings: Settings, ada: Account
) -> None:
    collection = session().scalars(select(Image.collection_id)).first() or 0
    before = {each.image_id for each in final_labels(collection)}

    done = leave_out(ada.id, "photos", "duplicates")

    left = {each.image_id for each in final_labels(collection)}
    assert len(before) - len(left) == done.images == 6
    again = check("photos", settings)
    assert again.finding("duplicates") is None
    assert again.images == found.images - 6
    actions_of = session().scalars(select(AuditEvent.action).where(AuditEvent.user_id == ada.id))
    assert "data.leave_out" in actions_of.all()

    undo(ada.id, done.id)

    assert {each.image_id for each in final_labels(collection)} == before
    with pytest.raises(NotFoundError):
        undo(ada.id, done.id)


def test_only_who_left_images_out_undoes_it(
    found: Check, settings: Settings, ada: Account, ben: Account
) -> None:
    done = leave_out(ada.id, "photos", "duplicates")

    with pytest.raises(ConflictError):
        undo(ben.id, done.id)


def test_images_from_before_hashes_were_kept_are_hashed_by_the_check(
    found: Check, settings: Settings
) -> None:
    with transaction() as write:
        write.execute(update(Image).values(perceptual_hash=None))

    assert check("photos", settings).findings == found.findings
    assert session().scalars(select(Image.perceptual_hash)).all().count(None) == 0


def test_a_copy_of_a_lost_file_is_left_alone(found: Check, settings: Settings) -> None:
    lost = named("0 again.jpg")["0 again.jpg"]
    (settings.image_dir / lost.pixel_hash[:2] / f"{lost.pixel_hash}.jpg").unlink()

    duplicates = check("photos", settings).finding("duplicates")

    assert duplicates is not None
    assert duplicates.figures["groups"] == 5
