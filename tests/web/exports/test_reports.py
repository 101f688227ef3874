"""Reports of patterns: one file that shows and prints without the workbench."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import NOON
from tests.web.fakes.patterns import Patterns
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.html import Page
from tests.web.noting import noted
from workbench.services.review.tags import TaggingView

ONE = "/c/faces/patterns/32/report.html"
ALL = "/c/faces/patterns/report.html"
HOSTILE = "<script>alert(\"1\")</script> & 'so'"


@pytest.fixture(params=[ONE, ALL])
def report(request: pytest.FixtureRequest, visitor: Reader) -> str:
    return str(visitor.get(request.param).text)


def test_a_report_refers_to_nothing_outside_of_itself(report: str) -> None:
    page = Page(report)

    for tag, given in page.attributes:
        assert tag not in ("script", "link", "iframe", "form", "base"), tag
        for name in ("src", "href"):
            value = given.get(name) or "#"
            assert value.startswith(("#", "data:image/jpeg;base64,", "data:image/png;base64,"))
        assert not [name for name in given if name.startswith("on") or name == "style"]
    assert "url(" not in report.replace("url(#", "")
    assert "http://" not in report
    assert "https://" not in report


def test_a_report_s_policy_allows_its_one_style_and_embedded_pictures(report: str) -> None:
    styles = re.findall(r"<style>(.*?)</style>", report, re.DOTALL)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', report)

    assert len(styles) == 1
    assert policy
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert html.unescape(policy[1]) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_a_report_is_a_page_by_itself(report: str) -> None:
    page = Page(report)

    assert page.seen["main"] == page.seen["h1"] == 1
    assert "· faces · model v2" in page.title
    assert not [each for each, number in page.ids.items() if number > 1]
    assert not page.nested
    for tag, given in page.attributes:
        if tag == "img":
            assert given.get("alt")
        if tag == "a":
            assert page.ids[(given.get("href") or "")[1:]] == 1


@pytest.mark.parametrize(
    ("url", "name"),
    [(ONE, "faces-v2-pattern-2.html"), (ALL, "faces-v2-patterns.html")],
)
def test_a_report_is_a_file_to_keep(visitor: Reader, url: str, name: str) -> None:
    answer = visitor.get(url)

    assert answer.mimetype == "text/html"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "sandbox" in policy


def test_a_report_explains_each_figure_in_a_sentence(visitor: Reader) -> None:
    text = " ".join(visitor.get(ONE).text.split())

    for words in (
        "This one has 40 pixel groups in 30 images and pushes toward fake",
        "+0.50 ± 0.20 logits",
        "−0.70 logits",
        "(−1.10 to −0.30)",
        "Measured on 12 images. Control: +0.10 logits.",
        "when control regions of the same images are removed",
        "Significant: the confidence interval excludes 0.",
        "12% of real images (9% to 16%), 47% of fake images (42% to 52%)",
        "(×1.3 to ×2.6)",
        "0.83, stable",
        "dim 0",
        "1 of 3 cells",
        "encoder packaged, attribution method patch_share",
        "AUC 0.84, 95% CI",
    ):
        assert words in text, words
    assert re.search(r"generated 20\d\d-\d\d-\d\d \d\d:\d\d UTC", text)


def test_what_was_not_measured_is_said_not_to_be(visitor: Reader) -> None:
    text = visitor.get("/c/faces/patterns/31/report.html").text

    assert text.count("not measured") == 2
    assert "None logits" not in text


def test_what_people_said_stands_there_with_their_names(
    ada: Reader, visitor: Reader, book: FakeWorkbench
) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="fake", reason="the teeth\nare wrong")
    noted(ada, "It is the smile.")

    text = visitor.get(ONE).text

    assert (
        "<b>ada</b> on face 2 &lt;b&gt;.jpg: <b>fake</b> "
        "(overturned; shown as real, p(fake) 0.90, v2)" in text
    )
    assert "the teeth\nare wrong" in text
    assert "It is the smile." in text
    assert "p(fake) 0.75 → 0.42, change in logit −1.40" in text
    assert "expected to fall: met" in text
    assert text.count("3 March 2026") >= 2


def test_hostile_words_are_text_and_nothing_else(
    visitor: Reader, ada: Reader, book: FakeWorkbench
) -> None:
    book.taggings[1] = ("pattern", 32, TaggingView(1, HOSTILE, "<i>ben", NOON, "hand"))
    ada.post("/c/faces/images/2/verdicts", decision="unsure", reason=HOSTILE)

    for url in (ONE, ALL):
        answer = visitor.get(url)
        assert "<script" not in answer.text
        assert "<i>ben" not in answer.text
        assert html.escape(HOSTILE) in answer.text.replace("&#34;", "&quot;").replace(
            "&#39;", "&#x27;"
        )
        assert re.fullmatch(
            r"attachment; filename=[\w.-]+\.html", answer.headers["Content-Disposition"]
        )


def test_the_report_of_all_names_each_with_its_pictures(
    visitor: Reader, book: FakeWorkbench
) -> None:
    text = visitor.get(ALL).text

    assert re.findall(r'href="#pattern-(\d+)"', text) == ["1", "2"]
    assert text.count("data:image/jpeg;base64,") == 2
    assert "2 patterns in this version." in text
    assert "Rank correlation of contribution and effect size: +0.72." in text
    assert "in the selected images" in visitor.get(f"{ALL}?cell=11").text


def test_a_pattern_without_a_tag_is_named_once(visitor: Reader) -> None:
    sections = visitor.get(ALL).text.split('<section class="short-pattern"')[1:]

    assert [len(re.findall(r"pattern \d+", each)) for each in sections] == [1, 1]


def test_pages_offer_their_report(visitor: Reader) -> None:
    assert 'href="/c/faces/patterns/32/report.html?version=2"' in (
        visitor.get("/c/faces/patterns/32").text
    )
    assert "/c/faces/patterns/report.html?version=2&amp;cell=11&amp;sort=lift" in (
        visitor.get("/c/faces/patterns?cell=11&sort=lift").text
    )


def test_no_more_patterns_are_reported_than_have_room(
    visitor: Reader, book: FakeWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Patterns(book).pattern(2, 31).row
    many = tuple(
        replace(row, id=number, number=number, exemplars=row.exemplars * 6) for number in range(100)
    )
    monkeypatch.setattr("workbench.services.explore.patterns.patterns", lambda *_given: many)

    text = visitor.get(ALL).text

    assert "The first 90 of 100" in text
    assert text.count('class="short-pattern"') == 90
