"""A text is found without case and however it was typed, on both databases alike."""

from __future__ import annotations

import unicodedata

import pytest
from sqlalchemy import select

from tests.support.noting import save_note
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store, forget_columns
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.image.edits import DimensionEdit
from workbench.services.review import tags, verdicts
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import PixelGroup

pytestmark = pytest.mark.analysed

WRITTEN = (
    "Großer \u00c4rger",
    "Straße",
    "\uff26\uff41\uff4b\uff45 smile",
    "\u0394\u03b9\u03bf\u03c2",
)
TYPED = {
    "Ärger": 0,
    "ärger": 0,
    "ÄRGER": 0,
    unicodedata.normalize("NFD", "Ärger"): 0,
    "GROSSER ÄRGER": 0,
    "Straße": 1,
    "STRASSE": 1,
    "strasse": 1,
    "fake smile": 2,
    "\u0394\u0399\u039f\u03a3": 3,
}


@pytest.fixture
def images(version_id: int) -> list[int]:
    """As many images as there are texts to find."""
    return [int(each) for each in column_store(version_id).image_ids[: len(WRITTEN)]]


def found(version_id: int, text: str) -> list[int]:
    chosen = choose(version_id, Selection(Filters(text=text)))
    return [int(each) for each in chosen.store.image_ids[chosen.selected]]


def all_found(version_id: int) -> dict[str, list[int]]:
    return {text: found(version_id, text) for text in TYPED}


def test_a_file_name_is_found_however_it_is_typed(
    version_id: int, images: list[int], settings: Settings
) -> None:
    with transaction() as write:
        for image_id, text in zip(images, WRITTEN, strict=True):
            # As macOS names files: decomposed.
            write.get_one(Image, image_id).name = unicodedata.normalize("NFD", f"{text}.png")
    forget_columns(version_id, settings)

    assert all_found(version_id) == {text: [images[at]] for text, at in TYPED.items()}


def test_a_reason_is_found_however_it_is_typed_until_its_verdict_is_withdrawn(
    version_id: int, images: list[int], ada: Account
) -> None:
    given = [
        verdicts.give_verdict(ada.id, image_id, version_id, "unsure", f"Looks like\n{text}!")
        for image_id, text in zip(images, WRITTEN, strict=True)
    ]

    assert all_found(version_id) == {text: [images[at]] for text, at in TYPED.items()}
    verdicts.withdraw_verdict(ada.id, given[1].id)
    assert found(version_id, "Straße") == []


def test_a_note_is_found_however_it_is_typed(
    version_id: int, images: list[int], ada: Account
) -> None:
    for image_id, text in zip(images, WRITTEN, strict=True):
        save_note(ada.id, version_id, image_id, DimensionEdit(0), "fall", f"{text}.")

    assert all_found(version_id) == {text: [images[at]] for text, at in TYPED.items()}


def test_a_tag_is_found_however_it_is_typed(
    version_id: int, images: list[int], ada: Account
) -> None:
    for image_id, text in zip(images, WRITTEN, strict=True):
        group_id = session().scalars(
            select(PixelGroup.id).where(
                PixelGroup.version_id == version_id, PixelGroup.image_id == image_id
            )
        )
        tags.tag_group(ada.id, group_id.first() or 0, text)

    assert all_found(version_id) == {text: [images[at]] for text, at in TYPED.items()}


def test_signs_with_a_meaning_in_a_query_stand_for_themselves(
    version_id: int, images: list[int], ada: Account
) -> None:
    verdicts.give_verdict(ada.id, images[0], version_id, "unsure", "100% \\ sure_ly")

    assert found(version_id, "0% \\ s") == [images[0]]
    assert found(version_id, "sure_") == [images[0]]
    assert found(version_id, "1%s") == found(version_id, "sur__") == []
