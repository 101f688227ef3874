"""Rows for every table, for tests that need data without an analysis."""

from __future__ import annotations

from workbench.store.artifacts import Artifact
from workbench.store.database import now, transaction
from workbench.store.descriptions import DimensionDescription, PatternDescription, Vocabulary
from workbench.store.export_jobs import ExportJob
from workbench.store.hygiene import DataAction, DataCheck
from workbench.store.images import Collection, Image, ImportRejection, ImportRun
from workbench.store.import_jobs import ImportJob
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DecisionChange,
    DecisionCounter,
    DismissedSuggestion,
    Tag,
    TagCheck,
    TaggedRegion,
    Tagging,
    Verdict,
)
from workbench.store.label_imports import LabelImport, LabelImportRow
from workbench.store.label_sets import LabelSet, LabelSetImage
from workbench.store.notes import Expectation, NoteReplay, NoteReply, ReplayRequest
from workbench.store.people import (
    ApiToken,
    AuditEvent,
    CollectionMember,
    Identity,
    Invitation,
    InvitedTo,
    PasswordReset,
    SignInSession,
    User,
)
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember
from workbench.store.regions import DrawnRegion, Region, RegionOverlap
from workbench.store.removals import Removal, RemovalFile, Takedown
from workbench.store.repeats import RequestKey
from workbench.store.results import (
    CachedPart,
    Cell,
    Embedding,
    EmbeddingShard,
    Pattern,
    PixelGroup,
    Placement,
    Prediction,
    ResultShard,
)
from workbench.store.tag_changes import TagChange, TagChangeItem, TagExample
from workbench.store.versions import (
    ActiveVersion,
    CuratedDataset,
    CuratedItem,
    ModelVersion,
    Schedule,
    StoredProjection,
    TrainingRun,
    WorkerLease,
)
from workbench.store.webhooks import Webhook, WebhookCursor, WebhookDelivery


def fill_every_table() -> None:
    """One row, related to the others as they are in life, in each table."""
    with transaction() as write:
        ada = User(name="ada", password_hash="x", role="developer")
        collection = Collection(name="pictures")
        artifacts = [
            Artifact(kind=kind, path=f"{kind}/1.safetensors", sha256="0" * 64, size=1)
            for kind in ("weights", "embeddings", "results", "projection")
        ]
        write.add_all([ada, collection, *artifacts])
        write.flush()
        image = Image(
            collection_id=collection.id,
            content_hash="1" * 64,
            pixel_hash="2" * 64,
            original_uri="file:///a.png",
            name="a.png",
            label="real",
            group_key="a",
            held_out=False,
            format="PNG",
            width=10,
            height=10,
            file_size=100,
            modified_ns=1,
        )
        dataset = CuratedDataset(collection_id=collection.id, sha256="3" * 64, counts={"images": 1})
        importing = ImportRun(collection_id=collection.id, source="/pictures")
        shard = EmbeddingShard(encoder_fingerprint="f", artifact_id=artifacts[1].id)
        tag = Tag(name="Blur", folded_name="blur", created_by_id=ada.id)
        request = RequestKey(user_id=ada.id, key="one", fingerprint="4" * 64)
        write.add_all([image, dataset, importing, shard, tag, request])
        write.flush()
        version = ModelVersion(
            collection_id=collection.id,
            number=1,
            dataset_id=dataset.id,
            encoder="fake",
            encoder_fingerprint="f",
            relevance="patch_share",
            dimensions=2,
            weights_id=artifacts[0].id,
            metrics={},
        )
        write.add_all(
            [
                version,
                CuratedItem(
                    dataset_id=dataset.id,
                    image_id=image.id,
                    label="real",
                    weight=1.0,
                    held_out=False,
                ),
                StoredProjection(
                    collection_id=collection.id,
                    encoder_fingerprint="f",
                    artifact_id=artifacts[3].id,
                    metrics={},
                ),
                ImportRejection(run_id=importing.id, uri="b", name="b", reason="no image"),
                Embedding(
                    pixel_hash=image.pixel_hash, encoder_fingerprint="f", shard_id=shard.id, row=0
                ),
                CachedPart(
                    shard_id=shard.id, part="patch_tokens", path="1", sha256="0" * 64, size=1
                ),
                Removal(id=1, kind="image", subject_id=99, collection_id=collection.id, counts={}),
                WorkerLease(name="worker", holder="h:1:t", expires_at=now()),
                Schedule(collection_id=collection.id, hour=2, min_decisions=20),
            ]
        )
        write.flush()
        results = ResultShard(version_id=version.id, artifact_id=artifacts[2].id)
        pattern = Pattern(
            version_id=version.id,
            number=0,
            side="fake",
            groups=1,
            images=1,
            mean_contribution=1.0,
            spread_contribution=0.0,
            profile=[1.0, 0.0],
        )
        region = Region(image_id=image.id, rle="0", left=0, top=0, width=1, height=1, area=1)
        other = Region(image_id=image.id, rle="1", left=0, top=0, width=1, height=2, area=2)
        write.add_all(
            [
                results,
                pattern,
                region,
                other,
                RemovalFile(removal_id=1, path="images/99.jpg"),
                Takedown(fingerprint="9" * 64, removal_id=1),
            ]
        )
        write.flush()
        group = PixelGroup(
            version_id=version.id,
            image_id=image.id,
            number=0,
            region_id=region.id,
            contribution=1.0,
            by_dimension=[1.0, 0.0],
            pattern_id=pattern.id,
            typicality=0.0,
        )
        write.add_all(
            [
                group,
                RegionOverlap(region_id=region.id, other_id=other.id, share=0.5, iou=0.5),
                DrawnRegion(
                    region_id=other.id,
                    user_id=ada.id,
                    tool="box",
                    picture_width=10,
                    picture_height=10,
                    left=0,
                    top=0,
                    width=1,
                    height=2,
                    area=2,
                    rle="02",
                ),
                Prediction(
                    version_id=version.id,
                    image_id=image.id,
                    logit=1.0,
                    p=0.73,
                    label="real",
                    outcome="real_called_fake",
                    removed_change=-1.2,
                    control_change=-0.2,
                    shard_id=results.id,
                    row=0,
                ),
                DimensionDescription(
                    version_id=version.id,
                    dimension=0,
                    location="centre",
                    mean_map=[[1.0]],
                    regions={"mouth": 1.0},
                    strongest=[[image.id, 0, 0]],
                    in_groups=1.0,
                ),
                Vocabulary(replaces=0, words=["eye"], user_id=ada.id),
                PatternDescription(
                    pattern_id=pattern.id,
                    location="centre",
                    mean_map=[[1.0]],
                    regions=None,
                    by_dimension=[1.0, 0.0],
                    evidence=1.0,
                ),
                Placement(
                    version_id=version.id, layout="balanced", image_id=image.id, x=0.5, y=0.5
                ),
                Cell(
                    version_id=version.id,
                    layout="balanced",
                    level=0,
                    row=6,
                    column=8,
                    real_right=0,
                    real_called_fake=1,
                    fake_right=0,
                    fake_called_real=0,
                    mean_p=0.73,
                    sensitivity=1.0,
                    measured=1,
                    mean_activation=[1.0, 0.0],
                    exemplar_id=image.id,
                ),
                ActiveVersion(collection_id=collection.id, version_id=version.id),
                TrainingRun(
                    collection_id=collection.id,
                    trigger="first",
                    state="succeeded",
                    version_id=version.id,
                ),
                Verdict(image_id=image.id, user_id=ada.id, decision="real", shown_label="real"),
                Adjudication(image_id=image.id, user_id=ada.id, decision="real"),
                Queue(
                    id=1,
                    collection_id=collection.id,
                    version_id=version.id,
                    name="errors",
                    source="misclassified",
                    verdicts_needed=2,
                    disputes="any",
                    blind=True,
                    independent=True,
                    everybody=False,
                    control_share=0.1,
                    round_size=20,
                    created_by_id=ada.id,
                    ready_at=now(),
                ),
                DecisionCounter(collection_id=collection.id, changes=2),
                DecisionChange(image_id=image.id, collection_id=collection.id, number=2),
                Expectation(
                    id=1,
                    image_id=image.id,
                    version_id=version.id,
                    user_id=ada.id,
                    edit={"kind": "dimension", "label": "dimension 0 set to 0", "dimension": 0},
                    direction="fall",
                    bound=0.5,
                    known=False,
                ),
                CounterfactualNote(
                    id=1,
                    image_id=image.id,
                    version_id=version.id,
                    user_id=ada.id,
                    edit={"kind": "dimension", "label": "dimension 0 set to 0", "dimension": 0},
                    p_before=0.73,
                    p_after=0.4,
                    delta_logit=-1.4,
                    expectation="fall",
                    bound=0.5,
                    text="The blur is what it sees.",
                ),
                DataCheck(collection_id=collection.id, images=1, findings=[]),
                DataAction(
                    collection_id=collection.id,
                    user_id=ada.id,
                    kind="leave_out",
                    finding="duplicates",
                    detail={"verdicts": []},
                ),
                ImportJob(
                    collection_name="pictures",
                    kind="folder",
                    source="set",
                    shown="set",
                    options={"labels": ["0=real"]},
                    requested_by_id=ada.id,
                ),
                AuditEvent(user_id=ada.id, action="test", subject="image:1"),
                SignInSession(token_hash="0" * 64, user_id=ada.id, expires_at=now()),
                ApiToken(
                    user_id=ada.id,
                    name="a script",
                    token_hash="0" * 64,
                    scopes=["read"],
                    expires_at=now(),
                ),
                PasswordReset(token_hash="0" * 64, user_id=ada.id, expires_at=now()),
                Identity(user_id=ada.id, issuer="https://id.example.org", subject="248289761001"),
                CollectionMember(collection_id=collection.id, user_id=ada.id),
                LabelSet(
                    id=1,
                    collection_id=collection.id,
                    number=1,
                    name="first",
                    event_id=0,
                    taxonomy=[],
                    counts={"images": 1},
                    created_by_id=ada.id,
                    ready_at=now(),
                ),
                LabelImport(id=1, collection_id=collection.id, user_id=ada.id, format="jsonl"),
                Invitation(id=1, token_hash="0" * 64, role="annotator", expires_at=now()),
            ]
        )
        write.flush()
        item = QueueItem(queue_id=1, image_id=image.id, position=0)
        write.add_all([item, QueueMember(queue_id=1, user_id=ada.id)])
        write.flush()
        write.add(QueueClaim(item_id=item.id, user_id=ada.id, claimed_at=now(), renewed_at=now()))
        tagging = Tagging(
            tag_id=tag.id,
            region_id=region.id,
            user_id=ada.id,
            reason="It is too smooth.",
            severity="minor",
        )
        change = TagChange(kind="edit", tag_id=tag.id, user_id=ada.id)
        write.add_all([tagging, change])
        write.flush()
        write.add_all(
            [
                TagExample(tag_id=tag.id, region_id=region.id, positive=True, user_id=ada.id),
                TagChangeItem(
                    change_id=change.id,
                    tagging_id=tagging.id,
                    from_id=tag.id,
                    to_id=tag.id,
                    effect="moved",
                ),
                TagCheck(tagging_id=tagging.id, region_id=region.id, user_id=ada.id, fits=True),
                DismissedSuggestion(tag_id=tag.id, region_id=region.id, user_id=ada.id),
                TaggedRegion(tagging_id=tagging.id, region_id=other.id),
                NoteReply(note_id=1, user_id=ada.id, text="Or the frame."),
                NoteReplay(note_id=1, version_id=version.id, p_before=0.73, p_after=0.4, met=True),
                ReplayRequest(version_id=version.id, user_id=ada.id),
                LabelSetImage(
                    label_set_id=1, image_id=image.id, label="real", rule="imported", detail="{}"
                ),
                ExportJob(label_set_id=1, format="jsonl", requested_by_id=ada.id),
                LabelImportRow(import_id=1, kind="verdict", row_id=1, image_id=image.id),
                Webhook(
                    name="bot",
                    url="https://hooks.example.org/in",
                    events=["verdict.give"],
                    collection_id=collection.id,
                    salt="5" * 32,
                    secret_check="6" * 16,
                    after_id=0,
                    made_by_id=ada.id,
                ),
                WebhookCursor(id=1),
                InvitedTo(invitation_id=1, collection_id=collection.id),
            ]
        )
        write.flush()
        write.add(
            WebhookDelivery(webhook_id=1, message_id="msg_1", kind="events", events=1, body="{}")
        )
