"""Reading what there is to import: folder trees and CSV manifests; no image is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.sources.entries import Candidate, Entry, Refusal, display
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions


def grow(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def table(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return path


def entries(
    path: Path, manifest: Path | None = None, image_root: Path | None = None
) -> list[Entry]:
    source = open_source(path, image_root, SourceOptions(manifest=manifest))
    found = list(source)
    assert source.count() == len(found)
    return found


def candidates(path: Path, manifest: Path | None = None) -> list[Candidate]:
    return [entry for entry in entries(path, manifest) if isinstance(entry, Candidate)]


def refusals(
    path: Path, manifest: Path | None = None, image_root: Path | None = None
) -> dict[str, str]:
    found = entries(path, manifest, image_root)
    return {entry.shown: entry.reason for entry in found if isinstance(entry, Refusal)}


def test_the_nearest_folder_named_real_or_fake_decides_at_any_depth_in_any_case(
    tmp_path: Path,
) -> None:
    grow(tmp_path, "a/b/REAL/x.png", "Fake/y.png", "fake/deep/down/z.png", "real/of/fake/w.png")
    labels = {found.shown: found.label for found in candidates(tmp_path)}
    assert labels == {
        "a/b/REAL/x.png": "real",
        "Fake/y.png": "fake",
        "fake/deep/down/z.png": "fake",
        "real/of/fake/w.png": "fake",
    }


def test_a_folder_below_fake_names_the_generator(tmp_path: Path) -> None:
    grow(tmp_path, "fake/x.png", "fake/StyleGAN2/a.png", "fake/FLUX/deep/b.png", "real/city/c.png")
    generators = {found.shown: found.generator for found in candidates(tmp_path)}
    assert generators == {
        "fake/x.png": "",
        "fake/StyleGAN2/a.png": "StyleGAN2",
        "fake/FLUX/deep/b.png": "FLUX",
        "real/city/c.png": "",
    }


def test_the_source_may_itself_be_named_real_or_fake(tmp_path: Path) -> None:
    source = grow(tmp_path / "fake", "x.png")
    assert [(found.shown, found.label) for found in candidates(source)] == [("x.png", "fake")]


def test_what_lies_above_the_source_does_not_count(tmp_path: Path) -> None:
    source = grow(tmp_path / "fake" / "set", "x.png")
    with pytest.raises(InvalidError, match="no files in folders named real or fake"):
        open_source(source, None).count()


def test_the_order_is_that_of_the_names(tmp_path: Path) -> None:
    names = ["fake/a.png", "fake/b/a.png", "fake/c.png", "real/1.png", "real/10.png", "real/2.png"]
    grow(tmp_path, *reversed(names))
    assert [found.shown for found in candidates(tmp_path)] == names


def test_unrelated_files_are_passed_over_and_others_are_listed(tmp_path: Path) -> None:
    grow(tmp_path, "real/x.png", "real/.DS_Store", "real/Thumbs.db", "real/._x.png", "list.csv")
    grow(tmp_path, "README.md", "loose.png", ".git/config")
    assert len(candidates(tmp_path)) == 1
    assert refusals(tmp_path) == {
        "README.md": "not in a folder named real or fake",
        "loose.png": "not in a folder named real or fake",
        ".git": "hidden folder, not read",
    }


def test_symbolic_links_out_of_the_source_and_to_folders_are_not_followed(tmp_path: Path) -> None:
    outside = grow(tmp_path / "outside", "secret.png")
    source = grow(tmp_path / "source", "real/x.png", "pool/y.png")
    (source / "real" / "out.png").symlink_to(outside / "secret.png")
    (source / "real" / "within.png").symlink_to(source / "pool" / "y.png")
    (source / "real" / "loop").symlink_to(source)
    (source / "real" / "dangling.png").symlink_to(source / "nothing")
    assert {found.shown for found in candidates(source)} == {"real/x.png", "real/within.png"}
    assert refusals(source) == {
        "pool/y.png": "not in a folder named real or fake",
        "real/out.png": "symbolic link out of the source, not followed",
        "real/loop": "symbolic link to a folder, not followed",
        "real/dangling.png": "not a regular file",
    }


def test_a_pipe_is_listed_and_not_opened(tmp_path: Path) -> None:
    grow(tmp_path, "real/x.png")
    os.mkfifo(tmp_path / "real" / "pipe.png")
    assert refusals(tmp_path) == {"real/pipe.png": "not a regular file"}


@pytest.mark.parametrize("name", [b"quo'te\".png", b"new\nline.png", b"latin\xe9.png", b"\x1b[31m"])
def test_names_of_any_bytes_are_found_and_can_be_shown(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "real").mkdir()
    path = os.path.join(os.fsencode(tmp_path), b"real", name)  # noqa: PTH118 - bytes
    with open(path, "wb"):  # noqa: PTH123 - bytes
        pass
    (found,) = candidates(tmp_path)
    assert os.fsencode(found.path) == path
    found.shown.encode("utf-8")
    assert "\n" not in found.shown
    assert "\x1b" not in found.shown


def test_what_cannot_be_shown_is_replaced() -> None:
    assert display(os.fsdecode(b"a\xff\n\x00z\xc3\xa9")) == "a\ufffd\ufffd\ufffdzé"


def test_a_manifest_gives_label_generator_group_and_split(tmp_path: Path) -> None:
    grow(tmp_path, "x.png", "y.png", "z.png")
    manifest = table(
        tmp_path / "list.csv",
        "path,label,generator,group,split,camera",
        "x.png,REAL,,g1,train,Nikon",
        "y.png,fake,FLUX,g2,held_out,",
        "z.png,fake,,,,",
    )
    assert candidates(tmp_path, manifest) == [
        Candidate(tmp_path / "x.png", "x.png", "real", "", "g1", held_out=False),
        Candidate(tmp_path / "y.png", "y.png", "fake", "FLUX", "g2", held_out=True),
        Candidate(tmp_path / "z.png", "z.png", "fake", "", "", held_out=None),
    ]


@pytest.mark.parametrize("split", ["held_out", "held-out", "Test", "holdout", " HELD_OUT "])
def test_every_word_for_held_out_is_understood(tmp_path: Path, split: str) -> None:
    grow(tmp_path, "x.png")
    manifest = table(tmp_path / "list.csv", "path,label,split", f"x.png,real,{split}")
    assert candidates(tmp_path, manifest)[0].held_out is True


@pytest.mark.parametrize("split", ["train", "training", "val", "validation"])
def test_what_serves_training_is_not_held_out(tmp_path: Path, split: str) -> None:
    grow(tmp_path, "x.png")
    manifest = table(tmp_path / "list.csv", "path,label,split", f"x.png,real,{split}")
    assert candidates(tmp_path, manifest)[0].held_out is False


def test_paths_are_looked_for_below_the_source_and_then_beside_the_manifest(tmp_path: Path) -> None:
    source = grow(tmp_path / "images", "both.png")
    manifest = table(
        tmp_path / "lists" / "list.csv", "path,label", "both.png,real", "near.png,real"
    )
    grow(tmp_path / "lists", "both.png", "near.png")
    assert [found.path for found in candidates(source, manifest)] == [
        source / "both.png",
        tmp_path / "lists" / "near.png",
    ]


def test_a_csv_file_is_a_source_by_itself(tmp_path: Path) -> None:
    grow(tmp_path, "x.png")
    manifest = table(tmp_path / "list.csv", "path,label", "x.png,real")
    assert [found.path for found in candidates(manifest)] == [tmp_path / "x.png"]


@pytest.mark.parametrize(
    "header",
    ["path,label", "\ufeffPath , LABEL", "file;label", "filename\tlabel", "label2,file,label"],
)
def test_headers_are_understood_as_people_write_them(tmp_path: Path, header: str) -> None:
    grow(tmp_path, "x.png")
    mark = next(mark for mark in ";\t," if mark in header)
    row = mark.join(["ignored", "x.png", "real"][-len(header.split(mark)) :])
    (found,) = candidates(tmp_path, table(tmp_path / "list.csv", header, row))
    assert (found.path, found.label) == (tmp_path / "x.png", "real")


def test_names_of_any_bytes_can_stand_in_a_manifest(tmp_path: Path) -> None:
    names = ["new\nline.png", 'quo"te.png', os.fsdecode(b"latin\xe9.png"), "com,ma.png"]
    grow(tmp_path, *names)
    quoted = ['"' + name.replace('"', '""') + '",real' for name in names]
    manifest = table(tmp_path / "list.csv", "path,label", *quoted)
    assert [found.path for found in candidates(tmp_path, manifest)] == [
        tmp_path / name for name in names
    ]


def test_rows_that_cannot_be_used_are_listed_with_their_reason(tmp_path: Path) -> None:
    grow(tmp_path, "x.png", "folder/y.png")
    manifest = table(
        tmp_path / "list.csv",
        "path,label,split,generator",
        "x.png,maybe,,",
        "./x.png,real,someday,",
        f"../{tmp_path.name}/x.png,fake,,{'g' * 121}",
        "missing.png,real,,",
        "folder,real,,",
        "only-a-path.png",
        f"{'n' * 300}.png,fake,,",
        "",
    )
    assert refusals(tmp_path, manifest) == {
        "x.png": "unknown label 'maybe': labels are real or fake; "
        "map others with --label maybe=fake",
        "./x.png": "unknown split 'someday': splits are train or held_out",
        f"../{tmp_path.name}/x.png": "generator name longer than 120 characters",
        "missing.png": "file not found",
        "folder": "not a regular file",
        "only-a-path.png": "unknown label '': labels are real or fake",
        f"{'n' * 300}.png": "file not found",
    }


def test_links_of_a_manifest_out_of_the_source_are_not_followed(tmp_path: Path) -> None:
    outside = grow(tmp_path / "outside", "secret.png")
    source = grow(tmp_path / "source", "pool/y.png")
    (source / "out.png").symlink_to(outside / "secret.png")
    (source / "folder").symlink_to(outside)
    (source / "within.png").symlink_to(source / "pool" / "y.png")
    rows = (f"{name},real" for name in ("out.png", "folder/secret.png", "within.png"))
    manifest = table(source / "list.csv", "path,label", *rows)
    assert refusals(source, manifest) == {
        "out.png": "symbolic link out of the source, not followed",
        "folder/secret.png": "symbolic link out of the source, not followed",
    }


def test_nothing_outside_of_the_image_root_is_taken(tmp_path: Path) -> None:
    grow(tmp_path, "root/set/x.png", "root/beside.png", "outside/secret.png")
    (tmp_path / "root" / "set" / "link.png").symlink_to(tmp_path / "outside" / "secret.png")
    manifest = table(
        tmp_path / "list.csv",
        "path,label",
        "x.png,real",
        "../beside.png,real",
        "../../outside/secret.png,real",
        f"{tmp_path}/outside/secret.png,real",
        "link.png,real",
    )
    assert refusals(tmp_path / "root" / "set", manifest, tmp_path / "root") == {
        "../../outside/secret.png": "outside the image root",
        f"{tmp_path}/outside/secret.png": "outside the image root",
        "link.png": "outside the image root",
    }


def test_a_source_outside_of_the_image_root_is_refused(tmp_path: Path) -> None:
    source = grow(tmp_path / "elsewhere", "real/x.png")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(source)
    for path in (source, tmp_path / "root" / "link"):
        with pytest.raises(InvalidError, match="outside the image root"):
            open_source(path, tmp_path / "root")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("path,kind", "no column named label; it has: path, kind"),
        ("name,label", "no column named path; it has: name, label"),
        ("a,b", "no column named path or label; it has: a, b"),
        ("", "no column named path or label; it has: nothing"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, header: str, message: str) -> None:
    manifest = table(tmp_path / "list.csv", header)
    with pytest.raises(InvalidError, match=message):
        open_source(tmp_path, None, SourceOptions(manifest=manifest)).count()


def test_what_is_no_csv_is_refused(tmp_path: Path) -> None:
    manifest = table(tmp_path / "list.csv", "path,label", f'"{"x" * 200_000}",real')
    with pytest.raises(InvalidError, match=r"list\.csv cannot be read as CSV: field larger"):
        open_source(tmp_path, None, SourceOptions(manifest=manifest)).count()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere not found"):
        open_source(tmp_path / "nowhere", None)
    with pytest.raises(NotFoundError, match=r"list\.csv not found"):
        open_source(tmp_path, None, SourceOptions(manifest=tmp_path / "list.csv"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    manifest = table(tmp_path / "list.csv", "path,label")
    with pytest.raises(InvalidError, match=r"x\.png is not a folder"):
        open_source(grow(tmp_path, "x.png") / "x.png", None, SourceOptions(manifest=manifest))
