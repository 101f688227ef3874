"""Regions that people draw are kept pixel by pixel, once, with their tags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask import Flask
from numpy.typing import NDArray
from sqlalchemy import func, select

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.masks import decoded
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.regions import drawn as drawing_service
from workbench.services.regions.drawn import Drawn
from workbench.services.regions.listed import drawn_on
from workbench.services.regions.shapes import (
    LARGEST_BRUSH,
    MOST_ROWS,
    Drawing,
    DrawnStep,
)
from workbench.services.review import tags, undo
from workbench.services.review.findings import UNSAID, Finding, edit_finding
from workbench.store.artifacts import Artifact
from workbench.store.database import session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import AuditEvent
from workbench.store.regions import DrawnRegion, Region, RegionOverlap
from workbench.store.versions import CuratedDataset, ModelVersion

WIDTH, HEIGHT = 900, 450
"""The analysed square is 450 px wide, from 225 to 675: two pixels and a bit of the original are one
of the normalised image."""
LEFT = 225


@pytest.fixture
def image_id(tables: Flask) -> int:
    return add_image("wide.png")


def add_image(name: str) -> int:
    with transaction() as write:
        collection = write.scalar(select(Collection)) or Collection(name="faces")
        write.add(collection)
        write.flush()
        image = Image(
            collection_id=collection.id,
            content_hash=f"{name:0>64}",
            pixel_hash=f"{name:1>64}",
            original_uri=f"file:///{name}",
            name=name,
            label="fake",
            group_key=name,
            held_out=False,
            format="PNG",
            width=WIDTH,
            height=HEIGHT,
            file_size=100,
            modified_ns=1,
        )
        write.add(image)
        write.flush()
        return image.id


@pytest.fixture(autouse=True)
def _version(image_id: int) -> None:
    """A version of the collection."""
    with transaction() as write:
        collection_id = write.get_one(Image, image_id).collection_id
        artifact = Artifact(kind="weights", path="1", sha256="0" * 64, size=1)
        dataset = CuratedDataset(collection_id=collection_id, sha256="3" * 64, counts={})
        write.add_all([artifact, dataset])
        write.flush()
        write.add(
            ModelVersion(
                collection_id=collection_id,
                number=1,
                dataset_id=dataset.id,
                encoder="fake",
                encoder_fingerprint="f",
                relevance="patch_share",
                dimensions=2,
                weights_id=artifact.id,
                metrics={},
            )
        )


def drawn(*steps: DrawnStep, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Drawing:
    return Drawing(*size, steps)


def draw(
    user_id: int, image_id: int, drawing: Drawing, name: str, finding: Finding = UNSAID
) -> Drawn:
    """Under the collection's only version."""
    version_id = session().scalars(select(ModelVersion.id)).one()
    return drawing_service.draw_region(
        user_id, image_id, drawing, name, finding, version_id=version_id
    )


def box(left: float, top: float, right: float, bottom: float, **options: Any) -> DrawnStep:
    return DrawnStep("box", points=((left, top), (right, bottom)), **options)


def full_mask(row: DrawnRegion) -> NDArray[np.bool_]:
    """On the whole picture."""
    mask = np.zeros((row.picture_height, row.picture_width), np.bool_)
    part = decoded(row.rle, row.height, row.width)
    mask[row.top : row.top + row.height, row.left : row.left + row.width] = part
    return mask


def the_drawn(region: int | None = None) -> DrawnRegion:
    query = select(DrawnRegion)
    return session().scalars(query if region is None else query.filter_by(id=region)).one()


def count(table: Any) -> int:
    return session().scalar(select(func.count()).select_from(table)) or 0


def test_a_box_is_kept_at_full_resolution_and_over_the_normalised_image(
    image_id: int, ada: Account
) -> None:
    finding = Finding("six fingers", "severe")

    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand", finding)

    row = the_drawn()
    assert (row.tool, row.area, row.user_id) == ("box", 45 * 45, ada.id)
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[100:145, 300:345] = True
    assert (full_mask(row) == expected).all()
    normal = decoded(row.region.rle, NORMAL_SIZE, NORMAL_SIZE)
    scale = NORMAL_SIZE / HEIGHT
    rows, columns = np.nonzero(normal)
    assert columns.min() == round((300 - LEFT) * scale)
    assert columns.max() + 1 == round((345 - LEFT) * scale)
    assert rows.min() == round(100 * scale)
    assert row.region.area == normal.sum()
    tagging = session().scalars(select(Tagging)).one()
    assert (tagging.region_id, tagging.tag.name) == (row.region_id, "hand")
    assert (tagging.reason, tagging.severity) == ("six fingers", "severe")
    assert (made.new, made.tagged.new) == (True, True)


def test_what_is_erased_is_no_part_of_it(image_id: int, ada: Account) -> None:
    erased = DrawnStep("brush", erase=True, points=((330.0, 120.0),), radius=8.0)

    draw(ada.id, image_id, drawn(box(300, 100, 360, 140), erased), "hole")

    row = the_drawn()
    assert row.tool == "box"
    mask = full_mask(row)
    assert not mask[120, 330]
    assert mask[101, 301]
    assert row.area == mask.sum() < 60 * 40


def test_the_same_drawn_twice_is_one_region_with_both_tags(
    image_id: int, ada: Account, ben: Account
) -> None:
    first = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")

    second = draw(ben.id, image_id, drawn(box(345, 145, 300, 100)), "finger")

    assert (second.new, second.id, second.region_id) == (False, first.id, first.region_id)
    assert (count(Region), count(DrawnRegion), count(Tagging)) == (1, 1, 2)


def test_what_differs_by_a_pixel_of_the_original_alone_is_another_region_that_lies_there(
    image_id: int, ada: Account
) -> None:
    first = draw(ada.id, image_id, drawn(box(299, 100, 402, 200)), "hand")
    second = draw(ada.id, image_id, drawn(box(299, 100, 402, 200.6)), "hand")

    assert first.region_id != second.region_id
    one, other = (session().get_one(Region, each.region_id) for each in (first, second))
    assert one.rle == other.rle
    overlap = session().get_one(RegionOverlap, (one.id, other.id))
    assert (overlap.share, overlap.iou) == (1, 1)


def test_what_lies_outside_of_the_analysed_square_is_kept_and_shown(
    image_id: int, ada: Account
) -> None:
    draw(ada.id, image_id, drawn(box(10, 20, 60, 70)), "border")
    draw(ada.id, image_id, drawn(box(10, 200, 60, 290)), "border")

    beside, below = drawn_on(image_id, ())
    assert (beside.outside, below.outside) == (True, True)
    assert [each.tag for each in beside.tags] == ["border"]
    assert beside.area_share == pytest.approx(50 * 50 / (WIDTH * HEIGHT))
    assert beside.box[0] == pytest.approx((10 - LEFT) * NORMAL_SIZE / HEIGHT)
    # Two regions, though both are empty over the normalised image.
    assert {each.area for each in session().scalars(select(Region))} == {0}
    assert count(RegionOverlap) == 0


def test_a_part_in_the_square_lies_where_it_belongs(image_id: int, ada: Account) -> None:
    draw(ada.id, image_id, drawn(box(LEFT - 100, 0, LEFT + 225, HEIGHT)), "left half")

    normal = decoded(the_drawn().region.rle, NORMAL_SIZE, NORMAL_SIZE)
    assert normal[:, :112].all()
    assert not normal[:, 112:].any()


def test_a_speck_smaller_than_a_normalised_pixel_is_kept_at_full_resolution(
    image_id: int, ada: Account
) -> None:
    draw(ada.id, image_id, drawn(box(300, 100, 301, 101)), "dead pixel")

    row = the_drawn()
    assert (row.area, row.region.area) == (1, 0)
    [shown] = drawn_on(image_id, ())
    assert not shown.outside


def test_without_the_original_it_is_drawn_on_the_copy(image_id: int, ada: Account) -> None:
    copy = (NORMAL_SIZE, NORMAL_SIZE)

    draw(ada.id, image_id, drawn(box(20, 30, 60, 90), size=copy), "hand")

    row = the_drawn()
    assert (row.picture_width, row.picture_height) == copy
    assert row.region.area == row.area == 40 * 60
    [shown] = drawn_on(image_id, ())
    assert shown.box == (20, 30, 40, 60)


def test_superpixels_come_as_runs_of_the_normalised_image(image_id: int, ada: Account) -> None:
    runs = tuple((row * NORMAL_SIZE + 50, 20) for row in range(10, 30))

    draw(ada.id, image_id, drawn(DrawnStep("superpixels", cells=runs)), "ear")

    normal = decoded(the_drawn().region.rle, NORMAL_SIZE, NORMAL_SIZE)
    expected = np.zeros((NORMAL_SIZE, NORMAL_SIZE), np.bool_)
    expected[10:30, 50:70] = True
    assert (normal == expected).all()


REFUSED = {
    "beside": (box(-400, 10, -300, 60), "outside of the image, which has 900 × 450 px"),
    "far": (box(-9000, 10, 20, 20), r"The point \(-9000, 10\) lies far outside"),
    "two corners": (DrawnStep("polygon", points=((1, 1), (9, 9))), "this one has 2"),
    "no stroke": (DrawnStep("brush", radius=4.0), "has no points"),
    "flat": (box(300, 100, 300, 200), "smaller than a pixel"),
    "no brush": (DrawnStep("brush", points=((9, 9),), radius=0.0), "not 0"),
    "huge": (
        DrawnStep("brush", points=((9, 9),), radius=LARGEST_BRUSH * WIDTH + 1),
        "up to 225 px here, not 226",
    ),
    "erased": (box(1, 1, 50, 50, erase=True), "Nothing is drawn"),
    "no superpixel": (DrawnStep("superpixels"), "Nothing is drawn"),
    "beyond": (DrawnStep("superpixels", cells=((50_000, 900),)), "at pixel 50000"),
    "no group": (DrawnStep("groups", groups=(4711,)), "Pixel group 4711 is not on this image"),
    "endless": (
        DrawnStep("lasso", points=((5.0, 0.0), (7.0, 449.0)) * (MOST_ROWS // 800)),
        "too long",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_region_is_refused_and_leaves_nothing(
    image_id: int, ada: Account, name: str
) -> None:
    step, words = REFUSED[name]

    with pytest.raises(InvalidError, match=words):
        draw(ada.id, image_id, drawn(step), "hand")

    assert (count(Region), count(DrawnRegion), count(Tag), count(Tagging)) == (0, 0, 0, 0)


def test_all_that_was_drawn_and_erased_again_is_said(image_id: int, ada: Account) -> None:
    steps = box(10, 10, 50, 50), box(0, 0, 60, 60, erase=True)

    with pytest.raises(InvalidError, match="erased again"):
        draw(ada.id, image_id, drawn(*steps), "hand")


def test_a_picture_of_another_size_is_an_edit_conflict(image_id: int, ada: Account) -> None:
    with pytest.raises(ConflictError, match="640 × 480 px, and the image has 900 × 450 px"):
        draw(ada.id, image_id, drawn(box(1, 1, 9, 9), size=(640, 480)), "hand")


def test_an_image_that_is_not_there_or_of_another_collection_is_not_found(
    image_id: int, ada: Account
) -> None:
    with pytest.raises(NotFoundError):
        draw(ada.id, 4711, drawn(box(1, 1, 9, 9)), "hand")
    with transaction() as write:
        write.add(Collection(name="others"))
        write.flush()
        write.get_one(Image, image_id).collection_id += 1
    with pytest.raises(NotFoundError):
        draw(ada.id, image_id, drawn(box(1, 1, 9, 9)), "hand")


def test_a_drawing_with_a_bad_name_or_severity_is_refused_as_a_whole(
    image_id: int, ada: Account
) -> None:
    for name, finding in (("", Finding()), ("x" * 10_000, Finding()), ("a", Finding("", "awful"))):
        with pytest.raises(InvalidError):
            draw(ada.id, image_id, drawn(box(1, 1, 9, 9)), name, finding)
    with pytest.raises(InvalidError, match="5000 characters, at most 2000"):
        draw(ada.id, image_id, drawn(box(1, 1, 9, 9)), "a", Finding("x" * 5000))
    assert count(Region) == 0


def test_words_in_any_script_are_kept_as_they_were_written(image_id: int, ada: Account) -> None:
    reason = "<b>یک\u200cدو</b> =1+1"

    draw(ada.id, image_id, drawn(box(1, 1, 99, 99)), "دست", Finding(reason, None))

    [shown] = drawn_on(image_id, ())
    assert (shown.tags[0].tag, shown.tags[0].reason) == ("دست", reason)


def test_its_author_withdraws_it_with_the_tag(image_id: int, ada: Account) -> None:
    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")

    drawing_service.withdraw_region(ada.id, made.id)

    assert drawn_on(image_id, ()) == ()
    assert session().scalars(select(Tagging.withdrawn_at)).one() is not None
    # The name came with it, and goes with it.
    assert session().scalars(select(Tag.withdrawn_at)).one() is not None
    with pytest.raises(NotFoundError):
        drawing_service.withdraw_region(ada.id, made.id)
    again = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")
    assert (again.new, again.region_id) == (True, made.region_id)


def test_nobody_else_withdraws_it_and_nobody_what_others_have_tagged(
    image_id: int, ada: Account, ben: Account
) -> None:
    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")
    with pytest.raises(ConflictError, match="Only its author"):
        drawing_service.withdraw_region(ben.id, made.id)
    given = drawing_service.tag_drawn(ben.id, made.id, "finger", Finding("too long", "minor"))
    with pytest.raises(ConflictError, match="ben has tagged this region"):
        drawing_service.withdraw_region(ada.id, made.id)

    [shown] = drawn_on(image_id, ())
    assert [(each.tag, each.by, each.severity) for each in shown.tags] == [
        ("hand", "ada", None),
        ("finger", "ben", "minor"),
    ]

    tags.withdraw(ben.id, given.id)
    drawing_service.withdraw_region(ada.id, made.id)
    with pytest.raises(NotFoundError):
        drawing_service.tag_drawn(ben.id, made.id, "finger")


def test_what_was_drawn_and_withdrawn_stands_in_the_audit_trail(
    image_id: int, ada: Account
) -> None:
    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")
    drawing_service.withdraw_region(ada.id, made.id)

    events = session().scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    told = [(each.action, each.user_id, each.image_id) for each in events]
    assert {each for each in told if each[0].startswith("region.")} == {
        ("region.draw", ada.id, image_id),
        ("region.withdraw", ada.id, image_id),
    }
    assert ("tag.add", ada.id, image_id) in told
    assert ("tag.withdraw", ada.id, image_id) in told
    drew = next(each for each in events if each.action == "region.draw")
    assert drew.after["tool"] == "box"
    assert "rle" not in drew.after


def test_the_tag_of_a_withdrawn_region_is_restored_after_the_region(
    image_id: int, ada: Account
) -> None:
    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand")
    drawing_service.withdraw_region(ada.id, made.id)
    events = {
        each.action: each.id
        for each in session().scalars(select(AuditEvent).order_by(AuditEvent.id))
    }

    with pytest.raises(ConflictError, match="The region of “hand” is withdrawn"):
        undo.undo(ada.id, events["tag.withdraw"])
    undo.undo(ada.id, events["region.withdraw"])
    undo.undo(ada.id, events["tag.withdraw"])

    [shown] = drawn_on(image_id, ())
    assert [each.tag for each in shown.tags] == ["hand"]


def test_a_finding_is_changed_by_its_author_from_a_fresh_page_only(
    image_id: int, ada: Account, ben: Account
) -> None:
    first = Finding("six fingers", "minor")
    made = draw(ada.id, image_id, drawn(box(300, 100, 345, 145)), "hand", first)
    tagging = made.tagged
    assert (tagging.reason, tagging.severity, tagging.revision) == ("six fingers", "minor", 1)

    with pytest.raises(ConflictError, match="Only its author"):
        edit_finding(ben.id, tagging.id, Finding("no", None), 1)
    edit_finding(ada.id, tagging.id, Finding("seven fingers", "severe"), 1)
    with pytest.raises(ConflictError) as refused:
        edit_finding(ada.id, tagging.id, Finding("five fingers", None), 1)

    assert "“severe: seven fingers”" in str(refused.value)
    assert "“five fingers”" in str(refused.value)
    # The same from a stale page is no conflict, and no change.
    edit_finding(ada.id, tagging.id, Finding("seven fingers", "severe"), 1)
    kept = session().get_one(Tagging, tagging.id, populate_existing=True)
    assert (kept.reason, kept.severity, kept.revision) == ("seven fingers", "severe", 2)
    changes = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.change")).all()
    assert [(each.before["severity"], each.after["severity"]) for each in changes] == [
        ("minor", "severe")
    ]
    tags.withdraw(ada.id, tagging.id)
    with pytest.raises(NotFoundError):
        edit_finding(ada.id, tagging.id, Finding(), 2)
