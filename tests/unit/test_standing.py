"""What is told of a send while it goes on, and what a person has to do next."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.cli.progress import PlainLines, Speed
from newsletter.models import IssueId, IssueRecord, IssueState, Movement, SendProgress
from newsletter.usecases.standing import doubt_about_mails, duration, how_it_moves, next_act, seconds_left

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


def record(state: IssueState, note: str = "") -> IssueRecord:
    return IssueRecord(id=IssueId("2026-11-27"), state=state, slot=None, created_at=NOW, note=note)


@pytest.mark.parametrize(
    ("state", "note", "uncertain", "said"),
    [
        (IssueState.DRAFT, "", 0, "newsletter preview"),
        (IssueState.DRAFT, "its approval was taken back", 0, "newsletter approve"),
        (IssueState.SCHEDULED, "", 0, "newsletter undo"),
        (IssueState.FROZEN, "", 0, "newsletter send"),
        (IssueState.SUBMITTING, "", 0, "newsletter send"),
        (IssueState.PAUSED, "the key is wrong", 1, "newsletter resume"),
        (IssueState.SUBMITTED, "", 1, "newsletter reconcile"),
    ],
)
def test_what_has_to_be_done_next_is_said(state: IssueState, note: str, uncertain: int, said: str) -> None:
    assert said in next_act(record(state, note), SendProgress(audience=1, uncertain=uncertain))


@pytest.mark.parametrize("state", [IssueState.SUBMITTED, IssueState.SKIPPED, IssueState.CANCELLED])
def test_when_nothing_has_to_be_done_nothing_is_said(state: IssueState) -> None:
    assert next_act(record(state), SendProgress(audience=1, submitted=1)) == ""


def test_mails_in_doubt_are_told_of_with_what_to_do() -> None:
    assert doubt_about_mails(0) == ""
    assert doubt_about_mails(1).startswith("1 of the program's own mails is uncertain")
    assert doubt_about_mails(2).startswith("2 of the program's own mails are uncertain")
    assert "ask anew" in doubt_about_mails(1)


def test_a_send_tells_its_speed_what_holds_it_up_and_what_came_back() -> None:
    progress = SendProgress(audience=100, submitted=40, pending=60)
    movement = Movement(
        accepted=40,
        seconds=20.0,
        open_requests=1,
        waits_until=NOW + timedelta(minutes=3),
        why="429 Too Many Requests",
        canary="waiting",
        after_acceptance={"delivered": 30, "bounced": 1},
    )
    lines = how_it_moves(record(IssueState.SUBMITTING), progress, movement, NOW)
    assert lines[0] == "2 recipients/s, 30 s left"
    assert lines[1] == "the next request is made in 3 min: 429 Too Many Requests"
    assert "canary" in lines[2]
    assert lines[3] == "1 request is without an answer"
    assert lines[4] == "30 delivered, 1 bounced"
    assert how_it_moves(record(IssueState.PAUSED), progress, Movement(), NOW) == []


def test_time_left_is_told_only_when_it_is_known() -> None:
    assert seconds_left(SendProgress(audience=10, pending=10), 0.0) is None
    assert seconds_left(SendProgress(audience=10, submitted=10), 5.0) is None
    assert seconds_left(SendProgress(audience=10, pending=8, submitting=2), 5.0) == 2.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "2 h 0 min"), (12_000, "3 h 20 min")],
)
def test_a_span_is_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_speed_counts_from_the_first_look_which_may_be_in_the_middle() -> None:
    speed = Speed()
    assert speed.after(500, 10.0) == 0.0
    assert speed.after(700, 20.0) == 20.0


def test_plain_lines_come_at_each_tenth_and_after_half_a_minute() -> None:
    told: list[str] = []
    now = 0.0
    lines = PlainLines(told.append, lambda: now)
    for submitted in range(101):
        lines(SendProgress(audience=1000, submitted=submitted, pending=1000 - submitted))
        now += 1.0
    assert told == [
        "0 of 1000",
        "30 of 1000, 1/s, 16 min left",
        "60 of 1000, 1/s, 16 min left",
        "90 of 1000, 1/s, 15 min left",
        "100 of 1000, 1/s, 15 min left",
    ]


def test_plain_lines_say_nothing_while_nothing_moves() -> None:
    told: list[str] = []
    now = 0.0
    lines = PlainLines(told.append, lambda: now)
    for _ in range(100):
        lines(SendProgress(audience=10, submitted=1, pending=9))
        now += 10.0
    assert len(told) == 1
