"""The keys that sign readers' links: made with the database, added to, never taken away."""

import secrets

from sqlalchemy import Connection, insert, select

from newsletter.content.tokens import Keyring
from newsletter.store.engine import Database
from newsletter.store.tables import meta

_FIRST = "signing_key"


def keyring(database: Database) -> Keyring:
    """Every key that ever signed."""
    with database.reading() as connection:
        return _keyring(connection)


def add_key(database: Database) -> Keyring:
    """The keyring with a new key, which signs from now on; the links of earlier ones go on working."""
    with database.writing() as connection:
        number = _keyring(connection).newest + 1
        connection.execute(insert(meta).values(key=f"{_FIRST}_{number}", value=secrets.token_hex(32)))
        return _keyring(connection)


def _keyring(connection: Connection) -> Keyring:
    rows = connection.execute(select(meta).where(meta.c.key.like(f"{_FIRST}%")))
    return Keyring(
        keys={int(row.key.removeprefix(_FIRST).lstrip("_") or 1): bytes.fromhex(row.value) for row in rows}
    )
