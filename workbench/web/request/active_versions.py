"""The versions that changes of the taxonomy are counted in."""

from __future__ import annotations

from workbench.services import workspaces
from workbench.services.taxonomy.previews import ShownVersion


def active_versions() -> list[ShownVersion]:
    """The active version of each collection that is seen."""
    return [
        ShownVersion(each.name, each.active.number, each.active.id)
        for each in workspaces.collections()
        if each.active
    ]
