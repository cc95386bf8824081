"""Telling where issues stand, and accounting for everybody of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from newsletter.cli.common import (
    issue_argument,
    json_option,
    opened,
    optional_issue,
    print_json,
    print_json_streamed,
    show_log,
    talk,
)
from newsletter.errors import WrongState
from newsletter.models import (
    DeliveryStatus,
    FrozenIssue,
    IssueId,
    IssueRecord,
    IssueState,
    SendProgress,
    Standing,
)
from newsletter.ports import Accounts
from newsletter.usecases.standing import (
    MAILS_TOLD_FOR,
    adds_up,
    doubt_about_mails,
    how_it_moves,
    next_act,
    seconds_left,
)

if TYPE_CHECKING:
    from newsletter.wiring import App

NEEDS_ATTENTION = 3
SUMS = ("submitted", "rejected", "suppressed_since", "uncertain", "unknown")
"""The parts of an audience when a send has ended."""
WAITING = ("pending", "submitting")
"""Those besides while it has not; who is pending in a cancelled issue stays so."""
GROUPS = (
    DeliveryStatus.REJECTED,
    DeliveryStatus.SUPPRESSED_SINCE,
    DeliveryStatus.UNCERTAIN,
    DeliveryStatus.UNKNOWN,
)
"""Those of whom each is named: everybody who was not simply submitted."""


@click.command()
@optional_issue
@json_option
@click.pass_context
def status(ctx: click.Context, issue: str | None, as_json: bool) -> None:
    """Show where the issues stand, or all that is known of one, and whether mails are in doubt."""
    with opened(ctx) as app:
        if doubt := doubt_about_mails(app.mails.uncertain(app.clock.now() - MAILS_TOLD_FOR)):
            talk(doubt)
        if issue is not None:
            _show_one(app, app.record(app.issue_id(issue)), as_json)
            return
        rows = [(record, app.ledger.progress(record.id)) for record in app.issues.list()]
    if as_json:
        print_json([{**to_builtins(record), "progress": progress} for record, progress in rows])
        return
    if not rows:
        talk("No issue yet: run “newsletter gather”.")
    for record, progress in rows:
        click.echo(_line(record, progress))


def _show_one(app: "App", record: IssueRecord, as_json: bool) -> None:
    from newsletter.wiring.care import pace

    now = app.clock.now()
    progress = app.ledger.progress(record.id)
    movement = app.accounts.movement(record.id, now, pace=pace(app.settings))
    act = next_act(record, progress)
    frozen = app.ledger.frozen(record.id)
    audience_filter = frozen.audience_filter if frozen else ""
    readers, machines = app.visits.count(record.id)
    if as_json:
        print_json(
            [
                {
                    **to_builtins(record),
                    "progress": progress,
                    "movement": movement,
                    "seconds_left": seconds_left(progress, movement.rate) if progress else None,
                    "next": act,
                    "audience_filter": audience_filter,
                    "web_readers": readers,
                    "web_machines": machines,
                }
            ]
        )
        return
    click.echo(_line(record, progress))
    if audience_filter:
        click.echo(f"  to: {audience_filter}")
    for line in how_it_moves(record, progress, movement, now) if progress else ():
        click.echo(f"  {line}")
    if readers or machines:
        click.echo(f"  read on the web: {readers}; machines, left out: {machines}")
    if act:
        talk(f"  next: {act}")
    if log := app.issues.log(record.id):
        show_log(log)


def _line(record: IssueRecord, progress: SendProgress | None) -> str:
    parts = [record.state.value, sums(progress) if progress else "", record.note]
    return f"{record.id}: {'; '.join(filter(None, parts))}"


@click.command()
@issue_argument
@click.option("--recipients", "everybody", is_flag=True, help="Name every recipient with their state.")
@json_option
@click.pass_context
def prove(ctx: click.Context, issue: str, everybody: bool, as_json: bool) -> None:
    """Account for every recipient of ISSUE.

    Exit status 3 when a sum is off, the frozen list has changed, or somebody is uncertain. Who was
    forgotten since is a number: the list cannot be compared any more, and says so.
    """
    with opened(ctx) as app:
        proof = _proof(app, app.record(app.issue_id(issue)))
        tell = _prove_json if as_json else _prove_plainly
        tell(proof, app.accounts, everybody=everybody)
    if proof.progress.uncertain or not proof.balanced or proof.changed:
        ctx.exit(NEEDS_ATTENTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Proof:
    """What was frozen of an issue, the sums since, and how the frozen list stands now."""

    issue_id: IssueId
    state: IssueState
    frozen: FrozenIssue
    progress: SendProgress
    intact: bool
    erased: int = 0
    """People who were forgotten since; without their addresses the list cannot be compared."""

    @property
    def balanced(self) -> bool:
        return adds_up(self.progress, self.state)

    @property
    def in_all(self) -> str:
        """How many there are of all groups together, and whether that is right."""
        progress = self.progress
        waiting = {name: getattr(progress, name) for name in WAITING}
        total = f"{progress.settled + progress.uncertain + sum(waiting.values()):>11}  in all"
        if self.balanced:
            return f"{total}: balanced"
        if not any(waiting.values()):
            return f"{total}: not balanced: {progress.audience} were frozen"
        parts = " and ".join(f"{count} {name}" for name, count in waiting.items() if count)
        return f"{total}, with {parts}: not balanced: the send has not ended"

    @property
    def changed(self) -> bool:
        return not self.intact and not self.erased

    @property
    def list_now(self) -> str:
        if self.erased:
            return f"{self.erased} erased since"
        return "as frozen" if self.intact else "CHANGED since it was frozen"


def _proof(app: "App", record: IssueRecord) -> _Proof:
    """What there is to tell of the issue. Raises WrongState when the ledger knows nothing of it."""
    progress, frozen = app.ledger.progress(record.id), app.ledger.frozen(record.id)
    if progress is None or frozen is None:
        raise _nothing_to_prove(record)
    intact = app.accounts.audience_sha256(record.id) == frozen.audience_sha256
    erased = 0 if intact else app.accounts.erased(record.id)
    return _Proof(
        issue_id=record.id,
        state=record.state,
        frozen=frozen,
        progress=progress,
        intact=intact,
        erased=erased,
    )


def _nothing_to_prove(record: IssueRecord) -> WrongState:
    if record.state is IssueState.SUBMITTED:
        return WrongState(
            f"the ledger does not know to whom {record.id} went: {record.note}",
            remedy=f"see issues/{record.id}.receipt.json",
        )
    return WrongState(f"{record.id} is not frozen yet", remedy="nothing of it was sent")


def _prove_plainly(proof: _Proof, accounts: Accounts, *, everybody: bool) -> None:
    progress, frozen = proof.progress, proof.frozen
    click.echo(
        f"{proof.issue_id}: {progress.audience} recipients, frozen {frozen.frozen_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if frozen.audience_filter:
        click.echo(f"to: {frozen.audience_filter}")
    for name in (*SUMS, *WAITING):
        if (count := getattr(progress, name)) or name in SUMS:
            click.echo(f"{count:>11}  {name.replace('_', ' ')}")
    click.echo(proof.in_all)
    if (never := progress.pending) and proof.state is IssueState.CANCELLED:
        click.echo(f"cancelled: {never} {'was' if never == 1 else 'were'} never handed over")
    click.echo(f"audience {frozen.audience_sha256}: {proof.list_now}")
    click.echo(f"letter   {frozen.email.sha256}")
    people = chain.from_iterable(accounts.left_out(proof.issue_id, group) for group in GROUPS)
    for each in accounts.people(proof.issue_id) if everybody else people:
        click.echo(_person(each))


def _person(each: Standing) -> str:
    why = ": ".join(filter(None, (each.reason.replace("_", " "), each.detail)))
    name = each.address.addr_spec or "(erased)"
    return f"{each.status.replace('_', ' ')}: {name}" + (f" ({why})" if why else "")


def _prove_json(proof: _Proof, accounts: Accounts, *, everybody: bool) -> None:
    progress, frozen = proof.progress, proof.frozen
    head = {
        "audience": progress.audience,
        "audience_filter": frozen.audience_filter,
        **{name: getattr(progress, name) for name in (*SUMS, *WAITING)},
        "state": proof.state,
        "balanced": proof.balanced,
        "audience_sha256": frozen.audience_sha256,
        "audience_intact": proof.intact or (None if proof.erased else False),
        "erased": proof.erased,
        "letter_sha256": frozen.email.sha256,
    }
    lists: dict[str, Iterator[object]] = {
        f"{group}_recipients": _named(accounts.left_out(proof.issue_id, group), group) for group in GROUPS
    }
    if everybody:
        lists["recipients"] = (_entry(each) for each in accounts.people(proof.issue_id))
    print_json_streamed(head, lists)


def _named(people: Iterator[Standing], group: DeliveryStatus) -> Iterator[object]:
    """The people of a group: of the uncertain and unknown nothing but the address is known."""
    bare = group in {DeliveryStatus.UNCERTAIN, DeliveryStatus.UNKNOWN}
    return (each.address.addr_spec if bare else _entry(each) for each in people)


def _entry(each: Standing) -> dict[str, str]:
    return {
        "address": each.address.addr_spec,
        "status": each.status,
        "reason": each.reason,
        "detail": each.detail,
    }


def sums(progress: SendProgress) -> str:
    """The counts in words, those that are zero left out: `3 recipients: 2 submitted, 1 rejected`."""
    counts = [
        f"{count} {name.replace('_', ' ')}"
        for name in (*SUMS, *WAITING)
        if (count := getattr(progress, name))
    ]
    return f"{progress.audience} recipients: {', '.join(counts) or 'nothing to do'}"
