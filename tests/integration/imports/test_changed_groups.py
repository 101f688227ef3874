"""A table that says another group or split: told before and after, and never across the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.layouts import draw
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.hygiene.actions import one_group
from workbench.services.hygiene.findings import Finding
from workbench.services.imports.changes import Acceptance
from workbench.services.imports.preview import Preview, preview_import
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.database import now, session, transaction
from workbench.store.hygiene import DataCheck
from workbench.store.images import Image
from workbench.store.people import AuditEvent

Row = tuple[str, str, str]
ACCEPTED = Acceptance(accepted=True)
NAMES = ("a.png", "b.png", "c.png", "d.png")
BEFORE: list[Row] = [
    ("a.png", "one", "train"),
    ("b.png", "one", "train"),
    ("c.png", "two", "train"),
    ("d.png", "three", "test"),
]
STRADDLES = "the group {group} is in the {side}, this image in the {other}"


class Table:
    """Four pictures and a table of them, which says something else each time it is imported."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        draw(folder, *NAMES)
        self._path = folder / "list.csv"
        self._settings = settings

    def says(self, *rows: Row) -> None:
        changed = {name: (group, split) for name, group, split in rows}
        before = {name: (group, split) for name, group, split in BEFORE}
        lines = [
            f"{name},{'fake' if name == 'b.png' else 'real'},{','.join(each)}"
            for name, each in (before | changed).items()
        ]
        self._path.write_text("\n".join(["path,label,group,split", *lines]))

    def imported(self, **options: Any) -> ImportReport:
        return import_images(
            self._path, collection="set", settings=self._settings, progress=Silent(), **options
        )

    def previewed(self) -> Preview:
        return preview_import(self._path, collection="set", settings=self._settings, begun=True)


@pytest.fixture
def table(tables: Flask, settings: Settings, tmp_path: Path) -> Table:
    made = Table(tmp_path / "set", settings)
    made.says()
    made.imported()
    return made


def groups() -> dict[str, tuple[str, bool]]:
    session().rollback()
    rows = session().execute(select(Image.name, Image.group_key, Image.held_out))
    return {name: (group, held_out) for name, group, held_out in rows}


def told(found: ImportReport | Preview) -> list[tuple[str, str, str, str, str]]:
    return [(each.name, each.what, each.old, each.new, each.hindrance) for each in found.changes]


def test_another_group_is_told_by_dry_run_and_report_and_stays_until_it_is_accepted(
    table: Table,
) -> None:
    table.says(("b.png", "four", "train"))

    preview, report = table.previewed(), table.imported()

    change = ("b.png", "group", "one", "four", "")
    assert told(preview) == told(report) == [change]
    assert (preview.already, preview.changed, report.changed, report.accepted) == (3, 1, 1, False)
    assert report.changes[0].words == "b.png: group one → four"
    assert groups()["b.png"] == ("one", False)

    accepted = table.imported(by=ACCEPTED)

    assert (told(accepted), accepted.accepted) == ([change], True)
    assert groups()["b.png"] == ("four", False)
    [event] = session().scalars(select(AuditEvent).where(AuditEvent.action == "image.change"))
    assert event.detail == {"group": {"old": "one", "new": "four"}}
    assert table.imported().already == 4


def test_a_group_that_is_on_the_other_side_of_the_split_is_refused_with_the_reason(
    table: Table,
) -> None:
    table.says(("c.png", "three", ""), ("a.png", "two", ""))

    for found in (table.previewed(), table.imported(), table.imported(by=ACCEPTED)):
        reasons = {each.name: each.hindrance for each in found.changes}
        assert reasons == {
            "c.png": STRADDLES.format(group="three", side="test split", other="training split"),
            "a.png": "",
        }
    assert groups()["c.png"] == ("two", False)
    assert groups()["a.png"] == ("two", False)


def test_groups_of_both_sides_are_not_joined_under_a_new_name(table: Table) -> None:
    table.says(*((name, "all", "") for name in NAMES))

    for found in (table.previewed(), table.imported(), table.imported(by=ACCEPTED)):
        refused = [each.name for each in found.changes if each.hindrance]
        assert refused == ["d.png"]
    assert {name: group for name, (group, _side) in groups().items()} == {
        **dict.fromkeys(NAMES, "all"),
        "d.png": "three",
    }


def test_a_label_is_accepted_though_the_group_beside_it_is_refused(
    table: Table, tmp_path: Path
) -> None:
    table.says(("c.png", "three", ""))
    written = tmp_path / "set" / "list.csv"
    written.write_text(written.read_text().replace("c.png,real", "c.png,fake"))

    report = table.imported(by=ACCEPTED)

    assert [(each.what, bool(each.hindrance)) for each in report.changes] == [
        ("label", False),
        ("group", True),
    ]
    image = session().scalars(select(Image).where(Image.name == "c.png")).one()
    assert (image.label, image.group_key) == ("fake", "two")


def test_a_table_that_names_no_group_says_nothing_of_it(table: Table) -> None:
    table.says(("a.png", "", ""))

    assert told(table.imported()) == []


def test_an_image_that_came_without_a_group_gets_the_one_that_the_table_says_now(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    table = Table(tmp_path / "set", settings)
    table.says(*((name, "", "") for name in NAMES))
    table.imported()
    table.says(("a.png", "one", ""), *((name, "", "") for name in NAMES[1:]))

    report = table.imported(by=ACCEPTED)

    assert told(report) == [("a.png", "group", "", "one", "")]
    assert groups()["a.png"][0] == "one"


def test_what_people_joined_on_the_data_page_is_not_taken_apart_by_the_same_table(
    table: Table, ada: Account
) -> None:
    with transaction() as write:
        ids = dict(write.execute(select(Image.name, Image.id)).tuples().all())
        collection_id = write.scalar(select(Image.collection_id).limit(1))
        finding = Finding(
            "duplicates_across_split",
            "note",
            {"images": 2},
            groups=((ids["a.png"], ids["c.png"]),),
        )
        write.add(
            DataCheck(
                collection_id=collection_id,
                images=4,
                findings=[finding.as_json()],
                checked_at=now(),
            )
        )
    one_group(ada.id, "set", finding.key)
    assert groups()["c.png"] == ("one", False)

    assert told(table.previewed()) == told(table.imported(by=ACCEPTED)) == []
    table.says(("c.png", "five", ""))
    [change] = table.imported(by=ACCEPTED).changes

    assert change.hindrance == "it was joined with its duplicates on the Data page; undo that first"
    assert groups()["c.png"] == ("one", False)


@pytest.mark.parametrize(
    ("name", "split", "reason"),
    [
        (
            "c.png",
            "test",
            (
                "imported earlier as training split, now test split: versions may have been "
                "trained on it, and their test figures would count it"
            ),
        ),
        (
            "d.png",
            "train",
            (
                "imported earlier as test split, now training split: test figures of earlier "
                "versions count it, and later ones would be trained on it"
            ),
        ),
    ],
)
def test_another_split_is_refused_and_the_dry_run_says_so_too(
    table: Table, name: str, split: str, reason: str
) -> None:
    table.says((name, "two" if name == "c.png" else "three", split))

    preview, report = table.previewed(), table.imported(by=ACCEPTED)

    assert report.rejections == ((name, reason),)
    assert {why: each.names for why, each in preview.ignored.items()} == {reason: [name]}
    assert (preview.images, preview.already, preview.changes) == (3, 3, ())
    assert (report.already, report.rejected) == (3, 1)
    assert groups()[name][1] == (name == "d.png")


def test_a_moved_file_of_another_split_is_told_by_the_dry_run_too(
    table: Table, tmp_path: Path
) -> None:
    with transaction() as write:
        write.execute(
            update(Image).where(Image.name == "c.png").values(original_uri="file:///gone")
        )
    table.says(("c.png", "two", "test"))

    assert [each.names for each in table.previewed().ignored.values()] == [["c.png"]]
    assert [name for name, _reason in table.imported().rejections] == ["c.png"]
