"""Asking the servers to which a letter leads: HEAD, then GET, several at once, and rarely twice."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Literal, Protocol

from newsletter.content.checks.answers import Answer, Question
from newsletter.errors import FetchRefused, SourceFailed
from newsletter.net import Response, readable
from newsletter.ports import Clock

AT_ONCE = 16
PATIENCE = 60.0
"""Seconds for all questions together; those without an answer by then are as good as not asked."""
KEPT = timedelta(days=1)
"""How long a good answer stands for a new one. Bad ones are asked again: the author has mended them."""


class Asking(Protocol):
    """The part of newsletter.net.Fetcher that is needed here."""

    def glance(self, url: str, method: Literal["HEAD", "GET"] = "HEAD") -> Response: ...


class Memory(Protocol):
    """Answers kept from one check to the next."""

    def load(self, since: datetime) -> Mapping[str, Answer]:
        """The answers that were kept at `since` or later, by address."""
        ...

    def keep(self, answers: Mapping[str, Answer], now: datetime, *, since: datetime) -> None:
        """None; the answers are kept, and those from before `since` forgotten."""
        ...


def probe(
    questions: Sequence[Question],
    *,
    fetcher: Asking,
    memory: Memory,
    clock: Clock,
    patience: float = PATIENCE,
) -> dict[str, Answer]:
    """The answers by address. Addresses that the fetcher does not ask, and those whose servers took
    longer than `patience` seconds, are left out.
    """
    since = clock.now() - KEPT
    known = memory.load(since)
    answers = {each.address: known[each.address] for each in questions if each.address in known}
    new = _ask_all([each for each in questions if each.address not in answers], fetcher, patience)
    good = {address: answer for address, answer in new.items() if 200 <= answer.status < 300}
    if good:
        memory.keep(good, clock.now(), since=since)
    return answers | new


def _ask_all(questions: Collection[Question], fetcher: Asking, patience: float) -> dict[str, Answer]:
    pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="probe")
    asked = {pool.submit(ask, question, fetcher): question.address for question in questions}
    done, _ = wait(asked, timeout=patience)
    pool.shutdown(wait=False, cancel_futures=True)
    return {asked[future]: answer for future in done if (answer := future.result())}


def ask(question: Question, fetcher: Asking) -> Answer | None:
    """What the server says of one address; None when the fetcher does not ask there.

    GET follows when HEAD fails, is not liked, or leaves out the size of a picture: many servers
    answer HEAD wrongly.
    """
    answer = Answer()
    for method in ("HEAD", "GET"):
        try:
            response = fetcher.glance(question.address, method)
        except FetchRefused:
            return None
        except SourceFailed as error:
            answer = Answer(said=error.message.removeprefix(f"{readable(question.address)}: "))
            continue
        answer = _answer_of(response)
        if response.status == 200 and not (question.picture and answer.octets is None):
            break
    return answer


def _answer_of(response: Response) -> Answer:
    length = response.headers.get("content-length", "")
    return Answer(
        status=response.status,
        said=response.status_line,
        media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        octets=int(length) if length.isascii() and length.isdigit() else None,
    )
