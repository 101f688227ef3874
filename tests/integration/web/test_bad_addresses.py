"""Addresses that are wrong, of another collection or out of bounds: a page that says so."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session, transaction
from workbench.store.images import Collection
from workbench.store.results import Cell, Pattern, PixelGroup
from workbench.web.site.limits import limiter

pytestmark = pytest.mark.analysed


@pytest.fixture
def reading(client: FlaskClient, settings: Settings, app: Flask) -> FlaskClient:
    """A visitor of an installation that is open for reading."""
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return client


def ids_of(found: Workspace) -> dict[str, int]:
    """One id of each kind of a collection under its version."""
    assert found.version is not None
    version = found.version.id
    group = (
        session()
        .execute(
            select(PixelGroup.id, PixelGroup.image_id)
            .where(PixelGroup.version_id == version)
            .limit(1)
        )
        .one()
    )
    return {
        "cell": session().scalars(select(Cell.id).where(Cell.version_id == version)).first() or 0,
        "pattern": session()
        .scalars(select(Pattern.id).where(Pattern.version_id == version))
        .first()
        or 0,
        "group": group[0],
        "image": group[1],
        "version": version,
    }


REFUSED = (
    "?cell=999999",
    "?cell=x",
    "?cell=-1",
    "?cell=99999999999",
    "?pattern=999999",
    "?a=999999",
    "?b=999999",
    "?version=99",
    "?version=0",
    "?level=9",
    "?level=99",
    "?level=-3",
    "?level=1&window=0,0,1",
    "?level=0&window=90,90,4,4",
    "?level=0&window=0,0,0,0",
    "?dimension=60",
    "?dimension=99",
    "?order=best",
    "?sort=best",
    "?by=best",
    "?shuffle=-1",
    "?outcome=right",
    "?label=maybe",
    "?split=all",
    "?verdict=no",
    "?p=2,3",
    "?p=0.9,0.1",
    "?p=nan,1",
    "?severity=6",
    "?sensitivity=2,-1",
    "?activation=0,x,1",
    "?activation=60,0,1",
    "?lasso=0:",
    "?lasso=0:1,1;2,2",
    "?lasso=x",
    "?lasso=9:0,0;1,0;1,1",
    "?lasso=0:" + ";".join(f"{n},{n}" for n in range(10_000)),
    "?lasso=0:500,500;600,500;600,600",
    "?generator=none-of-these",
    "?after=nonsense",
)
DESIGNED = (
    "?tag=none-of-these",
    "?text=%25_%27",
    "?p=0.5,0.5",
)


def test_a_wrong_address_of_a_view_is_answered_by_a_page_that_says_what_is_wrong(
    reading: FlaskClient, analysed: Workspace
) -> None:
    failed = []
    for page in ("", "patterns", "export/overview.svg", "similar"):
        for query in REFUSED:
            limiter.reset()
            answer = reading.get(f"/c/pictures/{page}{query}")
            # Some pages have no use for some of it.
            fine = {400, 404, 422} if page == "" else {200, 400, 404, 414, 422}
            if answer.status_code not in fine:
                failed.append((page, query[:60], answer.status_code))
    assert failed == []


def test_a_view_of_which_nothing_is_left_is_a_page_of_its_own(
    reading: FlaskClient, analysed: Workspace
) -> None:
    for query in DESIGNED:
        answer = reading.get(f"/c/pictures/{query}")
        assert (query, answer.status_code) == (query, 200)
        assert "data-cell-id" in answer.text


def test_what_belongs_to_another_collection_is_not_found_under_this_one(
    reading: FlaskClient, analysed: Workspace
) -> None:
    mine, theirs = ids_of(analysed), ids_of(workspace("others"))
    session().rollback()
    addresses = [
        *(f"/c/pictures/?{name}={theirs['cell']}" for name in ("cell", "a", "b")),
        f"/c/pictures/?pattern={theirs['pattern']}",
        f"/c/pictures/cells/{theirs['cell']}",
        f"/c/pictures/images/{theirs['image']}",
        f"/c/pictures/patterns/{theirs['pattern']}",
        f"/c/pictures/patterns/{theirs['pattern']}/report.html",
        f"/c/pictures/similar?image={theirs['image']}",
        f"/c/pictures/similar?group={theirs['group']}",
        f"/c/pictures/export/overview.svg?cell={theirs['cell']}",
        f"/c/pictures/export/image.svg?image={theirs['image']}",
        f"/heatmaps/{mine['version']}/{theirs['image']}.png",
        f"/maps/{mine['version']}/{theirs['image']}.png",
        f"/heatmaps/99999/{mine['image']}.png",
        f"/maps/{mine['version']}/99999.png",
        "/c/nowhere/",
        "/c/pictures/images/99999",
        "/c/pictures/cells/99999",
    ]
    answers = {each: reading.get(each).status_code for each in addresses}
    assert {each: status for each, status in answers.items() if status not in {404, 422}} == {}


def test_a_collection_without_an_analysis_and_an_empty_one_are_designed_pages(
    reading: FlaskClient, analysed: Workspace, settings: Settings
) -> None:
    import_images(
        draw_collection(settings.data_dir / "new", 2),
        collection="new",
        settings=settings,
        progress=Silent(),
    )
    with transaction() as current:
        current.add(Collection(name="empty"))
    for name in ("new", "empty"):
        for page in ("", "?cell=1", "models"):
            assert reading.get(f"/c/{name}/{page}").status_code == 200
        for page in ("patterns", "similar", "images/1", "cells/1", "lasso", "export/overview.svg"):
            answer = reading.get(f"/c/{name}/{page}")
            assert (name, page, answer.status_code // 100) in {(name, page, 2), (name, page, 4)}
