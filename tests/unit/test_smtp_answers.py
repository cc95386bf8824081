"""What a mail server's replies mean."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable
from newsletter.models import RejectReason, SendOutcome, SendStatus
from newsletter.providers.smtp_answers import Reply, Step, goes_on, opening_error, outcomes
from tests.support.batches import batch_of

SERVER = "mail.test:587"
S, R, U, D = SendStatus.SUBMITTED, SendStatus.REJECTED, SendStatus.UNAVAILABLE, SendStatus.UNCERTAIN
OK = Reply(step=Step.LETTER, code=250, words="2.0.0 queued")
LETTER_STEPS = (Step.MAIL, Step.RCPT, Step.DATA, Step.LETTER)


def reply(step: Step, code: int, words: str = "") -> Reply:
    return Reply(step=step, code=code, words=words)


def meant(replies: list[Reply], people: int) -> list[SendOutcome]:
    return outcomes(replies, batch_of(people).recipients, SERVER)


@pytest.mark.parametrize(
    ("answer", "status", "goes_on_with_others"),
    [
        (OK, S, True),
        (reply(Step.LETTER, 200), S, True),
        (reply(Step.LETTER, 0, "out of time"), D, False),
        (reply(Step.LETTER, 354), D, False),
        (reply(Step.LETTER, 100), D, False),
        (reply(Step.LETTER, 451), U, True),
        (reply(Step.LETTER, 421), U, False),
        (reply(Step.LETTER, 554), R, True),
        (reply(Step.DATA, 0, "it closed the connection"), U, False),
        (reply(Step.DATA, 250), U, False),
        (reply(Step.DATA, 451), U, True),
        (reply(Step.DATA, 554), R, True),
        (reply(Step.RCPT, 450), U, True),
        (reply(Step.RCPT, 421), U, False),
        (reply(Step.RCPT, 550), R, True),
        (reply(Step.RCPT, 354), U, False),
        (reply(Step.RCPT, 0), U, False),
        (reply(Step.MAIL, 450), U, False),
        (reply(Step.MAIL, 550), U, False),
        (reply(Step.MAIL, 0), U, False),
    ],
)
def test_each_reply_has_one_meaning(answer: Reply, status: SendStatus, goes_on_with_others: bool) -> None:
    replies = [OK, answer]
    assert goes_on(replies) is goes_on_with_others
    assert [outcome.status for outcome in meant(replies, 3)] == [S, status, U]


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        (550, "5.1.1 no such user", RejectReason.INVALID),
        (553, "5.1.3 bad syntax", RejectReason.INVALID),
        (552, "5.2.2 mailbox full", RejectReason.BOUNCED),
        (550, "5.7.1 not from you", RejectReason.BLOCKED),
        (554, "5.4.14 loop", RejectReason.OTHER),
        (550, "who is that?", RejectReason.INVALID),
        (554, "no", RejectReason.OTHER),
    ],
)
def test_a_rejected_recipient_has_a_reason(code: int, words: str, reason: RejectReason) -> None:
    rejected = meant([OK, reply(Step.RCPT, code, words)], 2)[1]
    assert rejected.reject_reason is reason
    assert rejected.detail == f"mail.test:587 answered {code} to RCPT: {words}"


@pytest.mark.parametrize(
    "last",
    [reply(Step.MAIL, 451), reply(Step.RCPT, 421), reply(Step.DATA, 0), reply(Step.DATA, 250)],
)
def test_when_nothing_was_accepted_and_all_are_concerned_the_request_is_to_be_tried_again(
    last: Reply,
) -> None:
    for replies in ([last], [reply(Step.RCPT, 450), last]):
        with pytest.raises(ProviderUnavailable):
            meant(replies, 3)


def test_recipients_who_are_put_off_one_by_one_are_put_off_one_by_one() -> None:
    later = reply(Step.RCPT, 450, "4.2.0 greylisted")
    assert [each.status for each in meant([later] * 3, 3)] == [U, U, U]


def test_a_refused_sender_refuses_the_request() -> None:
    with pytest.raises(ProviderRefused, match=r"530 to MAIL: 5.7.0 log in — set username"):
        meant([reply(Step.MAIL, 530, "5.7.0 log in")], 3)
    with pytest.raises(ProviderRefused, match="shorten the letter"):
        meant([reply(Step.MAIL, 552, "5.3.4 too big")], 3)


def test_a_sender_who_is_refused_later_leaves_the_rest_for_the_next_request() -> None:
    assert [each.status for each in meant([OK, reply(Step.MAIL, 550, "enough of you")], 3)] == [S, U, U]


def test_a_letter_that_is_refused_three_times_before_anybody_had_it_is_nobody_s_own_fault() -> None:
    spam = reply(Step.LETTER, 554, "5.7.1 spam")
    relay = reply(Step.RCPT, 554, "5.7.1 relaying denied")
    assert goes_on([spam, relay])
    for replies in ([spam] * 3, [relay] * 3, [spam, relay, reply(Step.DATA, 554)]):
        assert not goes_on(replies)
        with pytest.raises(ProviderRefused, match=SERVER):
            meant(replies, 5)


def test_three_unknown_mailboxes_in_a_row_are_three_unknown_mailboxes() -> None:
    unknown = [reply(Step.RCPT, 550, "5.1.1 unknown")] * 3
    assert goes_on(unknown)
    assert [each.status for each in meant([*unknown, OK], 4)] == [R, R, R, S]


def test_one_who_was_accepted_makes_later_refusals_their_recipients_own() -> None:
    spam = reply(Step.LETTER, 554, "5.7.1 spam")
    assert [each.status for each in meant([OK, spam, spam, spam], 4)] == [S, R, R, R]


def test_a_slow_server_leaves_the_rest_for_the_next_request() -> None:
    rest = meant([OK], 2)[1]
    assert rest.status is U
    assert "took so long" in rest.detail


def test_no_address_of_anybody_is_told() -> None:
    words = "5.1.1 <reader1@example.org>: unknown; ask reader1@EXAMPLE.org or\npostmaster@mail.test"
    outcome = meant([reply(Step.RCPT, 550, words), OK], 2)[0]
    assert "@" not in outcome.detail
    assert "\n" not in outcome.detail
    with pytest.raises(ProviderUnavailable) as caught:
        meant([reply(Step.MAIL, 450, words)], 1)
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind", "remedy"),
    [
        (reply(Step.GREETING, 554, "no service here"), ProviderRefused, "check host, port"),
        (reply(Step.GREETING, 421, "busy"), ProviderUnavailable, ""),
        (reply(Step.EHLO, 502, "what?"), ProviderRefused, "check host, port"),
        (reply(Step.STARTTLS, 454, "not now"), ProviderUnavailable, ""),
        (reply(Step.AUTH, 535, "5.7.8 wrong"), ProviderRefused, "username in .* SMTP_PASSWORD"),
        (reply(Step.AUTH, 454, "4.7.0 later"), ProviderUnavailable, ""),
    ],
)
def test_a_session_that_cannot_begin_says_why_and_what_to_do(
    answer: Reply, kind: type[ProviderError], remedy: str
) -> None:
    error = opening_error(answer, SERVER)
    assert type(error) is kind
    assert answer.words in error.message
    assert re.search(remedy, error.remedy) if remedy else not error.remedy


codes = st.sampled_from([0, 100, 220, 250, 251, 354, 421, 450, 451, 452, 500, 530, 550, 552, 554, 599])
some_replies = st.lists(st.builds(reply, st.sampled_from(LETTER_STEPS), codes), min_size=1, max_size=6)


@given(replies=some_replies, more=st.integers(0, 3))
def test_only_who_got_a_good_answer_to_the_whole_letter_is_submitted_and_nobody_in_doubt_is_tried_again(
    replies: list[Reply], more: int
) -> None:
    people = len(replies) + more
    whole = [each.step is Step.LETTER for each in replies]
    try:
        found = meant(replies, people)
    except ProviderError:
        assert not any(w and each.code // 100 not in {4, 5} for w, each in zip(whole, replies, strict=True))
        return
    assert [outcome.delivery_id for outcome in found] == [r.delivery_id for r in batch_of(people).recipients]
    for each, outcome in zip(replies, found, strict=False):
        good = each.step is Step.LETTER and each.code // 100 == 2
        doubt = each.step is Step.LETTER and each.code // 100 not in {2, 4, 5}
        assert (outcome.status is S) == good
        assert (outcome.status is D) == doubt
    assert all(outcome.status is U for outcome in found[len(replies) :])
