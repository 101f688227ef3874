"""Every page that can be opened for a version with scores alone, and what it says that it lacks."""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.detectors.run import import_scores
from workbench.services.models.versions import activate
from workbench.services.progress import Silent
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import db, session
from workbench.store.images import Image
from workbench.store.results import Cell
from workbench.web.site.limits import limiter

pytestmark = [pytest.mark.analysed, pytest.mark.parametrize("database_kind", ["sqlite"])]

ADDRESS = re.compile(r'(?:href|src)="(/[^"]*)"')
OF_A_KIND = 8
"""So many addresses of each rule are visited."""
LACKING = "has the scores of UnivFD alone, computed elsewhere: there are no heatmaps"


@pytest.fixture
def scored(analysed: Workspace, settings: Settings, tmp_path: Path) -> Workspace:
    """The collection `pictures` under scores of another detector, beside its trained version."""
    images = session().scalars(
        select(Image).where(Image.collection_id == analysed.collection.id).order_by(Image.id)
    )
    rows = [f"{each.id},{0.2 + 0.6 * (each.id % 5) / 4}" for each in images]
    table = tmp_path / "scores.csv"
    table.write_text("\n".join(["id,p_fake", *rows]))
    import_scores(
        table,
        collection="pictures",
        model="UnivFD",
        columns={},
        settings=settings,
        engine=db.engine,
        progress=Silent(),
    )
    return workspace("pictures", 2)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many requests in a minute as a test likes; the limits hold again after it."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def reading(client: FlaskClient, settings: Settings, app: Flask, unlimited: None) -> FlaskClient:
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return client


def crawled(reading: FlaskClient, app: Flask, start: str) -> dict[str, TestResponse]:
    """What every address answers that can be reached from one, a few of each rule."""
    match = app.create_url_adapter(None) or app.url_map.bind("localhost")
    waiting, seen, answers = [start], {start}, dict[str, TestResponse]()
    visited: Counter[str] = Counter()
    while waiting:
        address = waiting.pop(0)
        try:
            rule = match.match(urlsplit(address).path, method="GET")[0]
        except RequestRedirect:
            rule = "redirect"
        except Exception:  # noqa: BLE001 - a form's, which is no page
            continue
        visited[rule] += 1
        if visited[rule] > OF_A_KIND:
            continue
        answer = reading.get(address, buffered=True)
        answers[address] = answer
        if answer.mimetype not in {"text/html", "image/svg+xml"}:
            continue
        for found in ADDRESS.findall(answer.text):
            target = urljoin(address, html.unescape(found)).split("#")[0]
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return answers


def test_no_page_that_is_linked_fails(scored: Workspace, reading: FlaskClient, app: Flask) -> None:
    answers = crawled(reading, app, "/c/pictures/?version=2")
    answers |= crawled(reading, app, "/c/pictures/models?version=2")

    assert len(answers) > 60
    wrong = {
        address: answer.status_code
        for address, answer in answers.items()
        if answer.status_code >= 400 and "/originals/" not in address
    }
    assert wrong == {}


def test_pages_say_in_one_sentence_what_scores_alone_cannot_show(
    scored: Workspace, reading: FlaskClient
) -> None:
    assert scored.queue is not None
    image = scored.queue.first()
    pages = {
        name: reading.get(f"/c/pictures/{address}").text
        for name, address in {
            "explore": "?version=2",
            "image": f"images/{image}?version=2",
            "patterns": "patterns?version=2",
            "models": "models",
        }.items()
    }

    for name, page in pages.items():
        assert html.unescape(page).count(LACKING) == 1, name
    for name in ("explore", "image", "patterns"):
        assert "/heatmaps/" not in pages[name], name
        assert "/maps/" not in pages[name], name
    assert 'id="dimensions-title"' not in pages["explore"]
    assert 'id="patterns-title"' not in pages["explore"]
    assert 'id="counterfactual"' not in pages["image"]
    assert 'id="groups-title"' not in pages["image"]
    assert "is that of UnivFD" in pages["image"]
    assert 'id="dimensions-title"' in reading.get("/c/pictures/").text


def test_the_models_page_has_its_figures_beside_those_of_the_trained_version(
    scored: Workspace, reading: FlaskClient
) -> None:
    page = reading.get("/c/pictures/models").text
    article = page.split('data-version="2"')[1].split("</article>")[0]

    assert "scores of UnivFD, imported from scores.csv" in article
    assert 'data-figures="test"' in article
    assert 'data-figures="beside"' in article
    assert 'data-figures="all-labelled"' in article
    assert 'data-figures="cross-validated"' not in article
    assert "imported scores" in page


def test_filters_orders_and_cells_work_on_it(scored: Workspace, reading: FlaskClient) -> None:
    assert scored.version is not None
    cell = (
        session()
        .scalars(select(Cell.id).where(Cell.version_id == scored.version.id, Cell.level == 0))
        .first()
    )

    for query in (
        "outcome=misclassified",
        "outcome=real_called_fake&order=wrong",
        "label=fake&p=0.4,1",
        f"cell={cell}",
        "layout=content",
        "layout=evidence",
        "order=diverse",
        "sort=lift&by=difference",
    ):
        answer = reading.get(f"/c/pictures/?version=2&{query}")
        assert answer.status_code == 200, query
    assert reading.get(f"/c/pictures/cells/{cell}?version=2").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/heatmaps/{version}/{image}.png",
        "/maps/{version}/{image}.png",
        "/c/pictures/export/dimensions.svg?version=2",
        "/c/pictures/export/patterns.svg?version=2",
        "/c/pictures/patterns/report.html?version=2",
        "/c/pictures/export/image.svg?version=2&image={image}",
        "/c/pictures/images/{image}?version=2&edit=dimension-0&expectation=fall",
    ],
)
def test_what_needs_maps_is_refused_in_that_sentence(
    scored: Workspace, reading: FlaskClient, address: str
) -> None:
    assert scored.version is not None
    assert scored.queue is not None
    filled = address.format(version=scored.version.id, image=scored.queue.first())

    answer = reading.get(filled)

    assert answer.status_code == 422
    assert LACKING in html.unescape(answer.text)


@pytest.mark.parametrize("picture", ["overview", "images"])
def test_what_needs_none_can_be_taken_away(
    scored: Workspace, reading: FlaskClient, picture: str
) -> None:
    answer = reading.get(f"/c/pictures/export/{picture}.svg?version=2")

    assert answer.status_code == 200
    assert "heatmap" not in answer.text


@pytest.mark.usefixtures("unlimited")
def test_making_it_active_says_what_a_retrain_starts_from(
    scored: Workspace, client: FlaskClient, app: Flask, ada: Account
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/login", data={"name": "ada", "password": "correct horse battery"})

    page = client.post("/c/pictures/versions/2/activate", follow_redirects=True)

    assert "It has scores alone, so a retrain starts from" in html.unescape(page.text)
    assert workspace("pictures").version == workspace("pictures", 2).version


def test_an_active_version_with_scores_alone_has_all_its_pages(
    scored: Workspace, reading: FlaskClient, app: Flask, ada: Account
) -> None:
    assert scored.version is not None
    activate(ada.id, scored.version.id)

    answers = crawled(reading, app, "/c/pictures/")

    assert {
        address: answer.status_code
        for address, answer in answers.items()
        if answer.status_code >= 400 and "/originals/" not in address
    } == {}
