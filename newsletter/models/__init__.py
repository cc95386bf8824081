"""The nouns: frozen dataclasses, their states and their ids.

The four of which a send makes one per recipient are frozen Structs of msgspec, which are made ten
times faster (docs/decisions/choices.md).

Every datetime is aware and in UTC. A new type stands at each stage of the pipeline:
Post → Section of an Issue → RenderedEmail → Delivery in a Claim → Recipient in a Batch →
SendOutcome → ProviderEvent. `docs/glossary.md` defines the words.
"""

from newsletter.models.accounts import Movement, Request, Standing
from newsletter.models.addresses import Address
from newsletter.models.audiences import AudienceFilter
from newsletter.models.events import (
    NOTHING,
    BounceClass,
    Consequence,
    Ending,
    EventType,
    ProviderEvent,
    Suppression,
    SuppressionReason,
    Taken,
    Tally,
    WebhookRequest,
)
from newsletter.models.ids import AttemptId, BatchId, DeliveryId, IssueId, PostId, SourceId, SubscriberId
from newsletter.models.issues import (
    DRAFTS,
    Finding,
    Issue,
    IssueRecord,
    IssueState,
    Section,
    Severity,
    Slot,
)
from newsletter.models.letters import MergeField, RenderedEmail, Sender
from newsletter.models.mails import SystemMail, SystemMailKind, SystemMailState
from newsletter.models.people import (
    Channel,
    Choices,
    Confirmation,
    Consent,
    ConsentAction,
    Limit,
    Subscriber,
    SubscriberStatus,
)
from newsletter.models.posts import Decision, DecisionLog, Fetched, Image, Post, PostDecision
from newsletter.models.recipients import Deliveries, Delivery, Recipient, Recipients
from newsletter.models.sending import (
    Accepted,
    Batch,
    BatchState,
    Canary,
    CanaryState,
    Claim,
    DeliveryStatus,
    FrozenIssue,
    Lease,
    NotBefore,
    OpenAttempt,
    Pace,
    RejectReason,
    SendOutcome,
    SendProgress,
    SendStatus,
    Verdict,
    Window,
    Witness,
)

__all__ = [
    "DRAFTS",
    "NOTHING",
    "Accepted",
    "Address",
    "AttemptId",
    "AudienceFilter",
    "Batch",
    "BatchId",
    "BatchState",
    "BounceClass",
    "Canary",
    "CanaryState",
    "Channel",
    "Choices",
    "Claim",
    "Confirmation",
    "Consent",
    "ConsentAction",
    "Consequence",
    "Decision",
    "DecisionLog",
    "Deliveries",
    "Delivery",
    "DeliveryId",
    "DeliveryStatus",
    "Ending",
    "EventType",
    "Fetched",
    "Finding",
    "FrozenIssue",
    "Image",
    "Issue",
    "IssueId",
    "IssueRecord",
    "IssueState",
    "Lease",
    "Limit",
    "MergeField",
    "Movement",
    "NotBefore",
    "OpenAttempt",
    "Pace",
    "Post",
    "PostDecision",
    "PostId",
    "ProviderEvent",
    "Recipient",
    "Recipients",
    "RejectReason",
    "RenderedEmail",
    "Request",
    "Section",
    "SendOutcome",
    "SendProgress",
    "SendStatus",
    "Sender",
    "Severity",
    "Slot",
    "SourceId",
    "Standing",
    "Subscriber",
    "SubscriberId",
    "SubscriberStatus",
    "Suppression",
    "SuppressionReason",
    "SystemMail",
    "SystemMailKind",
    "SystemMailState",
    "Taken",
    "Tally",
    "Verdict",
    "WebhookRequest",
    "Window",
    "Witness",
]
