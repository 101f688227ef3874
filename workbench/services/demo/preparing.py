"""The demo set, built and imported: what `make demo` does before it shows anything."""

from __future__ import annotations

from sqlalchemy import select

from workbench.config import Settings
from workbench.services.demo.building import DemoCollection, build_demo_set
from workbench.services.imports.collection import Described
from workbench.services.imports.run import import_images
from workbench.services.progress import Progress
from workbench.services.sources.options import SourceOptions
from workbench.store.database import session
from workbench.store.images import Collection, ImportRun

PICTURES = "demo"
DOWNLOADS = "downloads"


def prepare(settings: Settings, progress: Progress) -> tuple[str, ...]:
    """Build what is missing of the demo set and import it; returns its collections' names.

    A set that is whole and imported is left alone, so that a second start is quick.
    """
    collections = build_demo_set(
        settings.data_dir / PICTURES,
        downloads=settings.cache_dir / DOWNLOADS,
        progress=progress,
    )
    for each in collections:
        if _is_imported(each):
            continue
        import_images(
            each.manifest.parent,
            collection=each.name,
            settings=settings,
            options=SourceOptions(manifest=each.manifest),
            progress=progress,
            described=Described(each.title, each.description),
        )
    return tuple(each.name for each in collections)


def _is_imported(each: DemoCollection) -> bool:
    """Whether this very build was imported to its end; its folder's name is its recipe's."""
    finished = session().scalar(
        select(ImportRun.id)
        .join(Collection, Collection.id == ImportRun.collection_id)
        .where(
            Collection.name == each.name,
            ImportRun.source == str(each.manifest.parent),
            ImportRun.state == "succeeded",
        )
        .limit(1)
    )
    return finished is not None
