"""The dashboard's numbers are those of the tables and of the histories."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.support.queries import queries
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.dashboard import export, report
from workbench.services.dashboard.acts import Span
from workbench.services.dashboard.report import Dashboard, span_of
from workbench.services.errors import InvalidError
from workbench.services.queues import claims, making
from workbench.services.queues.sources import Source
from workbench.services.review import tags, verdicts
from workbench.services.review.history import Asked, exported
from workbench.services.workspaces import Workspace
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tagging, Verdict
from workbench.store.queues import QueueClaim, QueueItem
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed
TODAY = Span(date(2020, 1, 1), date(2020, 1, 2))


def of(workspace: Workspace, span: Span | None = None) -> Dashboard:
    assert workspace.version is not None
    return report.dashboard(
        workspace.collection.id,
        workspace.collection.images,
        workspace.version.id,
        workspace.to_judge,
        span or span_of(None, None),
    )


def images_of(workspace: Workspace) -> list[tuple[int, str]]:
    found = select(Image.id, Image.label).where(Image.collection_id == workspace.collection.id)
    return list(session().execute(found.order_by(Image.id)).tuples())


def judge(
    person: Account, decisions: dict[int, str], begun: datetime | None = None, every: float = 5
) -> None:
    begun = begun or now() - timedelta(hours=1)
    with transaction() as write:
        write.add_all(
            Verdict(
                image_id=image_id,
                user_id=person.id,
                decision=decision,
                created_at=begun + timedelta(seconds=every * at),
            )
            for at, (image_id, decision) in enumerate(decisions.items())
        )


def test_sums_are_those_of_the_tables_and_of_the_histories(
    analysed: Workspace, version_id: int, ada: Account, ben: Account
) -> None:
    some = [image_id for image_id, _label in images_of(analysed)][:6]
    for person in (ada, ben):
        for image_id in some[: 4 if person is ada else 6]:
            verdicts.give_verdict(person.id, image_id, version_id, "fake")
    verdicts.give_verdict(ada.id, some[0], version_id, "real")
    group_ids = session().scalars(
        select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(3)
    )
    for group_id in list(group_ids):
        tags.tag_group(ada.id, group_id, "glare")
    pattern_id = (
        session().scalars(select(Pattern.id).where(Pattern.version_id == version_id).limit(1)).one()
    )
    tags.tag_pattern(ben.id, pattern_id, "glare")

    shown = of(analysed)

    assert sum(day.judged for day in shown.days) == 11
    assert sum(person.judged for person in shown.people) == 11
    assert session().scalar(select(func.count()).select_from(Verdict)) == 11
    assert sum(day.tagged for day in shown.days) == sum(each.times for each in shown.tags) == 4
    assert session().scalar(select(func.count()).select_from(Tagging)) == 4
    name = analysed.collection.name
    for person in shown.people:
        for kind, number in (("verdict", person.judged), ("tagging", person.tagged)):
            asked = Asked(
                person_id=person.id,
                collection=name,
                kind=kind,
                since=shown.span.since,
                until=shown.span.until,
            )
            assert len(list(exported(asked))) == number
    assert [(each.name, each.times, each.people) for each in shown.tags] == [("glare", 4, 2)]


def test_what_was_withdrawn_or_lies_elsewhere_is_not_counted(
    analysed: Workspace, version_id: int, ada: Account
) -> None:
    (first, _label), *_rest = images_of(analysed)
    given = verdicts.give_verdict(ada.id, first, version_id, "fake")
    verdicts.withdraw_verdict(ada.id, given.id)
    other = (
        session()
        .scalars(select(Image.id).where(Image.collection_id != analysed.collection.id).limit(1))
        .one()
    )
    judge(ada, {other: "fake"})

    shown = of(analysed)

    assert shown.people == ()
    assert sum(day.judged for day in shown.days) == 0
    assert shown.coverage.judged == 0


def test_days_without_work_stand_too_and_many_days_are_weeks(
    analysed: Workspace, ada: Account
) -> None:
    at = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
    judge(ada, {images_of(analysed)[0][0]: "fake"}, at)

    days = of(analysed, Span(date(2026, 3, 3), date(2026, 3, 5))).days
    weeks = of(analysed, Span(date(2026, 1, 1), date(2026, 3, 31))).days

    assert [(day.first.isoformat(), day.judged) for day in days] == [
        ("2026-03-03", 0),
        ("2026-03-04", 1),
        ("2026-03-05", 0),
    ]
    assert [week.judged for week in weeks] == [0] * 8 + [1] + [0] * 4


def test_agreed_are_images_on_which_all_newest_verdicts_say_the_same(
    analysed: Workspace, ada: Account, ben: Account
) -> None:
    first, second, third = (image_id for image_id, _label in images_of(analysed)[:3])
    judge(ada, {first: "real", second: "fake", third: "fake"})
    judge(ada, {first: "fake"}, now() - timedelta(minutes=5))
    judge(ben, {first: "fake", second: "real"})

    shown = of(analysed)

    assert (shown.coverage.judged, shown.coverage.compared, shown.coverage.agreed) == (3, 2, 1)
    assert sum(day.compared for day in shown.days) == 2
    assert sum(day.agreed for day in shown.days) == 1
    assert {person.name: (person.compared, person.same) for person in shown.people} == {
        "ada": (2, 0.5),
        "ben": (2, 0.5),
    }


def test_who_says_one_thing_of_everything_or_never_looks_stands_out(
    analysed: Workspace, ada: Account, ben: Account
) -> None:
    every = images_of(analysed)
    judge(ada, dict(every), every=6)
    judge(ben, {image_id: "fake" for image_id, _label in every}, every=0.3)

    found = {person.name: person for person in of(analysed).people}

    assert found["ada"].concerns == ()
    assert found["ada"].pace == pytest.approx(6)
    assert found["ben"].concerns == ("one_answer", "fast")
    share = sum(label == "fake" for _image_id, label in every) / len(every)
    assert found["ben"].labelled == pytest.approx(share)


def test_one_answer_is_right_where_all_images_bear_that_label(
    analysed: Workspace, ada: Account
) -> None:
    fakes = [image_id for image_id, label in images_of(analysed) if label == "fake"]
    judge(ada, dict.fromkeys(fakes, "fake"))

    assert len(fakes) >= 20
    assert of(analysed).people[0].concerns == ()


def test_coverage_counts_pixel_groups_and_patterns_that_bear_a_tag(
    analysed: Workspace, version_id: int, ada: Account
) -> None:
    store = column_store(version_id)
    pattern_id = int(store.pattern_ids[0])
    tags.tag_pattern(ada.id, pattern_id, "glare")

    found = of(analysed).coverage

    assert (found.patterns, found.groups) == (len(store.pattern_ids), len(store.pixel_group_ids))
    assert found.patterns_tagged == 1
    assert found.groups_tagged == len(store.groups_of(0))


def test_the_page_asks_as_often_for_much_work_as_for_little(
    analysed: Workspace, version_id: int, ada: Account, ben: Account
) -> None:
    every = [image_id for image_id, _label in images_of(analysed)]
    judge(ada, {every[0]: "fake"})
    groups = list(
        session().scalars(
            select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(12)
        )
    )
    tags.tag_group(ada.id, groups[0], "glare")
    few = queries(lambda: of(analysed))
    for person in (ada, ben):
        judge(person, dict.fromkeys(every, "real"))
        for at, group_id in enumerate(groups):
            tags.tag_group(person.id, group_id, f"tag {at % 5} of {person.name}")

    assert few == queries(lambda: of(analysed)) <= 18


def test_open_queues_have_their_forecast_by_their_own_verdicts(
    analysed: Workspace, version_id: int, ada: Account, ben: Account
) -> None:
    plan = making.Plan("all of them", Source("slice", most=10), verdicts_needed=2)
    queue_id = making.make_queue(ada.id, analysed.collection.id, version_id, plan)
    idle = of(analysed).queues
    image_id = claims.claim(ben.id, analysed.collection.id, queue_id).image_ids[0]
    judge(ben, {image_id: "fake"})
    with transaction() as write:
        of_image = (
            QueueClaim.item_id
            == select(QueueItem.id).where(QueueItem.image_id == image_id).scalar_subquery()
        )
        turn = write.scalars(select(QueueClaim).where(of_image)).one()
        turn.verdict_id = write.scalars(select(Verdict.id)).one()
        turn.judged_at = now()

    found = of(analysed).queues

    assert [(each.name, each.ahead.left, each.ahead.days) for each in idle] == [
        ("all of them", 20, None)
    ]
    assert [(each.id, each.ahead.left, each.ahead.days) for each in found] == [(queue_id, 19, 19)]


def test_the_tables_to_take_away_have_the_same_sums(analysed: Workspace, ada: Account) -> None:
    judge(ada, {image_id: "fake" for image_id, _label in images_of(analysed)[:5]})
    shown = of(analysed)

    days = csv.DictReader(io.StringIO(export.table(shown, "days")))
    people = list(csv.DictReader(io.StringIO(export.table(shown, "people"))))

    assert sum(int(row["judged"]) for row in days) == 5
    assert [(row["person"], row["judged"], row["fake"]) for row in people] == [("ada", "5", "5")]


def test_a_span_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(InvalidError):
        span_of(date(2020, 1, 1), date(2026, 1, 1))
    assert (span_of(None, date(2026, 3, 28)).since) == date(2026, 3, 1)
