"""Pages ask the database as often for many rows as for few."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from tests.support.noting import save_note
from tests.support.queries import counted, queries
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.errors import NotFoundError
from workbench.services.explore import dimensions
from workbench.services.explore.cell_card import cell
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import Filters
from workbench.services.explore.grid import overview
from workbench.services.explore.listing import images, position_in_order
from workbench.services.explore.patterns import pattern, patterns
from workbench.services.explore.review_queue import review_queue
from workbench.services.image.detail import image_detail
from workbench.services.image.edits import DimensionEdit
from workbench.services.models.versions import versions
from workbench.services.regions.drawn import draw_region
from workbench.services.regions.shapes import Drawing, DrawnStep
from workbench.services.review import tags, verdicts
from workbench.services.runs.queue import runs
from workbench.services.taxonomy.listing import taxonomy
from workbench.services.workspaces import (
    ShownVersion,
    Workspace,
    collections,
    shown_version,
    workspace,
)
from workbench.store.database import session, transaction
from workbench.store.images import Collection, Image
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction
from workbench.store.versions import CuratedDataset, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed


def test_the_counter_counts(analysed: Workspace) -> None:
    def three() -> None:
        for _ in range(3):
            session().scalars(select(Image.id)).all()

    assert queries(three) == 3


def test_a_page_of_images_asks_as_often_whatever_its_size(version_id: int, ada: Account) -> None:
    for card in images(chosen(version_id), "uncertain", limit=30).cards:
        verdicts.give_verdict(ada.id, card.id, version_id, "real")

    few, many = (
        queries(lambda limit=limit: images(chosen(version_id), "uncertain", limit=limit))
        for limit in (3, 30)
    )
    assert few == many <= 4


def test_the_overview_asks_as_often_for_one_cell_as_for_all(version_id: int) -> None:
    shown = overview(chosen(version_id), 0, None).cells
    first = shown[0]
    small = Window(first.column, first.row, 1, 1)

    assert len(shown) > 10
    assert (
        queries(lambda: overview(chosen(version_id), 0, small))
        == queries(lambda: overview(chosen(version_id), 0, None))
        <= 4
    )


def test_a_cell_asks_as_often_whatever_it_holds(version_id: int) -> None:
    counts = {
        queries(lambda cell_id=cell_id: cell(version_id, cell_id, Filters()))
        for cell_id in session().scalars(select(Cell.id).where(Cell.version_id == version_id))
    }

    assert max(counts) <= 5


def test_the_patterns_ask_as_often_for_many_as_for_few(version_id: int, ada: Account) -> None:
    found = patterns(chosen(version_id))
    tags.tag_pattern(ada.id, found[0].id, "one")
    few = queries(lambda: patterns(chosen(version_id)))
    for row in found:
        for name in ("one", "two", "three"):
            tags.tag_pattern(ada.id, row.id, name)
    in_cells = {
        each.id: len(patterns(chosen(version_id, cell_id=each.id)))
        for each in overview(chosen(version_id), 0, None).cells
    }
    fewest = min(in_cells, key=lambda cell_id: in_cells[cell_id])

    assert len(found) > in_cells[fewest] + 3
    assert few == queries(lambda: patterns(chosen(version_id))) <= 4
    # The cell itself is one more.
    assert queries(lambda: patterns(chosen(version_id, cell_id=fewest))) == few + 1


def test_one_pattern_asks_as_often_with_many_members_as_with_few(version_id: int) -> None:
    found = sorted(patterns(chosen(version_id)), key=lambda row: row.groups)

    assert found[0].groups < found[-1].groups
    assert (
        queries(lambda: pattern(version_id, found[0].id))
        == queries(lambda: pattern(version_id, found[-1].id))
        <= 10
    )


def test_the_taxonomy_asks_as_often_for_twenty_tags_as_for_one(
    version_id: int, ada: Account, ben: Account
) -> None:
    groups = (
        session()
        .scalars(select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(20))
        .all()
    )
    patterns = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id)).all()
    column_store(version_id)
    tags.tag_group(ada.id, groups[0], "first")
    tags.tag_pattern(ada.id, patterns[0], "first")
    one = queries(lambda: taxonomy([version_id]))
    for number, group_id in enumerate(groups):
        tags.tag_group((ada, ben)[number % 2].id, group_id, f"tag {number}")
        tags.tag_pattern(ben.id, patterns[number % len(patterns)], f"tag {number}")
    many = queries(lambda: taxonomy([version_id]))

    assert one == many == 5


def add_versions(collection: int, version_id: int, count: int) -> None:
    """More finished versions, each with a dataset and a run of its own."""
    with transaction() as current:
        like = current.get_one(ModelVersion, version_id)
        for number in range(count):
            dataset = CuratedDataset(
                collection_id=collection, sha256=f"{number:064}", counts={"images": number}
            )
            current.add(dataset)
            current.flush()
            made = ModelVersion(
                collection_id=collection,
                number=number + 2,
                parent_id=version_id,
                dataset_id=dataset.id,
                encoder=like.encoder,
                encoder_fingerprint=like.encoder_fingerprint,
                relevance=like.relevance,
                dimensions=like.dimensions,
                weights_id=like.weights_id,
                metrics={"held_out_auc": 0.5},
            )
            current.add(made)
            current.flush()
            current.add(
                TrainingRun(
                    collection_id=collection,
                    trigger="request",
                    state="succeeded",
                    version_id=made.id,
                )
            )


def test_versions_and_runs_ask_as_often_for_ten_as_for_one(
    analysed: Workspace, version_id: int
) -> None:
    collection = analysed.collection.id
    calls = (
        lambda: versions(collection),
        lambda: runs(collection),
        lambda: workspace("pictures"),
    )
    one = [queries(call) for call in calls]
    add_versions(collection, version_id, 9)

    assert len(versions(collection)) == len(runs(collection)) == 10
    assert [queries(call) for call in calls] == one


def test_the_collections_ask_as_often_for_twenty_as_for_two(analysed: Workspace) -> None:
    two = queries(collections)
    with transaction() as current:
        current.add_all(Collection(name=f"collection {number}") for number in range(18))

    assert len(collections()) == 20
    assert queries(collections) == two <= 3


def test_an_image_asks_as_often_with_a_long_history_as_with_a_short_one(
    version_id: int, ada: Account, ben: Account
) -> None:
    image_id = review_queue(version_id).first()
    assert image_id is not None
    groups = (
        session()
        .scalars(
            select(PixelGroup.id).where(
                PixelGroup.version_id == version_id, PixelGroup.image_id == image_id
            )
        )
        .all()
    )
    tags.tag_group(ada.id, groups[0], "tag 0")
    before = queries(lambda: image_detail(version_id, image_id))
    for number in range(8):
        user = (ada, ben)[number % 2].id
        verdicts.give_verdict(user, image_id, version_id, "real")
        save_note(user, version_id, image_id, DimensionEdit(number), "stay", "words")
        for group_id in groups:
            tags.tag_group(user, group_id, f"tag {number}")

    detail = image_detail(version_id, image_id)
    assert (len(detail.verdicts), len(detail.notes)) == (8, 8)
    assert queries(lambda: image_detail(version_id, image_id)) == before <= 15

    corner = [DrawnStep("box", points=((0.0, 0.0), (9.0 + each, 9.0))) for each in range(3)]
    for number, step in enumerate(corner):
        drawing = Drawing(NORMAL_SIZE, NORMAL_SIZE, (step,))
        name = f"tag {number}"
        draw_region(ada.id, image_id, drawing, name, version_id=version_id)
        # The tags of all of them at once.
        assert queries(lambda: image_detail(version_id, image_id)) == before + 1


def test_violins_ask_as_often_for_all_images_as_for_one_cell(version_id: int) -> None:
    smallest = min(overview(chosen(version_id), 0, None).cells, key=lambda each: each.images)
    shards = (
        session()
        .scalars(select(Prediction.shard_id).where(Prediction.version_id == version_id).distinct())
        .all()
    )

    assert len(shards) > 1
    everything = queries(lambda: dimensions.violins(chosen(version_id), None, None))
    # The cell itself is one more.
    assert queries(lambda: dimensions.violins(chosen(version_id), smallest.id, None)) == (
        everything + 1
    )
    assert queries(lambda: dimensions.carriers(chosen(version_id), 0, None, None)) == 1


def test_filters_ask_as_often_whatever_they_let_through(version_id: int, ada: Account) -> None:
    groups = session().scalars(
        select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(8)
    )
    for group_id in groups.all():
        tags.tag_group(ada.id, group_id, "seen")
    for filters in ({}, {"outcome": "misclassified"}, {"p": (0.0, 0.1)}, {"label": "real"}):
        assert queries(lambda filters=filters: chosen(version_id, **filters)) == 0
    for filters, most in (({"tag": "seen"}, 3), ({"verdict": "none"}, 1), ({"text": "a"}, 5)):
        assert queries(lambda filters=filters: chosen(version_id, **filters)) <= most


def test_an_images_place_is_found_without_asking(version_id: int) -> None:
    first = images(chosen(version_id), "wrong", limit=1).cards[0].id

    assert queries(lambda: position_in_order(chosen(version_id), "wrong", first)) == 0


@pytest.mark.parametrize("people", [1, 3])
def test_the_queue_asks_as_often_however_much_is_judged(
    version_id: int, ada: Account, people: int
) -> None:
    for card in images(chosen(version_id), "uncertain", limit=10 * people).cards:
        verdicts.give_verdict(ada.id, card.id, version_id, "real")

    assert queries(lambda: review_queue(version_id).first()) == 1


def test_who_writes_asks_for_the_version_alone(analysed: Workspace, version_id: int) -> None:
    with counted() as sent:
        found = shown_version("pictures")

    assert found == ShownVersion(version_id, 1)
    assert len(sent) == 1
    assert shown_version("pictures", 1) == found


def test_the_version_to_write_about_is_the_one_that_the_page_shows(
    analysed: Workspace, version_id: int
) -> None:
    add_versions(analysed.collection.id, version_id, 2)
    with transaction() as current:
        current.add(Collection(name="empty"))

    for number in (None, 1, 3):
        version = workspace("pictures", number).version
        assert version is not None
        assert shown_version("pictures", number) == ShownVersion(version.id, version.number)
    assert shown_version("empty") is workspace("empty").version is None
    for name, number in (("nowhere", None), ("empty", 1), ("pictures", 4)):
        refusals = []
        for find in (workspace, shown_version):
            with pytest.raises(NotFoundError) as refused:
                find(name, number)
            refusals.append(str(refused.value))
        assert refusals[0] == refusals[1]


def test_the_queues_page_asks_once_for_new_decisions_and_never_for_all(
    version_id: int, ada: Account
) -> None:
    for card in images(chosen(version_id), "wrong", limit=1).cards:
        verdicts.give_verdict(ada.id, card.id, version_id, "real")
    workspace("pictures")

    with counted() as sent:
        found = workspace("pictures")
        assert found.queue is not None
        first = found.queue.first()
        assert first is not None
        assert found.queue.after(first) != first
        assert found.to_judge == found.queue.count

    assert sum("FROM decision_change" in statement for statement in sent) == 1
    assert not any("FROM verdict" in statement for statement in sent)
