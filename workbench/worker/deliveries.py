"""Sending to webhooks: each has a thread while something is due, and waits for no other."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from flask import Flask

from workbench.config import Settings
from workbench.services.webhooks import outbox, sending

log = structlog.get_logger()


class Deliveries:
    """What is sent at the moment, by webhook."""

    def __init__(self, app: Flask, settings: Settings, stopped: Callable[[], bool]) -> None:
        self._app = app
        self._settings = settings
        self._stopped = stopped
        self._sending: dict[int, threading.Thread] = {}

    def look(self) -> None:
        """Make deliveries of new events, and begin to send what is due. Waits for no receiver."""
        if not self._settings.webhook_hosts:
            return
        with self._app.app_context():
            if made := outbox.make_deliveries():
                log.info("deliveries made", deliveries=made)
            due = sending.due_webhooks()
        self._sending = {key: each for key, each in self._sending.items() if each.is_alive()}
        for webhook_id in due:
            if webhook_id not in self._sending:
                # A daemon: what it leaves unsent, or sent and not written, is sent again later.
                sender = threading.Thread(target=self._send, args=(webhook_id,), daemon=True)
                self._sending[webhook_id] = sender
                sender.start()

    def _send(self, webhook_id: int) -> None:
        with self._app.app_context():
            sent = sending.send_due(webhook_id, self._settings, self._stopped)
        if sent:
            log.info("deliveries sent", webhook=webhook_id, deliveries=sent)
