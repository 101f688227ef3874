"""Exports and imports in CVAT's XML, and exports with pictures, before there were any and after."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import MetaData, select, update
from sqlalchemy.exc import IntegrityError

from tests.support.rows import fill_every_table
from workbench.services.interchange.writing import PICTURED
from workbench.store import migrating
from workbench.store.database import db, session, transaction
from workbench.store.export_jobs import ExportJob
from workbench.store.label_imports import LabelImport

BEFORE = "0053"


def test_they_are_allowed_and_on_the_way_back_imports_are_kept(tables: Flask) -> None:
    fill_every_table()
    with transaction() as write:
        write.execute(update(LabelImport).values(format="cvat"))
        like = session().scalars(select(ExportJob)).first()
        assert like is not None
        asked = {"label_set_id": like.label_set_id, "requested_by_id": like.requested_by_id}
        write.add_all(ExportJob(format=each, **asked) for each in ("cvat", *PICTURED.values()))
    session().close()

    migrating.downgrade(db.engine, BEFORE)

    old = MetaData()
    old.reflect(db.engine, only=["export_job", "label_import"])
    jobs, imports = old.tables["export_job"], old.tables["label_import"]
    with db.engine.begin() as write:
        (kept,) = write.scalars(select(jobs.c.format)).all()
        assert kept not in {"cvat", *PICTURED.values()}
        assert write.scalars(select(imports.c.format)).all() == ["jsonl"]
    with pytest.raises(IntegrityError), db.engine.begin() as write:
        write.execute(update(imports).values(format="cvat"))

    migrating.upgrade(db.engine)
    with transaction() as write:
        write.execute(update(LabelImport).values(format="cvat"))
