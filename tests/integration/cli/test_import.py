"""`manage.py import`: what it refuses, what it would do, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.layouts import draw, genimage
from workbench.cli.images import import_command


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of a workbench that has not begun."""
    folder = tmp_path / "data"
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(folder))
    return folder


def importing(*arguments: str | Path) -> Result:
    return CliRunner().invoke(import_command, [*map(str, arguments), "--collection", "few"])


def test_a_dry_run_says_what_would_be_imported_and_writes_nothing(
    data: Path, tmp_path: Path
) -> None:
    source = draw(genimage(tmp_path / "set"), "stray.png", "other.png")

    outcome = importing(source, "--dry-run")

    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.splitlines() == [
        "6 images would be imported into few; none was read.",
        "label: fake 3, real 3",
        "generator of fake images: BigGAN 2, ADM 1",
        "split: training 4, test 2",
        "date: given for 0 of 6; of the others, the import reads EXIF",
        "  ADM/imagenet_ai_0508_adm/train/ai/0_adm_1.png: fake, split training, generator ADM",
        "  ADM/imagenet_ai_0508_adm/train/nature/n01440764_1001.JPEG: real, split training",
        (
            "  BigGAN/imagenet_ai_0419_biggan/train/ai/000_biggan_00075.png: fake, split training, "
            "generator BigGAN"
        ),
        "  BigGAN/imagenet_ai_0419_biggan/train/nature/n01440764_1000.JPEG: real, split training",
        (
            "  BigGAN/imagenet_ai_0419_biggan/val/ai/000_biggan_00094.png: fake, split test, "
            "generator BigGAN"
        ),
        "ignored: 2 × not in a folder named real or fake: other.png, stray.png",
    ]
    assert not (data / "workbench.sqlite").exists()
    assert not (data / "images").exists()


def row(name: str, **told: str) -> dict[str, str]:
    unsaid = {"generator": "", "class_name": "", "split": "drawn", "group": ""}
    return {"name": name} | unsaid | told


def test_a_dry_run_speaks_json(data: Path, tmp_path: Path) -> None:
    source = draw(tmp_path / "set", "real/a.png", "fake/flux/b.png", "c.png")

    told = json.loads(importing(source, "--dry-run", "--json").stdout)

    assert told == {
        "collection": "few",
        "images": 2,
        "by_label": {"fake": 1, "real": 1},
        "by_generator": {"flux": 1},
        "by_class": {"": 2},
        "by_split": {"drawn": 2},
        "dated": 0,
        "unread_dates": {},
        "first": [
            row("fake/flux/b.png", label="fake", generator="flux"),
            row("real/a.png", label="real"),
        ],
        "ignored": {"not in a folder named real or fake": {"count": 1, "names": ["c.png"]}},
        "already": 0,
        "moved": 0,
        "changes": [],
        "partial": False,
    }


def test_a_change_is_listed_and_made_when_it_is_accepted(data: Path, tmp_path: Path) -> None:
    source = draw(tmp_path / "set", "real/a.png", "real/b.png", "fake/c.png")
    importing(source)
    (source / "real" / "a.png").rename(source / "fake" / "a.png")
    change = "change: fake/a.png: label real → fake"
    how = (
        "Changes of images that were imported earlier are not made; "
        "add --accept-changes to the same command to accept them."
    )

    dry = importing(source, "--dry-run").stdout.splitlines()
    offered = importing(source).stdout.splitlines()
    accepted = importing(source, "--accept-changes").stdout.splitlines()

    assert "Of these, the collection has 2 already, 0 moved, 1 changed." in dry
    assert dry[-2:] == [change, how]
    assert offered[-2:] == [change, how]
    assert accepted[1].startswith("The collection holds 1 real, 2 fake, ")
    assert accepted[-1] == change
    assert importing(source).stdout.splitlines()[0].startswith("0 imported, 3 already imported")


def test_a_dry_run_of_nothing_fails(data: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\nnowhere.png,real\n")

    outcome = importing(tmp_path / "list.csv", "--dry-run")

    assert outcome.exit_code == 1
    assert "ignored: 1 × file not found: nowhere.png" in outcome.stdout
    assert "Nothing would be imported." in outcome.stderr


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_unknown_table_is_refused_with_the_options_that_make_it_work(
    data: Path, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    source = draw(tmp_path / "set", "a.png", "b.png")
    (source / "list.csv").write_text("Name,label\na.png,0\nb.png,1\n")

    refused = importing(source / "list.csv", *dry)

    assert refused.exit_code == 1
    added = "--column path=Name --label 0=real --label 1=fake"
    assert f"no column named path; it has: Name, label. Add: {added}" in refused.stderr
    taken = importing(source / "list.csv", *dry, *added.split(), "--json")
    assert taken.exit_code == 0
    told = json.loads(taken.stdout)
    assert told["by_label" if dry else "real"] == ({"real": 1, "fake": 1} if dry else 1)


def test_single_files_are_imported_with_their_label(data: Path, tmp_path: Path) -> None:
    source = draw(tmp_path / "set", "a.png", "b.png")

    outcome = importing(
        source / "a.png", source / "b.png", "--label", "fake", "--generator", "flux", "--json"
    )

    assert outcome.exit_code == 0, outcome.output
    assert json.loads(outcome.stdout)["fake"] == 2


@pytest.mark.parametrize("options", [("--label", "0=true"), ("--column", "weight=x")])
def test_options_that_say_nothing_are_refused_in_words(
    data: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    outcome = importing(draw(tmp_path / "set", "real/a.png"), *options)

    assert outcome.exit_code == 1
    assert outcome.stderr.startswith(f"Error: {options[0]} {options[1]}: ")
