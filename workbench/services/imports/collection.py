"""The collection that an import is into: made or found, and removed where it was made in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, or_, select, update

from workbench.services.collections import refuse_leaving
from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.store.database import now, transaction
from workbench.store.images import Collection, Image, ImportRejection, ImportRun

MAX_TITLE: Final = 200


@dataclass(frozen=True)
class Described:
    """What a collection is called on pages; empty for what it is called already."""

    title: str = ""
    description: str = ""


def check_title(title: str) -> None:
    """Raise InvalidError for a title that cannot stand on a page."""
    if len(title) > MAX_TITLE or display(title) != title:
        raise InvalidError(f"a title has at most {MAX_TITLE} visible characters")


@dataclass(frozen=True)
class Started:
    """The ids of the collection and of a new import run; whether the collection is new."""

    collection_id: int
    run_id: int
    made: bool


NOT_DESCRIBED: Final = Described()


def begin(name: str, described: Described, source: str) -> Started:
    """Write down that an import begins, and into which collection."""
    with transaction() as write:
        collection = write.scalar(select(Collection).where(Collection.name == name))
        if made := collection is None:
            collection = Collection(name=name, title=name)
            write.add(collection)
        else:
            refuse_leaving(write, collection.id)
        collection.title = described.title or collection.title
        collection.description = described.description or collection.description
        write.flush()
        # Its process is gone: it was killed before it could say so.
        write.execute(
            update(ImportRun)
            .where(ImportRun.collection_id == collection.id, ImportRun.state == "running")
            .values(state="interrupted", finished_at=now())
        )
        run = ImportRun(collection_id=collection.id, source=source)
        write.add(run)
        write.flush()
        return Started(collection.id, run.id, made)


def remove_made_in_vain(started: Started) -> None:
    """Remove what this run made for nothing, unless another one has put images in it."""
    here = Collection.id == started.collection_id
    with transaction() as write:
        write.scalar(select(Collection.id).where(here).with_for_update())
        its_runs = select(ImportRun.id).where(ImportRun.collection_id == started.collection_id)
        others = its_runs.where(ImportRun.id != started.run_id)
        images = select(Image.id).where(Image.collection_id == started.collection_id)
        if write.scalar(select(or_(others.exists(), images.exists()))):
            return
        write.execute(delete(ImportRejection).where(ImportRejection.run_id.in_(its_runs)))
        write.execute(delete(ImportRun).where(ImportRun.id == started.run_id))
        write.execute(delete(Collection).where(here))
