"""Import into a real database: what is stored, counted, listed, and held out."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import func, select

from workbench.config import Settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.imports import reading, split
from workbench.services.imports import run as importing
from workbench.services.imports.collection import Described
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.sources.files import MAX_FILE_BYTES
from workbench.services.sources.options import SourceOptions
from workbench.store.database import session, transaction
from workbench.store.image_files import normalised_path
from workbench.store.images import Collection, Image, ImportRejection, ImportRun
from workbench.store.versions import CuratedDataset

Importer = Callable[..., ImportReport]


@pytest.fixture
def import_into(tables: Flask, settings: Settings) -> Importer:
    """Import a source into a collection of a fresh database."""

    def run(source: Path, collection: str = "faces", **options: Any) -> ImportReport:
        chosen = {"settings": settings, "progress": Silent()} | options
        return import_images(source, collection=collection, **chosen)

    add_unrelated_rows()
    return run


def add_unrelated_rows() -> None:
    """Another collection with rows that a query without its WHERE would find."""
    with transaction() as current:
        other = Collection(name="unrelated")
        current.add(other)
        current.flush()
        current.add(ImportRun(collection_id=other.id, source="elsewhere"))
        for label in ("real", "fake"):
            current.add(
                Image(
                    collection_id=other.id,
                    content_hash=hashlib.sha256(encoded(7)).hexdigest()[:-4] + label,
                    pixel_hash="0" * 64,
                    original_uri="file:///elsewhere",
                    name="elsewhere",
                    label=label,
                    group_key="photo 0",
                    held_out=label == "real",
                    format="PNG",
                    width=1,
                    height=1,
                    file_size=1,
                    modified_ns=1,
                    jpeg_quality=None,
                )
            )


def encoded(seed: int, format_name: str = "PNG", side: int = 24, **options: Any) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, format_name, **options)
    return buffer.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def grow(root: Path, each: int = 12) -> Path:
    for seed in range(each):
        put(root / "real" / f"{seed}.png", encoded(seed))
        put(root / "fake" / "gan" / f"{seed}.jpg", encoded(1000 + seed, "JPEG", quality=80))
    return root


def table(path: Path, *rows: str) -> Path:
    return put(path, "\n".join(rows).encode())


def stored(collection: str = "faces") -> list[Image]:
    return list(
        session().scalars(
            select(Image).join(Collection).where(Collection.name == collection).order_by(Image.id)
        )
    )


def stored_place(image: Image) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(image.original_uri.removeprefix("file://"))))


def run_states(collection: str = "faces") -> list[str]:
    return list(
        session().scalars(
            select(ImportRun.state)
            .join(Collection, Collection.id == ImportRun.collection_id)
            .where(Collection.name == collection)
            .order_by(ImportRun.id)
        )
    )


def test_every_image_becomes_a_row_and_a_normalised_file(
    import_into: Importer, settings: Settings, tmp_path: Path
) -> None:
    source = grow(tmp_path / "set", each=3)
    report = import_into(source)
    assert (report.seen, report.imported, report.real, report.fake) == (6, 6, 3, 3)
    images = stored()
    assert [(image.name, image.label, image.generator) for image in images] == [
        ("0.jpg", "fake", "gan"),
        ("1.jpg", "fake", "gan"),
        ("2.jpg", "fake", "gan"),
        ("0.png", "real", ""),
        ("1.png", "real", ""),
        ("2.png", "real", ""),
    ]
    for image in images:
        original = stored_place(image)
        assert image.content_hash == hashlib.sha256(original.read_bytes()).hexdigest()
        assert (image.file_size, image.modified_ns) == (
            original.stat().st_size,
            original.stat().st_mtime_ns,
        )
        normalised = normalised_path(settings.image_dir, image.pixel_hash).read_bytes()
        assert image.pixel_hash == hashlib.sha256(normalised).hexdigest()
    jpeg, png = images[0], images[3]
    assert (jpeg.format, jpeg.width, jpeg.height, jpeg.jpeg_quality) == ("JPEG", 24, 24, 80)
    assert (png.format, png.jpeg_quality) == ("PNG", None)


def test_the_report_is_also_kept_and_given_as_json(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set")
    put(source / "real" / "bad.jpg", b"")
    report = import_into(source, described=Described("Faces", "Made up."))
    told = json.loads(json.dumps(report.as_json()))
    assert told["rejections"] == [{"name": "real/bad.jpg", "reason": "empty file"}]
    assert (told["seen"], told["imported"], told["rejected"]) == (25, 24, 1)
    assert told["file_facts"]["auc"] == report.file_facts["auc"]
    collection = session().scalars(select(Collection).where(Collection.name == "faces")).one()
    assert (collection.title, collection.description) == ("Faces", "Made up.")
    assert collection.file_facts == report.file_facts
    run = session().scalars(select(ImportRun).where(ImportRun.collection_id == collection.id)).one()
    assert run.state == "succeeded"
    assert run.finished_at is not None
    assert run.counts == {"seen": 25, "imported": 24, "rejected": 1}
    rejection = session().scalars(select(ImportRejection)).one()
    assert (rejection.run_id, rejection.name) == (run.id, "real/bad.jpg")
    assert rejection.uri == f"file://{source}/real/bad.jpg"


def test_a_second_import_reads_nothing_again(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set")
    first = import_into(source)
    for path in source.rglob("*.*"):
        facts = path.stat()
        path.write_bytes(b"?" * facts.st_size)  # would be refused if it were read
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    again = import_into(source)
    assert (again.seen, again.already, again.imported, again.rejected) == (24, 24, 0, 0)
    assert (again.real, again.fake, again.held_out) == (first.real, first.fake, first.held_out)
    assert len(stored()) == 24


def test_a_file_that_was_only_touched_is_known(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=2)
    import_into(source)
    os.utime(source / "real" / "0.png", ns=(1, 1))
    assert import_into(source).already == 4
    assert min(image.modified_ns for image in stored()) == 1


def test_a_file_that_was_overwritten_is_no_second_image(
    import_into: Importer, tmp_path: Path
) -> None:
    source = grow(tmp_path / "set", each=2)
    import_into(source)
    put(source / "real" / "0.png", encoded(77))
    again = import_into(source)
    assert (again.imported, again.changed, again.already) == (0, 1, 3)
    assert len(stored()) == 4


def test_images_added_later_are_taken_up(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=2)
    import_into(source)
    grow(source, each=3)
    again = import_into(source)
    assert again.imported == 2
    assert (again.real, again.fake) == (3, 3)


def test_a_duplicate_is_counted_and_not_stored_twice(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=2)
    put(source / "real" / "deep" / "same.png", encoded(0))
    report = import_into(source)
    assert (report.seen, report.imported, report.duplicates) == (5, 4, 1)
    elsewhere = put(tmp_path / "other" / "real" / "again.png", encoded(0)).parents[1]
    assert import_into(elsewhere).duplicates == 1
    assert len(stored()) == 4


def test_the_same_content_may_be_in_two_collections(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=2)
    import_into(source)
    assert import_into(source, "others").imported == 4


def test_one_content_under_both_labels_is_listed(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=2)
    put(source / "real" / "liar.png", encoded(1001, "JPEG", quality=80))
    report = import_into(source)
    assert report.duplicates == 0
    assert report.rejections == (("real/liar.png", "duplicate of 1.jpg, which is labelled fake"),)


def test_a_file_relabelled_later_is_listed_as_a_change(
    import_into: Importer, tmp_path: Path
) -> None:
    put(tmp_path / "x.png", encoded(1))
    manifest = tmp_path / "list.csv"
    import_into(table(manifest, "path,label", "x.png,real"))
    again = import_into(table(manifest, "path,label", "x.png,fake"))
    assert [each.words for each in again.changes] == ["x.png: label real → fake"]
    assert again.rejections == ()
    assert [image.label for image in stored()] == ["real"]


def test_a_split_changed_later_is_listed(import_into: Importer, tmp_path: Path) -> None:
    put(tmp_path / "x.png", encoded(1))
    manifest = tmp_path / "list.csv"
    import_into(table(manifest, "path,label,split", "x.png,real,train"))
    changed = table(manifest, "path,label,split", "x.png,real,test")
    reason = (
        "imported earlier as training split, now test split: versions may have been trained on it, "
        "and their test figures would count it"
    )
    assert import_into(changed).rejections == (("x.png", reason),)
    os.utime(tmp_path / "x.png", ns=(1, 1))
    assert import_into(changed).rejections == (("x.png", reason),)
    assert [image.held_out for image in stored()] == [False]


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def test_bad_files_are_listed_with_their_reasons_and_the_run_goes_on(
    import_into: Importer, tmp_path: Path
) -> None:
    source = grow(tmp_path / "set", each=2)
    put(source / "real" / "bomb.png", bomb())
    put(source / "real" / "empty.jpg", b"")
    put(source / "real" / "text.jpg", b"This is a text.\n")
    put(source / "real" / "truncated.jpg", encoded(3, "JPEG", side=200)[:5000])
    with (source / "real" / "huge.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    report = import_into(source)
    assert report.imported == 4
    reasons = dict(report.rejections)
    assert reasons.pop("real/truncated.jpg").startswith("truncated or damaged JPEG: ")
    assert reasons == {
        "real/bomb.png": "too many pixels: 10,000,000,000 (at most 80,000,000)",
        "real/empty.jpg": "empty file",
        "real/text.jpg": "not an image that can be read: text",
        "real/huge.png": "file too large: 200,000,001 bytes (at most 200,000,000)",
    }


def test_a_file_that_breaks_in_an_unknown_way_does_not_end_the_run(
    import_into: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = grow(tmp_path / "set", each=2)
    normalise = reading.normalise

    def breaking(content: bytes, *, max_pixels: int) -> Any:
        if content == encoded(0):
            raise ZeroDivisionError("what a decoder\0 may do")
        return normalise(content, max_pixels=max_pixels)

    monkeypatch.setattr(reading, "normalise", breaking)
    report = import_into(source)
    assert report.imported == 3
    assert report.rejections == (("real/0.png", "ZeroDivisionError: what a decoder\ufffd may do"),)


def test_a_file_that_vanishes_is_listed(
    import_into: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = grow(tmp_path / "set", each=2)
    look = importing.images_at

    def remove_and_look(*arguments: Any) -> Any:
        (source / "real" / "1.png").unlink()
        return look(*arguments)

    monkeypatch.setattr(importing, "images_at", remove_and_look)
    report = import_into(source)
    assert report.rejections == (("real/1.png", "cannot be read: No such file or directory"),)


def test_a_disk_that_cannot_be_written_ends_the_run(
    import_into: Importer, settings: Settings, tmp_path: Path
) -> None:
    settings.data_dir.mkdir(exist_ok=True)
    settings.image_dir.write_text("in the way")
    with pytest.raises(OSError, match="images"):
        import_into(grow(tmp_path / "set", each=2))
    assert run_states() == ["failed"]


def test_no_row_names_a_file_that_is_not_on_the_disk_yet(
    import_into: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(folder: Path) -> None:
        assert len(list(folder.rglob("*.jpg"))) == 4
        raise OSError("the disk is full")

    monkeypatch.setattr(importing, "settle", failing)

    with pytest.raises(OSError, match="the disk is full"):
        import_into(grow(tmp_path / "set", each=2))

    assert stored() == []


def test_an_animation_is_imported_with_a_note(import_into: Importer, tmp_path: Path) -> None:
    frames = [Picture.open(io.BytesIO(encoded(seed))) for seed in (5, 6)]
    source = grow(tmp_path / "set", each=1)
    frames[0].save(source / "fake" / "moving.gif", save_all=True, append_images=frames[1:])
    report = import_into(source)
    assert report.notes == (("fake/moving.gif", "only the first of its frames is used"),)
    assert report.imported == 3
    assert [image.import_notes for image in stored()] == ["", "first_frame", ""]


@pytest.mark.parametrize("name", [b"quo'te\".png", b"new\nline.png", b"latin\xe9.png", b"50%.png"])
def test_names_of_any_bytes_are_kept(import_into: Importer, tmp_path: Path, name: bytes) -> None:
    source = grow(tmp_path / "set", each=1)
    (source / "real" / "0.png").rename(source / "real" / os.fsdecode(name))
    assert import_into(source).imported == 2
    image = stored()[1]
    assert stored_place(image) == source / "real" / os.fsdecode(name)
    assert hashlib.sha256(stored_place(image).read_bytes()).hexdigest() == image.content_hash
    assert image.name.isprintable()
    assert import_into(source).already == 2


def test_bad_files_with_names_of_any_bytes_are_listed(
    import_into: Importer, tmp_path: Path
) -> None:
    source = grow(tmp_path / "set", each=1)
    put(source / "real" / os.fsdecode(b"\xe9\n.png"), b"")
    report = import_into(source)
    assert report.rejections == (("real/\ufffd\ufffd.png", "empty file"),)
    assert session().scalars(select(ImportRejection.uri)).one().endswith("/real/%E9%0A.png")


def test_places_are_relative_to_the_image_root(
    import_into: Importer, settings: Settings, tmp_path: Path
) -> None:
    source = grow(tmp_path / "root" / "my set", each=1)
    rooted = settings.model_copy(update={"image_root": tmp_path / "root"})
    import_into(source, settings=rooted)
    assert [image.original_uri for image in stored()] == [
        "my%20set/fake/gan/0.jpg",
        "my%20set/real/0.png",
    ]
    with pytest.raises(InvalidError, match="outside the image root"):
        import_into(grow(tmp_path / "elsewhere", each=1), settings=rooted)


def test_what_lies_outside_of_the_image_root_is_listed(
    import_into: Importer, settings: Settings, tmp_path: Path
) -> None:
    source = grow(tmp_path / "root", each=1)
    secret = put(tmp_path / "secret.png", encoded(5))
    manifest = table(tmp_path / "list.csv", "path,label", "real/0.png,real", f"{secret},real")
    rooted = settings.model_copy(update={"image_root": source})
    report = import_into(source, options=SourceOptions(manifest=manifest), settings=rooted)
    assert report.imported == 1
    assert report.rejections == ((str(secret), "outside the image root"),)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_collection_needs_a_proper_name(import_into: Importer, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidError):
        import_into(grow(tmp_path / "set", each=1), name)


def test_a_source_that_cannot_be_read_changes_nothing(
    import_into: Importer, tmp_path: Path
) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(NotFoundError):
        import_into(tmp_path / "nowhere")
    with pytest.raises(InvalidError):
        import_into(tmp_path / "bare")
    assert session().scalars(select(Collection.name)).all() == ["unrelated"]


def crops(root: Path, photographs: int, each: int = 4) -> Path:
    """A manifest of crops, real and fake, of some photographs."""
    rows = ["path,label,group"]
    for photograph in range(photographs):
        for crop in range(each):
            name = f"{photograph}-{crop}.png"
            put(root / name, encoded(photograph * 100 + crop))
            rows.append(f"{name},{'real' if crop % 2 else 'fake'},photo {photograph}")
    return table(root / "list.csv", *rows)


def test_crops_of_one_source_never_straddle(import_into: Importer, tmp_path: Path) -> None:
    import_into(crops(tmp_path, photographs=40))
    sides: dict[str, set[bool]] = {}
    for image in stored():
        sides.setdefault(image.group_key, set()).add(image.held_out)
    assert len(sides) == 40
    assert all(len(side) == 1 for side in sides.values())
    held = sum(True in side for side in sides.values())
    assert 3 <= held <= 20


def test_crops_that_come_later_join_their_group(import_into: Importer, tmp_path: Path) -> None:
    import_into(crops(tmp_path, photographs=2, each=2))
    import_into(crops(tmp_path, photographs=2, each=6))
    sides = {(image.group_key, image.held_out) for image in stored()}
    assert {held for _, held in sides} == {True, False}
    assert len(sides) == 2


def test_the_same_pixels_in_two_files_never_straddle(import_into: Importer, tmp_path: Path) -> None:
    for seed in range(30):
        put(tmp_path / "real" / f"{seed}.png", encoded(seed))
        put(tmp_path / "real" / f"{seed}.bmp", encoded(seed, "BMP"))
    assert import_into(tmp_path).imported == 60
    sides = {(image.pixel_hash, image.held_out) for image in stored()}
    assert len(sides) == 30


def test_about_a_quarter_of_the_groups_is_held_out() -> None:
    groups = [f"group {number}" for number in range(4000)]
    assert 0.23 < np.mean([split.is_held_out(group) for group in groups]) < 0.27


@pytest.mark.parametrize("each", [2, 3, 5])
def test_small_collections_have_both_labels_on_both_sides(
    import_into: Importer, tmp_path: Path, each: int
) -> None:
    import_into(grow(tmp_path / "set", each=each))
    assert {(image.label, image.held_out) for image in stored()} == {
        ("real", True),
        ("real", False),
        ("fake", True),
        ("fake", False),
    }


@pytest.mark.parametrize("label", ["real", "fake"])
def test_the_only_group_of_a_label_is_trained_on(
    import_into: Importer, tmp_path: Path, label: str
) -> None:
    drawn_for_test = next(name for name in map(str, range(100)) if split.is_held_out(name))
    other = "fake" if label == "real" else "real"
    groups = {drawn_for_test: label, **{f"other {number}": other for number in range(5)}}
    rows = [f"{number}.png,{each},{group}" for number, (group, each) in enumerate(groups.items())]
    for number in range(len(groups)):
        put(tmp_path / f"{number}.png", encoded(number))

    import_into(table(tmp_path / "list.csv", "path,label,group", *rows))

    assert [image.held_out for image in stored() if image.label == label] == [False]
    assert {image.held_out for image in stored() if image.label == other} == {True, False}


def test_the_split_stands_once_a_dataset_is_frozen(import_into: Importer, tmp_path: Path) -> None:
    source = grow(tmp_path / "set", each=1)
    import_into(source)
    collection_id = stored()[0].collection_id
    with transaction() as current:
        current.add(CuratedDataset(collection_id=collection_id, sha256="0" * 64, counts={}))
        for image in stored():
            image.held_out = False
    before = {image.id for image in stored()}
    import_into(grow(source, each=2))
    assert not any(image.held_out for image in stored() if image.id in before)


def test_the_split_of_a_manifest_is_kept(import_into: Importer, tmp_path: Path) -> None:
    rows = [f"{seed}.png,{'real' if seed % 2 else 'fake'},test" for seed in range(8)]
    for seed in range(8):
        put(tmp_path / f"{seed}.png", encoded(seed))
    report = import_into(table(tmp_path / "list.csv", "path,label,split", *rows))
    assert report.held_out == 8
    again = import_into(tmp_path / "list.csv")
    assert (again.already, again.held_out) == (8, 8)


def test_a_split_that_tears_a_group_is_listed(import_into: Importer, tmp_path: Path) -> None:
    for seed in range(3):
        put(tmp_path / f"{seed}.png", encoded(seed))
    rows = ["0.png,real,g,held_out", "1.png,real,g,train", "2.png,real,g,"]
    report = import_into(table(tmp_path / "list.csv", "path,label,group,split", *rows))
    assert report.rejections == (
        ("1.png", "its group g is in test split, this file in training split"),
    )
    assert [image.held_out for image in stored()] == [True, True]


def test_file_facts_are_measured_again_only_where_an_import_finds_something_new(
    import_into: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = grow(tmp_path / "set", each=3)
    measured: list[int] = []
    measure = importing.measure_shortcuts

    def counting(*arguments: Any) -> dict[str, Any]:
        measured.append(1)
        return measure(*arguments)

    monkeypatch.setattr(importing, "measure_shortcuts", counting)
    first = import_into(source)
    again = import_into(source)

    assert len(measured) == 1
    assert again.file_facts == first.file_facts
    put(source / "real" / "new.png", encoded(77))
    import_into(source)
    assert len(measured) == 2
    with transaction() as write:
        newest = write.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()
        assert newest is not None
        newest.state = "failed"
    import_into(source)
    assert len(measured) == 3, "the one before may have ended before it measured"
    with transaction() as write:
        own = select(Collection).where(Collection.name == first.collection)
        collection = write.scalars(own).one()
        collection.file_facts = collection.file_facts | {"made_alike": {"side": 64, "quality": 60}}
    import_into(source)
    assert len(measured) == 4, "those were of images made alike, which these are no more"


def test_file_facts_that_give_the_label_away_are_reported(
    import_into: Importer, tmp_path: Path
) -> None:
    report = import_into(grow(tmp_path / "set", each=20))  # real as PNG, fake as JPEG
    facts = report.file_facts
    assert facts["auc"] > 0.95
    assert facts["families"]["format"]["auc"] > 0.95
    assert facts["families"]["size"]["auc"] == 0.5
    assert facts["warned"]
    assert set(facts["shortcut"]) >= {"format", "jpeg"}
    assert (facts["n"], facts["real"], facts["fake"], facts["sampled"]) == (40, 20, 20, False)


def test_file_facts_that_tell_nothing_are_reported_so(
    import_into: Importer, tmp_path: Path
) -> None:
    for seed in range(120):
        label = "real" if seed % 2 else "fake"
        put(tmp_path / label / f"{seed}.jpg", encoded(seed, "JPEG", side=20 + seed // 2 % 5))
    assert abs(import_into(tmp_path).file_facts["auc"] - 0.5) < 0.2


def test_without_both_labels_the_file_facts_have_no_answer(
    import_into: Importer, tmp_path: Path
) -> None:
    put(tmp_path / "fake" / "x.png", encoded(1))
    report = import_into(tmp_path)
    assert report.file_facts["auc"] is None
    assert (report.file_facts["n"], report.real, report.fake) == (1, 0, 1)


def test_progress_counts_every_entry(import_into: Importer, tmp_path: Path) -> None:
    steps: list[tuple[int, int, str]] = []

    class Recording:
        def advance(self, done: int, total: int, stage: str) -> None:
            steps.append((done, total, stage))

    source = grow(tmp_path / "set", each=2)
    put(source / "README.md", b"")
    import_into(source, progress=Recording())
    assert steps[:5] == [(done, 5, "Importing images") for done in range(1, 6)]


def test_only_the_first_thousand_rejections_are_in_the_report(
    import_into: Importer, tmp_path: Path
) -> None:
    put(tmp_path / "x.png", encoded(1))
    rows = [f"missing {number}.png,real" for number in range(1200)]
    report = import_into(table(tmp_path / "list.csv", "path,label", "x.png,real", *rows))
    assert (report.rejected, len(report.rejections)) == (1200, 1000)
    assert session().scalar(select(func.count()).select_from(ImportRejection)) == 1200
