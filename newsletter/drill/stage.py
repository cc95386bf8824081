"""Where runs take place: for each a fresh project and database, copies of what was prepared once."""

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from newsletter.drill.senders import ISSUE
from newsletter.drill.sendgrid.emulator import KEY
from newsletter.errors import BadSetting
from newsletter.models import Address, SubscriberStatus
from newsletter.store.engine import in_plain_words
from newsletter.store.schema import upgrade
from newsletter.wiring import SystemClock, open_app

DATABASE_URL = "NEWSLETTER_DATABASE__URL"
SETTINGS = """\
[newsletter]
name = "The Drill"
from = "The Drill <drill@news.example.com>"
postal_address = "1 Example Street, 10115 Berlin"
public_url = "https://news.example.com"

[provider]
kind = "sendgrid"
"""
LETTER = """\
---
subject: A drill
preheader: Nobody is lost, and nobody gets this twice.
---

This letter goes to nobody.

## What a drill is for

Senders are ended while they work. Whoever reads this has one copy of it.
"""


def address(number: int) -> str:
    """The address of the reader of this number, from 1."""
    return f"reader{number}@example.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """The place of one run: a project folder, and the variables that its settings come from besides."""

    project: Path
    environ: dict[str, str]
    copies: list[str] = field(default_factory=list)
    """URLs of copies of its PostgreSQL database."""


class Stage:
    """A prepared project with so many readers, in `folder`; `scene()` is a copy of it.

    `database` is the URL of a PostgreSQL server on which its user may create databases; without one
    each run has a SQLite file. Raises BadSetting, or NewsletterError when the server does not answer.
    """

    def __init__(self, folder: Path, *, recipients: int, database: str = "") -> None:
        self._folder = folder
        self._prepared = folder / "prepared"
        self._server = Server(database) if database else None
        self._template = self._server.create() if self._server else ""
        self._count = 0
        self._prepare(recipients)

    def scene(self) -> Scene:
        """A fresh copy, which stays until it is cleared."""
        self._count += 1
        project = self._folder / f"run-{self._count}"
        shutil.copytree(self._prepared, project)
        return Scene(
            project=project, environ=_environ(self._server.create(self._template) if self._server else "")
        )

    def clear(self, scene: Scene) -> None:
        """None; the scene's folder and database are gone."""
        shutil.rmtree(scene.project)
        if self._server:
            for url in (scene.environ[DATABASE_URL], *scene.copies):
                self._server.drop(url)

    def copy(self, scene: Scene) -> None:
        """None; the scene's database, which nobody has open, can be put back as it is now."""
        if self._server:
            scene.copies.append(self._server.create(scene.environ[DATABASE_URL]))
        else:
            data = scene.project / "data"
            (data / "copy").mkdir()
            for file in _database_files(data):
                shutil.copy(file, data / "copy")

    def put_back(self, scene: Scene) -> None:
        """None; the scene's database, which nobody has open, is the copy."""
        if self._server:
            self._server.replace(scene.environ[DATABASE_URL], scene.copies.pop())
            return
        data = scene.project / "data"
        for file in _database_files(data):
            file.unlink()
        for file in (data / "copy").iterdir():
            shutil.move(file, data)

    def close(self) -> None:
        """None; what was prepared is gone."""
        if self._server:
            self._server.drop(self._template)
            self._server.close()
        shutil.rmtree(self._prepared)

    def _prepare(self, recipients: int) -> None:
        (self._prepared / "issues").mkdir(parents=True)
        (self._prepared / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
        (self._prepared / "issues" / f"{ISSUE}.md").write_text(LETTER, encoding="utf-8")
        if self._template:
            upgrade(self._template, now=SystemClock().now())
        with open_app(self._prepared, _environ(self._template)) as app:
            app.adopt(ISSUE)
            people = (Address(addr_spec=address(n)) for n in range(1, recipients + 1))
            app.subscribers.import_rows(
                ((person, SubscriberStatus.CONFIRMED) for person in people),
                consent_source="drill",
                now=app.clock.now(),
            )


def _database_files(folder: Path) -> list[Path]:
    """The SQLite database with its journal; not the mark beside it, which is no part of a copy."""
    return [file for end in ("", "-wal", "-shm") if (file := folder / f"newsletter.db{end}").exists()]


def _environ(database_url: str) -> dict[str, str]:
    secret = {"SENDGRID_API_KEY": KEY}
    return secret | ({DATABASE_URL: database_url} if database_url else {})


class Server:
    """A PostgreSQL server and the drill's databases on it. Raises BadSetting for any other URL."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url).set(drivername="postgresql+psycopg")
            self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT", hide_parameters=True)
        except (ArgumentError, ValueError) as error:
            raise BadSetting(
                "the text is no database URL",
                where="--database",
                remedy="write postgresql://user@host/postgres, or leave it out for SQLite",
            ) from error

    def create(self, template: str = "") -> str:
        """The URL of a new database, a copy of `template` when it is named."""
        name = f"newsletter_drill_{secrets.token_hex(8)}"
        copied = f" TEMPLATE {make_url(template).database}" if template else ""
        self._administer(f"CREATE DATABASE {name}{copied}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._administer(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def replace(self, url: str, other: str) -> None:
        """None; the database at `url` is the other one."""
        self.drop(url)
        self._administer(f"ALTER DATABASE {make_url(other).database} RENAME TO {make_url(url).database}")

    def close(self) -> None:
        self._engine.dispose()

    def _administer(self, statement: str) -> None:
        with in_plain_words(self._url), self._engine.connect() as connection:
            connection.execute(text(statement))
