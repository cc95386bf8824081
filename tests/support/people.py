"""Files of people for tests, imported through the whole story, and the list as it is then."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsletter.models import Subscriber
from newsletter.store.engine import Database
from newsletter.store.importing import SqlImportStore
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.usecases.importing import ImportReport, ImportWishes, import_csv

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@dataclass(kw_only=True)
class PeopleDesk:
    """One database's list and its imports; each import comes a minute after the last one."""

    database: Database
    now: datetime = NOW
    rejected: list[str] = field(default_factory=list)
    """Lines of the file of rejected rows."""

    @property
    def imports(self) -> SqlImportStore:
        return SqlImportStore(self.database)

    @property
    def people(self) -> SqlSubscriberStore:
        return SqlSubscriberStore(self.database)

    def load(
        self, *lines: str, consent: str = "the fair", decide: Callable[..., bool] = lambda _plan: True
    ) -> ImportReport:
        """The report of an import of these lines."""
        return self.load_bytes("\n".join(lines).encode(), consent=consent, decide=decide)

    def load_bytes(
        self, data: bytes, *, consent: str = "the fair", decide: Callable[..., bool] = lambda _plan: True
    ) -> ImportReport:
        self.now += timedelta(minutes=1)
        wishes = ImportWishes(consent_source=consent, decide=decide, on_rejected=self.rejected.append)
        return import_csv(io.BytesIO(data), self.imports, wishes, file_name="people.csv", now=self.now)

    def find(self, addr_spec: str) -> Subscriber:
        person = {each.address.addr_spec: each for each in self.people.export()}.get(addr_spec)
        assert person is not None
        return person

    def statuses(self) -> dict[str, str]:
        """The status of everybody, by the part of the address before the @."""
        return {
            person.address.addr_spec.partition("@")[0]: person.status.value for person in self.people.list()
        }
