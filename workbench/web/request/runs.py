"""The run that an address names."""

from __future__ import annotations

from flask_babel import gettext

from workbench.services import workspaces
from workbench.services.errors import NotFoundError
from workbench.services.runs import queue
from workbench.services.runs.queue import RunView


def run_of(name: str, run_id: int) -> RunView:
    """The run, if it belongs to the collection. Raises NotFoundError."""
    found = queue.run(run_id)
    if found.collection_id != workspaces.collection_id(name):
        raise NotFoundError(gettext("Run not found in this collection."))
    return found
