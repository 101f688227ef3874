"""Each published layout, imported and checked by command: right labels, and its planted fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from PIL import Image

from tests.support.layouts import draw, forensynths, genimage, image_folder, shards
from workbench.cli.check import check
from workbench.cli.images import import_command


@dataclass(frozen=True)
class Laid:
    """How a set is laid out, how it is imported, and what is then there.

    make: writes it below a folder; a real image of it stands among the fakes as well.
    arguments: `SET` stands for the folder.
    """

    make: Callable[[Path], Path]
    arguments: tuple[str, ...]
    real: int
    fake: int
    contradicting: int = 1


def copied(root: Path, real: str, fake: str) -> Path:
    """The set with an image of its real side on its fake side too, in another file."""
    (root / fake).parent.mkdir(parents=True, exist_ok=True)
    with Image.open(root / real) as image:
        image.save(root / fake, "PNG", compress_level=1)
    return root


def listed(root: Path) -> Path:
    draw(root, "real/a.png", "real/b.png", "fake/c.png")
    copied(root, "real/a.png", "fake/d.png")
    (root / "files.txt").write_text("real/a.png\nreal/b.png\nfake/c.png\nfake/d.png\n")
    return root


def kaggle(root: Path) -> Path:
    draw(root, "pics/1.png", "pics/2.png", "pics/3.png")
    copied(root, "pics/1.png", "pics/4.png")
    (root / "train.csv").write_text(
        "Name,target\npics/1.png,0\npics/2.png,0\npics/3.png,1\npics/4.png,1\n"
    )
    return root


LAYOUTS = {
    "CNNDetection": Laid(
        lambda root: copied(
            forensynths(root), "progan/train/0_real/00011.png", "crn/1_fake/same.png"
        ),
        ("SET",),
        real=3,
        fake=4,
    ),
    "GenImage": Laid(
        lambda root: copied(
            genimage(root),
            "ADM/imagenet_ai_0508_adm/train/nature/n01440764_1001.JPEG",
            "ADM/imagenet_ai_0508_adm/train/ai/same.png",
        ),
        ("SET",),
        real=3,
        fake=4,
    ),
    "real and fake": Laid(
        lambda root: copied(
            draw(root, "real/a.png", "real/b.png", "fake/sd/c.png"), "real/a.png", "fake/sd/d.png"
        ),
        ("SET",),
        real=2,
        fake=2,
    ),
    "a tree of one label": Laid(
        lambda root: draw(root, "x/a.png", "y/b.png"),
        ("SET", "--label", "fake"),
        real=0,
        fake=2,
        contradicting=0,
    ),
    "Hugging Face, CSV": Laid(
        lambda root: image_folder(root, "csv"), ("SET",), real=2, fake=2, contradicting=0
    ),
    "Hugging Face, JSON lines": Laid(
        lambda root: image_folder(root, "jsonl"), ("SET",), real=2, fake=2, contradicting=0
    ),
    "Hugging Face, Parquet": Laid(shards, ("SET",), real=6, fake=6, contradicting=0),
    "a list of files": Laid(listed, ("SET/files.txt",), real=2, fake=2),
    "a table with names of its own": Laid(
        kaggle,
        (
            *("SET/train.csv", "--column", "path=Name", "--column", "label=target"),
            *("--label", "0=real", "--label", "1=fake"),
        ),
        real=2,
        fake=2,
    ),
}


def told(command: click.Command, *arguments: str) -> dict[str, Any]:
    outcome = CliRunner().invoke(command, [*arguments, "--collection", "few", "--json"])
    assert outcome.exit_code == 0, outcome.output
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


@pytest.mark.parametrize("name", LAYOUTS)
def test_it_is_imported_as_its_dry_run_says_and_its_contradiction_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(tmp_path / "data"))
    laid = LAYOUTS[name]
    source = laid.make(tmp_path / "set")
    arguments = [each.replace("SET", str(source)) for each in laid.arguments]

    planned = told(import_command, *arguments, "--dry-run")
    imported = told(import_command, *arguments)
    checked = told(check)

    labels = {"real": laid.real, "fake": laid.fake}
    assert planned["by_label"] == {label: count for label, count in labels.items() if count}
    assert {label: imported[label] for label in labels} == labels
    assert checked["images"] == laid.real + laid.fake
    found = {each["key"]: each for each in checked["findings"]}
    assert len(found.get("contradicting_duplicates", {}).get("groups", [])) == laid.contradicting
