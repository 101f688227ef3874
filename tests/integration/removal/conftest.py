"""An analysed image with everything on it that people and pages can leave."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.hygiene import check
from workbench.services.image import media, original
from workbench.services.regions.drawn import draw_region
from workbench.services.regions.shapes import Drawing, DrawnStep
from workbench.services.review import tags, verdicts
from workbench.services.review.findings import Finding
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription
from workbench.store.images import Image
from workbench.store.import_jobs import ImportJob
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, NoteReply
from workbench.store.results import PixelGroup

REASON = "the fingers give it away"
NOTE = "without the hand nothing is left"
FINDING = "seven of them, one without a nail"


@dataclass(frozen=True)
class Left:
    """An image, and what tells that something of it is there."""

    id: int
    name: str
    content_hash: str
    pixel_hash: str

    @property
    def words(self) -> tuple[str, ...]:
        return self.name, self.content_hash, self.pixel_hash, REASON, NOTE, FINDING


@pytest.fixture
def left(analysed: Workspace, version_id: int, ada: Account, settings: Settings) -> Left:
    """An image with pixel groups that was judged, tagged, drawn on, noted, looked at and checked.

    It is among the strongest of a dimension.
    """
    described = session().scalars(
        select(DimensionDescription).where(DimensionDescription.version_id == version_id)
    )
    strongest = next(each for each in described if each.strongest)
    image = session().get_one(Image, strongest.strongest[0][0])
    groups = (
        session()
        .scalars(
            select(PixelGroup).where(
                PixelGroup.version_id == version_id, PixelGroup.image_id == image.id
            )
        )
        .all()
    )
    for group in groups:
        media.group_crop(group.id, 96)
    media.strongest_patch(version_id, strongest.dimension, image.id, 96)
    for size in (48, 96):
        media.thumbnail(image.id, size)
    original.whole(image.id)
    column_store(version_id)
    _import_job(image.name, ada.id)
    tags.tag_group(ada.id, groups[0].id, "Fingers")
    corner = DrawnStep("box", points=((0.0, 0.0), (9.0, 9.0)))
    drawing = Drawing(NORMAL_SIZE, NORMAL_SIZE, (corner,))
    draw_region(ada.id, image.id, drawing, "Fingers", Finding(FINDING), version_id=version_id)
    verdicts.give_verdict(ada.id, image.id, version_id, "unsure", REASON)
    _note(image.id, version_id, ada.id)
    check.check("pictures", settings)
    found = session().get_one(Image, image.id)
    return Left(found.id, found.name, found.content_hash, found.pixel_hash)


def _import_job(name: str, user_id: int) -> None:
    """An import on a page, whose report names the file."""
    with transaction() as write:
        write.add(
            ImportJob(
                collection_name="pictures",
                kind="upload",
                source="1",
                shown=name,
                state="succeeded",
                report={"seen": 1, "notes": [{"name": f"real/{name}", "note": "tiny"}]},
                requested_by_id=user_id,
            )
        )


def _note(image_id: int, version_id: int, user_id: int) -> None:
    with transaction() as write:
        expected = Expectation(
            image_id=image_id,
            version_id=version_id,
            user_id=user_id,
            edit={"label": "group 0"},
            direction="fall",
            known=False,
        )
        write.add(expected)
        write.flush()
        note = CounterfactualNote(
            image_id=image_id,
            version_id=version_id,
            user_id=user_id,
            edit={"label": "group 0"},
            p_before=0.9,
            p_after=0.4,
            delta_logit=-2.0,
            expectation="fall",
            expectation_id=expected.id,
            text=NOTE,
        )
        write.add(note)
        write.flush()
        write.add_all(
            [
                NoteReply(note_id=note.id, user_id=user_id, text=NOTE),
                NoteReplay(note_id=note.id, version_id=version_id, met=True),
            ]
        )
