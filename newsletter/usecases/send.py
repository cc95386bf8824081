"""Sending an issue: freeze it once, then hand batch after batch to the provider until all is done.

Killed at any point and called again, `send_issue` goes on: what was answered stays answered, what
was in flight is uncertain, what was never handed over is submitted. It retries only what the
provider says it did not accept.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from newsletter import faults
from newsletter.errors import (
    BatchTooLarge,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
    WrongState,
)
from newsletter.models import (
    DRAFTS,
    Batch,
    Claim,
    Delivery,
    FrozenIssue,
    IssueId,
    IssueState,
    Lease,
    Recipient,
    RejectReason,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendProgress,
    SendStatus,
)
from newsletter.ports import Clock, Ledger, Provider

LEASE_SECONDS = 180.0
"""Each claim renews the lease; it must outlast one request with its time-outs."""
LOOK_SECONDS = 1.0
"""While a send waits, it looks this often whether it was paused, cancelled or asked to stop."""
SHORTEST_WAIT = 0.05
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds before trying again when the provider names no time; doubled each time."""
MAX_FAILURES = 12
"""Requests in a row that were not accepted before the issue is paused: some twenty minutes."""
MAX_DOUBTS = 3
"""Requests in a row without a usable answer before it is paused, so that few people are uncertain."""
MAX_REFUSALS = 100
"""Requests in a row refused for somebody in them before it is paused: it is not the recipients."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendReport:
    """Where a send stands at its end, and why it ended when the issue is not submitted."""

    state: IssueState
    progress: SendProgress
    why: str = ""

    @property
    def attention(self) -> bool:
        """Whether a person must decide something."""
        return self.state is IssueState.PAUSED or self.progress.uncertain > 0

    @property
    def summary(self) -> str:
        """One line, such as `submitted, 998 of 1000 recipients (2 rejected)`."""
        counts = self.progress
        names = ("pending", "submitting", "rejected", "suppressed_since", "uncertain", "unknown")
        rest = [f"{n} {name.replace('_', ' ')}" for name in names if (n := getattr(counts, name))]
        line = f"{self.state}, {counts.submitted} of {counts.audience} recipients submitted"
        line += f" ({', '.join(rest)})" if rest else ""
        return f"{line}: {self.why}" if self.why else line


def freeze_issue(
    email: RenderedEmail,
    sender: Sender,
    *,
    ledger: Ledger,
    provider: Provider,
    batch_size: int,
    clock: Clock,
    found: Sequence[IssueState] = DRAFTS,
) -> FrozenIssue:
    """The issue frozen now, or as it was frozen before: then `email` and `sender` do not matter.

    Raises WrongState when the issue is no longer in a state in which it was found, NeedsAttention when
    nobody is confirmed.
    """
    faults.point("before-freeze")
    size = min(batch_size, provider.max_recipients)
    frozen = ledger.freeze(email, sender, batch_size=size, now=clock.now(), found=found)
    faults.point("after-freeze")
    return frozen


def send_issue(
    issue_id: IssueId,
    *,
    ledger: Ledger,
    providers: Sequence[Provider],
    personalise: Callable[[Delivery], Recipient],
    clock: Clock,
    owner: str,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[SendProgress], None] = lambda _progress: None,
    on_trouble: Callable[[str], None] = lambda _words: None,
) -> SendReport:
    """Where the issue stands when all is submitted, or it is paused, cancelled or asked to stop.

    One batch at a time is with each of `providers`, which are connections to the same service: while
    one waits for its answer, another works. `stopped` turns true when the process is asked to end: the
    requests under way are finished first. `on_progress` is called about twice a second, `on_trouble`
    with one line whenever the provider is not there and is asked again later. Raises WrongState when the
    issue is not frozen, Busy while another process sends it, LeaseLost when one has taken over.
    """
    frozen = ledger.frozen(issue_id)
    if frozen is None:
        raise WrongState(f"{issue_id} is not frozen", remedy=f"run `newsletter send {issue_id}`")
    lease = ledger.acquire(f"send {issue_id}", owner=owner, ttl=LEASE_SECONDS, now=clock.now())
    try:
        ledger.recover(lease, issue_id, clock.now())
        sending = _Sending(
            frozen=frozen,
            lease=lease,
            ledger=ledger,
            providers=providers,
            personalise=personalise,
            clock=clock,
            stopped=stopped,
            report=_now_and_then(on_progress, ledger, issue_id, clock),
            on_trouble=on_trouble,
        )
        sending.submit_all()
        faults.point("before-finish")
        state = ledger.finish(lease, issue_id, clock.now())
    finally:
        ledger.drop(lease)
    progress = _progress(ledger, issue_id)
    on_progress(progress)
    return SendReport(state=state, progress=progress, why=sending.why or sending.trouble)


def wait_before_retry(failures: int, retry_after: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: as told, else doubled each time."""
    return retry_after or min(FIRST_WAIT * 2.0 ** (failures - 1), LONGEST_WAIT)


@dataclass(kw_only=True, slots=True)
class _Sending:
    """One run of one sender over one issue."""

    frozen: FrozenIssue
    lease: Lease
    ledger: Ledger
    providers: Sequence[Provider]
    personalise: Callable[[Delivery], Recipient]
    clock: Clock
    stopped: Callable[[], bool]
    report: Callable[[], None]
    on_trouble: Callable[[str], None]
    why: str = ""
    """Why the issue was paused."""
    trouble: str = ""
    """Why the last request has to be repeated; empty when it has not."""
    _failures: int = field(default=0, init=False)
    _doubts: int = field(default=0, init=False)
    _refusals: int = field(default=0, init=False)
    """Each counts requests in a row, from 0 again whenever one is accepted."""
    _turn: Lock = field(default_factory=Lock, init=False)
    """Held by the connection that asks or tells the ledger; never while a provider is asked."""
    _broken: bool = field(default=False, init=False)

    def submit_all(self) -> None:
        """None, when nothing more may be claimed on any of the connections."""
        if len(self.providers) == 1:
            self._submit_on(self.providers[0])
            return
        with ThreadPoolExecutor(len(self.providers), thread_name_prefix="connection") as pool:
            for connection in [pool.submit(self._submit_on, provider) for provider in self.providers]:
                connection.result()

    def _submit_on(self, provider: Provider) -> None:
        """None, when nothing more may be claimed. What the ledger is asked or told is told in turn."""
        try:
            while not (self.stopped() or self._broken):
                with self._turn:
                    claim, wait = self._claim()
                if claim is None and wait is None:
                    return
                if claim is not None:
                    answer = self._ask(provider, claim)
                    faults.point("after-answer")
                    with self._turn:
                        wait = self._write_down(claim, answer)
                        faults.point("after-record")
                        self.report()
                if wait:
                    self._sleep(wait)
        except BaseException:
            self._broken = True  # the other connections end after the request that they are at
            raise

    def _claim(self) -> tuple[Claim | None, float | None]:
        """The next batch; or None and the seconds after which there may be one, None for never."""
        issue_id = self.frozen.email.issue_id
        faults.point("before-claim")
        claim = self.ledger.claim(self.lease, issue_id, ttl=LEASE_SECONDS, now=self.clock.now())
        if claim is not None:
            faults.point("after-claim")
            return claim, None
        retry_at = self.ledger.next_retry_at(issue_id)
        return None, (retry_at - self.clock.now()).total_seconds() if retry_at else None

    def _ask(self, provider: Provider, claim: Claim) -> Sequence[SendOutcome] | ProviderError:
        """The provider's answer to one request, or the error that tells what may be done next."""
        if len(claim.deliveries) > provider.max_recipients:
            return BatchTooLarge(f"{provider.name} takes {provider.max_recipients} at a time")
        batch = Batch(
            id=claim.batch_id,
            issue_id=claim.issue_id,
            attempt=claim.attempt,
            recipients=tuple(map(self.personalise, claim.deliveries)),
        )
        try:
            return provider.submit(self.frozen.email, self.frozen.sender, batch)
        except ProviderError as error:
            return error

    def _write_down(self, claim: Claim, answer: Sequence[SendOutcome] | ProviderError) -> float:
        """Seconds to wait before the next request; the answer is in the ledger."""
        self.trouble = ""
        match answer:
            case RecipientsRefused(rejected=rejected) if rejected:
                self._reject(claim, rejected, str(answer))
            case BatchTooLarge() if len(claim.deliveries) > 1:
                self.ledger.split(claim, str(answer), self.clock.now())
            case BatchTooLarge():
                alone = SendOutcome(
                    delivery_id=claim.deliveries[0].id,
                    status=SendStatus.REJECTED,
                    reject_reason=RejectReason.OTHER,
                    detail=str(answer),
                )
                self._reject(claim, [alone], str(answer))
            case ProviderRefused():
                self._refuse(claim, str(answer))
            case ProviderUnavailable():
                self._try_again(claim, answer)
            case ProviderError():
                return self._doubt(claim, str(answer))
            case outcomes:
                self.ledger.record(claim, outcomes, self.clock.now())
                self._failures = self._doubts = self._refusals = 0
        return 0.0

    def _reject(self, claim: Claim, rejected: Sequence[SendOutcome], words: str) -> None:
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            self._refuse(claim, f"{self._refusals} requests in a row were refused, the last with: {words}")
        else:
            self.ledger.reject(claim, rejected, self.clock.now())

    def _refuse(self, claim: Claim, why: str) -> None:
        self.why = why
        self.ledger.refuse(claim, detail=why, now=self.clock.now())

    def _try_again(self, claim: Claim, trouble: ProviderUnavailable) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._refuse(claim, f"{self._failures} requests in a row failed, the last with: {trouble}")
            return
        wait = wait_before_retry(self._failures, trouble.retry_after)
        self.trouble = str(trouble)
        self.on_trouble(f"{trouble}; trying again in {wait:.0f} s")
        now = self.clock.now()
        self.ledger.release(claim, retry_at=now + timedelta(seconds=wait), detail=str(trouble), now=now)

    def _doubt(self, claim: Claim, words: str) -> float:
        self.ledger.mark_uncertain(claim, detail=words, now=self.clock.now())
        self._doubts += 1
        if self._doubts >= MAX_DOUBTS:
            self.why = (
                f"{self._doubts} requests in a row may or may not have been accepted, the last: {words}"
            )
            self.ledger.pause(claim.issue_id, note=self.why)
            return 0.0
        return wait_before_retry(self._doubts)

    def _sleep(self, seconds: float) -> None:
        """None, after `seconds` but never longer than a look at the issue's state may wait."""
        self.clock.sleep(min(max(seconds, SHORTEST_WAIT), LOOK_SECONDS))


def _now_and_then(
    on_progress: Callable[[SendProgress], None], ledger: Ledger, issue_id: IssueId, clock: Clock
) -> Callable[[], None]:
    """A call that tells the progress when half a second has passed since it last did."""
    told = clock.now()

    def report() -> None:
        nonlocal told
        if clock.now() - told >= timedelta(seconds=0.5):
            told = clock.now()
            on_progress(_progress(ledger, issue_id))

    return report


def _progress(ledger: Ledger, issue_id: IssueId) -> SendProgress:
    progress = ledger.progress(issue_id)
    if progress is None:
        raise WrongState(f"{issue_id} is not frozen")
    return progress
