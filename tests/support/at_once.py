"""Several things done at the same moment, each in a thread and with a session of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from workbench.services.errors import ServiceError
from workbench.store.database import session


def at_once(app: Flask, *actions: Callable[[], object]) -> list[object]:
    """What each action gave, or the refusal that it ended with; any other error is raised."""
    session().rollback()  # what the test has read holds no lock
    together = threading.Barrier(len(actions))
    outcomes: list[object] = [None] * len(actions)
    failures: list[Exception] = []

    def act(at: int, action: Callable[[], object]) -> None:
        with app.app_context():
            together.wait()
            try:
                outcomes[at] = action()
            except ServiceError as refusal:
                outcomes[at] = refusal
            except Exception as error:  # noqa: BLE001 - told to the test, whatever it is
                failures.append(error)

    threads = [threading.Thread(target=act, args=(at, action)) for at, action in enumerate(actions)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    session().rollback()
    if failures:
        raise ExceptionGroup("failed at once", failures)
    return outcomes
