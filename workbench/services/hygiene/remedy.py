"""The remedy for what files give away: all images of a collection are made alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from flask_babel import gettext
from sqlalchemy import select

from workbench.analysis.images.alike import Alike, alike_for
from workbench.config import Settings
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import find_collection
from workbench.services.encoding.made_alike import alike_of
from workbench.services.errors import ConflictError
from workbench.services.hygiene.actions import ActionView, undo, view_of
from workbench.services.hygiene.warnings import newest_version, standing_warnings
from workbench.services.imports.alike import missing_words, waiting
from workbench.services.review.decisions import final_decisions
from workbench.services.sources.originals import Original, is_there
from workbench.store.database import session, transaction
from workbench.store.hygiene import DataAction
from workbench.store.images import Collection, Image


@dataclass(frozen=True)
class AlikeState:
    """What a collection's images are made, and how far that is.

    waiting: images whose copies the next analysis makes.
    action: number of the action that asked for it.
    """

    alike: Alike
    waiting: int
    action: int


def alike_state(name: str) -> AlikeState | None:
    """None where images are taken as they are. Raises NotFoundError."""
    collection = find_collection(name)
    alike, kept = alike_of(collection), collection.made_alike
    if alike is None or kept is None:
        return None
    return AlikeState(alike, waiting(collection), kept["number"])


def make_alike(user_id: int | None, name: str, settings: Settings, key: str = "") -> ActionView:
    """Have all images of a collection made alike, from the next analysis on.

    The same square, size, format, quality and subsampling (`Alike`), of what all images can be
    made; images imported later get the same. Copies are made anew from originals by the next
    analysis, which computes embeddings and scores of them anew.

    key: the finding that it is done about. Raises ConflictError where images are made alike
    already, or where originals are missing: a copy made of a copy would be told apart.
    """
    collection_id = find_collection(name).id
    decisions = final_decisions(collection_id)
    rows = session().execute(
        select(Image.id, Image.name, Image.label, Image.width, Image.height, Image.jpeg_quality)
        .add_columns(Image.original_uri, Image.content_hash)
        .where(Image.collection_id == collection_id)
    )
    kept = [row for row in rows if decisions.get(row.id) != "exclude"]
    session().rollback()
    missing = [
        row.name
        for row in kept
        if not is_there(Original(row.original_uri, row.content_hash), settings)
    ]
    if missing:
        raise ConflictError(missing_words(missing))
    if not kept:
        raise ConflictError(gettext("The collection has no images."))
    alike = alike_for(
        [
            [min(row.width, row.height) for row in kept if row.label == label]
            for label in {row.label for row in kept}
        ],
        [row.jpeg_quality for row in kept if row.jpeg_quality is not None],
    )
    with transaction() as write:
        collection = write.get_one(Collection, collection_id, with_for_update=True)
        if collection.made_alike is not None:
            raise ConflictError(gettext("The images of this collection are made alike already."))
        through = newest_version(collection_id)
        warned = [
            replace(each, through=through)
            for each in standing_warnings(collection)
            if each.kind == "shortcut" and each.through is None
        ]
        action = DataAction(
            collection_id=collection_id,
            user_id=user_id,
            kind="make_alike",
            finding=key or "shortcut:together",
            detail=asdict(alike)
            | {"count": len(kept), "warnings": [each.as_json() for each in warned]},
        )
        write.add(action)
        write.flush()
        collection.made_alike = asdict(alike) | {"number": action.id}
        audit.record(
            write,
            user_id,
            "data.make_alike",
            f"data_action:{action.id}",
            concerned=Concerned(collection_id=collection_id),
            images=len(kept),
            **asdict(alike),
        )
        return view_of(action)


def undo_alike(name: str) -> ActionView:
    """Have images taken as they are again, for the command line. Raises ConflictError."""
    state = alike_state(name)
    if state is None:
        raise ConflictError(gettext("The images of this collection are not made alike."))
    return undo(None, state.action)


def alike_words(state: AlikeState | None) -> str:
    """What is done to the images, in a sentence or two; empty for nothing."""
    if state is None:
        return ""
    said = made_alike_words(state.alike.written)
    if not state.waiting:
        return said
    return f"{said} " + gettext(
        "%(images)s copies are still to be made, by the next analysis.", images=state.waiting
    )


def made_alike_words(written: str) -> str:
    """What images of a version were made, by what it keeps."""
    alike = Alike.read(written)
    return gettext(
        "All images are made alike before they are analysed: their middle square, at most "
        "%(side)s px, saved as JPEG of quality %(quality)s, 4:2:0.",
        side=alike.side,
        quality=alike.quality,
    )
