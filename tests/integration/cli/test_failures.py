"""What a command cannot do it says in one sentence: no traceback, no secret, exit status 1."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest
from click.testing import Result

from tests.support import commands
from tests.support.server import MANAGE, ROOT, environment
from workbench.app import create_app
from workbench.cli import COMMANDS
from workbench.config import Settings

SECRET = "planted-secret-key-" + "x" * 32
PASSWORD = "planted-database-password"
UNREACHABLE = f"postgres://ada:{PASSWORD}@127.0.0.1:9/nothing"
"""Of the discard protocol: nothing listens there."""

NEEDED = {
    "analyze": ("--collection", "x"),
    "check": ("--collection", "x"),
    "db": ("upgrade",),
    "demo": ("--port", "0"),
    "evaluate": ("--collection", "x"),
    "export": ("--collection", "x"),
    "import": (".", "--collection", "x"),
    "history": ("export",),
    "import-labels": (__file__, "--collection", "x", "--by", "ada"),
    "import-scores": (__file__, "--collection", "x", "--model", "y"),
    "make-alike": ("--collection", "x"),
    "project": ("--collection", "x"),
    "remove": ("--collection", "x"),
    "retrain": ("--collection", "x"),
    "serve": ("--port", "0"),
    "status": (),
    "taxonomy": ("export",),
    "user": ("add", "ada", "--password-stdin"),
    "webhooks": ("list",),
    "worker": (),
}
"""What each command cannot be called without."""


def run(*command: str, data_dir: Path, typed: str = "", **settings: str) -> Result:
    return commands.run("--verbose", *command, data_dir=data_dir, typed=typed, **settings)


def sentence(done: Result) -> str:
    """The one sentence that it ended with."""
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), "a traceback would have been printed"
    return next(line for line in done.stderr.splitlines() if line.startswith("Error: "))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_is_away_is_a_sentence_without_its_password(
    tmp_path: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    typed = "a password typed in"
    done = run(
        *(command, *NEEDED[command]),
        data_dir=tmp_path,
        typed=f"{typed}\n",
        database_url=UNREACHABLE,
        secret_key=SECRET,
    )

    # The demo builds in a process of its own, which says it on the same terminal.
    beside = capfd.readouterr()
    said = (
        next(line for line in beside.err.splitlines() if line.startswith("Error: "))
        if (command == "demo")
        else sentence(done)
    )
    assert done.exit_code == 1
    assert said.startswith("Error: The database postgresql+psycopg://ada:***@127.0.0.1:9/nothing")
    assert "refused" in said
    for planted in (SECRET, PASSWORD, typed):
        assert planted not in done.output + beside.out + beside.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "planted"),
        ("database_url", "nonsense:planted"),
        ("database_url", "x://planted"),
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    done = run("status", data_dir=tmp_path, **{name: value})

    assert f"WORKBENCH_{name.upper()}" in sentence(done)
    assert "planted" not in done.output


def test_any_other_wrong_setting_is_shown_with_its_value(tmp_path: Path) -> None:
    said = sentence(run("status", data_dir=tmp_path, batch_size="many", precision="half"))

    assert "WORKBENCH_BATCH_SIZE=many" in said
    assert "WORKBENCH_PRECISION=half" in said


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_urls_that_hosting_services_give_are_understood(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://ada:{PASSWORD}@db/faces?sslmode=require")

    assert settings.url == f"postgresql+psycopg://ada:{PASSWORD}@db/faces?sslmode=require"
    assert PASSWORD not in repr(settings) + settings.shown_url


def test_a_data_directory_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing")):
        assert sentence(run("db", "upgrade", data_dir=folder)).startswith(
            f"Error: The data directory {folder} cannot be used: "
        )


def test_a_database_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "workbench.sqlite").write_text("no database, but a text of some length" * 99)

    assert "file is not a database" in sentence(run("status", data_dir=tmp_path))


@pytest.mark.parametrize("command", ["worker", "demo"])
def test_a_time_zone_that_nobody_knows_is_a_sentence(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Mars/Olympus")

    assert "Set TZ to a name such as Europe/Berlin" in sentence(
        run(command, *NEEDED[command], data_dir=tmp_path)
    )


def test_what_numba_compiles_is_kept_with_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR")

    create_app(Settings(data_dir=tmp_path))

    # A second data directory finds there what the first one compiled.
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_what_numba_compiles_is_kept_in_the_data_directory_of_a_read_only_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    packages = sysconfig.get_path("purelib")
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, how: path != packages and writable(path, how))

    create_app(Settings(data_dir=tmp_path))

    assert Path(os.environ["NUMBA_CACHE_DIR"]).is_relative_to(tmp_path)


def test_a_limit_of_threads_holds_for_numba_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    # What numba itself reads at its import stays as it is in this process.
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    create_app(Settings(data_dir=tmp_path))

    assert os.environ["NUMBA_NUM_THREADS"] == "3"


@pytest.mark.parametrize("kept", ["", "cut sh"])
def test_a_secret_that_a_full_disk_cut_short_is_made_anew(tmp_path: Path, kept: str) -> None:
    (tmp_path / "secret_key").write_text(kept)

    made = Settings(data_dir=tmp_path).session_secret()

    assert len(made) >= 32
    assert (tmp_path / "secret_key").read_text() == made
    assert Settings(data_dir=tmp_path).session_secret() == made


def opened(folder: Path) -> list[str]:
    """What others of this machine may read or enter below this folder."""
    return [
        str(each.relative_to(folder))
        for each in folder.rglob("*")
        if stat.S_IMODE(each.stat().st_mode) & 0o077
    ]


def test_a_workbench_in_an_open_directory_closes_its_files_and_says_so(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    data_dir.chmod(0o755)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = [
            subprocess.run(
                [*MANAGE, *command],
                cwd=ROOT,
                env=environment(data_dir),
                input="correct horse battery\n",
                capture_output=True,
                text=True,
                check=False,
                umask=0,
            )
            for command in (
                ("user", "add", "ada", "--password-stdin"),
                ("serve", "--port", port),
            )
        ]

    assert [each.returncode for each in done] == [0, 1], done
    assert all(f"Close it with: chmod -R go-rwx {data_dir}" in each.stderr for each in done)
    assert done[1].stderr.splitlines()[-1].startswith(f"Error: Port {port} of 127.0.0.1 cannot")
    assert "Traceback" not in done[1].stderr
    assert (data_dir / "workbench.sqlite").exists()
    assert (data_dir / "secret_key").exists()
    assert opened(data_dir) == []
