"""One run of one sender over one issue: claim, ask, write down, until nothing more may be claimed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from newsletter import faults
from newsletter.errors import BatchTooLarge, ProviderError, ProviderUnavailable, SubmissionUncertain
from newsletter.models import (
    Batch,
    Canary,
    Claim,
    Deliveries,
    FrozenIssue,
    Lease,
    NotBefore,
    Pace,
    Recipients,
    RenderedEmail,
)
from newsletter.ports import Cancelable, Clock, Ledger, Provider
from newsletter.usecases.answers import Answer, Answers
from newsletter.usecases.care import LOOK_SECONDS, SEND_LATER, Care, illness, wait_for_canary

LEASE_SECONDS = 180.0
"""Claims renew the lease, the last one some seconds ago; it must outlast one request with its time-outs."""
SHORTEST_WAIT = 0.05


@dataclass(kw_only=True, slots=True)
class Sending:
    """The run; each of `providers` is a connection on which one request at a time is under way."""

    frozen: FrozenIssue
    lease: Lease
    ledger: Ledger
    providers: Sequence[Provider]
    personalise: Callable[[Deliveries], Recipients]
    clock: Clock
    care: Care
    answers: Answers
    stopped: Callable[[], bool]
    on_look: Callable[[], None]
    """Called before each claim."""
    report: Callable[[], None]
    """Called after each answer."""
    on_trouble: Callable[[str], None]
    _told: str = field(default="", init=False)
    """Why nothing may be handed over, as it was last told."""
    _turn: Lock = field(default_factory=Lock, init=False)
    """Held by the connection that asks or tells the ledger; never while a provider is asked."""
    _broken: bool = field(default=False, init=False)
    _text_alone: RenderedEmail = field(init=False)

    def __post_init__(self) -> None:
        self._text_alone = self.frozen.email.text_alone

    def submit_all(self) -> None:
        """None, when nothing more may be claimed on any of the connections."""
        if len(self.providers) == 1:
            self._submit_on(self.providers[0])
            return
        with ThreadPoolExecutor(len(self.providers), thread_name_prefix="connection") as pool:
            for connection in [pool.submit(self._submit_on, provider) for provider in self.providers]:
                connection.result()

    def _submit_on(self, provider: Provider) -> None:
        """None, when nothing more may be claimed."""
        try:
            while not (self.stopped() or self._broken):
                with self._turn:
                    self.on_look()
                    claim = self._claim()
                if claim is None:
                    return
                if isinstance(claim, NotBefore):
                    self._sleep((claim.moment - self.clock.now()).total_seconds())
                    continue
                answer = self._ask(provider, claim)
                faults.point("after-answer")
                with self._turn:
                    wait = self.answers.write_down(claim, answer)
                    faults.point("after-record")
                    self.report()
                if wait:
                    self._sleep(wait)
        except BaseException:
            self._broken = True  # the other connections end after the request that they are at
            raise

    def _claim(self) -> Claim | NotBefore | None:
        """The next batch, or when there may be one; None when there will be none."""
        issue_id, now = self.frozen.email.issue_id, self.clock.now()
        faults.point("before-claim")
        claim = self.ledger.claim(self.lease, issue_id, ttl=LEASE_SECONDS, now=now, pace=self._pace)
        if isinstance(claim, Claim):
            faults.point("after-claim")
        elif claim is None and (canary := self.ledger.canary(issue_id)):
            claim = self._judge(canary, now)
        if isinstance(claim, NotBefore):
            self._tell(claim, now)
        return claim

    @property
    def _pace(self) -> Pace:
        """Of all that the provider is handed, whatever connection or process hands it over."""
        return Pace(
            provider=self.providers[0].name,
            rate=self.care.rate,
            warm_up=self.care.warm_up,
            timezone=self.care.timezone,
        )

    def _judge(self, canary: Canary, now: datetime) -> Claim | NotBefore | None:
        """When the canary can be judged; or, as it is healthy now, the next batch; None when it is not."""
        if wait := wait_for_canary(canary, self.care, now):
            return wait
        why = illness(canary, self.care)
        self.ledger.end_canary(self.frozen.email.issue_id, illness=why)
        if why:
            self.answers.why = why
            return None
        return self._claim()

    def _tell(self, wait: NotBefore, now: datetime) -> None:
        """None; a wait that the provider did not ask for is told once, unless it is short."""
        long = (wait.moment - now).total_seconds() > LOOK_SECONDS
        if long and wait.why != self._told and not self.answers.trouble:
            self._told = wait.why
            self.on_trouble(f"waiting until {wait.moment:%Y-%m-%d %H:%M:%S} UTC: {wait.why}")

    def _ask(self, provider: Provider, claim: Claim) -> Answer:
        """The provider's answer to one request, or the error that tells what may be done next."""
        if len(claim.deliveries) > provider.max_recipients:
            return BatchTooLarge(f"{provider.name} takes {provider.max_recipients} at a time")
        try:
            cancel_id, send_at = self._call_back_by(provider, claim)
            batch = Batch(
                id=claim.batch_id,
                issue_id=claim.issue_id,
                attempt=claim.attempt,
                recipients=self.personalise(claim.deliveries),
                cancel_id=cancel_id,
                send_at=send_at,
            )
            return provider.submit(self._letter_for(claim), self.frozen.sender, batch)
        except ProviderError as error:
            return error

    def _letter_for(self, claim: Claim) -> RenderedEmail:
        """The same object each time, which providers encode once."""
        return self._text_alone if claim.text_only else self.frozen.email

    def _call_back_by(self, provider: Provider, claim: Claim) -> tuple[str, datetime | None]:
        """The id by which the request can be called back, and until when: both are in the ledger.

        Raises ProviderUnavailable or ProviderRefused.
        """
        if not (self.care.cancelable and isinstance(provider, Cancelable)):
            return "", None
        try:
            cancel_id = provider.new_cancel_id()
        except SubmissionUncertain as error:  # an id that may have been made mails nothing
            raise ProviderUnavailable(str(error)) from error
        send_at = self.clock.now() + SEND_LATER
        with self._turn:
            self.ledger.prepare(claim, cancel_id=cancel_id, send_at=send_at)
        return cancel_id, send_at

    def _sleep(self, seconds: float) -> None:
        """None, after `seconds` but never longer than a look at the issue's state may wait."""
        self.clock.sleep(min(max(seconds, SHORTEST_WAIT), LOOK_SECONDS))
