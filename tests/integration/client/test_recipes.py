"""The recipes of docs/api.md, run as they stand."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.server import ROOT
from workbench.client import Workbench
from workbench.services.explore import patterns
from workbench.services.interchange import exporting, exports
from workbench.store.database import db, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tag, Tagging, Verdict
from workbench.store.outcomes import WRONG
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed
DOCUMENTED = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def run(name: str, bench: Workbench, **known: Any) -> dict[str, Any]:
    """What a recipe leaves behind, run on the collection that there is."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENTED, re.DOTALL)
    (code,) = (each for each in blocks if each.startswith(f"# {name}\n"))
    assert '"faces"' in code
    known["bench"] = bench
    exec(code.replace('"faces"', '"pictures"'), known)
    session().rollback()
    return known


def misclassified(version_id: int) -> set[int]:
    return set(
        session().scalars(
            select(Prediction.image_id).where(
                Prediction.version_id == version_id, Prediction.outcome.in_(WRONG)
            )
        )
    )


def test_the_frame_has_what_is_held_out(version_id: int, remote: Workbench) -> None:
    known = run("frame", remote)

    held_out = set(
        session().scalars(
            select(Prediction.image_id)
            .join(Image, Image.id == Prediction.image_id)
            .where(Prediction.version_id == version_id, Image.held_out)
        )
    )
    assert set(known["table"]["image_id"].to_pylist()) == held_out
    assert set(known["wrong"]["image_id"].to_pylist()) == held_out & misclassified(version_id)


def test_the_bot_judges_what_it_is_sure_of(version_id: int, remote: Workbench) -> None:
    known = run("bot", remote)

    given = {each.image_id: each for each in session().scalars(select(Verdict))}
    expected = {}
    for image_id in misclassified(version_id):
        p = known["detector"](remote.call("get_picture", image_id=image_id))
        if abs(p - 0.5) > 0.1:
            expected[image_id] = "fake" if p > 0.5 else "real"
    assert {key: each.decision for key, each in given.items()} == expected
    assert expected, "the lots leave something to judge"
    assert all(each.reason.startswith("detector: p = ") for each in given.values())


def test_a_pattern_of_that_label_is_tagged(
    version_id: int, remote: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = remote.collection("pictures").patterns(sort="lift")
    monkeypatch.setattr(patterns, "default_label", lambda number: f"hair {number}")
    run("tags", remote)

    tagged = session().execute(
        select(Tagging.pattern_id, Tag.name).join(Tag, Tag.id == Tagging.tag_id)
    )
    expected = {(each.id, "blurred hair") for each in ranked[:3]}
    assert set(tagged.tuples()) == expected
    assert expected


def test_a_pattern_shows_its_exemplars(version_id: int, remote: Workbench) -> None:
    first = remote.collection("pictures").patterns()[0]
    html = first._repr_html_()

    assert first.exemplars
    assert html.count("data:image/jpeg;base64,") == len(first.exemplars)
    assert first.label in html


class Sleeping:
    """The time of a recipe, in which a worker does what was asked for."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work

    def sleep(self, _seconds: float) -> None:
        self.work()
        session().rollback()


def test_what_is_decided_is_frozen_and_fetched_every_night(
    version_id: int,
    remote: Workbench,
    tables: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work() -> None:
        claim = exports.claim_next("worker")
        assert claim is not None
        exporting.execute(db.engine, claim, tables.config["WORKBENCH"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "sleep", Sleeping(work).sleep)
    known = run("nightly", remote)

    assert known["export"]["state"] == "succeeded"
    lines = [json.loads(each) for each in Path("faces.jsonl").read_text().splitlines()]
    assert len([each for each in lines if "image_id" in each]) == known["made"]["images"]


def test_a_retrain_that_is_worse_is_taken_back(
    version_id: int, remote: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        """A worker whose version is worse."""
        with transaction() as write:
            asked = write.scalars(select(TrainingRun).where(TrainingRun.state == "queued")).one()
            parent = write.get_one(ModelVersion, version_id)
            worse = ModelVersion(
                collection_id=parent.collection_id,
                number=2,
                parent_id=parent.id,
                dataset_id=parent.dataset_id,
                encoder=parent.encoder,
                encoder_fingerprint=parent.encoder_fingerprint,
                relevance=parent.relevance,
                dimensions=parent.dimensions,
                weights_id=parent.weights_id,
                metrics=parent.metrics | {"held_out_auc": 0.1},
            )
            write.add(worse)
            write.flush()
            asked.state, asked.version_id = "succeeded", worse.id
            write.execute(
                update(ActiveVersion)
                .where(ActiveVersion.collection_id == parent.collection_id)
                .values(version_id=worse.id)
            )

    monkeypatch.setattr(time, "sleep", Sleeping(work).sleep)
    known = run("retrain", remote)

    assert known["after"]["number"] == 2
    assert remote.collection("pictures").active["number"] == 1
