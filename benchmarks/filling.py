"""Fill a workbench with a made-up analysed collection, by the rows that an analysis writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.bulk import Bulk, bulk_for, insert, without_indexes
from benchmarks.command import OnStandardError
from benchmarks.made_up import (
    DIMENSIONS,
    GENERATORS,
    GROUPS_AN_IMAGE,
    KINDS,
    LOGIT_WEIGHT,
    PATTERNS,
    Kinds,
    Made,
    as_jpeg,
    draw_pictures,
    make_images,
    make_kinds,
    prepared_masks,
)
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.layout.cells import CellSummary, summarise_cells
from workbench.analysis.regions.pixel_groups import PixelGroup as Mask
from workbench.app import create_app
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.models.weights import store_head
from workbench.store import migrating
from workbench.store.artifacts import store_arrays
from workbench.store.database import Base, db, now, session, transaction
from workbench.store.image_files import store_normalised
from workbench.store.images import Collection, Image, ImportRun
from workbench.store.judgements import (
    DECISIONS,
    CounterfactualNote,
    Tag,
    Tagging,
    Verdict,
)
from workbench.store.results import OUTCOMES, Cell, Pattern, PixelGroup, Prediction, ResultShard
from workbench.store.versions import (
    ActiveVersion,
    CuratedDataset,
    CuratedItem,
    ModelVersion,
    TrainingRun,
)

FILLING = 1
"""Raise it whenever the same seed would fill a database otherwise: kept ones are then made anew."""
COLLECTION = "made-up"
NAME, PASSWORD = "ada", "correct horse battery"
OTHERS = ("ben", "cleo", "dan", "eve")
FEATURES = 9216
"""Length of the packaged encoder's embedding."""
SHARDS = 4
CHUNK = 20_000
TAGS = 200
TAGGINGS = 2000
VERDICTS = 5000
NOTES = 300
MOMENT = "2026-01-05 09:00:00.000000"
"""In UTC, as SQLite keeps it."""
BIG = (Image, CuratedItem, Prediction, PixelGroup, Cell)


@dataclass(frozen=True)
class Ids:
    """Of the few rows that the many refer to."""

    collection: int
    dataset: int
    version: int
    shards: tuple[int, ...]
    people: tuple[int, ...]


def fill(settings: Settings, images: int, *, seed: int = 0) -> None:
    """Make the tables of an empty database and fill them; the same seed gives the same rows."""
    progress = OnStandardError()
    with create_app(settings).app_context():
        migrating.upgrade(db.engine)
        kinds = make_kinds(seed)
        pictures = draw_pictures(seed)
        masks = prepared_masks(kinds, pictures)
        hashes = [store_normalised(settings.image_dir, as_jpeg(each)) for each in pictures]
        made = make_images(kinds, images, seed)
        ids = _write_few(kinds, made, settings)
        session().close()
        engine = db.engine
        engine.dispose()
        bulk = bulk_for(engine)
        tables = [each.__table__ for each in BIG]
        with without_indexes(bulk, engine, tables):
            writing = Writing(bulk, ids, kinds, made, seed)
            for stage, write in (
                ("Images", lambda: writing.images(hashes)),
                ("Predictions", writing.predictions),
                ("Pixel groups", lambda: writing.groups(masks)),
                ("Patterns", writing.patterns),
                ("Tags, verdicts, notes", writing.judgements),
                ("Cells", writing.cells),
            ):
                progress.advance(0, 1, stage)
                write()
            progress.advance(0, 1, "Indexes")
        bulk.finish(Base.metadata.sorted_tables)
        engine.dispose()


def _write_few(kinds: Kinds, made: Made, settings: Settings) -> Ids:
    people = [accounts.add_user(NAME, PASSWORD, "developer")]
    people += [accounts.add_user(name, PASSWORD, "reviewer") for name in OTHERS]
    head = store_head(_head(settings.seed), settings)
    step = KINDS // SHARDS
    artifacts = [
        store_arrays(
            settings.artifact_dir,
            "results",
            {
                name: getattr(kinds, name)[start : start + step]
                for name in ("token_maps", "activations", "directions")
            },
        )
        for start in range(0, KINDS, step)
    ]
    with transaction() as current:
        collection = Collection(
            name=COLLECTION,
            title="Made up",
            description="Rows for a benchmark; no analysis.",
            real=int((~made.fake).sum()),
            fake=int(made.fake.sum()),
        )
        current.add(collection)
        current.flush()
        counts = {"imported": len(made.kind)}
        dataset = CuratedDataset(
            collection_id=collection.id, sha256="0" * 64, counts=_dataset_counts(made)
        )
        current.add_all(
            [
                dataset,
                ImportRun(
                    collection_id=collection.id,
                    source="/made-up",
                    state="succeeded",
                    counts=counts,
                    finished_at=now(),
                ),
            ]
        )
        current.flush()
        version = ModelVersion(
            collection_id=collection.id,
            number=1,
            dataset_id=dataset.id,
            encoder="packaged",
            encoder_fingerprint="made up",
            relevance="smooth_share",
            dimensions=DIMENSIONS,
            weights=head,
            metrics=_metrics(kinds, made),
        )
        current.add(version)
        current.flush()
        shards = [ResultShard(version_id=version.id, artifact=each) for each in artifacts]
        current.add_all(
            [
                *shards,
                ActiveVersion(collection_id=collection.id, version_id=version.id),
                TrainingRun(
                    collection_id=collection.id,
                    trigger="first",
                    state="succeeded",
                    version_id=version.id,
                    finished_at=now(),
                ),
            ]
        )
        current.flush()
        return Ids(
            collection=collection.id,
            dataset=dataset.id,
            version=version.id,
            shards=tuple(each.id for each in shards),
            people=tuple(each.id for each in people),
        )


def _head(seed: int) -> DistilledHead:
    random = torch.Generator().manual_seed(seed)
    return DistilledHead(
        mean=torch.zeros(FEATURES),
        scale=torch.ones(FEATURES),
        weight=torch.randn(DIMENSIONS, FEATURES, generator=random) * 0.01,
        bias=torch.ones(DIMENSIONS),
        logit_weight=torch.from_numpy(LOGIT_WEIGHT),
        logit_bias=0.0,
    )


def _dataset_counts(made: Made) -> dict[str, int]:
    fake, images = int(made.fake.sum()), len(made.fake)
    return {
        "images": images,
        "real": images - fake,
        "fake": fake,
        "overturned": 0,
        "unsure": 0,
        "excluded": 0,
        "held_out": int(made.held_out.sum()),
    }


def _metrics(kinds: Kinds, made: Made) -> dict[str, Any]:
    return {
        "n": int(made.held_out.sum()),
        "held_out_auc": 0.94,
        "auc_low": 0.93,
        "auc_high": 0.95,
        "accuracy": 0.9,
        "calibration_error": 0.02,
        "readings": [f"made up, pair {index // 2}" for index in range(DIMENSIONS)],
        "map_scale": kinds.map_scale,
        "pattern_stability": 0.5,
        "effect_rank_correlation": 0.8,
    }


class Writing:
    """The many rows, chunk by chunk. Image ids and group ids count from 1 without gaps."""

    def __init__(self, bulk: Bulk, ids: Ids, kinds: Kinds, made: Made, seed: int) -> None:
        self._bulk = bulk
        self._ids = ids
        self._kinds = kinds
        self._made = made
        self._seed = seed
        self._count = len(made.kind)

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, self._count, CHUNK):
            yield slice(start, min(start + CHUNK, self._count))

    def images(self, hashes: list[str]) -> None:
        """The images, and the dataset that has them all."""
        made = self._made
        for chunk in self._chunks():
            numbers = range(chunk.start, chunk.stop)
            labels = _labels(made.fake[chunk])
            held_out = made.held_out[chunk].tolist()
            content = [
                hashlib.sha256(b"%d %d" % (self._seed, each)).hexdigest() for each in numbers
            ]
            generators = ["" if each < 0 else GENERATORS[each] for each in made.generator[chunk]]
            names = [
                f"{(generator or 'photo').casefold().replace(' ', '-')}-{number:07}.png"
                for generator, number in zip(generators, numbers, strict=True)
            ]
            insert(
                self._bulk,
                Image.__table__,
                {
                    "id": _counted(chunk),
                    "collection_id": self._ids.collection,
                    "content_hash": content,
                    "pixel_hash": [hashes[each % len(hashes)] for each in numbers],
                    "original_uri": [f"file:///made-up/{name}" for name in names],
                    "name": names,
                    "label": labels,
                    "generator": generators,
                    "group_key": content,
                    "held_out": held_out,
                    "format": "PNG",
                    "width": 512,
                    "height": 512,
                    "file_size": [200_000 + number % 65_521 for number in numbers],
                    "modified_ns": 1_700_000_000_000_000_000,
                    "imported_at": MOMENT,
                },
            )
            insert(
                self._bulk,
                CuratedItem.__table__,
                {
                    "dataset_id": self._ids.dataset,
                    "image_id": _counted(chunk),
                    "label": labels,
                    "weight": 1.0,
                    "held_out": held_out,
                },
            )

    def predictions(self) -> None:
        """Scores, places, and where the maps of each image's kind lie."""
        made = self._made
        p = made.p
        step = KINDS // SHARDS
        for chunk in self._chunks():
            kind = made.kind[chunk]
            insert(
                self._bulk,
                Prediction.__table__,
                {
                    "version_id": self._ids.version,
                    "image_id": _counted(chunk),
                    "logit": made.logit[chunk].tolist(),
                    "p": p[chunk].tolist(),
                    "label": _labels(made.fake[chunk]),
                    "outcome": [OUTCOMES[each] for each in made.outcome[chunk]],
                    "removed_change": _known(made.removed[chunk]),
                    "control_change": _known(made.control[chunk]),
                    "x": made.places[chunk, 0].tolist(),
                    "y": made.places[chunk, 1].tolist(),
                    "shard_id": [self._ids.shards[each] for each in kind // step],
                    "row": (kind % step).tolist(),
                },
            )

    def groups(self, masks: list[Mask]) -> None:
        """Four pixel groups an image, by kind, with a typicality of their own."""
        kinds, made = self._kinds, self._made
        contributions = kinds.contributions
        profiles = [[_json(each) for each in of_kind] for of_kind in kinds.profiles.tolist()]
        for chunk in self._chunks():
            kind, slot = (
                np.repeat(made.kind[chunk], GROUPS_AN_IMAGE),
                made.groups[chunk].ravel().astype(np.int64),
            )
            count = len(kind)
            pattern = kinds.patterns[kind, slot]
            random = np.random.default_rng([self._seed, 4, chunk.start])
            distance = np.abs(random.normal(0.0, 0.3, count)).tolist()
            mask = [masks[each] for each in kinds.masks[kind, slot]]
            insert(
                self._bulk,
                PixelGroup.__table__,
                {
                    "id": list(
                        range(chunk.start * GROUPS_AN_IMAGE + 1, chunk.stop * GROUPS_AN_IMAGE + 1)
                    ),
                    "version_id": self._ids.version,
                    "image_id": np.repeat(_counted(chunk), GROUPS_AN_IMAGE).tolist(),
                    "number": list(range(GROUPS_AN_IMAGE)) * (count // GROUPS_AN_IMAGE),
                    **{
                        name: [getattr(each, name) for each in mask]
                        for name in ("rle", "left", "top", "width", "height", "area")
                    },
                    "contribution": contributions[kind, slot].tolist(),
                    "by_dimension": [
                        profiles[a][b] for a, b in zip(kind.tolist(), slot.tolist(), strict=True)
                    ],
                    "pattern_id": [each + 1 if each >= 0 else None for each in pattern.tolist()],
                    "typicality": [
                        each if number >= 0 else None
                        for each, number in zip(distance, pattern.tolist(), strict=True)
                    ],
                },
            )

    def patterns(self) -> None:
        """What an analysis would say of the patterns that the groups belong to."""
        slots = self._made.groups.astype(np.int64)
        numbers = self._kinds.patterns[self._made.kind[:, None], slots].astype(np.int8)
        rows = [self._pattern(number, numbers, slots) for number in range(PATTERNS)]
        insert(
            self._bulk,
            Pattern.__table__,
            {name: [row[name] for row in rows] for name in rows[0]},
        )

    def _pattern(
        self, number: int, numbers: NDArray[np.int8], slots: NDArray[np.int64]
    ) -> dict[str, Any]:
        """One pattern's row; `numbers` and `slots` are of each group (image, group)."""
        kinds, made = self._kinds, self._made
        random = np.random.default_rng([self._seed, 5, number])
        image, place = np.nonzero(numbers == number)
        has = np.zeros(self._count, dtype=bool)
        has[image] = True
        kind, slot = made.kind[image], slots[image, place]
        contribution = kinds.contributions[kind, slot]
        # By kind first: the profiles of a large pattern's members would take much memory.
        counts = np.zeros(kinds.patterns.shape)
        np.add.at(counts, (kind, slot), 1)
        profile = (counts[..., None] * kinds.profiles).sum(axis=(0, 1)) / max(counts.sum(), 1)
        wrong = np.isin(made.outcome, (1, 3))
        lift = _share(has[wrong]) / max(_share(has), 1e-9)
        spread = 2.0 / max(np.sqrt((has & wrong).sum()), 1.0)
        mean = float(contribution.mean()) if len(contribution) else 0.0
        effect = -mean * random.uniform(0.7, 1.1)
        return {
            "id": number + 1,
            "version_id": self._ids.version,
            "number": number,
            "side": "fake" if number < PATTERNS // 2 else "real",
            "groups": len(image),
            "images": int(has.sum()),
            "mean_contribution": mean,
            "spread_contribution": float(contribution.std()) if len(contribution) else 0.0,
            "prevalence_real": _share(has[~made.fake]),
            "prevalence_fake": _share(has[made.fake]),
            "lift": lift,
            "lift_low": lift * (1 - spread),
            "lift_high": lift * (1 + spread),
            "profile": _json(profile.tolist()),
            "effect": effect,
            "effect_low": effect - 0.3,
            "effect_high": effect + 0.3,
            "effect_control": effect * 0.2,
            "effect_images": 24,
            "stability": float(random.uniform(0.2, 0.9)),
        }

    def judgements(self) -> None:
        """A taxonomy, tags on patterns and pixel groups, verdicts, counterfactual notes."""
        random = np.random.default_rng([self._seed, 6])
        people = np.array(self._ids.people)
        names = [f"made-up tag {number:03}" for number in range(TAGS)]
        insert(
            self._bulk,
            Tag.__table__,
            {
                "id": list(range(1, TAGS + 1)),
                "name": names,
                "folded_name": names,
                "created_by_id": random.choice(people, TAGS).tolist(),
                "created_at": MOMENT,
            },
        )
        patterns = random.permutation(np.repeat(np.arange(1, PATTERNS + 1), 2))[: PATTERNS * 3 // 2]
        groups = random.integers(1, self._count * GROUPS_AN_IMAGE + 1, TAGGINGS - len(patterns))
        insert(
            self._bulk,
            Tagging.__table__,
            {
                "id": list(range(1, TAGGINGS + 1)),
                "tag_id": random.integers(1, TAGS + 1, TAGGINGS).tolist(),
                "pattern_id": patterns.tolist() + [None] * len(groups),
                "pixel_group_id": [None] * len(patterns) + groups.tolist(),
                "user_id": random.choice(people, TAGGINGS).tolist(),
                "created_at": MOMENT,
            },
        )
        self._verdicts(people, random)
        self._notes(people, random)

    def _verdicts(self, people: NDArray[np.int64], random: np.random.Generator) -> None:
        """Most of them on images that the model gets wrong."""
        wrong = np.flatnonzero(np.isin(self._made.outcome, (1, 3))) + 1
        on_wrong = random.random(VERDICTS) < 0.8
        judged = np.where(
            on_wrong & (len(wrong) > 0),
            random.choice(wrong if len(wrong) else np.ones(1), VERDICTS),
            random.integers(1, self._count + 1, VERDICTS),
        )
        withdrawn = random.random(VERDICTS) < 0.1
        insert(
            self._bulk,
            Verdict.__table__,
            {
                "id": list(range(1, VERDICTS + 1)),
                "image_id": judged.astype(int).tolist(),
                "version_id": self._ids.version,
                "user_id": random.choice(people, VERDICTS).tolist(),
                "decision": random.choice(DECISIONS, VERDICTS, p=(0.5, 0.25, 0.2, 0.05)).tolist(),
                "reason": "Made up.",
                "created_at": MOMENT,
                "withdrawn_at": [MOMENT if each else None for each in withdrawn],
            },
        )

    def _notes(self, people: NDArray[np.int64], random: np.random.Generator) -> None:
        dimension = random.integers(0, DIMENSIONS, NOTES).tolist()
        insert(
            self._bulk,
            CounterfactualNote.__table__,
            {
                "id": list(range(1, NOTES + 1)),
                "image_id": random.integers(1, self._count + 1, NOTES).tolist(),
                "version_id": self._ids.version,
                "user_id": random.choice(people, NOTES).tolist(),
                "edit": [
                    json.dumps(
                        {
                            "kind": "dimension",
                            "label": f"dimension {each} set to 0",
                            "dimension": each,
                        }
                    )
                    for each in dimension
                ],
                "p_before": 0.7,
                "p_after": 0.4,
                "delta_logit": -1.3,
                "expectation": random.choice(("fall", "rise", "stay"), NOTES).tolist(),
                "text": "Made up.",
                "created_at": MOMENT,
            },
        )

    def cells(self) -> None:
        """All levels of the layout, as an analysis cuts them."""
        made = self._made
        cells = summarise_cells(
            made.places,
            made.outcome,
            made.p,
            made.sensitivity,
            self._kinds.activations[made.kind],
        )
        first = 1
        while some := list(islice(cells, CHUNK)):
            self._cells(some, first)
            first += len(some)

    def _cells(self, some: list[CellSummary], first: int) -> None:
        insert(
            self._bulk,
            Cell.__table__,
            {
                "id": list(range(first, first + len(some))),
                "version_id": self._ids.version,
                **{
                    name: [getattr(cell, name) for cell in some]
                    for name in ("level", "row", "column", "mean_p", "sensitivity", "measured")
                },
                **{
                    name: [cell.counts[place] for cell in some]
                    for place, name in enumerate(OUTCOMES)
                },
                "mean_activation": [_json(cell.mean_activation.tolist()) for cell in some],
                "exemplar_id": [cell.exemplar + 1 for cell in some],
            },
        )


def _counted(chunk: slice) -> list[int]:
    return list(range(chunk.start + 1, chunk.stop + 1))


def _labels(fake: NDArray[np.bool_]) -> list[str]:
    return ["fake" if each else "real" for each in fake]


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if each != each else each for each in values.tolist()]  # noqa: PLR0124 - NaN


def _json(values: list[float]) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in values) + "]"


def _share(has: NDArray[np.bool_]) -> float:
    return float(has.mean()) if len(has) else 0.0
