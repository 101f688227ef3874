"""Every text of every page can be translated, and a page speaks its reader's language."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import Flask
from flask_babel import gettext

from tests.web import pseudo
from tests.web.conftest import Reader, make_app
from tests.web.fakes.data import CARDS, FACES, NEW, RAW
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.pseudo import LANGUAGE, Bare
from tests.web.test_exports import VIEWS as PICTURES
from tests.web.test_pages import PAGES
from workbench.config import PROJECT_ROOT
from workbench.services.explore.listing import ImagePage
from workbench.services.image import edits
from workbench.services.review import pattern_names
from workbench.web.site.security import limiter

TEMPLATES = sorted(
    each for each in (PROJECT_ROOT / "templates").rglob("*") if each.suffix in (".html", ".svg")
)
VIEWS = sorted((PROJECT_ROOT / "workbench" / "web").rglob("*.py"))

MADE_UP = (
    "Pattern Workbench",
    # Names that people gave, and what they wrote
    *(each for found in (FACES, RAW) for each in (found.name, found.title, found.description)),
    *(card.name for card in CARDS.values()),
    "ada",
    "ben",
    "forehead glare",
    "fake smile",
    "nobody smiles so",
    # What services say, which the fakes say in their place
    *(f"pattern {number}" for number in (1, 2)),
    "texture of blocks 2 and 3",
    # ... as the lines of a picture
    "texture of",
    "blocks 2 and 3",
    "dimension 1 set to own",
    "dimension 1 set to 11",
    "dimension 1 set to zero",
    "dimension 2 set to zero",
    "group 1 blurred",
    "relevance",
    "out of memory",
    "The encoder of version 2 cannot be had.",
    "The encoder of this version reads no text.",
    "This version has no prediction for this image.",
    "Collection “nothing” not found.",
    # The fakes' day, as the made-up language's own rules write it
    "3 marca 2026",
    # Marks: generators, encoders, file formats, pinned cells, versions
    "stylegan",
    NEW.encoder,
    NEW.relevance,
    "JPEG",
    "PNG",
    "SVG",
    "A",
    "B",
    "v1",
    "v2",
)
DATA = re.compile("|".join(rf"\b{re.escape(each)}(?!\w)" for each in MADE_UP if each))

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

WITHOUT_BRACKETS = {
    "Pattern Workbench",
    "A",
    "B",
    "v",
    "SVG",
    "PNG",
}
"""What may stand in a template as it is: names."""


@pytest.fixture(scope="session")
def pseudo_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with the made-up language."""
    translations = tmp_path_factory.mktemp("translations")
    pseudo.write_translation(translations)
    return make_app(FakeWorkbench(tmp_path_factory.mktemp("pseudo")), translations=translations)


@pytest.fixture
def speaking(pseudo_app: Flask, book: FakeWorkbench) -> Callable[..., Reader]:
    """A reader of the made-up language; `name` signs in first."""
    limiter.reset()

    def reader(name: str | None = None, language: str = LANGUAGE) -> Reader:
        client = pseudo_app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        made = Reader(client)
        if name:
            assert made.sign_in(name).status_code == 303
        return made

    return reader


def bare_words(html: str) -> list[str]:
    return Bare(html).words(DATA)


def fill(book: FakeWorkbench, ada: Reader, *, worker_alive: bool) -> None:
    """Give the fake workbench some of everything that pages list."""
    ada.post("/groups/200/tags", tag="fake smile", back="/taxonomy")
    ada.post("/patterns/31/tags", tag="forehead glare", back="/taxonomy")
    for decision in ("confirm", "overturn", "unsure", "exclude"):
        ada.post(
            "/c/faces/images/2/verdicts", decision=decision, reason="nobody smiles so", version="2"
        )
    for expectation in ("fall", "rise", "stay"):
        ada.post(
            "/c/faces/images/2/notes",
            edit="group-200",
            fill="blur",
            expectation=expectation,
            text="nobody smiles so",
        )
    book.worker_alive = worker_alive
    states = ("succeeded", "failed", "cancelled")
    book.runs = [run(each, id=number) for number, each in enumerate(states, start=20)]
    book.runs += [
        run("failed", id=30, trigger="schedule", requested_by=None, error="out of memory"),
        run("failed", id=31, trigger="first", stage="", requested_by=None),
        run("succeeded", id=32, version_number=2),
    ]


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("name", ["ada", "ben", None])
def test_a_page_has_no_word_that_cannot_be_translated(
    url: str, name: str | None, speaking: Callable[..., Reader]
) -> None:
    page = speaking(None if url == "/login" else name).get(url)

    assert "⟦" in page.text
    assert not bare_words(page.text)


@pytest.mark.parametrize(
    "url",
    [
        *PAGES,
        "/c/faces/cells/11?version=2",
        "/c/faces/cells/13?version=2",
        "/c/faces/?cell=13&version=1&label=real&outcome=fake_right",
        "/c/faces/?a=11&order=wrong",
        "/c/faces/patterns/32",
        "/c/faces/images/2?edit=dimension-2",
        "/c/faces/images/2?edit=dimension-1&to=cell-11&cell=11&a=12&b=13",
        "/c/faces/images/5?version=1&dimension=0",
    ],
)
@pytest.mark.parametrize("worker_alive", [True, False])
def test_nor_has_one_on_which_people_have_worked(
    url: str, worker_alive: bool, speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    ada = speaking("ada")
    fill(book, ada, worker_alive=worker_alive)

    page = speaking().get(url) if url == "/login" else ada.get(url)

    assert not bare_words(page.text)


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


@pytest.mark.parametrize("verdict", ["confirm", "overturn", "unsure", "exclude"])
@pytest.mark.parametrize("expectation", ["fall", "rise", "stay"])
def test_nor_has_what_a_report_says_of_people(
    verdict: str, expectation: str, speaking: Callable[..., Reader]
) -> None:
    ada = speaking("ada")
    ada.post("/c/faces/images/2/verdicts", decision=verdict, reason="nobody smiles so", version="2")
    ada.post(
        "/c/faces/images/2/notes",
        edit="group-200",
        fill="blur",
        expectation=expectation,
        text="nobody smiles so",
    )

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


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "queued", "fraction": None, "seconds_left": None},
        {"state": "running"},
        {"state": "running", "stage": "", "seconds_left": 300.0},
        {"state": "running", "stage": "Computing attributions", "rate": 3.2},
        {"state": "running", "cancel_requested": True},
        {"state": "failed"},
    ],
)
@pytest.mark.parametrize("worker_alive", [True, False])
def test_nor_has_a_run(
    changes: dict[str, object],
    worker_alive: bool,
    speaking: Callable[..., Reader],
    book: FakeWorkbench,
) -> None:
    book.runs = [run(**changes)]
    book.worker_alive = worker_alive
    ada = speaking("ada")

    for url in ("/c/faces/models", "/c/raw/", "/c/faces/"):
        assert not bare_words(ada.get(url).text)
    fragment = ada.get("/c/faces/runs/7", headers={"HX-Request": "true"})
    assert not bare_words(fragment.text)


def test_nor_has_an_empty_page(speaking: Callable[..., Reader], book: FakeWorkbench) -> None:
    ada = speaking("ada")
    for image in book.waiting():
        ada.post(f"/c/faces/images/{image}/verdicts", decision="confirm", version="2")
    answer = ada.get("/c/faces/adjudicate?version=2")
    book.collections = []

    assert not bare_words(answer.text)
    assert not bare_words(ada.get("/").text)


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/c/faces/images/2/verdicts", {"decision": "confirm"}),
        ("/c/faces/images/2/notes", {"edit": "group-200", "expectation": "fall", "text": "ada"}),
        ("/groups/200/tags", {"tag": "fake smile"}),
        ("/patterns/31/tags", {"tag": "fake smile"}),
        ("/c/faces/runs", {}),
    ],
)
def test_nor_has_what_is_said_after_saving_and_taking_back(
    url: str, fields: dict[str, str], speaking: Callable[..., Reader]
) -> None:
    ada = speaking("ada")

    saved = ada.client.get(ada.post(url, back="/taxonomy", **fields).location).text
    undo = re.search(r'action="([^"]+/withdraw)"', saved)
    taken_back = ada.client.get(ada.post(undo[1]).location).text if undo else ""

    assert "⟦" in saved
    assert not bare_words(saved)
    assert not bare_words(taken_back)


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/login", {"name": "", "password": ""}),
        ("/login", {"name": "ada", "password": "wrong"}),
        ("/c/faces/images/2/verdicts", {"decision": ""}),
        ("/c/faces/images/2/verdicts", {"decision": "perhaps"}),
        ("/c/faces/images/2/verdicts", {"decision": "confirm", "reason": "x" * 9000}),
        ("/c/faces/images/2/notes", {"edit": "", "text": "ada"}),
        ("/c/faces/images/2/notes", {"edit": "nothing", "text": "ada"}),
        ("/groups/200/tags", {"tag": "x" * 300}),
        ("/groups/200/tags", {"tag": "\x07"}),
        ("/c/nothing/runs", {}),
    ],
)
@pytest.mark.parametrize("fragment", [True, False])
def test_nor_has_a_refusal(
    url: str, fields: dict[str, str], fragment: bool, speaking: Callable[..., Reader]
) -> None:
    reader = speaking(None if url == "/login" else "ada")
    if fragment:
        reader.client.environ_base["HTTP_HX_REQUEST"] = "true"

    answer = reader.post(url, **fields)

    assert answer.status_code >= 400
    assert "⟦" in answer.text
    assert not bare_words(answer.text)


@pytest.mark.parametrize(
    "query",
    ["cell=x", "cell=99999999999", "level=99", "order=best", "window=1,2", f"after={'x' * 300}"],
)
def test_nor_has_the_answer_to_a_mistyped_address(
    query: str, speaking: Callable[..., Reader]
) -> None:
    answer = speaking().get(f"/c/faces/?{query}")

    assert answer.status_code == 422
    assert not bare_words(answer.text)


def test_nor_has_a_counterfactual_that_cannot_be_tried(
    speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    book.encoder_missing = True

    assert not bare_words(speaking("ada").get("/c/faces/images/2?edit=group-200").text)


@pytest.mark.parametrize("url", PAGES)
def test_a_translation_changes_words_and_nothing_else(
    url: str, speaking: Callable[..., Reader]
) -> None:
    """Tags, addresses, ids, classes and keys are the same: scripts and styles depend on them."""
    english, translated = (
        Bare(re.sub(r'value="[^"]{60,}"', "", speaking(None, language).get(url).text))
        for language in ("en", LANGUAGE)
    )

    assert english.tags[0] == ("html", {"lang": "en"})
    assert translated.tags[0] == ("html", {"lang": LANGUAGE})
    assert translated.tags[1:] == english.tags[1:]
    assert translated.depth == 0


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


def test_words_of_services_follow_the_reader_and_are_english_elsewhere(pseudo_app: Flask) -> None:
    assert pattern_names.default_label(7) == "pattern 7"
    with pseudo_app.app_context():
        assert pattern_names.default_label(7) == "pattern 7"
    with pseudo_app.test_request_context(headers={"Accept-Language": LANGUAGE}):
        assert pattern_names.default_label(7) == "⟦pattern 7⟧"
        assert str(edits._FILLED["blur"]).startswith("⟦")
        assert gettext("Image not found.") == "⟦Image not found.⟧"


def read(word: re.Match[str]) -> str:
    """What stands for a piece of a template's code: nothing, or brackets around a sentence."""
    return "⟦" if "trans" in word[1] and "end" not in word[1] else "⟧"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_word_outside_of_what_is_translated(path: Path) -> None:
    """Also in the branches that no page of these tests reaches."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{%-?\s*((?:end)?trans)\b.*?%\}", read, text)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)

    left = Bare(text).words(re.compile("|".join(rf"\b{each}\b" for each in WITHOUT_BRACKETS)))

    assert not left


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_says_nothing_that_cannot_be_translated(path: Path) -> None:
    """Refusals and notices get their words from gettext, and no other string.

    Python's own exceptions are for programmers: what answers them is the page of a crash, which
    does not repeat their words.
    """
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = ast.unparse(call.func)
        if name.endswith(("Error", "notices.saved")) and not hasattr(builtins, name):
            assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), ast.unparse(call)


def test_the_list_of_strings_is_what_extraction_finds() -> None:
    """`make messages` writes it anew."""
    with (PROJECT_ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        PROJECT_ROOT,
        methods,
        options,
        keywords={**DEFAULT_KEYWORDS, "lazy_gettext": None},
        directory_filter=lambda folder: (
            Path(folder).name in ("templates", "workbench") or Path(folder).parent != PROJECT_ROOT
        ),
    )

    assert {message for _file, _line, message, _comments, _context in found} == {
        each.id for each in pseudo.messages() if each.id
    }
