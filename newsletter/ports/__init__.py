"""The promises between the stories (usecases) and the machines (sources, providers, store, engines).

Read this file first. Each Protocol is as small as its caller needs; concrete classes meet the
stories in `wiring` alone.
"""

from newsletter.ports.events import EventParser, EventRules, EventStore, SuppressionList, SuppressionStore
from newsletter.ports.gathering import IssueFiles, IssueStore, Source
from newsletter.ports.people import (
    Archive,
    ImportStore,
    Joining,
    Limits,
    MailQueue,
    Preferences,
    StagedImport,
    SubscriberStore,
    Visits,
)
from newsletter.ports.running import Clock, Engine
from newsletter.ports.sending import Accounts, Cancelable, Evidence, Ledger, Provider, ReceiptFiles, Settling

__all__ = [
    "Accounts",
    "Archive",
    "Cancelable",
    "Clock",
    "Engine",
    "EventParser",
    "EventRules",
    "EventStore",
    "Evidence",
    "ImportStore",
    "IssueFiles",
    "IssueStore",
    "Joining",
    "Ledger",
    "Limits",
    "MailQueue",
    "Preferences",
    "Provider",
    "ReceiptFiles",
    "Settling",
    "Source",
    "StagedImport",
    "SubscriberStore",
    "SuppressionList",
    "SuppressionStore",
    "Visits",
]
