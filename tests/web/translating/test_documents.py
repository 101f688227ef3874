"""Pictures and reports speak their reader's language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.addresses import PICTURES
from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.noting import noted
from tests.web.translating.pseudo import LANGUAGE, Bare
from tests.web.translating.worked_on import DATA, bare_words, fill
from workbench.services.explore.listing import ImagePage

DOCUMENTS = (
    *(f"/c/faces/export/{view.replace('?', '.svg?')}" for view in PICTURES if "?" in view),
    *(f"/c/faces/export/{view}.svg" for view in PICTURES if "?" not in view),
    "/c/faces/export/overview.svg?pattern=31&label=real",
    "/c/faces/export/overview.svg?lasso=0:0,0;6,0;6,6;0,6",
    "/c/faces/export/overview.svg?level=1&window=0,0,16,12",
    "/c/faces/export/images.svg?cell=11&order=diverse&dimension=1",
    "/c/faces/export/images.svg?lasso=0:0,0;6,0;6,6;0,6&label=fake&outcome=real_right",
    "/c/faces/export/patterns.svg?cell=13&sort=stability",
    "/c/faces/export/dimensions.svg?pattern=31&b=12",
    "/c/faces/export/image.svg?image=5&version=1",
    "/c/faces/patterns/31/report.html",
    "/c/faces/patterns/32/report.html",
    "/c/faces/patterns/report.html",
    "/c/faces/patterns/report.html?cell=11&sort=lift",
)
"""What leaves the site: pictures and reports."""


@pytest.mark.parametrize("url", DOCUMENTS)
@pytest.mark.parametrize("worked_on", [True, False])
def test_nor_has_a_picture_or_a_report_to_take_away(
    url: str, worked_on: bool, speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    reader = speaking("ada")
    if worked_on:
        fill(book, reader, worker_alive=True)

    answer = reader.get(url)

    assert answer.status_code == 200
    assert f'lang="{LANGUAGE}"' in answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    assert "⟦" in answer.text
    found = Bare(answer.text)
    assert found.depth == 0, "no sentence is cut off"
    assert not found.words(DATA)


def test_nor_has_an_empty_picture_or_report(
    speaking: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.services.explore.patterns.patterns", lambda *_given: ())
    monkeypatch.setattr(
        "workbench.services.explore.listing.images", lambda *_given: ImagePage((), 0, None)
    )

    for query in ("", "?cell=11"):
        for address in ("export/patterns.svg", "export/images.svg", "patterns/report.html"):
            answer = speaking().get(f"/c/faces/{address}{query}")
            assert answer.status_code == 200
            assert not bare_words(answer.text)


@pytest.mark.parametrize("verdict", ["real", "fake", "unsure", "exclude"])
@pytest.mark.parametrize("expectation", ["fall", "rise", "stay"])
def test_nor_has_what_a_report_says_of_people(
    verdict: str, expectation: str, speaking: Callable[..., Reader]
) -> None:
    ada = speaking("ada")
    ada.post("/c/faces/images/2/verdicts", decision=verdict, reason="nobody smiles so", version="2")
    noted(ada, "nobody smiles so", expectation=expectation)

    text = ada.get("/c/faces/patterns/32/report.html").text

    assert text.count("nobody smiles so") == 2
    assert not bare_words(text)


@pytest.mark.parametrize("url", DOCUMENTS)
def test_a_translated_document_has_the_same_drawing(
    url: str, speaking: Callable[..., Reader]
) -> None:
    english, translated = (
        [
            tag
            for tag in Bare(speaking(None, language).get(url).text).tags
            if tag[0] in ("path", "rect", "circle", "image", "img", "polygon", "a", "section")
        ]
        for language in ("en", LANGUAGE)
    )

    assert english
    if "export/" not in url:
        assert translated == english
    else:
        assert [tag for tag, _given in translated] == [tag for tag, _given in english]


def test_a_picture_is_drawn_in_its_reader_s_language(speaking: Callable[..., Reader]) -> None:
    url = "/c/faces/export/dimensions.png"
    english, translated = (speaking(None, each).get(url) for each in ("en", LANGUAGE))

    assert "Accept-Language" in translated.headers["Vary"]
    assert translated.data != english.data
