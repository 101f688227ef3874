"""Model versions and the runs that make them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import ADA, FACES, OLD
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench

FRAGMENT = {"HX-Request": "true"}


def test_versions_are_listed_with_parent_interval_and_decisions(visitor: Reader) -> None:
    page = visitor.get("/c/faces/models").text

    rows = re.findall(r'<tr data-version="(\d+)">(.*?)</tr>', page, re.DOTALL)
    assert [number for number, _row in rows] == ["2", "1"]
    newest = rows[0][1]
    for words in ("active", "from v1", "0.840", "0.81–0.87", "+0.040", "79.0%", "3 real, 3 fake"):
        assert words in newest, words
    assert "first" in rows[1][1]


def test_a_retrain_is_requested_and_shown(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/c/faces/runs")
    page = ada.get(answer.location).text

    assert [each.state for each in book.runs] == ["queued"]
    assert "Retrain requested." in page
    assert "Queued" in page
    assert ">Retrain</button>" not in page


def test_a_second_retrain_is_refused_while_one_is_under_way(
    ada: Reader, book: FakeWorkbench
) -> None:
    book.runs = [run("running")]

    answer = ada.post("/c/faces/runs")

    assert answer.status_code == 409
    assert "already queued or running" in answer.text


def test_a_running_run_asks_for_itself_again(visitor: Reader, book: FakeWorkbench) -> None:
    book.runs = [run("running")]

    fragment = visitor.get("/c/faces/runs/7", headers=FRAGMENT)

    assert 'hx-trigger="every 1500ms"' in fragment.text
    assert "62 of 100" in fragment.text
    assert 'value="0.620"' in fragment.text
    assert "14 s left" in fragment.text
    assert "HX-Refresh" not in fragment.headers


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_finished_run_makes_the_page_load_itself_again(
    visitor: Reader, book: FakeWorkbench, state: str
) -> None:
    book.runs = [run(state)]

    fragment = visitor.get("/c/faces/runs/7", headers=FRAGMENT)

    assert fragment.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in fragment.text


def test_without_scripts_a_run_s_address_leads_to_the_page(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.runs = [run("running")]

    assert visitor.get("/c/faces/runs/7").location == "/c/faces/models"
    assert "Refresh" in visitor.get("/c/faces/models").text


def test_a_run_of_another_collection_is_not_shown(visitor: Reader, book: FakeWorkbench) -> None:
    book.runs = [run("running", collection_id=2)]

    assert visitor.get("/c/faces/runs/7", headers=FRAGMENT).status_code == 404


def test_a_missing_worker_is_said_with_what_to_do(visitor: Reader, book: FakeWorkbench) -> None:
    book.runs, book.worker_alive = [run("queued", fraction=None)], False

    page = visitor.get("/c/faces/models").text

    assert "No worker is running" in page
    assert "manage.py worker" in page


def test_a_failed_run_tells_its_reason(visitor: Reader, book: FakeWorkbench) -> None:
    book.runs = [run("failed", error="The disk is full.", finished_at=None)]

    page = visitor.get("/c/faces/models").text

    assert "The disk is full." in page
    assert "The active version is unchanged." in page


def test_a_run_can_be_cancelled_by_a_developer(ada: Reader, book: FakeWorkbench) -> None:
    book.runs = [run("running")]

    answer = ada.post("/c/faces/runs/7/cancel")

    assert book.runs[0].cancel_requested
    page = ada.get(answer.location).text
    assert "Cancellation requested." in page
    assert "Cancelling after this step" in page
    assert ">Cancel<" not in page


def test_an_annotator_cannot_cancel_a_run(ben: Reader, book: FakeWorkbench) -> None:
    book.runs = [run("running")]

    assert ben.post("/c/faces/runs/7/cancel").status_code == 403
    assert not book.runs[0].cancel_requested


def test_a_developer_goes_back_to_another_version(ada: Reader, book: FakeWorkbench) -> None:
    shown = ada.get("/c/faces/models").text
    offered = re.findall(r'action="(/c/faces/versions/\d+/activate)"', shown)

    answer = ada.post(offered[0])

    assert offered == ["/c/faces/versions/1/activate"], "the active one is active already"
    assert book.activated == [(ADA.id, OLD.id)]
    assert "v1 is active" in ada.get(answer.location).text


def test_only_developers_change_the_active_version(ben: Reader, book: FakeWorkbench) -> None:
    assert ben.post("/c/faces/versions/1/activate").status_code == 403
    assert "/activate" not in ben.get("/c/faces/models").text
    assert book.activated == []


@pytest.mark.parametrize("url", ["/c/faces/versions/9/activate", "/c/raw/versions/1/activate"])
def test_a_version_that_the_collection_lacks_cannot_become_active(
    ada: Reader, book: FakeWorkbench, url: str
) -> None:
    assert ada.post(url).status_code == 404
    assert book.activated == []


def test_a_collection_without_versions_says_how_to_get_one(visitor: Reader) -> None:
    assert "analyze --collection raw" in visitor.get("/c/raw/models").text


def test_home_and_models_count_the_images_of_a_version_alike(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.collections[0] = replace(FACES, images=8, real=4, fake=4)
    home, models, overview = (
        visitor.get(url).text for url in ("/", "/c/faces/models", "/c/faces/")
    )

    decided = "1 overturned, 1 unsure, 2 excluded"
    assert f"In v2: {decided}. 2 images imported since." in " ".join(home.split())
    assert "3 real, 3 fake" in home
    assert models.count(decided) == 2
    assert "6 images" in models
    assert "2 images imported since, not analysed" in overview
