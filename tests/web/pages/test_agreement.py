"""The page of agreement: its figures, what splits people, and what it says where nothing is."""

from __future__ import annotations

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.agreement import SMILES, SPLIT_ON, VERDICTS
from workbench.analysis.agreement.figures import Figure
from workbench.services.agreement.breakdown import Pair
from workbench.services.agreement.compared import Person
from workbench.web.presenters.agreement import along, bar, matrix

PAGE = "/c/faces/agreement"


def test_verdicts_and_tags_stand_with_the_figure_that_is_asked_for(visitor: Reader) -> None:
    alpha, raw = visitor.get(PAGE).text, visitor.get(f"{PAGE}?figure=raw").text

    assert f'<b class="number">{VERDICTS.alpha.value:.2f}</b>' in alpha
    assert "12 images compared, 1 differs" in alpha
    assert "fake smile &lt;b&gt;" in alpha
    assert '<b class="number">92%</b>' in raw


def test_the_images_that_split_people_say_who_said_what(visitor: Reader) -> None:
    of_verdicts = visitor.get(PAGE).text
    of_tag = visitor.get(f"{PAGE}?tag=90").text

    assert f'href="/c/faces/disagreements/{SPLIT_ON}"' in of_verdicts
    assert 'href="/c/faces/disagreements">Adjudicate 1 image</a>' in of_verdicts
    assert f'href="/c/faces/images/{SPLIT_ON}"' in of_tag
    assert "<b>real</b> ada" in of_verdicts
    assert "<b>fake</b> ben &lt;i&gt;" in of_verdicts
    assert "<b>tagged</b> ben &lt;i&gt;" in of_tag
    assert "Mean 0.65; 100% of 2 regions" in of_tag


def test_a_figure_that_is_undefined_says_why(visitor: Reader) -> None:
    page = visitor.get("/c/raw/agreement").text

    assert "No two people have judged the same image yet." in page
    assert "no image that two people answered on" in page


@pytest.mark.parametrize("query", ["tag=77", "figure=pi", "scale=few", "tag=x"])
def test_what_is_not_there_is_refused(query: str, visitor: Reader) -> None:
    assert visitor.get(f"{PAGE}?{query}").status_code in (404, 422)


def test_bars_lie_on_the_axis_and_have_their_intervals() -> None:
    assert (along(-1), along(-0.2), along(1)) == (0, 0, 100)
    assert bar(Figure()) is None
    drawn = bar(Figure(0.4, -0.5, 1.0))
    assert drawn is not None
    assert (drawn.low, drawn.x, drawn.high) == pytest.approx((0, 50, 100))


def test_the_matrix_has_each_pair_once() -> None:
    ada, ben, eve = (Person(at, name) for at, name in enumerate(("ada", "ben", "eve")))

    found = matrix([Pair(ada, eve, SMILES), Pair(ben, eve, VERDICTS)])

    assert found.names == ("ada", "ben")
    assert found.rows == (("ben", (None,)), ("eve", (SMILES, VERDICTS)))


def test_who_leads_makes_a_queue_of_the_images_with_a_tag(ada: Reader, ben: Reader) -> None:
    address = "/c/faces/queues/new?source=slice&amp;tag=fake+smile+%3Cb%3E"

    assert f'href="{address}"' in ada.get(f"{PAGE}?tag=90").text
    assert "queues/new" not in ben.get(f"{PAGE}?tag=90").text
