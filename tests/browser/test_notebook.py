"""The notebook of the documentation, run by Jupyter's kernel against a workbench that is served."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from sqlalchemy import func, select

from tests.support.prepared import COLLECTION, IMAGES, NAME
from tests.support.server import ROOT, live_server, manage
from tests.support.witness import Witness
from workbench.store.judgements import Verdict

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def shown(cell: Any, kind: str) -> str:
    """What a cell shows as its value, in this media type."""
    [result] = [each for each in cell["outputs"] if each["output_type"] == "execute_result"]
    return str(result["data"][kind])


def test_the_notebook_runs_and_shows_what_the_workbench_has(own_data: Path, tmp_path: Path) -> None:
    made = manage(
        "user",
        "make-token",
        NAME,
        "--name",
        "notebook",
        "--scope",
        "read",
        "--scope",
        "judge",
        data_dir=own_data,
    )
    assert made.returncode == 0, made.stderr
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(each.get("outputs") for each in notebook.cells), "kept without outputs"
    with live_server(own_data, tmp_path / "server.log") as server:
        environment = os.environ | {
            "WORKBENCH_URL": server.url,
            "WORKBENCH_TOKEN": made.stdout.strip(),
            "COLLECTION": COLLECTION,
            "PYTHONPATH": str(ROOT),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        }
        NotebookClient(notebook, timeout=120).execute(env=environment)

    collections, outcomes, image, groups, pattern, decision, withdrawn = (
        each for each in notebook.cells if each["cell_type"] == "code"
    )
    assert COLLECTION in shown(collections, "text/html")
    counted = eval(shown(outcomes, "text/plain"))
    assert sum(each["image_id_count"] for each in counted) == IMAGES
    assert shown(image, "text/html").count("<svg") == 2
    assert len(eval(shown(groups, "text/plain"))) == shown(image, "text/html").count("<path")
    assert "data:image/jpeg;base64," in shown(pattern, "text/html")
    assert shown(decision, "text/plain") == "'fake'"
    assert shown(withdrawn, "text/plain") == "True"
    given = select(func.count()).where(Verdict.withdrawn_at.is_not(None))
    assert Witness(own_data).one(given)[0] == 1
