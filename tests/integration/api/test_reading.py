"""Programs read collections, images and verdicts page by page."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.integration.api.conftest import Program
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed


def test_collections_are_listed_with_their_active_versions(
    analysed: Workspace, program: Program
) -> None:
    listed = program.get("/collections")["items"]

    found = next(each for each in listed if each["name"] == "pictures")
    count = select(func.count()).where(Image.collection_id == analysed.collection.id)
    assert found["images"] == session().scalar(count)
    assert found["active"]["number"] == 1
    assert [each["number"] for each in program.get("/collections/pictures")["versions"]] == [1]


def test_pages_of_images_hold_each_image_of_the_selection_once(
    version_id: int, program: Program
) -> None:
    path = "/collections/pictures/images?limit=7&order=fake&label=fake"
    seen, cursor = [], ""
    while True:
        page = program.get(path + cursor)
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    fakes = select(Prediction.image_id).where(
        Prediction.version_id == version_id, Prediction.label == "fake"
    )
    assert sorted(each["id"] for each in seen) == sorted(session().scalars(fakes))
    assert [each["p"] for each in seen] == sorted((each["p"] for each in seen), reverse=True)
    assert page["total"] == len(seen)


def test_an_image_is_told_with_its_groups_and_its_picture(
    version_id: int, program: Program
) -> None:
    first = program.get("/collections/pictures/images?limit=1")["items"][0]
    path = f"/collections/pictures/images/{first['id']}"
    told = program.get(path)

    assert told["p"] == first["p"]
    assert told["groups"]
    assert program.ask("GET", f"/images/{first['id']}/picture").data[:3] == b"\xff\xd8\xff"
    heatmap = program.ask("GET", f"{path}/heatmap")
    assert heatmap.mimetype == "image/png"
    assert heatmap.data[:4] == b"\x89PNG"


def test_what_is_not_in_the_description_is_refused_by_its_name(
    analysed: Workspace, program: Program
) -> None:
    problem = program.get("/collections/pictures/images?labl=fake", 422)

    assert problem["type"].endswith(":invalid-request")
    assert problem["errors"] == [
        {"in": "query", "pointer": "/labl", "detail": "Extra inputs are not permitted"}
    ]


def test_without_a_token_nothing_is_told_even_where_reading_is_open(tables: Flask) -> None:
    tables.config["WORKBENCH"] = tables.config["WORKBENCH"].model_copy(
        update={"open_reading": True}
    )
    answer = tables.test_client().get("/api/v1/collections")

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
