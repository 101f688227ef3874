"""Indexes checked, and made where they are missing or damaged, behind the page that asks.

Pages do not wait long for one.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from flask import Flask, current_app
from flask_babel import gettext

from workbench.config import Settings
from workbench.services.errors import ServiceError, UnavailableError
from workbench.services.progress import Silent
from workbench.services.similar.build import make_index
from workbench.services.similar.index_files import (
    Kind,
    Opened,
    folder_of,
    open_index,
    opened_before,
)
from workbench.store.versions import ModelVersion

log = structlog.get_logger()

PATIENCE_SECONDS = 3.0
"""So long pages wait from when the making began: who asks later is told at once."""

WAITING = 2
"""Pages that wait at one moment; the other threads of a server have others to answer."""
_waiting = threading.BoundedSemaphore(WAITING)


@dataclass
class _Making:
    """One index that is being made."""

    began: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    refused: str = ""


_under_way: dict[tuple[Path, Kind], _Making] = {}
_guard = threading.Lock()


def opened(
    version: ModelVersion, kind: Kind, settings: Settings, *, part: slice | None = None
) -> Opened:
    """A finished version's index, which is made where it is missing or damaged.

    Raises UnavailableError where it cannot be made, or takes longer than a page can wait; it is
    then made all the same, for whoever asks next.
    """
    folder = folder_of(version, settings)
    if found := opened_before(folder, kind):
        return found
    making = _making(version.id, folder, kind, settings, part)
    if not _awaited(making):
        raise UnavailableError(
            gettext("The similarity index is being built. Try again in a few minutes.")
        )
    if found := opened_before(folder, kind):
        return found
    raise UnavailableError(making.refused or gettext("The similarity index could not be built."))


def _awaited(making: _Making) -> bool:
    """Whether it ended within a page's patience; few pages wait, the others look once."""
    left = max(making.began + PATIENCE_SECONDS - time.monotonic(), 0)
    if not _waiting.acquire(blocking=False):
        return making.ended.is_set()
    try:
        return making.ended.wait(left)
    finally:
        _waiting.release()


def _making(
    version_id: int, folder: Path, kind: Kind, settings: Settings, part: slice | None
) -> _Making:
    """The making that is under way, or a new one in a thread of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    with _guard:
        making = _under_way.get((folder, kind))
        if making is None:
            making = _under_way[folder, kind] = _Making()
            threading.Thread(
                target=_make,
                args=(app, making, version_id, folder, kind, settings, part),
                daemon=True,
            ).start()
    return making


def _make(
    app: Flask,
    making: _Making,
    version_id: int,
    folder: Path,
    kind: Kind,
    settings: Settings,
    part: slice | None,
) -> None:
    try:
        # Before making: one that is there must not wait for another that is made elsewhere.
        if not open_index(folder, kind):
            with app.app_context():
                make_index(version_id, kind, settings, Silent(), part=part)
            open_index(folder, kind)
    except ServiceError as error:
        making.refused = str(error)
        log.exception("indexing refused", version=version_id, kind=kind)
    except Exception:
        log.exception("indexing failed", version=version_id, kind=kind)
    finally:
        with _guard:
            del _under_way[folder, kind]
        making.ended.set()
