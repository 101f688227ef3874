"""Model versions and the runs that make them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from tests.web.conftest import Reader
from tests.web.fakes import state as fake_state
from tests.web.fakes.data import ADA, CHANCE, FACES, NEW, OLD
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.explore import patterns
from workbench.services.models.outside import Outside

FRAGMENT = {"HX-Request": "true"}


def articles(page: str) -> dict[str, str]:
    """The versions on the page, as text by number."""
    found = re.findall(r'<article [^>]*data-version="(\d+)"[^>]*>(.*?)</article>', page, re.DOTALL)
    return {number: text_of(html) for number, html in found}


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_versions_are_listed_with_parent_and_decisions(visitor: Reader) -> None:
    found = articles(visitor.get("/c/faces/models").text)

    assert list(found) == ["2", "1"]
    for words in ("active", "from v1", "3 real, 3 fake", "1 overturned", "2 patterns"):
        assert words in found["2"], words
    assert "first" in found["1"]


def test_a_version_says_first_what_it_learned(visitor: Reader) -> None:
    found = articles(visitor.get("/c/faces/models").text)

    assert (
        "v2 learned from v1: 12 training labels changed, 3 test labels corrected (not learned), "
        "1 weight changed; 27 images are called differently (4 of the test set)." in found["2"]
    )
    assert found["2"].index("v2 learned from v1") < found["2"].index("AUC")
    assert "What this version learned was not counted" in found["1"]


def rows_of(page: str, number: str) -> dict[str, str]:
    """A version's figures as text, by what they were measured on."""
    (html,) = re.findall(rf'<article [^>]*data-version="{number}"(.*?)</article>', page, re.DOTALL)
    rows = re.findall(r'<tr data-figures="([\w-]+)">(.*?)</tr>', html, re.DOTALL)
    return {kind: text_of(row) for kind, row in rows}


def test_test_figures_stand_before_and_after_correction_beside_cross_validated_ones(
    visitor: Reader,
) -> None:
    rows = rows_of(visitor.get("/c/faces/models").text, "2")

    assert rows == {
        "test": "test set, corrected labels never trained on; 60 images "
        "0.840 0.81–0.87 79.0% 70%–86% 0.031",
        "parent": "parent v1 the same images and labels 0.800 v2 against it: +0.040",
        "as-imported": "test set, labels as imported before any correction; 61 images "
        "0.820 0.78–0.86 77.0% 68%–85% 0.044",
        "cross-validated": "cross-validated training images, each scored by a head not trained on "
        "it; 240 images 0.880 0.85–0.91 81.0% 76%–85% 0.027",
    }


def test_a_version_from_before_says_who_scored_its_training_images(visitor: Reader) -> None:
    rows = rows_of(visitor.get("/c/faces/models").text, "1")

    assert rows["test"] == (
        "test set never trained on; 60 images 0.800 0.76–0.84 74.0% not measured"
    )
    assert rows["cross-validated"] == (
        "cross-validated Not measured: in this version, training images are scored by a head "
        "trained on them."
    )
    assert "as-imported" not in rows


def test_changed_labels_are_listed_with_their_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/models").text
    assert 'href="/c/faces/versions/2/labels"' in page

    text = visitor.get("/c/faces/versions/2/labels").text
    training, test = re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL)

    assert "face 2 <b>.jpg real real fake new" in text_of(training)
    assert "face 3 <b>.jpg real fake fake" in text_of(training)
    assert "face 6 <b>.jpg fake not in it real" in text_of(test)
    assert 'href="/c/faces/images/6"' in test
    assert "The first 2 of 40" in text
    assert visitor.get("/c/faces/versions/9/labels").status_code == 404


SCORES = ("/", "/?cell=11", "/images/2", "/patterns", "/patterns/31", "/models")


@pytest.mark.parametrize("address", SCORES)
def test_a_version_that_found_nothing_says_so_wherever_its_scores_are_shown(
    visitor: Reader, book: FakeWorkbench, address: str
) -> None:
    assert "Nothing was found" not in visitor.get(f"/c/faces{address}").text
    book.figures = CHANCE

    page = visitor.get(f"/c/faces{address}").text

    assert "the cross-validated AUC is 0.52 (95% CI 0.46 to 0.58), and 0.5 is chance" in page
    assert "There may be too few images" in page


def test_a_list_without_patterns_says_why_there_are_none(
    visitor: Reader, book: FakeWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.figures = CHANCE
    monkeypatch.setattr(patterns, "patterns", lambda *_given, **_more: ())

    page = visitor.get("/c/faces/patterns").text

    assert "there is nothing to cluster" in page


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


def test_images_that_another_detector_did_not_score_are_not_said_to_be_imported_since(
    visitor: Reader, book: FakeWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = replace(NEW, outside=Outside("UnivFD", "scores.csv", "0" * 64, without_score=2))
    monkeypatch.setattr(fake_state, "NEW", scores)
    book.collections[0] = replace(FACES, images=8, real=4, fake=4, active=scores)

    home, overview = (visitor.get(url).text for url in ("/", "/c/faces/"))

    assert "2 excluded. 2 images without a score." in " ".join(home.split())
    assert "6 images · 2 images without a score" in text_of(overview)
    assert "imported since" not in home + overview


def test_what_makes_figures_doubtful_is_a_landmark_where_there_is_something(
    visitor: Reader, book: FakeWorkbench
) -> None:
    frame = '<div id="no-signal" role="region" aria-label="Why figures are doubtful">'
    assert frame not in visitor.get("/c/faces/").text
    book.figures = CHANCE

    assert frame in visitor.get("/c/faces/").text


def test_scores_of_another_detector_learned_no_labels(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = Outside("UnivFD", "scores.csv", "0" * 64, without_score=0)
    monkeypatch.setattr(fake_state, "NEW", replace(NEW, outside=scores, learned=None))

    page = visitor.get("/c/faces/versions/2/labels").text

    assert "v2 has the scores of UnivFD: it learned nothing from these labels." in page
    assert "was not counted" not in page


def test_folds_divided_by_image_are_said_to_flatter(visitor: Reader, book: FakeWorkbench) -> None:
    assert "Folds are divided by image" not in visitor.get("/c/faces/models").text

    book.metrics = {"folds": {"count": 5, "by": "image"}}

    assert "Folds are divided by image" in articles(visitor.get("/c/faces/models").text)["2"]


def test_a_version_says_which_distiller_it_has_and_that_another_ones_parent_is_none(
    visitor: Reader, book: FakeWorkbench
) -> None:
    before = articles(visitor.get("/c/faces/models").text)["2"]
    assert "distiller" not in before.split("learned")[0]

    book.distiller, book.parent_number = "the paper's", None
    after = articles(visitor.get("/c/faces/models").text)["2"]

    assert "trained anew · " in after
    assert "packaged, the paper's distiller, patch_share" in after
