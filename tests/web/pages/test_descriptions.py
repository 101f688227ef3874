"""A dimension and a pattern are described before they have a name."""

from __future__ import annotations

import re
from html import unescape

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench


def text_of(html: str) -> str:
    """What a page says, without its marks."""
    main = html[html.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def test_a_dimension_is_called_by_its_tag_else_by_what_lies_there(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert '<span class="reads muted" aria-hidden="true">glare &lt;b&gt; 60%</span>' in page
    assert '<span class="reads muted" aria-hidden="true">edges</span>' in page
    assert ">heatmap: dim 0 · glare &lt;b&gt; 60%</option>" in page
    assert ">dim 1 · edges</option>" in page
    assert ">dim 2</option>" in page


def test_a_tooltip_says_all_that_is_known(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert (
        'title="upper middle · mouth 62%, cheeks 20% · 60% tagged “glare &lt;b&gt;” '
        '(80% of what is tagged); 15% tagged “teeth” (20% of what is tagged)"'
    ) in page
    assert 'title="edges · no tag yet · new in v2"' in page


def test_the_picked_dimension_shows_where_its_evidence_lies_and_its_strongest_patches(
    visitor: Reader,
) -> None:
    page = visitor.get("/c/faces/?dimension=0").text
    words = text_of(page)

    assert "Location upper middle" in words
    assert "On faces mouth 62%, cheeks 20%" in words
    assert "60% glare <b> (80% of what is tagged)" in words
    assert "75% of its evidence in pixel groups has a tag" in words
    assert "mean evidence of 6 images; darkest: 0.200 logits a patch" in words
    assert "by landmarks, in 5 of 6 images looked at" in words
    assert "70% of all · weight +1.00" in words
    for image_id in (2, 4):
        assert f"/dimensions/2/0/{image_id}/96" in page
    assert visitor.get("/dimensions/2/0/2/96").mimetype == "image/jpeg"


def test_its_part_in_the_errors_is_counted_on_either_side(visitor: Reader) -> None:
    one = text_of(visitor.get("/c/faces/?dimension=0").text)
    both = text_of(visitor.get("/c/faces/?dimension=0&a=11&b=12").text)

    assert "all images +0.71 (2) −0.43 (1) +0.02 (3) 2 of 3 1 of 3" in one
    assert "A +0.71 (2) −0.43 (1) +0.02 (3) 2 of 3 1 of 3" in both
    assert "B +0.71 (2) – +0.02 (3) 2 of 2 1 of 3" in both


def test_a_dimension_without_evidence_and_an_older_version_say_so(
    visitor: Reader, book: FakeWorkbench
) -> None:
    assert "It has no evidence in this version." in visitor.get("/c/faces/?dimension=2").text

    book.described = False
    assert "texture of blocks 2 and 3" in visitor.get("/c/faces/?dimension=0").text
    page = visitor.get("/c/faces/?dimension=1").text
    assert "Not described: this version is from before dimensions were." in page
    assert visitor.get("/c/faces/patterns/31").status_code == 200
    assert "What it shows" not in visitor.get("/c/faces/patterns/31").text
    assert visitor.get("/c/faces/images/2").status_code == 200


def test_an_image_names_its_dimensions(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert ">glare &lt;b&gt; 60%</span>" in page
    assert ">dimension 1 · edges</option>" in page


def test_a_pattern_says_where_it_lies_and_in_which_dimensions(visitor: Reader) -> None:
    words = text_of(visitor.get("/c/faces/patterns/31").text)

    assert "Location lower left" in words
    assert "On faces hair 90%" in words
    assert "Dimensions dim 0 80%, dim 1 20%" in words
    assert "75% of its evidence in pixel groups has a tag" in words
    assert "dim 0 glare <b> 60% +0.40 80%" in words
    assert "Tagged none of its evidence" in text_of(visitor.get("/c/faces/patterns/32").text)


def test_the_list_of_patterns_says_what_they_show(visitor: Reader) -> None:
    for url in ("/c/faces/patterns", "/c/faces/"):
        page = visitor.get(url).text
        assert 'title="lower left · hair 90%">hair 90%, lower left</span>' in page
        assert ">all over</span>" in page


def test_a_retrain_names_the_dimensions_that_show_something_else(
    visitor: Reader, book: FakeWorkbench
) -> None:
    assert "show something else" not in visitor.get("/c/faces/models").text

    book.metrics["new_concepts"] = [1, 2]
    words = text_of(visitor.get("/c/faces/models").text)

    assert "Dimensions 1, 2 show something else than in v1" in words


def test_suggestions_are_marked_and_shown_only_where_the_encoder_reads_text(
    visitor: Reader, book: FakeWorkbench
) -> None:
    assert "Suggestion" not in text_of(visitor.get("/c/faces/?dimension=0").text)

    book.reads_text = True
    words = text_of(visitor.get("/c/faces/?dimension=0").text)

    assert "Suggestion eye, brick <b> nearest words of the vocabulary ; checked by nobody" in words
    assert "suggestion: eye, brick" in visitor.get("/c/faces/images/2").text


def test_the_vocabulary_is_edited_by_who_may_tag_one_word_a_line(
    ada: Reader, visitor: Reader, book: FakeWorkbench
) -> None:
    assert "<textarea" not in visitor.get("/vocabulary").text
    assert "eye · brick &lt;b&gt;" in visitor.get("/vocabulary").text
    assert "2 words, as built in" in ada.get("/vocabulary").text

    saved = ada.post("/vocabulary/words", words="eye\r\nzebra", revision="0")
    assert saved.status_code == 303
    assert book.vocabulary.words == ("eye", "zebra")
    assert "2 words, saved by ada" in ada.get("/vocabulary").text

    assert ada.post("/vocabulary/words", words="mouth", revision="0").status_code == 409
    assert visitor.post("/vocabulary/words", words="mouth", revision="1").status_code in (
        302,
        303,
        401,
        403,
    )
    assert book.vocabulary.words == ("eye", "zebra")
