"""A nightly retrain comes when enough was decided, and not before."""

from __future__ import annotations

import pytest
from apscheduler.schedulers.base import BaseScheduler
from flask import Flask
from sqlalchemy import select

from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.review import verdicts
from workbench.services.runs import queue, schedules
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.versions import Schedule
from workbench.worker.scheduler import Worker

pytestmark = pytest.mark.analysed


def decide(analysed: Workspace, user: Account, count: int) -> None:
    ids = session().scalars(
        select(Image.id).where(Image.collection_id == analysed.collection.id).limit(count)
    )
    for image_id in ids.all():
        verdicts.give_verdict(user.id, image_id, None, "real")


def test_every_analysed_collection_has_a_nightly_look_by_default(
    analysed: Workspace, settings: Settings
) -> None:
    planned = schedules.nightly(settings)

    assert analysed.collection.id in {each.collection_id for each in planned}
    assert {(each.hour, each.minute) for each in planned} == {(settings.retrain_hour, 0)}


def test_a_disabled_schedule_is_left_out(analysed: Workspace, settings: Settings) -> None:
    schedules.nightly(settings)
    session().get_one(Schedule, analysed.collection.id).enabled = False
    session().commit()

    planned = schedules.nightly(settings)

    assert analysed.collection.id not in {each.collection_id for each in planned}


def test_a_retrain_is_due_when_enough_images_were_decided_on(
    analysed: Workspace, settings: Settings, ada: Account
) -> None:
    schedules.nightly(settings)
    session().get_one(Schedule, analysed.collection.id).min_decisions = 5
    session().commit()

    decide(analysed, ada, 4)
    early = schedules.is_due(analysed.collection.id, settings)
    decide(analysed, ada, 5)

    assert (early, schedules.is_due(analysed.collection.id, settings)) == (False, True)


def test_the_worker_plans_what_the_table_says_and_asks_for_what_is_due(
    tables: Flask, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    collection_id = analysed.collection.id
    decide(analysed, ada, settings.retrain_min_decisions)
    worker = Worker(tables, settings)
    worker._renew()

    worker._plan()
    scheduler: BaseScheduler = worker._scheduler
    names = {job.id for job in scheduler.get_jobs()}
    worker._consider(collection_id)
    worker._consider(collection_id)

    session().rollback()
    assert f"nightly:{collection_id}" in names
    queued = queue.runs(collection_id)[0]
    assert (queued.state, queued.trigger) == ("queued", "schedule")
    assert len([each for each in queue.runs(collection_id) if each.state == "queued"]) == 1
