"""A batch's letters for providers that write each by itself."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.content.mime import Skeleton
from newsletter.errors import BadInput, ProviderRefused, RecipientsRefused
from newsletter.models import (
    Batch,
    Recipient,
    RejectReason,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendStatus,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One recipient's letter: its header lines, and its body, which is joined when it is asked for."""

    recipient: Recipient
    head: bytes
    skeleton: Skeleton

    @property
    def body(self) -> bytes:
        return self.skeleton.body(self.recipient)


class Letters:
    """Writes letters; the latest issue is encoded once."""

    def __init__(self) -> None:
        self._encoded: tuple[RenderedEmail, Sender, Skeleton] | None = None

    def of(
        self, email: RenderedEmail, sender: Sender, batch: Batch, *, date: datetime, utf8: bool = False
    ) -> list[Letter]:
        """Everybody's letter, in order; with `utf8` an address may have other letters than ASCII's.

        Raises ProviderRefused for what no header may hold, RecipientsRefused for impossible addresses.
        """
        skeleton = self._skeleton(email, sender)
        letters: list[Letter] = []
        refused: list[SendOutcome] = []
        for recipient in batch.recipients:
            try:
                head = skeleton.head(recipient, date=date, utf8=utf8)
                letters.append(Letter(recipient=recipient, head=head, skeleton=skeleton))
            except BadInput as error:
                if error.where != "To":
                    raise ProviderRefused(error.message, remedy=error.remedy) from error
                refused.append(_impossible(recipient, error.message))
        if refused:
            raise RecipientsRefused("a recipient's address cannot be written", rejected=refused)
        return letters

    def _skeleton(self, email: RenderedEmail, sender: Sender) -> Skeleton:
        kept = self._encoded
        if kept is None or kept[0] is not email or kept[1] is not sender:
            try:
                kept = self._encoded = (email, sender, Skeleton(email, sender))
            except BadInput as error:
                raise ProviderRefused(error.message, remedy=error.remedy) from error
        return kept[2]


def _impossible(recipient: Recipient, why: str) -> SendOutcome:
    return SendOutcome(
        delivery_id=recipient.delivery_id,
        status=SendStatus.REJECTED,
        reject_reason=RejectReason.INVALID,
        detail=why,
    )
