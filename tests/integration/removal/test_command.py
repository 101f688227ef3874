"""`manage.py remove` says what goes, and what to do where it cannot."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from tests.integration.removal.conftest import Left
from tests.support.server import environment
from workbench.cli import main
from workbench.config import Settings
from workbench.store.database import session
from workbench.store.images import Image

pytestmark = pytest.mark.analysed


def remove(settings: Settings, *arguments: str) -> Result:
    """The command in this process, on these settings."""
    session().close()
    places = environment(settings.data_dir, database_url=settings.database_url.get_secret_value())
    return CliRunner().invoke(main, ["remove", *arguments], env=places)


def test_the_command_tells_first_and_then_removes(left: Left, settings: Settings) -> None:
    asked = remove(settings, "--image", str(left.id), "--dry-run")
    assert asked.exit_code == 0, asked.output
    first, *figures = asked.stdout.splitlines()
    assert first == f"Image {left.id}, {left.name}, would be removed from pictures:"
    counted = {"  images: 1", "  verdicts: 1", "  notes: 2", "  tags: 2"}
    assert counted | {"  regions drawn by hand: 1"} <= set(figures)
    plan = json.loads(remove(settings, "--image", str(left.id), "--dry-run", "--json").stdout)
    assert session().get(Image, left.id) is not None

    done = json.loads(remove(settings, "--image", str(left.id), "--json").stdout)

    assert done == {"image": left.id, "counts": plan["counts"]}
    assert session().get(Image, left.id) is None
    again = remove(settings, "--image", str(left.id))
    assert again.exit_code == 0
    assert f"Image {left.id} was removed already" in again.stdout


def test_what_cannot_be_removed_is_said_in_a_sentence(left: Left, settings: Settings) -> None:
    for arguments, said in (
        ((), "Say what to remove: --image ID, --collection NAME"),
        (("--image", "1", "--collection", "pictures"), "Say what to remove"),
        (("--image", "999999"), "Image not found."),
        (("--collection", "nobody's"), "Collection “nobody's” not found."),
        (("--collection", "pictures", "--version", "9"), "pictures has no version 9."),
        (("--collection", "pictures", "--version", "1"), "v1 is the active version."),
    ):
        refused = remove(settings, *arguments)
        assert refused.exit_code != 0
        assert said in refused.output
