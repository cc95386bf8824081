"""Settings → App: the machines are chosen and opened here, and closed again."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from newsletter.config import Settings, load_settings
from newsletter.content.addresses import parse_address
from newsletter.content.calendar import Schedule, parse_schedule
from newsletter.errors import BadInput
from newsletter.providers import find_provider
from newsletter.store.accounts import SqlAccounts
from newsletter.store.archive import SqlArchive
from newsletter.store.erasedlist import ErasedList
from newsletter.store.events import SqlEventStore
from newsletter.store.folder import IssueFolder
from newsletter.store.forgetting import SqlForgetting
from newsletter.store.importing import SqlImportStore
from newsletter.store.issues import SqlIssueStore
from newsletter.store.joining import SqlJoining
from newsletter.store.keys import keyring
from newsletter.store.ledger import SqlLedger
from newsletter.store.limits import SqlLimits
from newsletter.store.mark import Mark
from newsletter.store.preferences import SqlPreferences
from newsletter.store.readiness import why_not_ready
from newsletter.store.receipts import ReceiptFolder
from newsletter.store.restoring import SqlRestoring
from newsletter.store.schema import open_database
from newsletter.store.settling import SqlSettling
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.store.systemmails import SqlMailQueue
from newsletter.store.visits import SqlVisits
from newsletter.wiring.app import App
from newsletter.wiring.clocks import SystemClock


@contextmanager
def open_app(project: Path, environ: Mapping[str, str]) -> Iterator[App]:
    """The project's App, its database open while the block runs.

    Raises NotFound, BadSetting or BadSchedule for what is wrong in the project's settings.
    """
    settings = load_settings(project, environ)
    find_provider(settings)
    _check_addresses(settings)
    schedule = _schedule(settings)
    stopped = threading.Event()
    clock = SystemClock(stopped)
    url = settings.database_url
    # A SQLite file has its locks beside it, whichever folder it is used from.
    locks = None if url.startswith("sqlite") else project / "data" / "locks"
    with (
        closing(open_database(url, now=clock.now(), locks=locks)) as database,
        closing(Mark(settings.mark_file, database)) as mark,
    ):
        issues = SqlIssueStore(database)
        keys = keyring(database)
        forgetting = SqlForgetting(database, ErasedList(project / "data" / "erased"), key=keys.first)
        forgetting.catch_up()
        yield App(
            settings=settings,
            clock=clock,
            issues=issues,
            files=IssueFolder(project / "issues"),
            subscribers=SqlSubscriberStore(database),
            imports=SqlImportStore(database),
            ledger=SqlLedger(database, mark=mark),
            joining=SqlJoining(database),
            limits=SqlLimits(database),
            preferences=SqlPreferences(database),
            mails=SqlMailQueue(database),
            visits=SqlVisits(database),
            archive=SqlArchive(database),
            accounts=SqlAccounts(database),
            receipts=ReceiptFolder(project / "issues"),
            restoring=SqlRestoring(database),
            mark=mark,
            events=SqlEventStore(database),
            suppressions=SqlSuppressionStore(database),
            settling=SqlSettling(database),
            forgetting=forgetting,
            why_not_ready=partial(why_not_ready, database),
            schedule=schedule,
            keys=keys,
            stopped=stopped,
        )


def _check_addresses(settings: Settings) -> None:
    """None. Raises BadAddress for a sender that no mail could come from."""
    for name, text in (("from", settings.newsletter.sender), ("reply_to", settings.newsletter.reply_to)):
        if text:
            with _naming(settings.where(f"newsletter.{name}")):
                parse_address(text)


def _schedule(settings: Settings) -> Schedule | None:
    if not settings.schedule.send:
        return None
    with _naming(settings.where("schedule.send")):
        return parse_schedule(settings.schedule.send, settings.newsletter.timezone)


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """The block; what it says of a setting's value is said with the setting's place."""
    try:
        yield
    except BadInput as error:
        raise type(error)(error.message, where=where, remedy=error.remedy) from error
