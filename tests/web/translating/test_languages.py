"""A page speaks what its reader asks for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.translating.pseudo import LANGUAGE


def test_a_page_uses_the_plural_forms_of_its_language(
    speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    ada = speaking("ada")
    ada.post("/groups/200/tags", tag="fake smile")
    shown = []
    for number in (1, 3, 5):
        book.tags = [each.__class__(**{**vars(each), "images": number}) for each in book.tags]
        shown += re.findall(r"⟦([²³]?\d) images?⟧", ada.get("/taxonomy").text)

    assert shown == ["1", "²3", "³5"]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("pl", "pl"),
        ("pl-PL,pl;q=0.9,en;q=0.5", "pl"),
        ("de,pl;q=0.5", "pl"),
        ("en,pl;q=0.5", "en"),
        ("en-GB,pl;q=0.5", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
        ("nonsense;q=x", "en"),
        ("pl;q=0", "en"),
    ],
)
def test_a_page_speaks_what_its_reader_asks_for_if_it_can(
    asked: str, spoken: str, speaking: Callable[..., Reader]
) -> None:
    page = speaking(None, asked).get("/")

    assert f'<html lang="{spoken}"' in page.text
    assert "Accept-Language" in page.headers["Vary"]


def test_without_a_translation_a_page_is_english(visitor: Reader) -> None:
    page = visitor.get("/", headers={"Accept-Language": LANGUAGE})

    assert '<html lang="en"' in page.text
    assert "<h1>Collections</h1>" in page.text
