"""A provider that answers as a test has written down, and remembers what it was asked."""

from collections import deque
from collections.abc import Callable, Sequence

from newsletter.errors import ProviderError
from newsletter.models import (
    Accepted,
    Batch,
    Deliveries,
    Recipients,
    RenderedEmail,
    Sender,
    SendOutcome,
)

Step = ProviderError | Callable[[Batch], Sequence[SendOutcome]]


class ScriptedProvider:
    """Each request meets the next step of the script: an error, or a call that answers.

    Requests after the last step are accepted, or meet `default`.
    """

    name = "scripted"

    def __init__(self, *steps: Step, default: Step | None = None, max_recipients: int = 1000) -> None:
        self.max_recipients = max_recipients
        self.requests: list[Batch] = []
        self.letters: list[RenderedEmail] = []
        """The letter of each request."""
        self.accepted: list[str] = []
        """The addresses of whom a request that was answered with outcomes accepted, in order."""
        self._steps = deque(steps)
        self._default = default or self.accept

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        self.requests.append(batch)
        self.letters.append(email)
        step = self._steps.popleft() if self._steps else self._default
        if isinstance(step, ProviderError):
            raise step
        return step(batch)

    def accept(self, batch: Batch) -> Sequence[SendOutcome]:
        """The outcomes of a request in which everybody is taken."""
        self.accepted += [recipient.address.addr_spec for recipient in batch.recipients]
        return Accepted(delivery_ids=batch.recipients.delivery_ids)

    def close(self) -> None:
        pass


def plain_recipients(deliveries: Deliveries) -> Recipients:
    """The recipients of a letter without personal parts."""
    return Recipients(
        delivery_ids=deliveries.ids,
        addr_specs=deliveries.addr_specs,
        display_names=deliveries.display_names,
        merge_data={},
        headers={},
    )
