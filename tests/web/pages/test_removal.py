"""What would go is shown first; who confirms, and may, removes it."""

from __future__ import annotations

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.pages.test_models import text_of

ADDRESSES = ("/c/faces/remove", "/c/faces/images/2/remove", "/c/faces/versions/1/remove")


def test_the_confirmation_of_an_image_shows_what_goes_and_from_where(ada: Reader) -> None:
    words = text_of(ada.get("/c/faces/images/2/remove").text)

    assert "Remove face 2" in words
    assert "It is in these collections, too, and goes from them: raw." in words
    assert "Scores 3" in words
    assert "Files 14 (1.2 MB)" in words
    assert "This was done by hand, and goes as well: Verdicts 2 Tags 1" in words


def test_an_image_is_removed_once_the_box_is_ticked(ada: Reader, book: FakeWorkbench) -> None:
    refused = ada.post("/c/faces/images/2/remove")
    assert (refused.status_code, book.removed) == (422, [])
    assert "Tick the box to confirm. Nothing was removed." in refused.text

    done = ada.post("/c/faces/images/2/remove", sure="yes")

    assert (done.status_code, done.location) == (303, "/c/faces/")
    assert book.removed == [(1, "image:2")]
    assert "Image 2 is removed." in ada.get("/c/faces/").text


def test_a_collection_is_removed_once_its_name_is_typed(ada: Reader, book: FakeWorkbench) -> None:
    refused = ada.post("/c/faces/remove", typed="face")
    assert (refused.status_code, book.removed) == (422, [])
    assert "This is not the name of the collection. Nothing was removed." in refused.text

    done = ada.post("/c/faces/remove", typed=" faces ")

    assert (done.status_code, done.location) == (303, "/")
    assert book.removed == [(1, "collection:faces")]
    assert "faces is removed." in ada.get("/").text


def test_a_version_is_removed_with_the_tags_that_were_shown(
    ada: Reader, book: FakeWorkbench
) -> None:
    words = text_of(ada.get("/c/faces/versions/1/remove").text)
    assert "Tags 3" in words
    assert "Verdicts that stay 4 Notes that stay 1" in words

    assert ada.post("/c/faces/versions/1/remove", sure="yes").status_code == 303
    assert book.removed == [(1, "version:1")]


def test_the_active_version_is_refused_with_a_sentence(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/c/faces/versions/2/remove", sure="yes")

    assert answer.status_code == 409
    assert "v2 is the active version." in answer.text


def test_an_image_of_another_collection_is_not_found(ada: Reader) -> None:
    assert ada.get("/c/raw/images/2/remove").status_code == 404
    assert ada.get("/c/faces/images/99/remove").status_code == 404


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_developers_are_shown_it_and_may(
    ada: Reader, ben: Reader, visitor: Reader, book: FakeWorkbench, address: str
) -> None:
    assert ada.get(address).status_code == 200
    assert ben.get(address).status_code == 403
    assert ben.post(address, sure="yes", typed="faces").status_code == 403
    assert visitor.get(address).status_code in (302, 303)
    assert visitor.post(address, sure="yes", typed="faces").status_code in (302, 303)
    assert ada.client.post(address, data={"sure": "yes", "typed": "faces"}).status_code == 400
    assert book.removed == []


def test_only_developers_are_offered_it(ada: Reader, ben: Reader) -> None:
    for page, address in (
        ("/c/faces/data", "/c/faces/remove"),
        ("/c/faces/images/2", "/c/faces/images/2/remove"),
        ("/c/faces/models", "/c/faces/versions/1/remove"),
    ):
        assert f'href="{address}"' in ada.get(page).text
        assert "/remove" not in ben.get(page).text
    assert "/versions/2/remove" not in ada.get("/c/faces/models").text, "it is active"
