"""The commands of the documentation bring in what the tools wrote."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from tests.integration.interchange.conftest import Frozen
from tests.integration.interchange.tools.running import commands, export, run
from tests.support import commands as terminal
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.review.decisions import final_decisions
from workbench.store.database import session, transaction
from workbench.store.images import Collection


def test_a_project_of_label_studio(
    elsewhere: int, tmp_path: Path, settings: Settings, ada: Account
) -> None:
    run("write_label_studio.py", tmp_path)

    (decided,) = _done("from_label_studio.sh", tmp_path / "theirs.json", elsewhere, settings)

    assert decided == "unsure"


def test_a_task_of_cvat(
    frozen: Frozen, elsewhere: int, tmp_path: Path, settings: Settings, ada: Account
) -> None:
    export(frozen, "cvat", tmp_path / "annotations.xml")

    decided = _done("from_cvat.sh", tmp_path / "annotations.xml", elsewhere, settings)

    assert sorted(decided) == ["exclude", "fake", "fake", "unsure"]


def _done(name: str, path: Path, collection_id: int, settings: Settings) -> list[str]:
    """Run the commands on a file; what was decided then. Nothing is after the dry run."""
    with transaction() as write:
        write.execute(update(Collection).where(Collection.id == collection_id).values(name="faces"))
    dry, real = commands(name)
    for arguments in (dry, real):
        assert final_decisions(collection_id) == {}
        session().rollback()
        done = terminal.run(
            *(arguments[0], str(path), *arguments[2:]),
            data_dir=settings.data_dir,
            database_url=settings.url,
        )
        assert done.exit_code == 0, done.output
    return list(final_decisions(collection_id).values())
