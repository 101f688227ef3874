"""The recipes of docs/interchange.md, run where the tools' own libraries are."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.integration.interchange.conftest import Frozen
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.shapes import mask_on
from workbench.services.interchange.writing import write_label_set

TOOLS: Final = Path(sys.prefix, "tools", "bin", "python")
"""Made by `make test`."""
READING: Final = Path(__file__).parent / "reading"
SCHEMA: Final = Path(__file__).parent / "cvat.xsd"
DOCUMENTED: Final = Path("docs/interchange.md").read_text(encoding="utf-8")
_PATIENCE: Final = 180
Masks = dict[str, list[list[int]]]


def block(first: str) -> str:
    """The code of the documentation whose first line is this one."""
    blocks = re.findall(r"```\w+\n(.*?)```", DOCUMENTED, re.DOTALL)
    (found,) = (each for each in blocks if each.startswith(f"{first}\n"))
    return str(found)


def run(reader: str, folder: Path, *recipes: str, given: Sequence[Path] = ()) -> Any:
    """What a script of `reading/` finds in a folder: it is told where the recipes of these names
    are, and what else is given to it.
    """
    for each in recipes:
        (folder / each).write_text(block(f"# {each}"), encoding="utf-8")
    told = folder / "told.json"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "FIFTYONE_DATABASE_DIR": str(folder / "mongodb"),
        "FIFTYONE_DO_NOT_TRACK": "true",
    }
    done = subprocess.run(
        [TOOLS, READING / reader, told, *recipes, *given],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(told.read_text())


def export(frozen: Frozen, form: str, path: Path) -> None:
    """Write a label set."""
    with path.open("wb") as out:
        write_label_set(frozen.id, form, out)


def masks_of(label_set_id: int) -> dict[str, Masks]:
    """The masks of a label set on the picture by their tag, by the image's file name."""
    return {
        row.file_name: {
            tag["tag"]: mask_on(region, row.width, row.height).tolist()
            for region in row.details["regions"]
            for tag in region["tags"]
        }
        for row in FrozenSet(label_set_id)
    }


def commands(name: str) -> list[list[str]]:
    """The arguments of `manage.py` in a block of commands of the documentation."""
    lines = block(f"# {name}").splitlines()[1:]
    return [shlex.split(each)[1:] for each in lines]
