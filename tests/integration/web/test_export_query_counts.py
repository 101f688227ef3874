"""Pictures and reports ask the database as often for many pictures as for few."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.queries import counted
from workbench.config import Settings
from workbench.services.workspaces import Workspace
from workbench.web.exports import drawings
from workbench.web.site.limits import limiter

pytestmark = pytest.mark.analysed

READING_A_WORKSPACE = 5
"""The collection, its active version, all finished ones, the open run, what is judged."""
EMBEDDING = 6
"""The groups, their images, the version, its run, the predictions, the weights' file."""


@pytest.fixture
def reading(client: FlaskClient, settings: Settings, app: Flask) -> FlaskClient:
    """A visitor of an installation that is open for reading."""
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return client


def taken(reading: FlaskClient, address: str) -> tuple[int, list[str]]:
    """How many pictures a document holds, and the statements that it took to make it."""
    limiter.reset()
    reading.get(f"/c/pictures/{address}")
    with counted() as sent:
        answer = reading.get(f"/c/pictures/{address}")
    assert answer.status_code == 200
    return answer.text.count('"data:image/'), sent


@pytest.mark.parametrize(
    ("address", "of_its_own"),
    [
        # The cells; the cards and their verdicts; the patterns and their tags, and for which images
        # the model is said to be right for the wrong reason.
        ("export/overview.svg", 1),
        ("export/images.svg", 2),
        ("export/patterns.svg", 2),
        ("patterns/report.html", 4),
    ],
)
def test_a_document_asks_for_its_own_view_and_for_all_its_pictures_together(
    reading: FlaskClient, analysed: Workspace, address: str, of_its_own: int
) -> None:
    pictures, sent = taken(reading, address)

    assert pictures > 20
    assert len(sent) <= READING_A_WORKSPACE + of_its_own + EMBEDDING


def test_a_picture_of_more_images_asks_no_more_often(
    reading: FlaskClient, analysed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = taken(reading, "export/images.svg")
    monkeypatch.setattr(drawings, "IMAGES_TAKEN", 2)
    few = taken(reading, "export/images.svg")

    assert (few[0], len(few[1])) == (4, len(many[1]))
    assert many[0] > 40


def test_a_drawn_overview_reads_no_patterns_and_no_images_cards(
    reading: FlaskClient, analysed: Workspace
) -> None:
    _pictures, sent = taken(reading, "export/overview.svg")

    assert not [each for each in sent if "FROM pattern" in each or "FROM prediction" in each]
