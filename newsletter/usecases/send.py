"""Sending an issue: freeze it once, then hand batch after batch to the provider until all is done.

Killed at any point and called again, `send_issue` goes on: what was answered stays answered, what
was in flight is uncertain, what was never handed over is submitted. It retries only what the
provider says it did not accept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter import faults
from newsletter.errors import BadSetting, WrongState
from newsletter.models import (
    DRAFTS,
    AudienceFilter,
    Deliveries,
    FrozenIssue,
    IssueId,
    IssueState,
    Recipients,
    RenderedEmail,
    Sender,
    SendProgress,
)
from newsletter.ports import Cancelable, Clock, Ledger, Provider
from newsletter.usecases.answers import Answers
from newsletter.usecases.care import Care
from newsletter.usecases.sending import LEASE_SECONDS, Sending

PLAIN = Care()


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
    care: Care = PLAIN,
    audience: AudienceFilter | None = None,
) -> FrozenIssue:
    """The issue frozen now, or as it was frozen before: then `email`, `sender` and `audience` do not matter.

    Raises WrongState when the issue is no longer in a state in which it was found, NeedsAttention when
    there is nobody to send to, BadSetting when the provider cannot do what `care` asks for.
    """
    require_able([provider], care)
    faults.point("before-freeze")
    size = min(batch_size, provider.max_recipients)
    frozen = ledger.freeze(
        email,
        sender,
        batch_size=size,
        now=clock.now(),
        found=found,
        canary=care.canary,
        audience=audience,
    )
    faults.point("after-freeze")
    return frozen


def send_issue(
    issue_id: IssueId,
    *,
    ledger: Ledger,
    providers: Sequence[Provider],
    personalise: Callable[[Deliveries], Recipients],
    clock: Clock,
    owner: str,
    care: Care = PLAIN,
    stopped: Callable[[], bool] = lambda: False,
    on_look: Callable[[], None] = lambda: None,
    on_progress: Callable[[SendProgress], None] = lambda _progress: None,
    on_trouble: Callable[[str], None] = lambda _words: None,
) -> SendReport:
    """Where the issue stands when all is submitted, or it is paused, cancelled or asked to stop.

    One batch at a time is with each of `providers`, which are connections to the same service: while
    one waits for its answer, another works. `stopped` turns true when the process is asked to end: the
    requests under way are finished first. `on_look` is called before each claim, and once a second while
    nothing may be claimed; `on_progress` about twice a second; `on_trouble` with one line whenever the
    provider is not there and is asked again later, or `care` makes the send wait. Raises WrongState when
    the issue is not frozen, BadSetting when the provider cannot do what `care` asks for, Busy while
    another process sends the issue, LeaseLost when one has taken over.
    """
    require_able(providers, care)
    frozen = ledger.frozen(issue_id)
    if frozen is None:
        raise WrongState(f"{issue_id} is not frozen", remedy=f"run `newsletter send {issue_id}`")
    lease = ledger.acquire(f"send {issue_id}", owner=owner, ttl=LEASE_SECONDS, now=clock.now())
    try:
        answers = Answers(
            ledger=ledger, clock=clock, care=care, connections=len(providers), on_trouble=on_trouble
        )
        if doubted := ledger.recover(lease, issue_id, clock.now()):
            answers.mind_budget(issue_id, a_kill=doubted)
        sending = Sending(
            frozen=frozen,
            lease=lease,
            ledger=ledger,
            providers=providers,
            personalise=personalise,
            clock=clock,
            care=care,
            answers=answers,
            stopped=stopped,
            on_look=on_look,
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
    return SendReport(state=state, progress=progress, why=answers.why or answers.trouble)


def require_able(providers: Sequence[Provider], care: Care) -> None:
    """None. Raises BadSetting when a provider cannot do what `care` asks for."""
    for provider in providers:
        if care.cancelable and not isinstance(provider, Cancelable):
            raise BadSetting(
                f"the provider “{provider.name}” cannot call a request back",
                where="[sending] certainty",
                remedy='write certainty = "evidence", or use a provider that can',
            )


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
