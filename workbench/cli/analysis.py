"""`manage.py analyze`, `retrain`, `evaluate`, `project`: what an analysis makes and measures."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import collection_option, json_option
from workbench.cli.output import aucs, doubt, figure, interval, show
from workbench.cli.progress_bar import progress_bar
from workbench.cli.runs import see_through
from workbench.services.app_settings import settings
from workbench.services.collections import collection_id
from workbench.services.hygiene.warnings import collection_warning
from workbench.services.models.figures import Figures, VersionFigures
from workbench.services.models.versions import VersionSummary, versions
from workbench.services.models.words import learned_words, no_signal_advice, no_signal_words
from workbench.services.runs import lease, queue, requests
from workbench.services.status import status


@click.command()
@collection_option
@click.option("--again", is_flag=True, help="Create a new version even if nothing has changed.")
@json_option
@with_app
def analyze(name: str, *, again: bool, as_json: bool) -> None:
    """Encode, train, attribute, cluster patterns, compute the layout; resumes an earlier call."""
    require_tables()
    run_id = requests.run_for_analysis(collection_id(name), again=again)
    if run_id is not None:
        see_through(run_id)
    found = next(each for each in status().collections if each.name == name)
    measured = aucs(
        found.held_out_auc,
        found.cross_validated_auc,
        found.auc_interval,
        found.cross_validated_interval,
    )
    lines = [
        *(["The analysis is up to date."] if run_id is None else []),
        (
            f"Version {found.version} of {name}: {found.images} images, {measured}, "
            f"{found.pixel_groups} pixel groups, {found.patterns} patterns, {found.cells} cells."
        ),
        *(_no_signal(_active(name).figures) if found.signal == "none" else ()),
        *doubt(name, found.warning),
    ]
    report = {"collection": found.name, **vars(found)}
    report.pop("name")
    show(report, as_json=as_json, lines=lines)


def _active(name: str) -> VersionSummary:
    return next(each.summary for each in versions(collection_id(name)) if each.summary.active)


def _no_signal(figures: VersionFigures) -> tuple[str, str]:
    return no_signal_words(figures), no_signal_advice()


@click.command()
@collection_option
@click.option("--wait", is_flag=True, help="Run in this process and wait for the new version.")
@json_option
@with_app
def retrain(name: str, *, wait: bool, as_json: bool) -> None:
    """Retrain on the adjudicated labels, in the worker or, with --wait, in this process."""
    require_tables()
    collection = collection_id(name)
    queue.recover()
    view = queue.request_retrain(None, collection)
    if not wait:
        lines = [f"Queued as run {view.id}."]
        if not lease.worker_alive():
            lines.append("No worker is running: start one with `python manage.py worker`.")
        show({"run": view.id, "state": view.state}, as_json=as_json, lines=lines)
        return
    view = see_through(view.id)
    made = next(each for each in versions(collection) if each.summary.number == view.version_number)
    report = {
        "collection": name,
        "run": view.id,
        "state": view.state,
        "version": made.summary.number,
        "parent": made.parent_number,
        "metrics": made.metrics,
        "dataset": made.dataset_counts,
        "warning": (warning := collection_warning(name)),
    }
    learned = made.summary.learned
    figures, crossed = made.summary.figures, made.summary.figures.cross_validated or Figures()
    measured = aucs(figures.test.auc, crossed.auc, figures.test.auc_interval, crossed.auc_interval)
    lines = [
        (
            f"Version {made.summary.number} of {name} (parent {made.parent_number}): {measured}; "
            f"parent on the same test set {figure(figures.parent_auc)}."
        ),
        *([learned_words(made.summary.number, learned)] if learned else []),
        *(_no_signal(figures) if made.summary.signal == "none" else ()),
        *doubt(name, warning),
    ]
    show(report, as_json=as_json, lines=lines)


@click.command()
@collection_option
@json_option
@with_app
def evaluate(name: str, *, as_json: bool) -> None:
    """Evaluate the active version on a collection, without its training images."""
    require_tables()
    collection_id(name)  # refused before the seconds that loading takes
    from workbench.services.pipeline.evaluation import evaluate as measure

    with progress_bar(interrupted="Interrupted. Nothing was measured.") as bar:
        found = measure(name, settings(), bar)
    lines = [
        (
            f"Version {found.version} (trained on {found.trained_on}) "
            f"on {found.n} images of {name} that it was not trained on:"
        ),
        (
            f"accuracy {figure(found.accuracy)}{interval(found.accuracy_interval)}, "
            f"AUC {figure(found.auc)}{interval(found.auc_interval)}"
        ),
        *(
            f"  {generator}: n {each.n}, predicted fake {figure(each.called_fake)}"
            f"{interval(each.called_fake_interval)}, AUC {figure(each.auc)}"
            for generator, each in found.by_generator.items()
        ),
        *doubt(name, found.warning),
        *(doubt(found.trained_on, found.training_warning) if found.trained_on != name else ()),
    ]
    show(found.as_json(), as_json=as_json, lines=lines)


@click.command()
@collection_option
@click.option("--again", is_flag=True, help="Train a new projection even if one exists.")
@json_option
@with_app
def project(name: str, *, again: bool, as_json: bool) -> None:
    """Train the projection that removes the influence of text rendered on images."""
    require_tables()
    collection_id(name)  # refused before the seconds that loading takes
    from workbench.services.training.projection import project as make

    with progress_bar(interrupted="Interrupted. No projection was saved.") as bar:
        found = make(name, settings(), bar, again=again)
    lines = [
        *([] if found.made else ["A projection already exists; --again trains a new one."]),
        (
            f"{found.features} features of {found.encoder} to {found.dimensions} dimensions, "
            f"{found.terms} terms, trained on {found.images} images with {found.words} words each."
        ),
        (
            f"Recall@1 of content under written words, {found.proof_images} held-out images: "
            f"{figure(found.recall_before)} before, {figure(found.recall_after)} after."
        ),
    ]
    show(found.as_json(), as_json=as_json, lines=lines)
