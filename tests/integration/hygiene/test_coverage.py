"""A check counts what a collection covers, and says where dates tell the label apart."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask
from sqlalchemy import update

from tests.support.layouts import draw
from workbench.config import Settings
from workbench.services.hygiene.check import check, newest_check
from workbench.services.hygiene.coverage import Counted
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.database import session, transaction
from workbench.store.hygiene import DataCheck

COUNT = 20


def test_a_check_keeps_the_images_by_generator_class_and_year(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    lines = ["path,label,generator,class,date"]
    for each in range(COUNT):
        lines.append(f"{each}-real.png,real,,cat,{2004 + each % 8}-05-04")
        lines.append(f"{each}-fake.png,fake,flux,cat,2024")
    lines.append("other.png,none,,,")
    draw(tmp_path, *(line.split(",")[0] for line in lines[1:]))
    (tmp_path / "list.csv").write_text("\n".join(lines))
    import_images(tmp_path / "list.csv", collection="set", settings=settings, progress=Silent())

    found = check("set", settings)

    assert found.coverage is not None
    assert found.coverage.generators.named == (Counted("flux", 0, COUNT, 0),)
    assert found.coverage.generators.unnamed == Counted("", COUNT, 0, 1)
    assert found.coverage.classes.named == (Counted("cat", COUNT, COUNT, 0),)
    years = {each.name: (each.real, each.fake) for each in found.coverage.years.named}
    assert list(years) == ["2004", "2005", "2006", "2007", "2008", "2009", "2010", "2011", "2024"]
    assert years["2024"] == (0, COUNT)
    assert found.coverage.years.unnamed == Counted("", 0, 0, 1)
    apart = found.finding("years_apart")
    assert apart is not None
    assert (apart.figures["real_years"], apart.figures["fake_years"]) == ([2004, 2011], [2024] * 2)
    assert json.loads(json.dumps(found.as_json()))["coverage"]["years"]["names"] == 9

    with transaction() as write:
        write.execute(update(DataCheck).values(coverage=None))
    session().expunge_all()
    earlier = newest_check("set")
    assert earlier is not None
    assert earlier.coverage is None, "a check from before coverage was counted"
