"""Agreement and the dashboard over 100,000 verdicts of 16 people and 20,000 tags.

Milliseconds of the services behind each page, medians of `REPEATS`, in this process, on SQLite and
on PostgreSQL beside it: agreement looked at closely for verdicts and for a tag, and the dashboard.
Verdicts are spread over a made-up collection, so that most images have several.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks.command import Figures, parser, show
from benchmarks.web.databases import DATABASES, Filled, filled_databases
from workbench.app import create_app
from workbench.services import accounts
from workbench.services.agreement.report import report
from workbench.services.dashboard.report import dashboard, span_of
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag, Tagging, Verdict
from workbench.store.people import AuditEvent
from workbench.store.regions import Region

IMAGES = 25_000
VERDICTS = 100_000
TAGGINGS = 20_000
QUICK = 10
"""Quick runs have one image, verdict and tag for each so many of the full ones."""
PEOPLE = 16
TAGS = 40
DAYS = 60
REPEATS = 3


def main() -> None:
    """Fill, ask, report."""
    options = parser(__doc__ or "")
    options.add_argument("--databases", default=",".join(DATABASES), help="sqlite, postgres, both")
    options.add_argument("--keep", type=Path, help="keep filled databases here, or use what is")
    chosen = options.parse_args()
    part = QUICK if chosen.quick else 1
    figures: Figures = {"verdicts": VERDICTS // part, "tags": TAGGINGS // part}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases.split(","):
            print(f"{database}, {VERDICTS // part:,} verdicts", file=sys.stderr)
            measured = measure(store.filled(database, IMAGES // part), part)
            figures |= {f"{key}_{database}": value for key, value in measured.items()}
    show(figures, as_json=chosen.json)


def measure(filled: Filled, part: int) -> Figures:
    """Milliseconds of each page's services."""
    with create_app(filled.settings).app_context():
        name = session().scalars(select(Collection.name).order_by(Collection.id)).first() or ""
        fill_reviews(workspace(name), VERDICTS // part, TAGGINGS // part)
        of = workspace(name)
        collection_id = of.collection.id
        version_id = of.version.id if of.version else None
        tag_id = (
            session()
            .scalars(
                select(Tagging.tag_id)
                .where(Tagging.region_id.is_not(None))
                .group_by(Tagging.tag_id)
                .order_by(func.count().desc())
            )
            .first()
        )
        return {
            "agreement_verdicts_ms": _median(
                lambda: report(collection_id, version_id, "all", None)
            ),
            "agreement_tag_ms": _median(lambda: report(collection_id, version_id, "all", tag_id)),
            "dashboard_ms": _median(
                lambda: dashboard(
                    collection_id, of.collection.images, version_id, 1, span_of(None, None)
                )
            ),
        }


def fill_reviews(of: Workspace, verdicts: int, taggings: int) -> None:
    """Verdicts and tags of people who agree for the most part, over the last 60 days."""
    chance = random.Random(0)
    people = [
        accounts.add_user(f"reviewer {number}", "correct horse battery", "reviewer").id
        for number in range(PEOPLE)
    ]
    of_collection = Image.collection_id == of.collection.id
    images = session().execute(select(Image.id, Image.label).where(of_collection)).tuples().all()
    regions = (
        session()
        .scalars(
            select(Region.id).join(Image).where(of_collection).order_by(Region.id).limit(taggings)
        )
        .all()
    )
    session().rollback()
    begun = now() - timedelta(days=DAYS)

    def at() -> object:
        return begun + timedelta(seconds=chance.randrange(DAYS * 86_400))

    with transaction() as write:
        tags = [Tag(name=f"artefact {each}", created_by_id=people[0]) for each in range(TAGS)]
        for tag in tags:
            tag.created_at = begun
        write.add_all(tags)
        write.flush()
        write.execute(
            insert(Verdict),
            [
                {
                    "image_id": image_id,
                    "user_id": chance.choice(people),
                    "decision": (label or "fake")
                    if chance.random() < 0.8
                    else chance.choice(("real", "fake", "unsure", "exclude")),
                    "reason": "",
                    "folded_reason": "",
                    "created_at": at(),
                }
                for image_id, label in chance.choices(images, k=verdicts)
            ],
        )
        write.execute(
            insert(Tagging),
            [
                {
                    "tag_id": chance.choice(tags).id,
                    "region_id": region_id,
                    "user_id": chance.choice(people),
                    "created_at": at(),
                }
                for region_id in regions
            ],
        )


def _decide() -> None:
    """Have something happen, so that a report that was kept is computed anew."""
    session().rollback()
    with transaction() as write:
        write.add(AuditEvent(action="benchmark", subject="benchmark:1"))


def _median(work: Callable[[], object]) -> float:
    work()  # what is read once stays
    times = []
    for _time in range(REPEATS):
        _decide()
        session().expunge_all()
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
