"""Commands. Each parses, calls one service, prints.

Services that need torch are imported by the command that uses them: loading torch takes seconds,
and `status` or `user add` should answer at once.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import gc
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click
import structlog
from flask import Flask
from tqdm import tqdm

from workbench.app import MEGABYTE, create_app
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.collections import collection_id
from workbench.services.errors import ServiceError
from workbench.services.runs import processes, queue, requests
from workbench.services.status import status as read_status
from workbench.store import migrating
from workbench.store.database import db

Given = ParamSpec("Given")
DEFAULT_PORT = 8000


class Bar:
    """Draws progress on standard error: a bar a stage, with its rate and the time left."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Move the bar; a new stage begins a new one."""
        if self._bar is None or stage != self._stage or total != self._bar.total:
            self.close()
            self._stage = stage
            # What was finished by an earlier call must not count into this one's rate.
            self._bar = tqdm(total=total, initial=done, desc=stage, unit="", file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the last bar on screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _with_app(command: Callable[Given, None]) -> Callable[Given, None]:
    """Run a command in the application's context, its refusals as clear messages (exit 1)."""

    @wraps(command)
    def wrapped(*args: Given.args, **kwargs: Given.kwargs) -> None:
        app = create_app(_settings())
        with app.app_context():
            try:
                command(*args, **kwargs)
            except ServiceError as error:
                raise click.ClickException(str(error)) from error
            finally:
                # A command may be called in a process that goes on; its connections end here.
                db.session.remove()
                db.engine.dispose()

    return wrapped


def _settings() -> Settings:
    try:
        return Settings()
    except ValueError as error:
        raise click.ClickException(f"A WORKBENCH_ setting is wrong: {error}") from error


def _require_tables() -> None:
    if not migrating.is_current(db.engine):
        raise click.ClickException(
            "The database is not up to date; run `python manage.py db upgrade` first."
        )


def _show(report: dict[str, Any], *, as_json: bool, lines: list[str]) -> None:
    """One JSON object on standard output, or the lines for people."""
    if as_json:
        click.echo(json.dumps(report, default=str))
    else:
        for line in lines:
            click.echo(line)


def _figure(value: float | None, digits: int = 3) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
collection_option = click.option(
    "--collection", "name", required=True, metavar="NAME", help="The collection's name."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Log more, on standard error.")
def main(*, verbose: bool) -> None:
    """Find, name and judge the patterns by which AI-made images give themselves away."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr)
    # A run takes longer than the seconds between two looks at the queue; no need to be told.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


@main.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@collection_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with path, label, and optional generator, group, split.",
)
@click.option("--title", default="", help="What the pages call the collection.")
@click.option("--description", default="", help="What the set is and is not.")
@json_option
@_with_app
def import_command(
    path: Path,
    name: str,
    manifest: Path | None,
    title: str,
    description: str,
    *,
    as_json: bool,
) -> None:
    """Import images from folders real/ and fake/ below PATH, or from a CSV manifest.

    Interrupted, it goes on where it was when called again. Files that cannot be imported are
    listed with their reason, and do not end the run.
    """
    from workbench.services.imports.run import import_images

    migrating.upgrade(db.engine)
    bar = Bar()
    try:
        report = import_images(
            path,
            collection=name,
            settings=_settings(),
            manifest=manifest,
            progress=bar,
            title=title,
            description=description,
        )
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted. What was imported is kept; the same command goes on from here."
        ) from None
    finally:
        bar.close()
    lines = [
        (
            f"{report.imported} imported, {report.already} known already, "
            f"{report.duplicates} duplicates, {report.rejected} not imported."
        ),
        (
            f"The collection holds {report.real} real and {report.fake} fake images, "
            f"{report.held_out} of them held out."
        ),
        f"File facts alone tell the labels apart with AUC {_figure(report.file_facts.get('auc'))}.",
        *(f"note: {each}: {note}" for each, note in report.notes),
        *(f"not imported: {each}: {reason}" for each, reason in report.rejections),
    ]
    _show(report.as_json(), as_json=as_json, lines=lines)


@main.command()
@collection_option
@click.option("--again", is_flag=True, help="Make a new version even if nothing has changed.")
@json_option
@_with_app
def analyze(name: str, *, again: bool, as_json: bool) -> None:
    """Encode, train, explain, find patterns, lay out; goes on where an earlier call ended."""
    _require_tables()
    collection = collection_id(name)
    run_id = requests.run_for_analysis(collection, again=again)
    if run_id is not None:
        _see_through(run_id)
    found = next(each for each in read_status().collections if each.name == name)
    lines = [
        *(["The analysis is up to date already."] if run_id is None else []),
        (
            f"Version {found.version} of {name}: {found.images} images, "
            f"held-out AUC {_figure(found.held_out_auc)}, {found.pixel_groups} pixel groups, "
            f"{found.patterns} patterns, {found.cells} cells."
        ),
    ]
    report = {"collection": found.name, **vars(found)}
    report.pop("name")
    _show(report, as_json=as_json, lines=lines)


def _see_through(run_id: int) -> queue.RunView:
    """Show a run until it has ended. Raises ClickException unless it succeeded."""
    from workbench.services.pipeline import run

    bar = Bar()
    try:
        view = run.see_through(db.engine, run_id, _settings(), processes.new_name(), bar)
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted. What was finished is kept; the same command goes on from here."
        ) from None
    finally:
        bar.close()
    if view.state != "succeeded":
        reason = f": {view.error}" if view.error else "."
        raise click.ClickException(f"The run {view.state}{reason}")
    return view


@main.command()
@json_option
@_with_app
def status(*, as_json: bool) -> None:
    """Say what there is: images, versions, patterns, decisions."""
    _require_tables()
    found = read_status()
    lines = [
        f"{each.name}: {each.images} images ({each.real} real, {each.fake} fake), "
        + (
            f"version {each.version}, held-out AUC {_figure(each.held_out_auc)}, "
            f"{each.patterns} patterns, {each.cells} cells"
            if each.version
            else "not analysed yet"
        )
        + (f", a run is {each.run}" if each.run else "")
        for each in found.collections
    ]
    lines.append(
        f"{found.verdicts} verdicts, {found.tags} tags, {found.notes} notes; "
        f"the worker is {'running' if found.worker else 'not running'}."
    )
    _show(found.as_json(), as_json=as_json, lines=lines)


@main.command()
@collection_option
@json_option
@_with_app
def evaluate(name: str, *, as_json: bool) -> None:
    """Measure the active version on any collection."""
    _require_tables()
    collection_id(name)  # refused before the seconds that loading takes
    from workbench.services.pipeline.evaluation import evaluate as measure

    bar = Bar()
    try:
        found = measure(name, _settings(), bar)
    finally:
        bar.close()
    interval = (
        "" if found.auc_interval is None else "  [{:.3f}, {:.3f}]".format(*found.auc_interval)
    )
    lines = [
        (
            f"Version {found.version} (trained on {found.trained_on}) "
            f"on {found.n} images of {name} that it was not trained on:"
        ),
        f"accuracy {_figure(found.accuracy)}, AUC {_figure(found.auc)}{interval}",
        *(
            f"  {generator}: n {each.n}, called fake {each.called_fake:.0%}, "
            f"AUC {_figure(each.auc)}"
            for generator, each in found.by_generator.items()
        ),
    ]
    _show(found.as_json(), as_json=as_json, lines=lines)


@main.command()
@collection_option
@click.option("--wait", is_flag=True, help="Stay until the new version is there.")
@json_option
@_with_app
def retrain(name: str, *, wait: bool, as_json: bool) -> None:
    """Retrain on the curated labels: the worker does it, or with --wait this process."""
    from workbench.services.models.versions import versions

    _require_tables()
    collection = collection_id(name)
    queue.recover()
    view = queue.request_retrain(None, collection)
    if not wait:
        lines = [f"Queued as run {view.id}."]
        if not queue.worker_alive():
            lines.append("No worker is running: start one with `python manage.py worker`.")
        _show({"run": view.id, "state": view.state}, as_json=as_json, lines=lines)
        return
    view = _see_through(view.id)
    made = next(each for each in versions(collection) if each.summary.number == view.version_number)
    report = {
        "collection": name,
        "run": view.id,
        "state": view.state,
        "version": made.summary.number,
        "parent": made.parent_number,
        "metrics": made.metrics,
        "dataset": made.dataset_counts,
    }
    lines = [
        (
            f"Version {made.summary.number} of {name} (parent {made.parent_number}): "
            f"held-out AUC {_figure(made.summary.held_out_auc)}, "
            f"its parent's {_figure(made.metrics.get('parent_auc'))}."
        )
    ]
    _show(report, as_json=as_json, lines=lines)


@main.command()
@collection_option
@click.option("--again", is_flag=True, help="Train a new one even if there is one already.")
@json_option
@_with_app
def project(name: str, *, again: bool, as_json: bool) -> None:
    """Train the projection that forgets words written on images."""
    _require_tables()
    collection_id(name)  # refused before the seconds that loading takes
    from workbench.services.pipeline.projection import project as make

    bar = Bar()
    try:
        found = make(name, _settings(), bar, again=again)
    except KeyboardInterrupt:
        raise click.ClickException("Interrupted. No projection was made.") from None
    finally:
        bar.close()
    lines = [
        *([] if found.made else ["There is one already; --again trains a new one."]),
        (
            f"{found.features} features of {found.encoder} to {found.dimensions} dimensions, "
            f"{found.terms} terms, trained on {found.images} images with {found.words} words each."
        ),
        (
            f"Recall@1 of content under written words, {found.proof_images} held-out images: "
            f"{_figure(found.recall_before)} before, {_figure(found.recall_after)} after."
        ),
    ]
    _show(found.as_json(), as_json=as_json, lines=lines)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, envvar="PORT", type=int)
def serve(host: str, port: int) -> None:
    """Serve the workbench's pages."""
    import waitress

    settings = _settings()
    app = create_app(settings)
    with app.app_context():
        _require_tables()
    threading.Thread(target=_warm, args=(app, settings), daemon=True).start()
    signal.signal(signal.SIGTERM, _interrupt)
    click.echo(f"Workbench on http://{host}:{port} (Ctrl-C stops it)", err=True)
    waitress.serve(
        app,
        host=host,
        port=port,
        threads=8,
        ident=None,
        # Larger bodies would be spooled to disk whole before the application refuses them.
        max_request_body_size=MEGABYTE,
        clear_untrusted_proxy_headers=True,
    )


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _warm(app: Flask, settings: Settings) -> None:
    """Load the encoder before the first counterfactual asks for it."""
    from workbench.services.encoding.registry import encoder_of

    with app.app_context():
        try:
            encoder_of(settings)
        except Exception:  # noqa: BLE001 - pages work without; a counterfactual will say it
            structlog.get_logger().exception("the encoder could not be loaded")
    # The libraries are more than a million objects that stay. Looking through all of them again
    # and again would make one page in twenty wait for a fifth of a second.
    gc.collect()
    gc.freeze()


@main.command()
def worker() -> None:
    """Retrain when asked to, and nightly when enough was decided."""
    settings = _settings()
    app = create_app(settings)
    with app.app_context():
        _require_tables()
    # Only now: it brings torch with it, which a refusal need not wait for.
    from workbench.worker.scheduler import Worker

    Worker(app, settings).start()


@main.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, envvar="PORT", type=int)
@_with_app
def demo(port: int) -> None:
    """Build the demo set, analyse it, and run web and worker until Ctrl-C."""
    from workbench.services.demo.preparing import prepare

    settings = _settings()
    migrating.upgrade(db.engine)
    bar = Bar()
    try:
        names = prepare(settings, bar)
        bar.close()
        for name in names:
            run_id = requests.run_for_analysis(collection_id(name))
            if run_id is not None:
                click.echo(f"Analysing {name}", err=True)
                _see_through(run_id)
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted. What was finished is kept; `make demo` goes on from here."
        ) from None
    finally:
        bar.close()
    password = accounts.one_time_password("demo")
    db.session.remove()
    from workbench.supervisor import run_web_and_worker

    click.echo(
        f"\n  The workbench is on http://127.0.0.1:{port}\n"
        f"  Sign in as  demo  with the password  {password}\n"
        "  (made for this start; the next start makes a new one)\n"
        "  Ctrl-C stops it.\n"
    )
    sys.exit(run_web_and_worker(port))


@main.group()
def database() -> None:
    """Look after the database."""


main.add_command(database, "db")


@database.command("upgrade")
@_with_app
def database_upgrade() -> None:
    """Bring the database's tables up to date."""
    migrating.upgrade(db.engine)
    click.echo("The database is up to date.")


@main.group()
def user() -> None:
    """Look after accounts."""


@user.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["annotator", "reviewer", "developer"]),
    default="annotator",
    show_default=True,
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input instead of asking for it.",
)
@_with_app
def user_add(name: str, role: str, *, password_stdin: bool) -> None:
    """Add an account; the password is asked for."""
    migrating.upgrade(db.engine)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    added = accounts.add_user(name, password, role)
    click.echo(f"Added {added.name} as {added.role}.")
