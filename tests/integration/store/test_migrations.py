"""The tables can be made, taken away and made again, with data in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from pycocotools import mask as coco
from sqlalchemy import MetaData, Table, func, inspect, select

from tests.support.rows import fill_every_table
from workbench.analysis.regions.counterfactual import prediction_interval
from workbench.store import migrating
from workbench.store.database import Base, db, now, session
from workbench.store.judgements import CounterfactualNote, Tag, TagCheck, Tagging, Verdict
from workbench.store.people import AuditEvent, User
from workbench.store.regions import DrawnRegion, Region, RegionOverlap
from workbench.store.results import PixelGroup


@pytest.fixture
def migrated(app: Flask) -> Flask:
    with app.app_context():
        migrating.upgrade(db.engine)
    return app


def test_a_fresh_database_has_exactly_the_tables_of_the_models(migrated: Flask) -> None:
    with migrated.app_context(), db.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert difference == []


def test_every_constraint_has_a_name(migrated: Flask) -> None:
    with migrated.app_context():
        inspector = inspect(db.engine)
        for table in Base.metadata.tables:
            assert inspector.get_pk_constraint(table)["name"]
            for constraint in (
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_check_constraints(table),
            ):
                assert constraint["name"], (table, constraint)


def test_down_and_up_again_works_with_rows_in_every_table(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        migrating.upgrade(db.engine)
        fill_every_table()

        assert left == set()
        assert session().scalar(select(User.name)) == "ada"


def test_upgrading_twice_keeps_what_is_there(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        migrating.upgrade(db.engine)

        assert migrating.is_current(db.engine)
        for table in Base.metadata.sorted_tables:
            assert session().execute(select(table)).first() is not None, table.name


def test_a_database_without_tables_is_not_current(app: Flask) -> None:
    with app.app_context():
        assert not migrating.is_current(db.engine)


def test_tags_that_stand_doubled_become_one_with_all_that_was_checked(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0007")
        old = MetaData()
        old.reflect(db.engine)
        tagging, check = old.tables["tagging"], old.tables["tag_check"]
        with db.engine.begin() as connection:
            given = connection.execute(select(tagging)).one()._asdict()
            asked = connection.execute(select(check)).one()._asdict()
            of_pattern = {**given, "pixel_group_id": None, "pattern_id": 1}
            copies = [
                *({**given, "id": each} for each in (12, 13)),
                *({**of_pattern, "id": each} for each in (21, 22)),
                {**given, "id": 31, "withdrawn_at": now()},
            ]
            for each in copies:
                connection.execute(tagging.insert(), each)
            connection.execute(check.insert(), {**asked, "id": 99, "tagging_id": 22})

        migrating.upgrade(db.engine)

        rows = select(Tagging.id).order_by(Tagging.id)
        standing = session().scalars(rows.where(Tagging.withdrawn_at.is_(None))).all()
        assert standing == [given["id"], 21]
        assert session().scalars(rows).all() == [given["id"], 12, 13, 21, 22, 31]
        assert session().get_one(TagCheck, 99).tagging_id == 21
        told = select(AuditEvent.subject, AuditEvent.detail).where(
            AuditEvent.action == "tag.withdraw"
        )
        assert [tuple(each) for each in session().execute(told.order_by(AuditEvent.subject))] == [
            ("tagging:12", {"doubled": given["id"]}),
            ("tagging:13", {"doubled": given["id"]}),
            ("tagging:22", {"doubled": 21}),
        ]


@pytest.fixture
def before_folding(migrated: Flask) -> Iterator[dict[str, Table]]:
    """The tables from before texts were folded, with a row in each."""
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0011")
        old = MetaData()
        old.reflect(db.engine)
        yield old.tables


def test_tags_that_were_typed_differently_become_the_oldest_with_all_that_bears_them(
    before_folding: dict[str, Table],
) -> None:
    tag, tagging, check = (before_folding[each] for each in ("tag", "tagging", "tag_check"))
    composed, decomposed = "\u00c4rger", "A\u0308rger"
    with db.engine.begin() as connection:
        known = connection.execute(select(tag)).one()._asdict()
        given = connection.execute(select(tagging)).one()._asdict()
        asked = connection.execute(select(check)).one()._asdict()
        for tag_id, name, description in ((8, decomposed, ""), (9, composed, "Cross.")):
            named = {"name": name, "folded_name": name.casefold(), "description": description}
            connection.execute(tag.insert(), {**known, "id": tag_id, **named})
        on_pattern = {**given, "pixel_group_id": None, "pattern_id": 1}
        for each in (
            {**on_pattern, "id": 11, "tag_id": 8},
            {**on_pattern, "id": 12, "tag_id": 9},
            {**given, "id": 13, "tag_id": 9},
        ):
            connection.execute(tagging.insert(), each)
        connection.execute(check.insert(), {**asked, "id": 99, "tagging_id": 12})

    migrating.upgrade(db.engine)

    standing = session().scalars(select(Tag).where(Tag.withdrawn_at.is_(None)).order_by(Tag.id))
    assert [(each.id, each.name, each.description) for each in standing] == [
        (known["id"], known["name"], known["description"]),
        (8, composed, "Cross."),
    ]
    bearing = select(Tagging.id).where(Tagging.tag_id == 8, Tagging.withdrawn_at.is_(None))
    assert session().scalars(bearing.order_by(Tagging.id)).all() == [11, 13]
    assert session().get_one(TagCheck, 99).tagging_id == 11
    told = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.merge")).one()
    assert (told.subject, told.detail) == ("tag:9", {"tag": composed, "into": 8})


def test_texts_that_people_wrote_before_are_found_after_the_migration(
    before_folding: dict[str, Table],
) -> None:
    with db.engine.begin() as connection:
        connection.execute(before_folding["verdict"].update().values(reason="Der \u00c4rger"))
        connection.execute(before_folding["counterfactual_note"].update().values(text="Straße"))

    migrating.upgrade(db.engine)

    assert session().scalars(select(Verdict.folded_reason)).all() == ["der \u00e4rger"]
    assert session().scalars(select(CounterfactualNote.folded_text)).all() == ["strasse"]


def test_a_name_given_again_after_it_was_withdrawn_survives_the_way_down_and_up(
    migrated: Flask,
) -> None:
    with migrated.app_context():
        fill_every_table()
        tag = session().scalars(select(Tag)).one()
        tag.withdrawn_at = now()
        old = session().scalars(select(Tagging)).one()
        old.withdrawn_at = now()
        session().add(Tag(name="BLUR", created_by_id=tag.created_by_id))
        session().add(Tag(name="Gone", created_by_id=tag.created_by_id, withdrawn_at=now()))
        session().commit()
        session().close()

        migrating.downgrade(db.engine, "0011")
        migrating.upgrade(db.engine)

        assert sorted(session().scalars(select(Tag.name))) == ["BLUR", "Gone"]
        assert session().scalars(select(Tag.name).join(Tagging)).all() == ["BLUR"]


def test_notes_on_regions_keep_the_interval_that_their_expectation_was_tested_by(
    migrated: Flask,
) -> None:
    controls = np.array([-0.30, -0.1, 0.05, -0.02, 0.1, 0.0, -0.06, 0.03, -0.04, 0.12])
    kept = {"control_mean": float(controls.mean()), "control_spread": float(controls.std(ddof=1))}
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0017")
        old = MetaData()
        old.reflect(db.engine)
        note = old.tables["counterfactual_note"]
        with db.engine.begin() as connection:
            known = connection.execute(select(note)).one()._asdict()
            for each, kind in ((8, "region"), (9, "dimension")):
                edit = {"kind": kind, "label": kind}
                connection.execute(note.insert(), {**known, **kept, "id": each, "edit": edit})

        migrating.upgrade(db.engine)

        low, high = prediction_interval(controls) or (None, None)
        region, dimension = (session().get_one(CounterfactualNote, each) for each in (8, 9))
        assert (region.control_low, region.control_high) == pytest.approx((low, high))
        assert (dimension.control_low, dimension.control_high) == (None, None)


def test_masks_of_groups_become_regions_that_versions_share_and_come_back_on_the_way_down(
    migrated: Flask,
) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0032")
        old = MetaData()
        old.reflect(db.engine)
        group, version = old.tables["pixel_group"], old.tables["model_version"]
        square, half = run_lengths(0, 40), run_lengths(0, 20)
        with db.engine.begin() as connection:
            first = connection.execute(select(version)).one()._asdict()
            connection.execute(version.insert(), {**first, "id": 8, "number": 2})
            connection.execute(group.update().values(rle=square, width=40, area=40 * 224))
            known = connection.execute(select(group)).one()._asdict()
            same = {**known, "id": 20, "version_id": 8, "pattern_id": None}
            connection.execute(group.insert(), same)
            connection.execute(
                group.insert(),
                {**same, "id": 21, "number": 1, "rle": half, "width": 20, "area": 20 * 224},
            )

        migrating.upgrade(db.engine)

        groups = {each.id: each for each in session().scalars(select(PixelGroup))}
        assert groups[20].region_id == groups[known["id"]].region_id
        assert (groups[20].region.rle, groups[20].region.width) == (square, 40)
        assert (groups[21].region.rle, groups[21].region.area) == (half, 20 * 224)
        assert session().scalar(select(func.count()).select_from(Region)) == 2
        [*overlaps] = session().scalars(select(RegionOverlap))
        assert {(each.region_id, each.other_id) for each in overlaps} == {
            (groups[20].region_id, groups[21].region_id),
            (groups[21].region_id, groups[20].region_id),
        }
        assert {each.iou for each in overlaps} == {0.5}
        shares = {(each.region_id, each.share) for each in overlaps}
        assert shares == {(groups[20].region_id, 0.5), (groups[21].region_id, 1.0)}
        session().close()

        migrating.downgrade(db.engine, "0032")

        with db.engine.connect() as connection:
            back = connection.execute(select(group.c.id, group.c.rle).order_by(group.c.id)).all()
        assert back == [(known["id"], square), (20, square), (21, half)]
        migrating.upgrade(db.engine)


def run_lengths(left: int, width: int) -> str:
    """Of a mask of so many whole columns."""
    mask = np.zeros((224, 224), np.uint8, order="F")
    mask[:, left : left + width] = 1
    return str(coco.encode(mask)["counts"], "ascii")  # type: ignore[arg-type]


def test_a_tag_that_two_versions_groups_of_one_region_bear_stands_once(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0034")
        old = MetaData()
        old.reflect(db.engine)
        group, version = old.tables["pixel_group"], old.tables["model_version"]
        tagging, check = old.tables["tagging"], old.tables["tag_check"]
        with db.engine.begin() as connection:
            first = connection.execute(select(version)).one()._asdict()
            connection.execute(version.insert(), {**first, "id": 8, "number": 2})
            known = connection.execute(select(group)).one()._asdict()
            connection.execute(group.insert(), {**known, "id": 20, "version_id": 8})
            given = connection.execute(select(tagging)).one()._asdict()
            connection.execute(tagging.insert(), {**given, "id": 40, "pixel_group_id": 20})
            on_pattern = {**given, "id": 41, "pixel_group_id": None, "pattern_id": 1}
            connection.execute(tagging.insert(), on_pattern)
            asked = connection.execute(select(check)).one()._asdict()
            connection.execute(
                check.insert(), {**asked, "id": 99, "tagging_id": 41, "pixel_group_id": 20}
            )

        migrating.upgrade(db.engine)

        rows = {each.id: each for each in session().scalars(select(Tagging))}
        region_id = session().get_one(PixelGroup, 20).region_id
        assert {each: rows[each].region_id for each in rows} == {
            given["id"]: region_id,
            40: region_id,
            41: None,
        }
        assert [each for each in rows if rows[each].withdrawn_at is None] == [given["id"], 41]
        assert session().get_one(TagCheck, 99).region_id == region_id
        told = session().scalars(select(AuditEvent).where(AuditEvent.subject == "tagging:40")).one()
        assert (told.action, told.detail) == ("tag.withdraw", {"doubled": given["id"]})
        session().close()

        migrating.downgrade(db.engine, "0034")

        with db.engine.connect() as connection:
            back = connection.execute(
                select(tagging.c.id, tagging.c.pixel_group_id, tagging.c.pattern_id).order_by(
                    tagging.c.id
                )
            )
            assert back.all() == [
                (given["id"], known["id"], None),
                (40, known["id"], None),
                (41, None, 1),
            ]
        migrating.upgrade(db.engine)


def test_tags_from_before_the_tree_are_active_and_stay_as_they_are_on_the_way_down(
    migrated: Flask,
) -> None:
    with migrated.app_context():
        fill_every_table()
        first = session().scalars(select(Tag)).one()
        first.state, first.hotkey, first.hue = "deprecated", "1", 3
        child = Tag(name="Soft", created_by_id=first.created_by_id, parent_id=first.id)
        merged = Tag(name="Haze", created_by_id=first.created_by_id, replaced_by_id=first.id)
        merged.withdrawn_at = now()
        session().add_all([child, merged])
        session().commit()
        session().close()

        migrating.downgrade(db.engine, "0036")
        migrating.upgrade(db.engine)

        found = session().scalars(select(Tag).order_by(Tag.id)).all()
        assert [(each.name, each.withdrawn_at is None) for each in found] == [
            ("Blur", True),
            ("Soft", True),
            ("Haze", False),
        ]
        assert {(each.state, each.hotkey, each.hue, each.revision) for each in found} == {
            ("active", None, None, 1)
        }
        assert session().scalars(select(Tagging.tag_id)).all() == [found[0].id]


def test_what_was_drawn_stays_as_a_region_on_the_way_down_where_it_has_pixels(
    migrated: Flask,
) -> None:
    with migrated.app_context():
        fill_every_table()
        given = session().scalars(select(Tagging)).one()
        image_id = session().scalars(select(Region.image_id).limit(1)).one()
        drawn = session().scalars(select(DrawnRegion)).one()
        inside, outside = (
            Region(image_id=image_id, rle=rle, left=0, top=0, width=side, height=side, area=side**2)
            for rle, side in (("2", 5), ("3", 0))
        )
        session().add_all([inside, outside])
        session().flush()
        for region in (inside, outside):
            copy = {
                each.name: getattr(drawn, each.name)
                for each in DrawnRegion.__table__.columns
                if each.name != "id"
            }
            session().add(DrawnRegion(**copy | {"region_id": region.id}))
            tagging = Tagging(tag_id=given.tag_id, region_id=region.id, user_id=given.user_id)
            session().add(tagging)
            session().flush()
            session().add(
                TagCheck(
                    tagging_id=tagging.id, region_id=region.id, user_id=given.user_id, fits=True
                )
            )
        first, kept, lost = given.region_id, inside.id, outside.id
        session().commit()
        session().close()

        migrating.downgrade(db.engine, "0038")
        migrating.upgrade(db.engine)

        assert session().get(Region, kept) is not None
        assert session().get(Region, lost) is None
        regions = session().scalars(select(Tagging.region_id).order_by(Tagging.id)).all()
        assert regions == [first, kept]
        findings = session().execute(select(Tagging.reason, Tagging.severity, Tagging.revision))
        assert set(map(tuple, findings)) == {("", None, 1)}
        assert session().scalars(select(DrawnRegion)).all() == []
        checked = session().scalars(select(TagCheck.region_id).order_by(TagCheck.id)).all()
        assert checked == [first, kept]
