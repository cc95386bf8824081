"""The append-only record of what people agreed to; each step is written with what it changes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from newsletter.models import Channel, Consent, ConsentAction, SubscriberId
from newsletter.store.engine import insert_new
from newsletter.store.readertables import consent_texts, consents

_ROW = ("ip", "user_agent", "form_url", "policy", "mail", "evidence")


def record_step(connection: Connection, subscriber_id: SubscriberId, step: Consent) -> None:
    """None; the step stands at the end of the person's record, in the caller's transaction."""
    digest = ""
    if step.text:
        digest = hashlib.sha256(step.text.encode()).hexdigest()
        connection.execute(
            insert_new(connection, consent_texts).values(sha256=digest, text=step.text, at=step.at)
        )
    connection.execute(
        insert(consents).values(
            subscriber_id=subscriber_id,
            action=step.action,
            channel=step.channel,
            at=step.at,
            text_sha256=digest,
            **{name: getattr(step, name) for name in _ROW},
        )
    )


def last_action(connection: Connection, subscriber_id: SubscriberId) -> tuple[ConsentAction, datetime] | None:
    """The newest step of the person's record, and when it was made; None when there is none."""
    row = connection.execute(
        select(consents.c.action, consents.c.at)
        .where(consents.c.subscriber_id == subscriber_id)
        .order_by(consents.c.number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (ConsentAction(row.action), row.at)


def steps(connection: Connection, subscriber_id: SubscriberId) -> Sequence[Consent]:
    """The person's record, oldest step first."""
    rows = connection.execute(
        select(consents, consent_texts.c.text)
        .join_from(consents, consent_texts, consent_texts.c.sha256 == consents.c.text_sha256, isouter=True)
        .where(consents.c.subscriber_id == subscriber_id)
        .order_by(consents.c.number)
    )
    return [
        Consent(
            action=ConsentAction(row.action),
            channel=Channel(row.channel),
            at=row.at,
            text=row.text or "",
            **{name: getattr(row, name) for name in _ROW},
        )
        for row in rows
    ]
