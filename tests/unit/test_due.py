"""What an unattended run decides, without any machine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.config.settings import ScheduleSettings
from newsletter.content.calendar import parse_schedule
from newsletter.models import IssueId, IssueRecord, IssueState, Slot
from newsletter.usecases.due import Step, next_step, open_slots

FRIDAY = datetime(2026, 11, 27, 9, tzinfo=UTC)
SLOT = Slot(local="2026-11-27T09:00", instant=FRIDAY)


def record(state: IssueState) -> IssueRecord:
    return IssueRecord(
        id=IssueId("2026-11-27"), state=state, slot=SLOT.local, created_at=FRIDAY - timedelta(hours=2)
    )


@pytest.mark.parametrize(
    ("minutes_late", "state", "silence", "expected"),
    [
        (-90, None, "send", Step.GATHER),
        (-90, IssueState.DRAFT, "send", Step.NOTHING),
        (0, None, "send", Step.GATHER),
        (0, IssueState.DRAFT, "send", Step.SEND),
        (0, IssueState.DRAFT, "hold", Step.HOLD),
        (0, IssueState.DRAFT, "skip", Step.SKIP),
        (0, IssueState.SCHEDULED, "hold", Step.SEND),
        (0, IssueState.SCHEDULED, "skip", Step.SEND),
        (12 * 60, IssueState.DRAFT, "send", Step.SEND),
        (12 * 60 + 1, IssueState.DRAFT, "send", Step.LATE),
        (12 * 60 + 1, IssueState.SCHEDULED, "send", Step.LATE),
        (12 * 60 + 1, None, "send", Step.GATHER),
        (5, IssueState.FROZEN, "send", Step.NOTHING),
        (5, IssueState.SUBMITTING, "send", Step.NOTHING),
        (5, IssueState.PAUSED, "send", Step.NOTHING),
        (5, IssueState.SUBMITTED, "send", Step.NOTHING),
        (5, IssueState.SKIPPED, "send", Step.NOTHING),
        (5, IssueState.CANCELLED, "send", Step.NOTHING),
    ],
)
def test_what_is_done_about_a_slot(
    minutes_late: int, state: IssueState | None, silence: str, expected: Step
) -> None:
    settings = ScheduleSettings(silence=silence)  # type: ignore[arg-type]
    now = FRIDAY + timedelta(minutes=minutes_late)
    assert next_step(FRIDAY, record(state) if state else None, settings, now=now) is expected


@pytest.mark.parametrize("silence", ["send", "hold", "skip"])
@pytest.mark.parametrize(("minutes_late", "expected"), [(-1, Step.NOTHING), (0, Step.HOLD), (721, Step.LATE)])
def test_a_draft_with_a_note_waits_for_a_person_whatever_silence_says(
    minutes_late: int, silence: str, expected: Step
) -> None:
    settings = ScheduleSettings(silence=silence)  # type: ignore[arg-type]
    held = replace(record(IssueState.DRAFT), note="its approval was taken back")
    assert next_step(FRIDAY, held, settings, now=FRIDAY + timedelta(minutes=minutes_late)) is expected


def test_a_slot_missed_for_long_leaves_its_posts_to_the_one_that_is_already_being_reviewed() -> None:
    late = FRIDAY + timedelta(days=6, hours=23)
    assert next_step(FRIDAY, None, ScheduleSettings(), now=late, superseded=True) is Step.MISSED


def test_a_new_project_owes_nothing_for_slots_before_it_was_made() -> None:
    schedule = parse_schedule("friday 09:00", "UTC")
    settings = ScheduleSettings()
    made = FRIDAY + timedelta(hours=1)
    assert open_slots(schedule, settings, since=made, now=made + timedelta(hours=1)) == []
    a_week_on = FRIDAY + timedelta(days=7) - settings.review
    assert [s.local for s in open_slots(schedule, settings, since=made, now=a_week_on)] == [
        "2026-12-04T09:00"
    ]


def test_the_due_slot_and_the_one_under_review_are_both_looked_at() -> None:
    schedule = parse_schedule("0 * * * *", "UTC")
    settings = ScheduleSettings(review=timedelta(minutes=30))
    now = FRIDAY + timedelta(minutes=40)
    slots = open_slots(schedule, settings, since=FRIDAY - timedelta(days=1), now=now)
    assert [s.local for s in slots] == ["2026-11-27T09:00", "2026-11-27T10:00"]
