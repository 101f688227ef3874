"""One image: its pictures, and counterfactuals tried on it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image as Picture

from tests.web.fakes.data import CARDS
from tests.web.fakes.state import State
from workbench.services.errors import (
    NotFoundError,
    UnavailableError,
)
from workbench.services.image import batch
from workbench.services.image.counterfactuals import Outcome
from workbench.services.image.detail import (
    DimensionShare,
    GroupView,
    ImageDetail,
    ScoredBy,
    VersionScore,
)
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.image.media import MapKey
from workbench.services.image.original import OriginalView

SCORED_BY = {
    1: ScoredBy(None, 5, trained_on_it=False),
    2: ScoredBy(2, 5, trained_on_it=False),
    3: ScoredBy(None, 0, trained_on_it=True),
    4: ScoredBy(0, 5, trained_on_it=False),
    5: ScoredBy(1, 5, trained_on_it=False),
    6: ScoredBy(None, 5, trained_on_it=False),
}


@dataclass
class Details:
    book: State

    def image_detail(self, version_id: int, image_id: int) -> ImageDetail:
        if image_id not in CARDS:
            raise NotFoundError("This version has no prediction for this image.")
        return ImageDetail(
            card=self.book.card(image_id),
            standing=self.book.label(image_id),
            in_dataset=image_id not in self.book.left_out,
            size=256,
            logit=1.1,
            base_logit=-0.4,
            sensitivity=-0.9 if image_id == 2 else None,
            removed_change=-0.6 if image_id == 2 else None,
            control_change=0.3 if image_id == 2 else None,
            dimensions=(
                DimensionShare(0, 2.0, 1.0, 2.0),
                DimensionShare(1, 1.0, -0.5, -0.5),
                DimensionShare(2, 0.0, 0.7, 0.0),
            ),
            groups=tuple(self._group(image_id, number) for number in (0, 1)),
            drawn=self.book.drawn_on(image_id),
            verdicts=tuple(reversed(self.book.verdicts.get(image_id, []))),
            notes=tuple(note for owner, note in self.book.notes.values() if owner == image_id),
            scores=(VersionScore(1, 0.66),),
            original_width=1024,
            original_height=768,
            format="JPEG",
            file_size=312_000,
            group_key="g",
            scored_by=SCORED_BY[image_id],
        )

    def _group(self, image_id: int, number: int) -> GroupView:
        group_id = 100 * image_id + number
        tags = [
            t
            for kind, owner, t in self.book.taggings.values()
            if (kind, owner) == ("group", group_id)
        ]
        return GroupView(
            id=group_id,
            number=number,
            outline="M10 10 L60 10 L60 60 Z",
            label_point=(40, 30),
            left=10,
            top=10,
            width=50,
            height=50,
            area_share=0.04,
            contribution=(0.9, -0.3)[number],
            pattern_id=31,
            pattern_label="pattern 1",
            tags=tuple(tags),
        )


@dataclass
class Counterfactuals:
    book: State

    def try_edit(self, version_id: int, image_id: int, edit: RegionEdit | DimensionEdit) -> Outcome:
        if isinstance(edit, DimensionEdit):
            label = f"dimension {edit.dimension} set to {edit.to}"
            if edit.dimension == 2:
                return Outcome(label, 0.75, 0.75, 0.0, 0.2, None, (0.2,), None)
            return Outcome(label, 0.75, 0.5, -1.1, 0.1, 0.2, (-0.1, 0.1, 0.3), (-0.9, 1.1))
        if self.book.encoder_missing:
            raise UnavailableError("The encoder of version 2 cannot be had.")
        if edit.group_id // 100 != image_id:
            raise NotFoundError("Pixel group not found in this image under this version.")
        controls = (-0.1, 0.05, -0.02, 0.1, 0.0, -0.06, 0.03, -0.04, 0.08, -0.01)
        return Outcome("group 1 blurred", 0.75, 0.42, -1.4, 0.0, 0.06, controls, (-0.15, 0.15))

    def preview(self, version_id: int, image_id: int, edit: RegionEdit | DimensionEdit) -> bytes:
        return _picture("JPEG", (64, 64), "grey")


@dataclass
class Media:
    book: State

    def normalised(self, image_id: int) -> bytes:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        return self._kept(f"{image_id}.jpg")

    def thumbnail(self, image_id: int, size: int) -> bytes:
        return self.normalised(image_id)

    def group_crop(self, group_id: int, size: int) -> bytes:
        return self.normalised(group_id // 100)

    def strongest_patch(self, version_id: int, dimension: int, image_id: int, size: int) -> bytes:
        return self.normalised(2)

    def heatmap(self, version_id: int, image_id: int, dimension: int | None) -> bytes:
        return _picture("PNG", (16, 16), "orange")

    def heatmap_levels(self, version_id: int, image_id: int, dimension: int | None) -> bytes:
        return _picture("PNG", (16, 16), "grey")

    def map_key(self, version_id: int) -> MapKey:
        ramp = tuple((level, 0, 255 - level, abs(level - 128)) for level in range(256))
        return MapKey(0.08, 128, 127, ramp)

    def _kept(self, name: str) -> bytes:
        path = self.book.folder / name
        if not path.exists():
            path.write_bytes(_picture("JPEG", (64, 64), "beige"))
        return path.read_bytes()


@dataclass
class Originals:
    book: State

    def original_view(self, image_id: int) -> OriginalView:
        if image_id in self.book.originals_missing:
            return OriginalView(224, 224, missing="The original is not where it was imported from.")
        return OriginalView(*self.book.original_size, key="abc")

    def is_quick(self, image_id: int) -> bool:
        return True

    def is_tile_kept(self, image_id: int, level: int, column: int, row: int) -> bool:
        return True

    def whole(self, image_id: int) -> bytes:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        return _picture("JPEG", (64, 48), "beige")

    def tile(self, image_id: int, level: int, column: int, row: int) -> bytes:
        if level > 1:
            raise NotFoundError("This image has no such tile.")
        return _picture("JPEG", (64, 48), "beige")


@dataclass
class PictureBatch:
    book: State

    def pictures(self, wanted: Iterable[batch.Picture]) -> dict[batch.Picture, bytes]:
        return {} if self.book.pictures_missing else {each: self._of(each) for each in set(wanted)}

    def _of(self, wanted: batch.Picture) -> bytes:
        files = Media(self.book)
        match wanted:
            case batch.Heatmap(version_id, image_id, dimension):
                return files.heatmap(version_id, image_id, dimension)
            case batch.Crop(group_id, size):
                return files.group_crop(group_id, size)
            case _:
                return files.normalised(wanted.image_id)


def _picture(kind: str, size: tuple[int, int], colour: str) -> bytes:
    content = io.BytesIO()
    Picture.new("RGB", size, colour).save(content, kind)
    return content.getvalue()
