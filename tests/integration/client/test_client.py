"""The client reads and judges as the pages do, and asks again where that may help."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import httpx2
import numpy as np
import pytest
from sqlalchemy import func, select

from tests.integration.client.conftest import Counting
from workbench.client import Workbench, WorkbenchError, connection
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed


@pytest.fixture(autouse=True)
def _waits_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.time, "sleep", lambda _seconds: None)


def verdicts() -> int:
    session().rollback()
    return session().scalar(select(func.count()).select_from(Verdict)) or 0


def test_a_frame_has_each_image_with_its_prediction_and_decision(
    version_id: int, remote: Workbench
) -> None:
    pictures = remote.collection("pictures")
    first = next(pictures.images(order="fake"))
    first.judge("real", "a drawing")
    table = pictures.frame()

    rows = session().execute(
        select(Image.id, Image.name, Prediction.p, Prediction.logit, Prediction.label)
        .join(Prediction, Prediction.image_id == Image.id)
        .where(Prediction.version_id == version_id)
        .order_by(Image.id)
    )
    ids, names, p, logits, labels = zip(*rows, strict=True)
    assert table["image_id"].to_pylist() == list(ids)
    assert table["name"].to_pylist() == list(names)
    assert table["label"].to_pylist() == list(labels)
    np.testing.assert_allclose(table["p"].to_numpy(), p, rtol=1e-6)
    np.testing.assert_allclose(table["logit"].to_numpy(), logits, rtol=1e-5)
    decided = {row["image_id"]: row["decision"] for row in table.to_pylist()}
    assert {key for key, value in decided.items() if value} == {first.id}
    assert decided[first.id] == "real"


def test_a_frame_holds_the_images_of_the_selection(remote: Workbench) -> None:
    pictures = remote.collection("pictures")
    fakes = pictures.frame(label="fake", split="training")

    assert set(fakes["label"].to_pylist()) == {"fake"}
    assert not any(fakes["held_out"].to_pylist())
    assert sorted(fakes["image_id"].to_pylist()) == sorted(
        each.id for each in pictures.images(label="fake", split="training")
    )


def test_an_image_shows_itself_with_its_heatmap_and_pixel_groups(remote: Workbench) -> None:
    pictures = remote.collection("pictures")
    image = next(each for each in pictures.images() if each.groups)
    html = image._repr_html_()

    drawing = html[html.rindex("<svg") : html.rindex("</svg>") + len("</svg>")]
    found = ET.fromstring(drawing)
    space = "{http://www.w3.org/2000/svg}"
    assert len(found.findall(f"{space}image")) == 2
    assert len(found.findall(f"{space}path")) == len(image.groups)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_a_name_cannot_put_markup_into_a_notebook(analysed: Workspace, remote: Workbench) -> None:
    with transaction() as write:
        image = write.scalars(
            select(Image).where(Image.collection_id == analysed.collection.id).limit(1)
        ).one()
        image.name = "<script>alert(1)</script>.png"
        image_id = image.id

    html = remote.collection("pictures").image(image_id)._repr_html_()
    assert "<script" not in html


def test_a_refusal_is_raised_with_what_the_workbench_said(remote: Workbench) -> None:
    pictures = remote.collection("pictures")
    image = next(pictures.images())
    given = image.judge("fake")

    with pytest.raises(WorkbenchError) as refused:
        image.judge("real", seen=0)
    assert refused.value.kind == "edit-conflict"
    assert refused.value.problem["revision"] == given["id"]
    with pytest.raises(WorkbenchError, match="/decision"):
        image.judge("perhaps")
    with pytest.raises(WorkbenchError, match="404"):
        remote.collection("nowhere")


@pytest.mark.parametrize(
    "broken",
    [
        httpx2.ReadError("the connection broke"),
        httpx2.Response(503, headers={"Retry-After": "2"}),
        httpx2.Response(429, headers={"Retry-After": "2"}),
    ],
)
def test_what_came_to_nothing_is_sent_again(
    remote: Workbench, transport: Counting, broken: httpx2.Response | Exception
) -> None:
    image = next(remote.collection("pictures").images())
    transport.before = [broken]

    assert image.judge("fake")["decision"] == "fake"
    assert verdicts() == 1


def test_a_verdict_whose_answer_was_lost_is_given_once(
    remote: Workbench, transport: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = next(remote.collection("pictures").images())
    passed_on = transport.inner.handle_request
    lost = []

    def lose(request: httpx2.Request) -> httpx2.Response:
        answer = passed_on(request)
        if request.method == "POST" and not lost:
            lost.append(answer.status_code)
            raise httpx2.ReadError("the connection broke")
        return answer

    monkeypatch.setattr(transport.inner, "handle_request", lose)

    assert image.judge("fake")["decision"] == "fake"
    assert lost == [201]
    assert verdicts() == 1


def test_after_some_tries_it_gives_up(remote: Workbench, transport: Counting) -> None:
    remote.call("list_collections")
    transport.before = [httpx2.Response(503)] * connection.TRIES

    with pytest.raises(WorkbenchError, match="503"):
        remote.call("list_collections")
    assert transport.before == []


def test_an_operation_that_there_is_not_is_named(remote: Workbench) -> None:
    with pytest.raises(TypeError, match="make_coffee"):
        remote.call("make_coffee")
    with pytest.raises(TypeError, match="needs name"):
        remote.call("get_collection")


def test_a_workbench_shows_its_collections(remote: Workbench) -> None:
    html = remote._repr_html_()
    count = remote.collection("pictures").facts["images"]

    assert f"<td>pictures</td><td>{count}</td><td>1</td>" in html


def test_no_fact_is_hidden_behind_a_method_but_the_images_of_a_collection(
    remote: Workbench,
) -> None:
    pictures = remote.collection("pictures")
    image = next(pictures.images())
    records = [pictures, image, *pictures.patterns()[:1]]
    image.reload()
    hidden = {
        (type(each).__name__, name)
        for each in records
        for name in each.facts
        if hasattr(type(each), name)
    }

    assert hidden == {("Collection", "images")}
