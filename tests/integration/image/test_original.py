"""The original on screen: what was imported and nothing else, bounded, of one type."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture

from workbench.config import Settings
from workbench.services.errors import NotFoundError, UnavailableError
from workbench.services.image import original
from workbench.store.database import transaction
from workbench.store.image_files import original_uri
from workbench.store.images import Collection, Image

Added = Callable[..., int]


def picture(width: int = 90, height: int = 60) -> Picture.Image:
    small = np.random.default_rng(4).integers(0, 255, (9, 9, 3)).astype(np.uint8)
    return Picture.fromarray(small).resize((width, height), Picture.Resampling.BICUBIC)


def opened(content: bytes) -> Picture.Image:
    return Picture.open(io.BytesIO(content), formats=["JPEG"])


@pytest.fixture
def added(tables: Flask, tmp_path: Path) -> Added:
    """Adds the row of an image whose original is written to a file; returns its id."""

    def add(
        drawn: Picture.Image, kind: str = "PNG", path: Path | None = None, **options: object
    ) -> int:
        path = path or tmp_path / f"an original.{kind.lower()}"
        drawn.save(path, kind, **options)
        return add_row(path.read_bytes(), original_uri(path, None), drawn.size)

    return add


def add_row(content: bytes, uri: str, size: tuple[int, int]) -> int:
    content_hash = hashlib.sha256(content).hexdigest()
    with transaction() as write:
        collection = Collection(name="faces")
        write.add(collection)
        write.flush()
        row = Image(
            collection_id=collection.id,
            content_hash=content_hash,
            pixel_hash=content_hash,
            original_uri=uri,
            name="an original",
            label="real",
            group_key="g",
            held_out=False,
            format="PNG",
            width=size[0],
            height=size[1],
            file_size=len(content),
            modified_ns=0,
        )
        write.add(row)
        write.flush()
        return row.id


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP"])
def test_the_original_is_sent_as_a_jpeg_of_its_own_size_whatever_it_was(
    added: Added, kind: str
) -> None:
    image_id = added(picture(), kind)

    view = original.original_view(image_id)

    assert (view.width, view.height, view.missing) == (90, 60, "")
    sent = opened(original.whole(image_id))
    assert sent.size == (90, 60)
    assert np.abs(np.asarray(sent, int) - np.asarray(picture())).mean() < 12
    assert not sent.getexif()


def test_the_original_stands_upright(added: Added) -> None:
    exif = Picture.Exif()
    exif[0x0112] = 6
    lying = picture().transpose(Picture.Transpose.ROTATE_90)
    image_id = added(lying, exif=exif)

    sent = opened(original.whole(image_id))

    assert sent.size == (90, 60)
    assert np.abs(np.asarray(sent, int) - np.asarray(picture())).mean() < 3


def test_an_original_that_is_gone_gives_way_to_the_copy_and_that_is_said(
    added: Added, tmp_path: Path
) -> None:
    path = tmp_path / "gone.png"
    image_id = added(picture(), path=path)
    path.unlink()

    view = original.original_view(image_id)

    assert (view.width, view.height, view.key, view.levels) == (224, 224, "", 0)
    assert view.missing.startswith("The original is not where it was imported from;")
    with pytest.raises(UnavailableError, match="an original"):
        original.whole(image_id)


def test_another_file_in_its_place_is_never_shown(added: Added, tmp_path: Path) -> None:
    path = tmp_path / "changed.png"
    image_id = added(picture(), path=path)
    Picture.new("RGB", (90, 60), "red").save(path)

    assert original.original_view(image_id).missing.startswith("The original has changed")
    with pytest.raises(UnavailableError):
        original.whole(image_id)


def test_what_was_shown_once_is_kept_though_its_file_goes(added: Added, tmp_path: Path) -> None:
    path = tmp_path / "kept.png"
    image_id = added(picture(), path=path)
    sent = original.whole(image_id)
    path.unlink()

    assert original.original_view(image_id).missing == ""
    assert original.is_quick(image_id)
    assert original.whole(image_id) == sent


def test_an_original_of_too_many_pixels_is_not_decoded(added: Added, settings: Settings) -> None:
    side = int(settings.max_pixels**0.5) + 1
    image_id = add_row(b"no image at all", "file:///nowhere.png", (side, side))

    assert "WORKBENCH_MAX_PIXELS" in original.original_view(image_id).missing
    assert not original.is_quick(image_id)


def test_a_large_original_comes_whole_within_a_bound_and_sharp_in_tiles(added: Added) -> None:
    drawn = picture(2300, 700)
    image_id = added(drawn)

    view = original.original_view(image_id)
    assert (view.levels, view.tile_side, view.whole_side) == (1, 512, 2048)
    assert opened(original.whole(image_id)).size == (2048, 623)
    tile = opened(original.tile(image_id, 0, 4, 1))
    part = drawn.crop((2048, 512, 2300, 700))
    assert tile.size == part.size
    assert np.abs(np.asarray(tile, int) - np.asarray(part)).mean() < 2
    assert original.is_tile_kept(image_id, 0, 0, 0), "all were made at once"
    for beyond in ((1, 0, 0), (0, 5, 0), (0, 0, 2), (10**9, 0, 0)):
        with pytest.raises(NotFoundError):
            original.tile(image_id, *beyond)


def test_a_small_original_has_no_tiles(added: Added) -> None:
    image_id = added(picture())

    with pytest.raises(NotFoundError):
        original.tile(image_id, 0, 0, 0)


def test_an_original_in_a_row_of_a_parquet_file_is_found(tables: Flask, tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - half a second, for one test
    from pyarrow import parquet  # noqa: PLC0415

    files = []
    for width in range(30, 80):
        content = io.BytesIO()
        picture(width, 40).save(content, "PNG")
        files.append({"bytes": content.getvalue(), "path": f"{width}.png"})
    path = tmp_path / "shard.parquet"
    parquet.write_table(pa.table({"image": files}), path, row_group_size=20)
    uri = original_uri(path, None, row=43)
    image_id = add_row(files[43]["bytes"], uri, (73, 40))

    assert original.original_view(image_id).missing == ""
    assert opened(original.whole(image_id)).size == (73, 40)


def test_an_unknown_image_is_not_found(tables: Flask) -> None:
    with pytest.raises(NotFoundError):
        original.original_view(12345)
