"""However doubts are settled, in whatever order and however often, nobody can get a second letter
unless a provider has proven that there was no first, or a person took that on themselves."""

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from newsletter.models import Claim, SendProgress, Verdict
from newsletter.store import tables
from newsletter.store.schema import open_database
from newsletter.store.settling import SqlSettling
from tests.support.databases import BORN
from tests.support.ledgers import ISSUE, Desk, desk, specs

READERS, BATCH_SIZE = 6, 2
WAYS = ("doubt", "answer", "verdict", "events", "give up", "resend", "take over")
"""What can happen to a request: its sender tells of it, or somebody settles it."""
Round = tuple[bool, bool, list[tuple[str, int, bool]]]
"""Whether the provider accepts the next request, whether its answer is lost, and what happens then: the
way, how many requests ago the one was made to which it happens, and whether the provider, asked, knows."""


@cache
def _frozen_file() -> Path:
    path = Path(tempfile.mkdtemp(prefix="newsletter-settling-")) / "newsletter.db"
    with closing(open_database(f"sqlite:///{path}", now=BORN)) as database:
        desk(database).freeze(READERS, batch_size=BATCH_SIZE)
    return path


class Play:
    """Requests with a truth that only the provider knows, and everything that may settle them."""

    def __init__(self, at: Desk) -> None:
        self.at = at
        self.settling = SqlSettling(at.database)
        self.requests: list[tuple[Claim, bool]] = []
        self.told = 0
        self.risked: set[str] = set()
        """Whom somebody had handed over again without proof."""
        self.lease = at.lease("0")

    def round(self, accepted: bool, lost: bool, ways: list[tuple[str, int, bool]]) -> None:
        if (claim := self.at.next_claim(self.lease)) is not None:
            assert isinstance(claim, Claim)
            self.requests.append((claim, accepted))
            if lost:
                self._settle("doubt", claim, accepted)
        for what, ago, knows in ways:
            if what == "take over":
                self.lease = self.at.take_over(f"after {len(self.requests)}")
                self.at.ledger.recover(self.lease, ISSUE, self.at.clock.now())
            elif ago < len(self.requests):
                self._settle(what, *self.requests[-1 - ago], knows=knows)

    def _settle(self, what: str, claim: Claim, truth: bool, *, knows: bool = False) -> None:
        now = self.at.clock.now()
        match what:
            case "doubt":
                self.at.ledger.mark_uncertain(claim, detail="time-out", now=now)
            case "answer" if truth:
                self.at.record(claim)
            case "answer":
                self.at.release(claim, seconds=0)
            case "verdict" if knows:
                known = Verdict.ACCEPTED if truth else Verdict.VOID
                self.settling.settle(claim.attempt, known, "the provider's word", now)
            case "verdict":
                assert self.settling.settle(claim.attempt, Verdict.SILENT, "nothing", now) == 0
            case "events" if truth:
                self._tell(claim)
            case "events":
                self.settling.settle_by_events(now)
            case "give up":
                self.settling.give_up(claim.attempt, "nothing came to light", now)
            case "resend" if self.settling.resend(claim.attempt, "by hand", now):
                self.risked |= {*specs(claim)}

    def _tell(self, claim: Claim) -> None:
        self.told += 1
        with self.at.database.writing() as connection:
            connection.execute(
                insert(tables.provider_events).values(
                    provider="sendgrid",
                    provider_event_id=str(self.told),
                    fingerprint=str(self.told),
                    type="delivered",
                    occurred_at=self.at.clock.now(),
                    received_at=self.at.clock.now(),
                    attempt_id=claim.attempt,
                    addr_spec="",
                    permanent=False,
                )
            )
        self.settling.settle_by_events(self.at.clock.now())

    def check(self) -> None:
        copies = Counter(spec for claim, accepted in self.requests if accepted for spec in specs(claim))
        assert {spec for spec, count in copies.items() if count > 1} <= self.risked
        progress, counted = self.at.progress(), Counter(self.at.statuses().values())
        assert progress == SendProgress(audience=READERS, **{n: counted[n] for n in tables.COUNTERS})
        took = {spec for spec in copies if spec not in self.risked}
        for spec, status in self.at.statuses().items():
            if status == "submitted":
                assert copies[spec]
            elif spec in took:  # the provider has the letter, and nobody would hand it over again
                assert status in {"submitting", "uncertain", "unknown"}


ways = st.tuples(st.sampled_from(WAYS), st.sampled_from((0, 0, 1, 2)), st.booleans())
rounds = st.tuples(st.booleans(), st.booleans(), st.lists(ways, max_size=3))


@given(played=st.lists(rounds, min_size=2, max_size=10))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_second_letter_without_proof_or_a_persons_decision(played: list[Round]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(_frozen_file(), folder)
        with closing(open_database(f"sqlite:///{folder}/newsletter.db", now=BORN)) as database:
            play = Play(desk(database))
            for each in played:
                play.round(*each)
            play.check()
