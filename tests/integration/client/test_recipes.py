"""The recipes of docs/api.md, run as they stand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.server import ROOT
from workbench.client import Workbench
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.outcomes import WRONG
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed
DOCUMENTED = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def run(name: str, bench: Workbench) -> dict[str, Any]:
    """What a recipe leaves behind, run on the collection that there is."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENTED, re.DOTALL)
    (code,) = (each for each in blocks if each.startswith(f"# {name}\n"))
    assert '"faces"' in code
    known: dict[str, Any] = {"bench": bench}
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
