"""Data sets in the layouts in which they are published, read without renaming anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.layouts import draw, forensynths, genimage, image_folder, shards
from workbench.services.errors import InvalidError
from workbench.services.sources.entries import Candidate, Refusal
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions, read_columns


def options(*labels: str, columns: Iterable[str] = (), **more: object) -> SourceOptions:
    return SourceOptions(LabelNames.of(labels), read_columns(columns), **more)  # type: ignore[arg-type]


def read(
    source: Path | tuple[Path, ...], chosen: SourceOptions | None = None
) -> dict[str, Candidate]:
    opened = open_source(source, None, chosen)
    found = list(opened)
    assert opened.count() == len(found)
    assert [each for each in found if isinstance(each, Refusal)] == []
    return {each.shown: each for each in found if isinstance(each, Candidate)}


def told(found: dict[str, Candidate]) -> dict[str, tuple[str, str, str, bool | None]]:
    return {
        name: (each.label, each.generator, each.class_name, each.held_out)
        for name, each in found.items()
    }


def ignored(source: Path, chosen: SourceOptions | None = None) -> dict[str, str]:
    found = open_source(source, None, chosen)
    return {each.shown: each.reason for each in found if isinstance(each, Refusal)}


def test_cnndetection_says_generator_and_class(tmp_path: Path) -> None:
    assert told(read(forensynths(tmp_path))) == {
        "crn/0_real/1.png": ("real", "", "", None),
        "crn/1_fake/1.png": ("fake", "crn", "", None),
        "progan/airplane/0_real/00094.png": ("real", "", "airplane", None),
        "progan/airplane/1_fake/00094.png": ("fake", "progan", "airplane", None),
        # Trains are a class of that set, beside airplanes.
        "progan/train/0_real/00011.png": ("real", "", "train", None),
        "progan/train/1_fake/00011.png": ("fake", "progan", "train", None),
    }


@pytest.mark.parametrize(
    ("path", "fact"),
    [
        ("1_fake/a.png", ("", "", None)),
        ("horse/1_fake/a.png", ("", "horse", None)),
        ("ldm_200/1_fake/a.png", ("ldm_200", "", None)),
        ("mine/tulip/1_fake/a.png", ("mine", "tulip", None)),
        ("downloads/stylegan2/1_fake/a.png", ("stylegan2", "", None)),
        ("downloads/stylegan2/church/1_fake/a.png", ("stylegan2", "church", None)),
        ("train/airplane/1_fake/a.png", ("", "airplane", False)),
        ("val/progan/airplane/1_fake/a.png", ("progan", "airplane", False)),
        ("test/progan/airplane/1_FAKE/a.png", ("progan", "airplane", True)),
    ],
)
def test_cnndetection_is_understood_from_wherever_one_begins(
    tmp_path: Path, path: str, fact: tuple[str, str, bool | None]
) -> None:
    assert told(read(draw(tmp_path / "set", path))) == {path: ("fake", *fact)}


def test_a_generator_of_cnndetection_can_be_the_source(tmp_path: Path) -> None:
    source = draw(tmp_path / "progan", "airplane/1_fake/a.png", "airplane/0_real/a.png")
    assert told(read(source))["airplane/1_fake/a.png"] == ("fake", "progan", "airplane", None)


def test_genimage_is_tested_on_its_val_part(tmp_path: Path) -> None:
    names = ("BigGAN", "ADM")
    found = told(read(genimage(tmp_path)))
    assert set(found.values()) == {
        ("real", "", "", False),
        ("real", "", "", True),
        ("fake", "BigGAN", "", False),
        ("fake", "BigGAN", "", True),
        ("fake", "ADM", "", False),
    }
    assert all(fact[1] in ("", *names) for fact in found.values())
    assert found["BigGAN/imagenet_ai_0419_biggan/val/ai/000_biggan_00094.png"][3] is True


@pytest.mark.parametrize("begin", ["BigGAN", "BigGAN/imagenet_ai_0419_biggan"])
def test_an_archive_of_genimage_names_its_generator(tmp_path: Path, begin: str) -> None:
    found = told(read(genimage(tmp_path) / begin))
    assert {fact[1].casefold() for fact in found.values()} == {"", "biggan"}


def test_nature_and_ai_are_labels_only_side_by_side(tmp_path: Path) -> None:
    draw(tmp_path / "a", "fake/nature/a.png", "real/ai/b.png")
    assert {name: each.label for name, each in read(tmp_path / "a").items()} == {
        "fake/nature/a.png": "fake",
        "real/ai/b.png": "real",
    }
    with pytest.raises(InvalidError, match=r"Add: --label nature=real \(if nature means real\)"):
        open_source(draw(tmp_path / "b", "nature/a.png"), None).count()


def test_folders_of_a_split_hold_out_what_is_below_them(tmp_path: Path) -> None:
    names = ("train/real/a.png", "val/fake/x/b.png", "Test/fake/x/c.png", "fake/test/y/d.png")
    assert told(read(draw(tmp_path, *names))) == {
        "train/real/a.png": ("real", "", "", False),
        "val/fake/x/b.png": ("fake", "x", "", False),
        "Test/fake/x/c.png": ("fake", "x", "", True),
        "fake/test/y/d.png": ("fake", "y", "", True),
    }


def test_a_split_can_be_drawn_all_the_same(tmp_path: Path) -> None:
    source = draw(tmp_path, "train/real/a.png", "test/fake/b.png")
    found = read(source, options(draw_split=True))
    assert {each.held_out for each in found.values()} == {None}


def test_a_tree_of_one_label_is_given_it(tmp_path: Path) -> None:
    source = draw(tmp_path, "a.png", "sdxl/b.png", "sdxl/deep/c.png")
    assert told(read(source, options("fake"))) == {
        "a.png": ("fake", "", "", None),
        "sdxl/b.png": ("fake", "sdxl", "", None),
        "sdxl/deep/c.png": ("fake", "sdxl", "", None),
    }
    assert {each.label for each in read(source, options("real")).values()} == {"real"}


def test_a_folder_that_contradicts_the_label_is_not_taken(tmp_path: Path) -> None:
    source = draw(tmp_path, "a.png", "real/b.png", "fake/c.png")
    reason = "in a folder named real, which contradicts --label fake"
    assert ignored(source, options("fake")) == {"real/b.png": reason}


def test_folders_of_any_name_are_mapped(tmp_path: Path) -> None:
    source = draw(tmp_path, "Camera/a.png", "sdxl/test/b.png", "real/c.png")
    assert told(read(source, options("camera=real", "sdxl=fake"))) == {
        "Camera/a.png": ("real", "", "", None),
        "sdxl/test/b.png": ("fake", "", "", True),
        "real/c.png": ("real", "", "", None),
    }


def test_unknown_folders_are_refused_with_the_options_to_add(tmp_path: Path) -> None:
    source = draw(tmp_path / "set", "a/0/x.png", "a/1/y.png")
    with pytest.raises(InvalidError) as refused:
        open_source(source, None).count()
    assert str(refused.value) == (
        f"{source} has no files in folders named real or fake. "
        "Add: --label 0=real --label 1=fake (if 0 means real); "
        "or add --label fake if all are fake, or give a CSV manifest"
    )
    draw(source, "my photos/z.png")
    with pytest.raises(InvalidError, match=r'--label "my photos"=real\|fake'):
        open_source(source, None).count()


def test_a_source_is_recognised_in_bounded_time_and_refused_with_what_was_seen_until_then(
    tmp_path: Path,
) -> None:
    up = time.monotonic()
    names = [f"{number:03}.png" for number in range(40)]
    labelled = draw(tmp_path / "set", *(f"real/{name}" for name in names), "fake/a.png")
    assert open_source(labelled, None).count(up) == 1
    table = tmp_path / "set.csv"
    table.write_text("path,label\n" + "".join(f"{name},real\n" for name in names))
    assert open_source(table, None).count(up) == 1

    unlabelled = draw(tmp_path / "other", *(f"0/{name}" for name in names), "1/a.png")
    with pytest.raises(InvalidError) as refused:
        open_source(unlabelled, None).count(up)
    assert str(refused.value).startswith(
        f"{unlabelled} has no files in folders named real or fake among the first 1, "
        "and there are more than can be looked at here. Add: --label 0=real"
    )


def test_a_generator_is_given_to_fake_images_that_have_none(tmp_path: Path) -> None:
    source = draw(tmp_path, "real/a.png", "fake/b.png", "fake/flux/c.png")
    found = read(source, options(generator="sdxl"))
    assert [each.generator for each in found.values()] == ["sdxl", "flux", ""]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_hugging_face_image_folder_is_read_by_its_metadata(tmp_path: Path, form: str) -> None:
    assert told(read(image_folder(tmp_path, form))) == {
        "train-0.png": ("real", "", "", False),
        "images/train-1.png": ("fake", "flux", "", False),
        "test-0.png": ("real", "", "", True),
        "images/test-1.png": ("fake", "flux", "", True),
    }


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_files_that_an_image_folders_metadata_does_not_name_are_ignored_and_listed(
    tmp_path: Path, form: str
) -> None:
    draw(image_folder(tmp_path, form), "train/more.png", "train/images/deep/other.png")
    (tmp_path / "train" / ".DS_Store").touch()
    assert ignored(tmp_path) == {
        "train/images/deep/other.png": f"not in metadata.{form}",
        "train/more.png": f"not in metadata.{form}",
    }


def test_metadata_without_labels_leaves_the_folders_to_say_them(tmp_path: Path) -> None:
    draw(tmp_path, "train/real/a.png", "train/fake/b.png")
    (tmp_path / "train" / "metadata.csv").write_text("file_name,caption\nreal/a.png,a dog\n")
    assert {each.label for each in read(tmp_path).values()} == {"real", "fake"}


def test_parquet_has_images_and_the_names_of_its_classes_inside(tmp_path: Path) -> None:
    found = read(shards(tmp_path))
    assert len(found) == 12
    first = found["data/train-00000-of-00002.parquet: train-00000-of-00002-1.png"]
    assert (first.label, first.held_out) == ("fake", False)
    assert first.inside is not None
    assert (first.inside.row, first.inside.name) == (1, "train-00000-of-00002-1.png")
    assert first.inside.content.startswith(b"\x89PNG")
    assert [each.held_out for each in found.values()].count(True) == 4
    single = tmp_path / "data" / "test-00000-of-00001.parquet"
    assert {each.held_out for each in read(single).values()} == {True}


def test_numbers_without_names_in_parquet_are_refused_with_the_options(tmp_path: Path) -> None:
    source = shards(tmp_path, names=None)
    with pytest.raises(InvalidError, match=r"Add: --label 0=real --label 1=fake \(if 0 means"):
        open_source(source, None).count()
    found = read(source, options("0=real", "1=fake"))
    assert [each.label for each in found.values()].count("fake") == 6


def test_broken_parquet_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InvalidError, match=r"x\.parquet cannot be read as Parquet: "):
        open_source(tmp_path, None).count()


def test_files_can_be_named_one_by_one(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png", "real/c.png")
    paths = tuple(tmp_path / name for name in ("a.png", "b.png"))
    found = read(paths, options("fake"))
    assert [(each.path, each.label, each.generator) for each in found.values()] == [
        (path, "fake", "") for path in paths
    ]
    assert [each.label for each in read(tmp_path / "real" / "c.png").values()] == ["real"]
    with pytest.raises(InvalidError, match="Add --label real, fake or none"):
        open_source(paths, None).count()
    with pytest.raises(InvalidError, match="must be the only source"):
        open_source((tmp_path, paths[0]), None)


def test_a_text_file_lists_paths(tmp_path: Path) -> None:
    draw(tmp_path, "real/a.png", "x/1_fake/b.png", "c.png")
    listed = tmp_path / "list.txt"
    listed.write_text("real/a.png\r\n\nx\\1_fake\\b.png\n")
    assert [each.label for each in read(listed).values()] == ["real", "fake"]
    listed.write_text("real/a.png\nc.png\nd.png\n")
    assert ignored(listed) == {
        "c.png": "not in a folder named real or fake",
        "d.png": "not in a folder named real or fake",
    }
    assert ignored(listed, options("fake")) == {"d.png": "file not found"}


def test_a_text_file_with_columns_is_a_manifest(tmp_path: Path) -> None:
    draw(tmp_path, "a.png")
    (tmp_path / "list.txt").write_text("path\tlabel\na.png\tfake\n")
    assert [each.label for each in read(tmp_path / "list.txt").values()] == ["fake"]


@pytest.mark.parametrize(
    ("rows", "added"),
    [
        (
            ("Name,label", "a.png,0", "b.png,1"),
            "Add: --column path=Name --label 0=real --label 1=fake (if 0 means real)",
        ),
        (("Name,label", "a.png,real", "b.png,fake"), "Add: --column path=Name"),
        (
            ("picture,target", "a.png,0", "b.png,1"),
            (
                "Add: --column path=picture --column label=target --label 0=real --label 1=fake "
                "(if 0 means real)"
            ),
        ),
        (
            ("path,is fake", "a.png,False", "b.png,True"),
            (
                'Add: --column "label=is fake" --label False=real --label True=fake '
                "(if False means real)"
            ),
        ),
    ],
)
def test_an_unknown_header_is_refused_with_the_very_options_to_add(
    tmp_path: Path, rows: tuple[str, ...], added: str
) -> None:
    draw(tmp_path, "a.png", "b.png")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    with pytest.raises(InvalidError) as refused:
        open_source(tmp_path / "list.csv", None).count()
    assert str(refused.value).endswith(f". {added}")


def test_the_options_of_a_refusal_make_it_work(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png")
    listed = tmp_path / "list.csv"
    listed.write_text("Name,target\na.png,0\nb.png,1\n")
    chosen = options("0=real", "1=fake", columns=("path=Name", "label=target"))
    assert {name: each.label for name, each in read(listed, chosen).items()} == {
        "a.png": "real",
        "b.png": "fake",
    }


def test_labels_of_which_none_is_known_are_refused_at_once(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png")
    listed = tmp_path / "list.csv"
    listed.write_text("path,label\na.png,photo\nb.png,render\n")
    with pytest.raises(InvalidError) as refused:
        open_source(listed, None).count()
    assert str(refused.value) == (
        f"{listed}: no row has a known label; there are: photo, render. "
        "Add: --label photo=real|fake --label render=real|fake"
    )


def test_a_table_without_labels_is_given_one(tmp_path: Path) -> None:
    draw(tmp_path, "a.png")
    listed = tmp_path / "list.csv"
    listed.write_text("path,generator,class\na.png,flux,dog\n")
    assert told(read(listed, options("fake"))) == {"a.png": ("fake", "flux", "dog", None)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("0=true",), "labels are real, fake or none"),
        (("maybe",), "labels are real, fake or none"),
    ],
)
def test_labels_are_mapped_to_real_fake_or_none_alone(given: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        LabelNames.of(given)


@pytest.mark.parametrize("given", ["path", "path=", "weight=Name"])
def test_columns_are_mapped_by_what_they_hold(given: str) -> None:
    with pytest.raises(InvalidError, match="write path=HEADER, with one of path, label"):
        read_columns((given,))


def test_a_mapped_column_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Name,label\n")
    with pytest.raises(InvalidError, match="path=file: there is no such column; there is: Name"):
        open_source(tmp_path / "list.csv", None, options(columns=("path=file",))).count()


def test_json_lines_are_rows(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png", "c.png")
    rows = [
        {"path": "a.png", "label": 0, "group": 7},
        {"label": 1.0, "path": "b.png", "box": [1, 2]},
        {"path": "c.png", "label": None},
    ]
    listed = tmp_path / "list.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    opened = list(open_source(listed, None, options("0=real", "1=fake")))
    assert [(each.label, each.group) for each in opened if isinstance(each, Candidate)] == [
        ("real", "7"),
        ("fake", ""),
    ]
    assert isinstance(opened[2], Refusal)
    listed.write_text('{"path": "a.png", "label": "real"}\n[1, 2]\n')
    with pytest.raises(InvalidError, match="cannot be read as JSON: line 2 is no object"):
        open_source(listed, None).count()
