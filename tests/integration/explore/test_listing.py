"""Images in pages: each once, in the order asked for, whatever the page's size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from workbench.config import Settings
from workbench.services import app_settings
from workbench.services.accounts import Account
from workbench.services.columns.store import forget_columns
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.explore.cards import ImageCard
from workbench.services.explore.filters import filter_choices
from workbench.services.explore.listing import ORDERS, PositionInOrder, images, position_in_order
from workbench.services.explore.review_queue import review_queue
from workbench.services.image.detail import image_detail
from workbench.services.review import tags, verdicts
from workbench.services.workspaces import Workspace, workspace
from workbench.store.artifacts import Artifact
from workbench.store.database import session, transaction
from workbench.store.images import LABELS, Image
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Pattern, PixelGroup, Prediction, ResultShard

pytestmark = pytest.mark.analysed


def pages(
    version_id: int, limit: int, order: str = "uncertain", **conditions: Any
) -> Iterator[tuple[ImageCard, ...]]:
    after = None
    while True:
        page = images(chosen(version_id, **conditions), order, after, limit)
        yield page.cards
        if page.after is None:
            return
        after = page.after


def paged(
    version_id: int, limit: int = 7, order: str = "uncertain", **conditions: Any
) -> list[int]:
    return [card.id for cards in pages(version_id, limit, order, **conditions) for card in cards]


@pytest.fixture
def ties(version_id: int, settings: Settings) -> None:
    """Half of the images score the same, to the last bit."""
    with transaction() as current:
        scored = current.scalars(
            select(Prediction)
            .where(Prediction.version_id == version_id)
            .order_by(Prediction.image_id)
        ).all()
        for each in scored[::2]:
            each.logit = 0.1 + 0.2
    forget_columns(version_id, settings)


# Orders


@pytest.mark.parametrize("order", ORDERS)
def test_paging_visits_every_image_once(
    analysed: Workspace, version_id: int, ties: None, order: str
) -> None:
    whole = [card.id for card in images(chosen(version_id), order, limit=100).cards]

    assert len(set(whole)) == len(whole) == analysed.collection.images
    for limit in (1, 7, 39, 40):
        sizes = [len(cards) for cards in pages(version_id, limit, order)]
        assert paged(version_id, limit, order) == whole
        assert set(sizes[:-1]) <= {limit}
        assert sizes[-1] > 0


@pytest.mark.parametrize("order", ORDERS)
def test_the_neighbours_are_those_of_the_pages(version_id: int, ties: None, order: str) -> None:
    whole = [None, *paged(version_id, order=order), None]

    for place in range(1, len(whole) - 1):
        image_id = whole[place]
        assert image_id is not None
        found = position_in_order(chosen(version_id), order, image_id)
        assert (found.previous_id, found.next_id) == (whole[place - 1], whole[place + 1])
        assert (found.number, found.total) == (place, len(whole) - 2)


def test_each_order_is_what_its_name_says(version_id: int) -> None:
    def logits(order: str) -> list[float]:
        return [
            session().get_one(Prediction, (version_id, image_id)).logit
            for image_id in paged(version_id, order=order)
        ]

    assert logits("fake") == sorted(logits("fake"), reverse=True)
    assert logits("real") == sorted(logits("real"))
    assert logits("uncertain") == sorted(logits("uncertain"), key=abs)
    assert logits("random") not in (logits("fake"), logits("real"), logits("uncertain"))


def test_the_most_wrong_come_first_and_the_surest_last(version_id: int) -> None:
    cards = images(chosen(version_id), "wrong", limit=100).cards
    wrong = [card.wrong for card in cards]

    assert wrong == sorted(wrong, reverse=True)
    assert next(card.id for card in cards if card.wrong) == review_queue(version_id).first()


def test_an_image_outside_of_the_selection_has_neighbours_where_it_would_stand(
    version_id: int,
) -> None:
    everything = paged(version_id, order="fake")
    inside = set(paged(version_id, label="fake"))

    for place, image_id in enumerate(everything):
        before = [each for each in everything[:place] if each in inside]
        behind = [each for each in everything[place + 1 :] if each in inside]
        assert position_in_order(
            chosen(version_id, label="fake"), "fake", image_id
        ) == PositionInOrder(
            previous_id=before[-1] if before else None,
            next_id=behind[0] if behind else None,
            number=len(before) + 1 if image_id in inside else None,
            total=len(inside),
        )


def test_an_image_with_a_large_number_is_found_in_every_order(
    analysed: Workspace, version_id: int, settings: Settings
) -> None:
    large = 2**31 - 1
    with transaction() as current:
        old = current.scalars(
            select(Image).where(Image.collection_id == analysed.collection.id)
        ).first()
        assert old is not None
        values = {
            column.name: getattr(old, column.name)
            for column in Image.__table__.columns
            if column.name not in ("id", "content_hash")
        }
        current.add(Image(id=large, content_hash="f" * 64, **values))
        current.flush()
        scored = current.get_one(Prediction, (version_id, old.id))
        values = {
            column.name: getattr(scored, column.name)
            for column in Prediction.__table__.columns
            if column.name != "image_id"
        }
        current.add(Prediction(image_id=large, **values))
    forget_columns(version_id, settings)

    for order in ORDERS:
        assert large in paged(version_id, order=order)
        found = position_in_order(chosen(version_id), order, large)
        assert (found.previous_id, found.next_id) != (None, None)


# Selections


def test_a_selection_lists_what_meets_all_its_conditions(
    analysed: Workspace, version_id: int
) -> None:
    by_label = [paged(version_id, label=label) for label in LABELS]
    by_outcome = [paged(version_id, outcome=outcome) for outcome in OUTCOMES]

    assert [len(each) for each in by_label] == [analysed.collection.real, analysed.collection.fake]
    for parts in (by_label, by_outcome):
        listed = [image_id for part in parts for image_id in part]
        assert sorted(listed) == sorted(paged(version_id))
    assert sorted(paged(version_id, outcome="misclassified")) == sorted(
        by_outcome[1] + by_outcome[3]
    )
    assert paged(version_id, label="real", outcome="fake_right") == []


def test_a_patterns_selection_lists_the_images_that_have_it(version_id: int) -> None:
    for pattern in session().scalars(select(Pattern).where(Pattern.version_id == version_id)):
        having = set(
            session().scalars(
                select(PixelGroup.image_id).where(PixelGroup.pattern_id == pattern.id)
            )
        )
        found = images(chosen(version_id, pattern_id=pattern.id), "uncertain", limit=100)
        assert {card.id for card in found.cards} == having
        assert found.total == pattern.images == len(found.cards)


def test_another_versions_pattern_or_image_is_not_found(version_id: int) -> None:
    others = workspace("others").version
    assert others is not None
    pattern = session().scalars(select(Pattern.id).where(Pattern.version_id == others.id)).first()
    image = (
        session()
        .scalars(select(Prediction.image_id).where(Prediction.version_id == others.id))
        .first()
    )
    assert pattern is not None
    assert image is not None

    with pytest.raises(NotFoundError):
        chosen(version_id, pattern_id=pattern)
    with pytest.raises(NotFoundError):
        image_detail(version_id, image)
    with pytest.raises(NotFoundError):
        position_in_order(chosen(version_id), "uncertain", image)


def test_images_are_found_by_what_the_import_noted(version_id: int, settings: Settings) -> None:
    first, second, third = paged(version_id)[:3]
    noted = {first: "tiny one_colour", second: "one_colour", third: "first_frame"}
    with transaction() as current:
        for image_id, codes in noted.items():
            current.get_one(Image, image_id).import_notes = codes
    forget_columns(version_id, settings)

    assert set(paged(version_id, noted="one_colour")) == {first, second}
    assert paged(version_id, noted="tiny") == [first]
    assert set(paged(version_id, noted="any")) == {first, second, third}
    assert filter_choices(version_id).import_notes == ("first_frame", "tiny", "one_colour")
    assert image_detail(version_id, first).import_notes == ("tiny", "one_colour")


def test_images_are_found_by_the_year_that_they_are_of(version_id: int, settings: Settings) -> None:
    first, second, third = paged(version_id)[:3]
    with transaction() as current:
        for image_id, date in {first: "2012-05-04", second: "2012", third: "2024-01"}.items():
            current.get_one(Image, image_id).date = date
    forget_columns(version_id, settings)

    assert set(paged(version_id, image_property=("year", 2012, 2012))) == {first, second}
    assert paged(version_id, image_property=("year", 2013, 2100)) == [third]
    assert "year" in filter_choices(version_id).properties
    assert image_detail(version_id, first).date == "2012-05-04"


def test_a_property_that_no_image_has_is_not_offered(version_id: int) -> None:
    assert "year" not in filter_choices(version_id).properties


REFUSED_FILTERS: list[dict[str, Any]] = [
    {"outcome": "wrong"},
    {"outcome": ""},
    {"label": "maybe"},
    {"label": ""},
    {"generator": "nobody"},
    {"split": "both"},
    {"noted": "huge"},
    {"verdict": "perhaps"},
    {"p": (0.9, 0.1)},
    {"activation": (99, 0.0, 1.0)},
    {"text": " "},
    {"text": "x" * 101},
]


def test_a_filter_that_makes_no_sense_is_refused(version_id: int) -> None:
    for filters in REFUSED_FILTERS:
        with pytest.raises(InvalidError):
            chosen(version_id, **filters)


def test_an_unknown_order_is_refused(version_id: int) -> None:
    for order in ("name", "", "logit; drop table image"):
        with pytest.raises(InvalidError):
            images(chosen(version_id), order)


BROKEN_KEYS = ["", "nan~1", "inf~1", "1e999~1", "1~99999999999999999999", "1~-1", "x~y", "1"]


def test_a_broken_key_of_a_further_page_is_refused(version_id: int) -> None:
    for after in BROKEN_KEYS:
        with pytest.raises(InvalidError, match="Start from the first page"):
            images(chosen(version_id), "uncertain", after)


def test_a_key_beyond_the_end_gives_an_empty_last_page(version_id: int) -> None:
    page = images(chosen(version_id), "fake", "1e308~1")

    assert (page.cards, page.after) == ((), None)
    assert page.total > 0


def test_a_page_has_a_sensible_size(version_id: int) -> None:
    for limit, shown in ((-5, 1), (0, 1), (1, 1), (10**9, 40)):
        assert len(images(chosen(version_id), "uncertain", limit=limit).cards) == shown


def test_a_card_shows_the_newest_standing_verdict(version_id: int, ada: Account) -> None:
    first = images(chosen(version_id), "uncertain", limit=1).cards[0]
    verdicts.give_verdict(ada.id, first.id, version_id, "real")
    newer = verdicts.give_verdict(ada.id, first.id, version_id, "unsure")
    shown = [images(chosen(version_id), "uncertain", limit=1).cards[0].decision]
    verdicts.withdraw_verdict(ada.id, newer.id)
    shown.append(images(chosen(version_id), "uncertain", limit=1).cards[0].decision)

    assert (first.decision, shown) == (None, ["unsure", "real"])


# One image


def test_an_images_parts_sum_to_its_logit(version_id: int) -> None:
    for image_id in paged(version_id)[:10]:
        detail = image_detail(version_id, image_id)
        total = detail.base_logit + sum(each.contribution for each in detail.dimensions)
        assert total == pytest.approx(detail.logit, abs=1e-4)
        assert len(detail.dimensions) == app_settings.settings().dimensions


def test_an_image_shows_its_groups_with_the_tags_of_their_patterns(
    version_id: int, ada: Account
) -> None:
    group = (
        session()
        .scalars(
            select(PixelGroup).where(
                PixelGroup.version_id == version_id, PixelGroup.pattern_id.is_not(None)
            )
        )
        .first()
    )
    assert group is not None
    assert group.pattern_id is not None
    tags.tag_pattern(ada.id, group.pattern_id, "rough")
    tags.tag_group(ada.id, group.id, "by hand")

    detail = image_detail(version_id, group.image_id)

    numbers = [each.number for each in detail.groups]
    assert numbers == list(range(len(numbers)))
    shown = next(each for each in detail.groups if each.id == group.id)
    assert shown.pattern_label == "rough"
    assert [(each.tag, each.source) for each in shown.tags] == [
        ("by hand", "hand"),
        ("rough", "pattern"),
    ]
    assert 0 < shown.area_share <= 1
    assert shown.outline.startswith("M")


def test_an_image_whose_maps_are_lost_says_so(version_id: int, settings: Settings) -> None:
    image_id = paged(version_id)[0]
    prediction = session().get_one(Prediction, (version_id, image_id))
    artifact = (
        session()
        .scalars(
            select(Artifact)
            .join(ResultShard, ResultShard.artifact_id == Artifact.id)
            .where(ResultShard.id == prediction.shard_id)
        )
        .one()
    )
    (settings.artifact_dir / artifact.path).unlink()

    with pytest.raises(UnavailableError, match="Retrain to compute it again"):
        image_detail(version_id, image_id)
