"""Of what may stand once one stands, however many ask for it at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select

from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.review import tags, verdicts
from workbench.services.taxonomy.listing import taxonomy
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup, Prediction

pytestmark = pytest.mark.analysed

Done = TypeVar("Done")

PEOPLE = 8
GROUPS = 8


@pytest.fixture
def people(tables: Flask, ada: Account) -> list[int]:
    """Eight users, the first of them with a password."""
    others = [
        accounts.add_user(f"annotator {number}", "correct horse battery", "annotator").id
        for number in range(1, PEOPLE)
    ]
    return [ada.id, *others]


def at_one_moment(app: Flask, people: list[int], act: Callable[[int], Done]) -> list[Done]:
    """What each gets who does this at the same moment as all others, by an own connection."""
    session().rollback()
    start = threading.Barrier(len(people))
    done: list[Done] = []
    failed: list[Exception] = []

    def one(user_id: int) -> None:
        with app.app_context():
            start.wait()
            try:
                done.append(act(user_id))
            except Exception as error:  # noqa: BLE001 - it is what the test looks at
                failed.append(error)

    threads = [threading.Thread(target=one, args=(each,)) for each in people]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    return done


def standing() -> list[tuple[int | None, int | None]]:
    """What bears a standing tag, once for each."""
    found = session().execute(
        select(Tagging.pattern_id, Tagging.region_id).where(Tagging.withdrawn_at.is_(None))
    )
    return [tuple(each) for each in found]


def test_a_tag_that_eight_people_put_on_a_group_at_one_moment_stands_once(
    tables: Flask, version_id: int, people: list[int]
) -> None:
    ids = session().scalars(
        select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(GROUPS)
    )
    for group_id in ids.all():
        done = at_one_moment(
            tables, people, lambda user_id, at=group_id: tags.tag_group(user_id, at, "blur")
        )

        assert len(done) == PEOPLE
        assert sum(each.new for each in done) == 1
        assert len({each.id for each in done}) == 1
    assert len(standing()) == len(set(standing())) == GROUPS
    [row] = taxonomy([version_id]).rows
    assert row.groups == GROUPS
    added = select(func.count()).where(AuditEvent.action == "tag.add")
    assert session().scalar(added) == GROUPS


def test_a_new_tag_that_eight_people_put_on_a_pattern_at_one_moment_is_made_and_put_on_once(
    tables: Flask, version_id: int, people: list[int]
) -> None:
    ids = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id)).all()
    for number, pattern_id in enumerate(ids):
        done = at_one_moment(
            tables,
            people,
            lambda user_id, at=pattern_id, name=f"tag {number}": tags.tag_pattern(
                user_id, at, name
            ),
        )

        assert sum(each.new for each in done) == 1
    assert len(standing()) == len(set(standing())) == len(ids)
    assert session().scalar(select(func.count()).select_from(Tag)) == len(ids)


def test_a_tag_can_be_put_on_again_and_again_once_it_was_withdrawn(
    version_id: int, ada: Account
) -> None:
    group_id = (
        session()
        .scalars(select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(1))
        .one()
    )
    for _ in range(3):
        put = tags.tag_group(ada.id, group_id, "blur")
        assert put.new
        tags.withdraw(ada.id, put.id)

    assert standing() == []
    assert session().scalar(select(func.count()).select_from(Tagging)) == 3


def test_of_two_keys_that_reach_the_server_at_one_moment_one_judges(
    tables: Flask, version_id: int, ada: Account
) -> None:
    images = session().scalars(
        select(Prediction.image_id).where(Prediction.version_id == version_id).limit(GROUPS)
    )

    def judge(user_id: int, image_id: int) -> bool:
        try:
            verdicts.give_verdict(user_id, image_id, version_id, "real", seen=0)
        except ConflictError:
            return False
        return True

    for image_id in images.all():
        done = at_one_moment(tables, [ada.id] * 4, lambda user_id, at=image_id: judge(user_id, at))
        assert sorted(done) == [False, False, False, True]
        assert len(verdicts.history(image_id)) == 1
