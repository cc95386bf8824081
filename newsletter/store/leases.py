"""One sender per issue: a row that runs out by time and counts its holders, and a lock on a file.

The row is the truth, and its fence is checked in every claim. The lock only tells at once that a
holder on this host is dead: two processes that meet the same lock file under the same kernel
(the same `realm`) need not wait for a row whose lock nobody holds.
"""

import hashlib
import os
import secrets
import socket
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, bindparam, select, update

from newsletter.errors import Busy, LeaseLost
from newsletter.models import Lease
from newsletter.store.engine import Database, insert_new
from newsletter.store.locks import try_lock
from newsletter.store.tables import leases

HELD = (
    leases.c.name == bindparam("held"),
    leases.c.owner == bindparam("by"),
    leases.c.fence == bindparam("since"),
)
"""What is true of the row of a lease that nobody has taken over; its parameters are `holding`'s."""
_UPDATE_HELD = update(leases).where(*HELD)


def new_owner() -> str:
    """A name for this process as a holder of leases, told in messages and never used twice."""
    return f"{socket.gethostname()} pid {os.getpid()} {secrets.token_hex(4)}"


class Leases:
    """The leases of one database, as one process takes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[tuple[str, int], int] = {}

    def acquire(self, name: str, *, owner: str, ttl: float, now: datetime) -> Lease:
        """The lease, for `ttl` seconds, with a fence above every earlier one. Raises Busy."""
        lock = self._lock(name)
        realm = _realm(self._database.locks) if self._database.locks and lock is not None else ""
        with ExitStack() as undo:
            if lock is not None:
                undo.callback(os.close, lock)
            with self._database.writing() as connection:
                lease = _take(connection, name, realm, owner, now, now + timedelta(seconds=ttl))
            undo.pop_all()
        if lock is not None:
            self._held[lease.name, lease.fence] = lock
        return lease

    def drop(self, lease: Lease) -> None:
        """None; the lease is free, unless another holder has it already."""
        with self._database.writing() as connection:
            connection.execute(
                update(leases)
                .where(leases.c.name == lease.name, leases.c.fence == lease.fence)
                .values(owner="")
            )
        if (lock := self._held.pop((lease.name, lease.fence), None)) is not None:
            os.close(lock)

    def _lock(self, name: str) -> int | None:
        if self._database.locks is None:
            return None
        return try_lock(self._database.locks / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.lease")


def holding(lease: Lease) -> dict[str, object]:
    """The parameters of HELD."""
    return {"held": lease.name, "by": lease.owner, "since": lease.fence}


def renew(connection: Connection, lease: Lease, expires_at: datetime) -> None:
    """None; the lease runs until `expires_at`. Raises LeaseLost when a newer holder has it."""
    _update_held(connection, lease, {"expires_at": expires_at})


def confirm(connection: Connection, lease: Lease) -> None:
    """None; nobody can take the lease over before the transaction ends. Raises LeaseLost."""
    _update_held(connection, lease, {"owner": lease.owner})


def _update_held(connection: Connection, lease: Lease, values: dict[str, object]) -> None:
    held = connection.execute(_UPDATE_HELD, {**holding(lease), **values})
    if held.rowcount != 1:
        raise LeaseLost(f"another process has taken over {lease.name!r}", remedy="let it finish")


def _take(
    connection: Connection, name: str, realm: str, owner: str, now: datetime, expires_at: datetime
) -> Lease:
    connection.execute(insert_new(connection, leases).values(name=name, owner="", fence=0, expires_at=now))
    row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
    holder_realm, _, holder = row.owner.partition("|")
    dead = bool(realm) and holder_realm == realm  # for this process has the lock of the same realm
    if holder and row.expires_at > now and not dead:
        raise Busy(
            f"{holder} is at {name!r} until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC", remedy="try again later"
        )
    lease = Lease(name=name, owner=f"{realm}|{owner}", fence=row.fence + 1, expires_at=expires_at)
    connection.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(owner=lease.owner, fence=lease.fence, expires_at=expires_at)
    )
    return lease


@cache
def _realm(locks: Path) -> str:
    """What two processes share for whom a lock in this folder is the same lock."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    kernel = boot.read_text(encoding="ascii").strip() if boot.exists() else socket.gethostname()
    folder = locks.stat()
    return f"{kernel}:{folder.st_dev:x}:{folder.st_ino:x}"
