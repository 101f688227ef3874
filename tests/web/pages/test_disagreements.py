"""The pages of what people disagree on: listed, compared, adjudicated."""

from __future__ import annotations

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.labels import AdjudicationView


def judged(ada: Reader, ben: Reader) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="real", reason="<b>pores</b>")
    ben.post("/c/faces/images/2/verdicts", decision="fake", reason="six fingers")


def test_nothing_waits_where_nobody_disagrees(visitor: Reader) -> None:
    page = visitor.get("/c/faces/disagreements").text

    assert "Nothing waits for adjudication" in page


def test_the_verdicts_stand_side_by_side_with_who_gave_them_and_why(
    ada: Reader, ben: Reader, visitor: Reader
) -> None:
    judged(ada, ben)

    assert "1 image to adjudicate" in visitor.get("/c/faces/disagreements").text
    page = visitor.get("/c/faces/disagreements/2").text
    assert "&lt;b&gt;pores&lt;/b&gt;" in page
    assert "six fingers" in page
    assert "<b>ada</b>" in page
    assert "<b>ben</b>" in page
    assert "Reviewers adjudicate." in page
    assert 'name="decision"' not in page
    assert "You gave one of these verdicts" in ada.get("/c/faces/disagreements/2").text
    assert "Adjudicate</a>" in ada.get("/c/faces/images/2").text
    assert "Compare the verdicts</a>" in ben.get("/c/faces/images/2").text


def test_a_reviewer_decides_with_a_reason_that_all_pages_show(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    judged(ada, ben)

    assert ada.post("/c/faces/disagreements/2", decision="fake").status_code == 422
    answer = ada.post("/c/faces/disagreements/2", decision="fake", reason="count them")

    assert answer.location == "/c/faces/disagreements/next?after=2"
    on = ada.get(answer.location)
    assert on.location == "/c/faces/disagreements"
    assert book.adjudications[2].decision == "fake"
    told = ada.get(on.location).text
    assert "Adjudicated: fake." in told
    assert "Nothing waits for adjudication" in told
    for url in ("/c/faces/disagreements/2", "/c/faces/images/2"):
        assert "count them" in ada.get(url).text
    made = book.adjudications[2].id
    assert ada.post(f"/adjudications/{made}/withdraw").status_code == 303
    assert not book.adjudications


def test_an_annotator_cannot_adjudicate(ada: Reader, ben: Reader, book: FakeWorkbench) -> None:
    judged(ada, ben)

    assert ben.post("/c/faces/disagreements/2", decision="fake", reason="so").status_code == 403
    assert ben.post("/adjudications/1/withdraw").status_code == 403
    assert not book.adjudications


def test_who_judged_an_image_and_withdrew_is_not_offered_to_adjudicate_it(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    judged(ada, ben)
    assert 'name="decision"' in ada.get("/c/faces/disagreements/2").text

    book.kept_out.add(2)

    page = ada.get("/c/faces/disagreements/2").text
    assert "another reviewer has to adjudicate" in page
    assert 'name="decision"' not in page


def test_a_decision_by_majority_or_by_who_took_part_says_so(
    ada: Reader, book: FakeWorkbench
) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="real")
    at = book.verdicts[2][0].at
    book.adjudications[2] = AdjudicationView("fake", "ben", at, id=1, by_majority=True)
    page = ada.get("/c/faces/disagreements/2").text
    assert "Decided by the majority of a review queue" in page
    assert "decided by a majority on" in page

    book.adjudications[2] = AdjudicationView("fake", "ben", at, id=1, own_opinion=True)
    assert "had given one of these verdicts" in ada.get("/c/faces/disagreements/2").text


def test_a_verdict_can_say_that_the_model_is_right_for_the_wrong_reason(
    ada: Reader, book: FakeWorkbench
) -> None:
    page = ada.get("/c/faces/images/1").text
    offered = 'name="wrong_reason"' in page
    ada.post("/c/faces/images/1/verdicts", decision="real", wrong_reason="1")

    assert offered == ("the model agrees" in page)
    assert book.verdicts[1][0].wrong_reason
    assert "right for the wrong reason" in ada.get("/c/faces/images/1").text
