"""Audience filters ⇄ text: `tag:berlin and not (language:de or joined > 2026-01-01)`.

    filter     = both *("or" both)
    both       = one *("and" one)
    one        = "not" one / "(" filter ")" / trait ":" value / event order day
    trait      = "tag" / "language" / "email" / "source"
    event      = "joined" / "confirmed"
    order      = "<" / "<=" / "=" / ">=" / ">"
    value      = a word without blanks and brackets, or text in quotation marks ("\\"" for one of them)

Pure. Nothing that is written here ever becomes part of an SQL statement: see `store/audience.py`.
`docs/howto/audiences.md` tells authors.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.config.settings import LANGUAGE_TAG
from newsletter.errors import BadFilter, did_you_mean
from newsletter.models import AudienceFilter
from newsletter.models.audiences import AllOf, AnyOf, Event, Has, Order, Rule, Trait, When, Without

MAX_LENGTH = 1000
MAX_DEPTH = 20
"""Brackets and `not` inside each other; databases take a hundred."""
MAX_RULES = 100
YEARS = (1970, 2999)
"""Days outside them are slips of the pen."""

_TRAITS = {trait.value: trait for trait in Trait}
_EVENTS = {event.value: event for event in Event}
_JOINTS = ("and", "or", "not")
_FIELDS = (*_TRAITS, *_EVENTS)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PIECE = re.compile(
    rf"""\s*(?:
      (?P<bracket>[()])
    | (?P<order><=|>=|<|>|=)
    | (?P<trait>\w+):(?P<value>{_QUOTED}|[^\s()"]*)
    | (?P<word>[^\s()<>=:"]+)
    | (?P<strange>\S)
    )""",
    re.VERBOSE,
)
_BARE = re.compile(r'[^\s()"]+')
_EXAMPLE = "write it as tag:berlin and joined > 2026-01-01"


def read_filter(text: str, *, timezone: str, language: str) -> AudienceFilter:
    """The filter that the text says. Raises BadFilter, which names the column of the wrong word."""
    if len(text) > MAX_LENGTH:
        raise BadFilter(f"the audience filter is longer than {MAX_LENGTH} characters", remedy="shorten it")
    rule = _Reader(text).whole()
    return AudienceFilter(text=" ".join(text.split()), rule=rule, timezone=timezone, language=language)


def write_rule(rule: Rule) -> str:
    """The rule as text that reads back as itself."""
    match rule:
        case Has():
            return f"{rule.trait}:{_written(rule.value)}"
        case When():
            return f"{rule.event} {rule.order} {rule.day.isoformat()}"
        case Without():
            return f"not {_inner(rule.rule)}"
        case AllOf():
            return " and ".join(map(_inner, rule.rules))
        case AnyOf():
            return " or ".join(map(_inner, rule.rules))


def values_of(rule: Rule, trait: Trait) -> Iterator[str]:
    """What the rule says about this trait, in order."""
    match rule:
        case Has():
            yield from [rule.value] if rule.trait is trait else []
        case Without():
            yield from values_of(rule.rule, trait)
        case AllOf() | AnyOf():
            for each in rule.rules:
                yield from values_of(each, trait)


def _inner(rule: Rule) -> str:
    text = write_rule(rule)
    return f"({text})" if isinstance(rule, AllOf | AnyOf) else text


def _written(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    return '"' + re.sub(r"[\\\"]", r"\\\g<0>", value) + '"'


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A word of the text; `kind` is a group of _PIECE, or `end`."""

    kind: str
    text: str
    column: int
    value: str = ""


def _pieces(text: str) -> Iterator[_Piece]:
    for found in _PIECE.finditer(text.rstrip()):
        kind = "trait" if found["trait"] else str(found.lastgroup)
        column = found.start(kind) + 1
        yield _Piece(kind=kind, text=found[kind], column=column, value=found["value"] or "")
    yield _Piece(kind="end", text="", column=len(text.rstrip()) + 1)


class _Reader:
    """Goes over the pieces of a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._place = 0
        self._depth = 0
        self._rules = 0

    def whole(self) -> Rule:
        if self._now.kind == "end":
            raise BadFilter("the audience filter is empty", remedy=_EXAMPLE)
        rule = self._any_of()
        if self._now.text == ")":
            raise self._wrong("this bracket closes nothing", "remove it, or open one before")
        if self._now.kind != "end":
            raise self._wrong(f"“{self._now.text}” does not follow from what stands before", self._joint())
        return rule

    @property
    def _now(self) -> _Piece:
        return self._pieces[self._place]

    def _take(self) -> _Piece:
        piece = self._now
        self._place += 1
        return piece

    def _takes(self, word: str) -> bool:
        """Whether this word stands here; it is taken then."""
        here = self._now.kind == "word" and self._now.text.lower() == word
        self._place += here
        return here

    def _any_of(self) -> Rule:
        rules = [self._all_of()]
        while self._takes("or"):
            rules.append(self._all_of())
        return rules[0] if len(rules) == 1 else AnyOf(rules=tuple(rules))

    def _all_of(self) -> Rule:
        rules = [self._one()]
        while self._takes("and"):
            rules.append(self._one())
        return rules[0] if len(rules) == 1 else AllOf(rules=tuple(rules))

    def _one(self) -> Rule:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong("brackets stand too deep in each other", "write it with fewer of them")
        rule = self._nested() if self._now.kind in {"word", "bracket"} else self._has()
        self._depth -= 1
        return rule

    def _nested(self) -> Rule:
        if self._takes("not"):
            return Without(rule=self._one())
        if self._now.text != "(":
            return self._when()
        opened = self._take()
        rule = self._any_of()
        if self._now.text != ")":
            if self._now.kind != "end":
                raise self._wrong(
                    f"“{self._now.text}” does not follow from what stands before", self._joint()
                )
            raise BadFilter(f"column {opened.column}: this bracket is never closed", remedy="write a )")
        self._take()
        return rule

    def _has(self) -> Rule:
        self._count()
        piece = self._now
        if piece.kind == "end":
            raise self._wrong("something is missing at the end", _EXAMPLE)
        if piece.kind != "trait":
            raise self._wrong(f"“{piece.text}” does not belong here", _EXAMPLE)
        name = piece.text.lower()
        if name in _EVENTS:
            raise self._wrong(f"“{name}” is about a day", f"write {name} > 2026-01-01")
        if name not in _TRAITS:
            raise self._wrong(f"there is no “{piece.text}” to ask for", did_you_mean(name, _FIELDS))
        value = piece.value
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        if not value.strip():
            raise self._wrong(f"“{name}:” lacks its value", f'write it as {name}:… or {name}:"…"')
        if name == Trait.LANGUAGE and not LANGUAGE_TAG.fullmatch(value):
            raise self._wrong(f"“{value}” is no language tag", "use a BCP 47 tag such as en, pt-BR or he")
        self._take()
        return Has(trait=_TRAITS[name], value=value)

    def _when(self) -> Rule:
        self._count()
        name = self._now.text.lower()
        if name in _TRAITS:
            raise self._wrong(f"“{name}” lacks its value", f"write it as {name}:…")
        if name in _JOINTS or name == ")":
            raise self._wrong(f"something is missing before “{self._now.text}”", _EXAMPLE)
        if name not in _EVENTS:
            raise self._wrong(
                f"there is no “{self._now.text}” to ask for", did_you_mean(name, (*_FIELDS, *_JOINTS))
            )
        self._take()
        if self._now.kind != "order":
            raise self._wrong(f"“{name}” lacks <, <=, =, >= or >", f"write {name} > 2026-01-01")
        order = Order(self._take().text)
        return When(event=_EVENTS[name], order=order, day=self._day())

    def _day(self) -> date:
        piece = self._now
        day = _read_day(piece.text)
        if day is None:
            what = f"“{piece.text}” is no day" if piece.text else "the day is missing"
            raise self._wrong(what, "write it as 2026-01-31")
        self._take()
        return day

    def _count(self) -> None:
        self._rules += 1
        if self._rules > MAX_RULES:
            raise self._wrong(f"more than {MAX_RULES} rules", "give these people a tag of their own")

    def _joint(self) -> str:
        return "join two rules with “and” or “or”; put a value with blanks in quotation marks"

    def _wrong(self, what: str, remedy: str) -> BadFilter:
        return BadFilter(f"column {self._now.column}: {what}", remedy=remedy)


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None
    return day if day and YEARS[0] <= day.year <= YEARS[1] else None
