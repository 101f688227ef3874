"""Programs draw regions on images, tag them and withdraw them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.integration.api.conftest import Program, program_of
from workbench.services.accounts import Account
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Tagging
from workbench.store.regions import DrawnRegion
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed


@pytest.fixture
def image(version_id: int) -> Image:
    found = session().scalars(
        select(Image)
        .join(Prediction, Prediction.image_id == Image.id)
        .where(Prediction.version_id == version_id)
        .order_by(Image.id)
    )
    return found.first() or pytest.fail("no image")


@pytest.fixture
def path(image: Image) -> str:
    return f"/collections/pictures/images/{image.id}"


@pytest.fixture
def sent(image: Image) -> dict[str, Any]:
    """A box over the middle of the picture."""
    width, height = image.width, image.height
    corners = [width // 4, height // 4, width // 2, height // 2]
    step = {"tool": "box", "points": corners}
    shape = {"width": width, "height": height, "steps": [step]}
    return {"shape": shape, "tag": "six fingers", "severity": "severe"}


def test_a_box_is_drawn_once_and_told_with_its_image(
    path: str, sent: dict[str, Any], program: Program
) -> None:
    made = program.post(f"{path}/regions", sent)
    again = program.post(f"{path}/regions", sent)

    assert (made["new"], again["new"], again["id"]) == (True, False, made["id"])
    assert made["tagged"] == made["tagged"] | {"tag": "six fingers", "severity": "severe"}
    (told,) = program.get(path)["regions"]
    assert (told["id"], told["tool"], told["by"]) == (made["id"], "box", "ada")
    width, height = sent["shape"]["width"], sent["shape"]["height"]
    left, top, right, bottom = sent["shape"]["steps"][0]["points"]
    share = (right - left) * (bottom - top) / (width * height)
    assert told["area_share"] == pytest.approx(share, rel=0.1)


def test_a_region_is_tagged_by_others_and_withdrawn_by_its_author(
    path: str, sent: dict[str, Any], program: Program, ben: Account, tables: Flask
) -> None:
    made, others = program.post(f"{path}/regions", sent), program_of(tables, ben)
    given = others.post(f"/regions/{made['id']}/tags", {"tag": "rough", "reason": "so"})

    others.delete(f"/regions/{made['id']}", 409)
    program.delete(f"/regions/{made['id']}", 409)
    others.delete(f"/taggings/{given['id']}", 204)
    program.delete(f"/regions/{made['id']}", 204)
    assert program.get(path)["regions"] == []
    session().rollback()
    standing = select(func.count()).where(Tagging.withdrawn_at.is_(None))
    assert session().scalar(standing) == 0


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"steps": []}, 422),
        ({"steps": [{"tool": "star", "points": [1, 1, 9, 9]}]}, 422),
        ({"steps": [{"tool": "box", "points": [1, 1, 9]}]}, 422),
        ({"steps": [{"tool": "box", "points": [3, 3, 3, 3]}]}, 422),
        ({"width": 7, "height": 9}, 409),
    ],
)
def test_what_makes_no_region_is_refused(
    path: str, sent: dict[str, Any], program: Program, changed: dict[str, Any], status: int
) -> None:
    program.post(f"{path}/regions", sent | {"shape": sent["shape"] | changed}, status)
    session().rollback()
    assert session().scalar(select(func.count()).select_from(DrawnRegion)) == 0
