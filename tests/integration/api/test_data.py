"""Programs check the data of a collection, act on findings, and undo that."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.integration.api.conftest import Program, program_of
from workbench.services.accounts import Account
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.hygiene import DataAction
from workbench.store.judgements import Verdict

pytestmark = pytest.mark.analysed
DATA = "/collections/pictures/data"


def excluded() -> int:
    counted = select(func.count()).where(
        Verdict.decision == "exclude", Verdict.withdrawn_at.is_(None)
    )
    return session().scalar(counted) or 0


def test_a_finding_is_acted_on_and_that_is_undone(analysed: Workspace, program: Program) -> None:
    assert program.get(DATA)["check"] is None
    found = program.post(f"{DATA}/check", {}, 200)
    assert (found["images"], found["version"]) == (analysed.collection.images, 1)
    told = program.get(DATA)
    assert told["check"] == found
    finding = next(each for each in found["findings"] if "leave_out" in each["actions"])
    assert finding["title"]
    assert finding["words"]

    made = program.post(f"{DATA}/leave-out", {"finding": finding["key"]})
    assert excluded() == made["images"] > 0
    assert [each["id"] for each in program.get(DATA)["items"]] == [made["id"]]
    program.delete(f"/collections/squares/data/actions/{made['id']}", 404)
    undone = program.delete(f"{DATA}/actions/{made['id']}")
    assert undone["withdrawn"]
    assert excluded() == 0
    program.delete(f"{DATA}/actions/{made['id']}", 404)


def test_what_cannot_be_done_about_a_finding_is_refused(
    analysed: Workspace, program: Program, tables: Flask, ben: Account
) -> None:
    program.post(f"{DATA}/leave-out", {"finding": "duplicates"}, 404)  # nothing was checked yet
    program.post(f"{DATA}/check", {"version": 9}, 404)
    program_of(tables, ben).post(f"{DATA}/check", {}, 403)
    found = program.post(f"{DATA}/check", {}, 200)
    for path, action in (("one-group", "one_group"), ("make-alike", "make_alike")):
        unfit = next(each for each in found["findings"] if action not in each["actions"])
        if action == "one_group":
            program.post(f"{DATA}/{path}", {"finding": unfit["key"]}, 422)
        program_of(tables, ben).post(f"{DATA}/{path}", {"finding": unfit["key"]}, 403)
    assert session().scalars(select(DataAction)).all() == []
