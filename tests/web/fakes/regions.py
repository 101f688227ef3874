"""Regions that people draw, and findings, kept in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from PIL import Image as Picture

from tests.web.fakes.data import CARDS, NOON
from tests.web.fakes.state import State
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.regions.drawn import Drawn
from workbench.services.regions.listed import Covered, DrawnView
from workbench.services.regions.shapes import Drawing
from workbench.services.review.findings import UNSAID, Finding
from workbench.services.review.tags import Tagged, TaggingView


@dataclass
class DrawnRegions:
    """Whatever is drawn has one outline, and covers a part of the second pixel group."""

    book: State

    def draw_region(
        self,
        user_id: int,
        image_id: int,
        drawing: Drawing,
        name: str,
        finding: Finding = UNSAID,
        *,
        version_id: int,
    ) -> Drawn:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        self.book.drawings.append(drawing)
        made = next(self.book.ids)
        view = DrawnView(
            id=made,
            by="ada",
            at=NOON,
            tool=drawing.tool,
            outline="M20 20 L80 20 L80 80 Z",
            area_share=0.02,
            box=(20, 20, 60, 60),
            outside=False,
            tags=(),
            covers=(Covered(1, 0.71),),
        )
        self.book.drawn[made] = (image_id, view)
        return Drawn(made, made, new=True, tagged=self.tag_drawn(user_id, made, name, finding))

    def tag_drawn(
        self, user_id: int, drawn_id: int, name: str, finding: Finding = UNSAID
    ) -> Tagged:
        image_id, view = self._known(drawn_id)
        made = TaggingView(
            next(self.book.ids),
            name,
            "ada",
            NOON,
            "hand",
            reason=finding.reason,
            severity=finding.severity,
        )
        self.book.drawn[drawn_id] = image_id, replace(view, tags=(*view.tags, made))
        return Tagged(**vars(made), new=True)

    def withdraw_region(self, user_id: int, drawn_id: int) -> None:
        _image_id, view = self._known(drawn_id)
        if view.by != {1: "ada", 2: "ben"}[user_id]:
            raise ConflictError("Only its author can withdraw this region.")
        del self.book.drawn[drawn_id]

    def _known(self, drawn_id: int) -> tuple[int, DrawnView]:
        if drawn_id not in self.book.drawn:
            raise NotFoundError("This region is withdrawn, or was removed.")
        return self.book.drawn[drawn_id]


@dataclass
class Findings:
    book: State

    def edit_finding(self, user_id: int, tagging_id: int, wanted: Finding, seen: int) -> None:
        if tagging_id not in self.book.taggings:
            raise NotFoundError("This tag was withdrawn.")
        kind, owner, known = self.book.taggings[tagging_id]
        if known.revision != seen:
            raise ConflictError("Edit conflict: this finding was changed on another page.")
        self.book.taggings[tagging_id] = (
            kind,
            owner,
            replace(known, reason=wanted.reason, severity=wanted.severity, revision=seen + 1),
        )


class Superpixels:
    def superpixel_map(self, image_id: int) -> bytes:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        content = io.BytesIO()
        Picture.new("L", (224, 224), 7).save(content, "PNG")
        return content.getvalue()
