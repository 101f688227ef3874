"""What there is, in numbers: for the command line and for checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from workbench.services.models.figures import Figures, Signal, figures_of, signal_of
from workbench.services.models.versions import PRECISION
from workbench.services.runs.lease import worker_alive
from workbench.services.runs.queue import open_run
from workbench.services.workspaces import CollectionSummary, collections
from workbench.store.database import Base, session
from workbench.store.judgements import CounterfactualNote, Tag, Verdict
from workbench.store.results import Cell, Pattern, PixelGroup
from workbench.store.versions import ActiveVersion, ModelVersion


@dataclass(frozen=True)
class CollectionStatus:
    """One collection and its active version."""

    name: str
    images: int
    real: int
    fake: int
    unlabelled: int
    version: int | None
    encoder: str | None
    precision: str | None
    """What the encoder computes in; None in versions from before it was kept."""
    held_out_auc: float | None
    """On the test set, with its 95% interval."""
    auc_interval: tuple[float, float] | None
    cross_validated_auc: float | None
    """On the training images, each by a head that was not trained on it, with its interval."""
    cross_validated_interval: tuple[float, float] | None
    signal: Signal | None
    made_alike: str
    """What the version's images were made alike by; empty where they were taken as they are."""
    warning: str
    """Why figures made from these images are doubtful; empty where nothing is known."""
    dimensions: int
    pixel_groups: int
    patterns: int
    cells: int
    run: str | None


@dataclass(frozen=True)
class Status:
    """Sums over all collections; AUC and `dimensions` of the newest active version."""

    images: int
    held_out_auc: float | None
    cross_validated_auc: float | None
    dimensions: int
    pixel_groups: int
    patterns: int
    cells: int
    verdicts: int
    tags: int
    notes: int
    worker: bool
    collections: tuple[CollectionStatus, ...]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return asdict(self)


def check_database() -> None:
    """Ask the database for nothing. Raises StorageError where it does not answer."""
    session().execute(select(1))


def status() -> Status:
    """Count everything."""
    each = tuple(_of(summary) for summary in collections())
    newest = session().scalar(
        select(ModelVersion)
        .join(ActiveVersion, ActiveVersion.version_id == ModelVersion.id)
        .order_by(ActiveVersion.since.desc())
        .limit(1)
    )
    measured = figures_of(newest.metrics if newest else {})
    return Status(
        images=sum(one.images for one in each),
        held_out_auc=measured.test.auc,
        cross_validated_auc=measured.cross_validated.auc if measured.cross_validated else None,
        dimensions=newest.dimensions if newest else 0,
        pixel_groups=sum(one.pixel_groups for one in each),
        patterns=sum(one.patterns for one in each),
        cells=sum(one.cells for one in each),
        verdicts=_count(Verdict, Verdict.withdrawn_at.is_(None)),
        tags=_count(Tag),
        notes=_count(CounterfactualNote, CounterfactualNote.withdrawn_at.is_(None)),
        worker=worker_alive(),
        collections=each,
    )


def _of(summary: CollectionSummary) -> CollectionStatus:
    active = session().get(ActiveVersion, summary.id)
    version = active.version if active else None
    figures = figures_of(version.metrics if version else {})
    crossed = figures.cross_validated or Figures()
    run = open_run(summary.id)

    def count(table: type[Cell | Pattern | PixelGroup]) -> int:
        return _count(table, table.version_id == version.id) if version else 0

    return CollectionStatus(
        name=summary.name,
        images=summary.images,
        real=summary.real,
        fake=summary.fake,
        unlabelled=summary.unlabelled,
        version=version.number if version else None,
        encoder=version.encoder if version else None,
        precision=version.metrics.get(PRECISION) if version else None,
        held_out_auc=figures.test.auc,
        auc_interval=figures.test.auc_interval,
        cross_validated_auc=crossed.auc,
        cross_validated_interval=crossed.auc_interval,
        signal=signal_of(figures),
        made_alike=summary.active.made_alike if summary.active else "",
        warning=summary.warning(),
        dimensions=version.dimensions if version else 0,
        pixel_groups=count(PixelGroup),
        patterns=count(Pattern),
        cells=count(Cell),
        run=run.state if run else None,
    )


def _count(table: type[Base], *conditions: ColumnElement[bool]) -> int:
    return session().scalar(select(func.count()).select_from(table).where(*conditions)) or 0
