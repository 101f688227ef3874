"""Histories say nothing of a collection that their reader does not see, however old the event."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.people.conftest import PASSWORD, Browser
from tests.support.queueing import images
from workbench.config import Settings
from workbench.services import accounts, audit, visibility
from workbench.services.accounts import Account
from workbench.services.people import invitations, membership, tokens
from workbench.services.removal import journal
from workbench.services.removal.collections import remove_collection
from workbench.services.removal.counts import Counts
from workbench.services.review import history, verdicts
from workbench.services.review.history import Asked
from workbench.services.runs import queue
from workbench.store.database import session, transaction
from workbench.store.people import AuditEvent


@pytest.fixture
def restricted(tables: Flask, settings: Settings, cleo: Account) -> tuple[int, list[int]]:
    """A collection that cleo alone sees, and its images."""
    found = images(3)
    membership.save(cleo.id, "many", [cleo.id], restricted=True)
    tables.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return found


def events_seen(hidden: int) -> set[str]:
    token = visibility.hide(frozenset({hidden}))
    try:
        return {each.action for each in history.history(Asked()).events}
    finally:
        visibility.see_all_again(token)


def test_an_old_event_that_names_an_image_alone_is_seen_by_members_only(
    restricted: tuple[int, list[int]], browser: Callable[[], Browser], cleo: Account
) -> None:
    _, (image_id, *_) = restricted
    with transaction() as write:
        audit.record(write, cleo.id, "image.change", f"image:{image_id}", label={"old": "real"})
    eve = accounts.add_user("eve", PASSWORD, "developer")
    page, export = f"/people/{cleo.id}/history", "/history/export?format=jsonl"

    assert "0.png" in browser().sign_in(cleo).get(page).text
    assert "image.change" in browser().sign_in(cleo).get(export).text
    assert "0.png" not in browser().get(page).text
    assert "0.png" not in browser().sign_in(eve).get(page).text
    told = browser().sign_in(eve).get(export).text
    assert "image.change" not in told
    assert "0.png" not in told


def test_an_event_that_names_no_collection_is_seen_by_all_only_where_it_is_everybodys(
    restricted: tuple[int, list[int]],
) -> None:
    hidden, (image_id, *_) = restricted
    everybodys = {"tag.remove": "tag:7", "vocabulary.save": "vocabulary:1"}
    others = {
        "image.remove": "image:999",
        "image.change": f"image:{image_id}",
        "data.leave_out": "data_action:1",
        "run.request": "training_run:1",
        "import.request": "import_job:1",
        "version.remove": "version:1",
        "version.import_scores": "model_version:1",
        "takedown.lift": "takedown",
    }
    with transaction() as write:
        write.add_all(
            AuditEvent(
                action=action,
                subject=subject,
                image_id=image_id if action == "image.change" else None,
            )
            for action, subject in (everybodys | others).items()
        )

    assert events_seen(hidden) == set(everybodys)
    assert {each.action for each in history.history(Asked()).events} >= everybodys.keys() | others


def test_an_old_event_about_an_image_that_one_sees_stays_in_the_history(tables: Flask) -> None:
    _, (image_id, *_) = images(1)
    with transaction() as write:
        write.add(AuditEvent(action="image.change", subject="image:1", image_id=image_id))

    assert events_seen(999) == {"image.change"}


def test_what_is_done_to_a_collection_names_it(
    restricted: tuple[int, list[int]], cleo: Account
) -> None:
    collection_id, (image_id, *_) = restricted
    run = queue.request_retrain(cleo.id, collection_id)
    queue.cancel(cleo.id, run.id)
    with transaction() as write:
        journal.record(write, "image", image_id, collection_id, Counts(), cleo.id)
        journal.record(write, "version", 5, collection_id, Counts(), cleo.id)

    found = session().execute(
        select(
            AuditEvent.action,
            AuditEvent.collection_id,
            AuditEvent.image_id,
            AuditEvent.version_id,
        ).where(AuditEvent.action != "collection.members", AuditEvent.user_id == cleo.id)
    )
    assert {action: tuple(rest) for action, *rest in found} == {
        "run.request": (collection_id, None, None),
        "run.cancel": (collection_id, None, None),
        "image.remove": (collection_id, image_id, None),
        "version.remove": (collection_id, None, 5),
    }
    assert events_seen(collection_id) == set()


def test_what_is_done_to_accounts_is_in_no_history(
    tables: Flask, browser: Callable[[], Browser], cleo: Account
) -> None:
    invitations.invite(cleo.id, "annotator")
    tokens.make(cleo, "nightly", ["read"], 5)
    ben = accounts.add_user("ben", PASSWORD, "annotator")

    export = browser().sign_in(ben).get("/history/export?format=jsonl").text
    assert "invitation.make" not in export
    assert "token.make" not in export
    assert "invitation" not in browser().sign_in(ben).get(f"/people/{cleo.id}/history").text
    assert history.history(Asked(person_id=cleo.id)).events == ()


def test_what_is_told_of_a_restricted_collection_stays_hidden_once_it_is_removed(
    restricted: tuple[int, list[int]],
    settings: Settings,
    browser: Callable[[], Browser],
    cleo: Account,
) -> None:
    _, (image_id, *_) = restricted
    verdicts.give_verdict(cleo.id, image_id, None, "fake")
    eve = accounts.add_user("eve", PASSWORD, "developer")
    export = "/history/export?format=jsonl"

    remove_collection("many", cleo.id, settings)

    assert "collection.remove" in browser().sign_in(cleo).get(export).text
    for reader in (browser().sign_in(eve), browser()):
        told = reader.get(f"/people/{cleo.id}/history").text
        assert "removed" not in told.split("<main")[1]
    told = browser().sign_in(eve).get(export).text
    for action in ("verdict.give", "collection.members", "collection.remove"):
        assert action not in told
    token = tokens.make(eve, "a script", ["read"], 9)
    bearer = tokens.find(token)
    assert bearer is not None
    assert restricted[0] in bearer.account.hidden
