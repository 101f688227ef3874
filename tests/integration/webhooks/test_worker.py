"""Webhooks and the worker: none waits for another one, and a killed process loses nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from flask import Flask

from tests.integration.webhooks.conftest import deliveries
from tests.integration.webhooks.test_delivering import decide
from tests.support.patience import PATIENCE_S
from tests.support.receiver import Receiver, running_receiver, status
from tests.support.server import Server, environment, manage
from workbench.config import Settings
from workbench.services.webhooks import administration
from workbench.services.webhooks.administration import Wanted
from workbench.services.webhooks.event_types import ALL
from workbench.worker.deliveries import Deliveries


def wait_until(reached: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_slow_receiver_holds_no_other_one_up(
    tables: Flask, receiver: Receiver, sending_settings: Settings
) -> None:
    let_go = threading.Event()

    def hesitate(handler: BaseHTTPRequestHandler) -> None:
        let_go.wait(PATIENCE_S)
        status(204)(handler)

    with running_receiver() as slow:
        slow.answers.append(hesitate)
        for each in (slow, receiver):
            administration.make(None, Wanted("bot", each.url, ALL), sending_settings)
        decide()
        sending = Deliveries(tables, sending_settings, lambda: False)
        began = time.monotonic()
        for _ in range(3):
            sending.look()
        looked = time.monotonic() - began
        wait_until(lambda: receiver.received and slow.received)
        administration.test(2)
        sending.look()
        wait_until(lambda: len(receiver.received) == 2)
        sending.look()
        assert len(slow.received) == 1  # one at a time
        assert looked < 5
        let_go.set()
        wait_until(lambda: {each.state for each in deliveries()} == {"delivered"})


def test_nothing_is_sent_where_the_setting_lists_no_host(
    tables: Flask, receiver: Receiver, sending_settings: Settings, settings: Settings
) -> None:
    administration.make(None, Wanted("bot", receiver.url, ALL), sending_settings)
    decide()
    Deliveries(tables, settings, lambda: False).look()
    assert deliveries() == []


def test_a_worker_killed_before_it_wrote_that_it_sent_sends_again_with_the_same_id(
    tmp_path: Path, receiver: Receiver
) -> None:
    data_dir, hosts = tmp_path / "data", {"webhook_hosts": "127.0.0.1"}
    assert manage("db", "upgrade", data_dir=data_dir).returncode == 0
    made = manage("webhooks", "add", "bot", receiver.url, data_dir=data_dir, **hosts)
    assert made.returncode == 0, made.stderr

    def never(_handler: BaseHTTPRequestHandler) -> None:
        time.sleep(PATIENCE_S)

    receiver.answers.append(never)
    record_event(data_dir)
    first = Server("worker", log=tmp_path / "1.log", env=environment(data_dir, **hosts))
    wait_until(lambda: receiver.received)
    first.kill()
    second = Server("worker", log=tmp_path / "2.log", env=environment(data_dir, **hosts))
    try:
        wait_until(lambda: len(receiver.received) == 2)
        wait_until(lambda: states(data_dir) == ["delivered"])
    finally:
        second.stop()

    one, other = receiver.received
    assert one.message_id == other.message_id
    assert one.body == other.body
    assert json.loads(one.body)["data"]["events"][0]["type"] == "run.fail"


def record_event(data_dir: Path) -> None:
    with sqlite3.connect(data_dir / "workbench.sqlite", timeout=PATIENCE_S) as connection:
        connection.execute(
            "insert into audit_event (action, subject, collection_id, detail, at)"
            " values ('run.fail', 'training_run:1', 1, '{}', '2026-03-04 12:00:00')"
        )


def states(data_dir: Path) -> list[str]:
    with sqlite3.connect(data_dir / "workbench.sqlite", timeout=PATIENCE_S) as connection:
        return [each for (each,) in connection.execute("select state from webhook_delivery")]
