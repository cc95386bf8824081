"""Audience filters → SQL: a tree of values becomes an expression of columns and bound parameters.

No word of a filter is ever part of a statement's text.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from operator import ge, gt, lt
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_

from newsletter.content.addresses import address_key
from newsletter.models import AudienceFilter, SubscriberStatus
from newsletter.models.audiences import AllOf, AnyOf, Event, Has, Order, Rule, Trait, When, Without
from newsletter.store.readertables import subscriber_tags
from newsletter.store.tables import subscribers

_ESCAPE = "\\"
_MOMENTS = {Event.JOINED: subscribers.c.created_at, Event.CONFIRMED: subscribers.c.confirmed_at}
_BORDERS: Mapping[Order, tuple[tuple[Callable[[Any, Any], Any], int], ...]] = {
    Order.BEFORE: ((lt, 0),),
    Order.UNTIL: ((lt, 1),),
    Order.ON: ((ge, 0), (lt, 1)),
    Order.SINCE: ((ge, 0),),
    Order.AFTER: ((ge, 1),),
}
"""How a moment stands to the beginning of the day, or (1) of the day after it."""


def reached(now: Any, audience: AudienceFilter | None = None) -> ColumnElement[bool]:
    """Whether a letter of this moment (a datetime, or a parameter that holds one) is for this row of
    `subscribers`."""
    rules = [subscribers.c.status == SubscriberStatus.CONFIRMED, ~pausing(now)]
    return and_(*rules, *([matching(audience)] if audience else []))


def pausing(now: Any) -> ColumnElement[bool]:
    """Whether the person of this row wants no letters for now; true or false, never unknown."""
    return and_(subscribers.c.paused_until.is_not(None), gt(subscribers.c.paused_until, now))


def matching(audience: AudienceFilter) -> ColumnElement[bool]:
    """Whether the filter holds for this row of `subscribers`; true or false, never unknown."""
    return _Compiler(audience).expression(audience.rule)


class _Compiler:
    def __init__(self, audience: AudienceFilter) -> None:
        self._zone = ZoneInfo(audience.timezone)
        self._language = audience.language

    def expression(self, rule: Rule) -> ColumnElement[bool]:
        match rule:
            case Without():
                return not_(self.expression(rule.rule))
            case AllOf():
                return and_(*map(self.expression, rule.rules))
            case AnyOf():
                return or_(*map(self.expression, rule.rules))
            case When():
                return self._when(rule)
            case Has(trait=Trait.TAG):
                return exists().where(
                    subscriber_tags.c.subscriber_id == subscribers.c.id, subscriber_tags.c.tag == rule.value
                )
            case Has(trait=Trait.LANGUAGE):
                return self._speaks(rule.value)
            case Has(trait=Trait.EMAIL):
                return _like(subscribers.c.address_key, address_key(rule.value))
            case Has():
                return _like(func.lower(subscribers.c.consent_source), rule.value, folded=func.lower)

    def _when(self, rule: When) -> ColumnElement[bool]:
        moment = _MOMENTS[rule.event]
        borders = [compare(moment, self._begin(rule.day, later)) for compare, later in _BORDERS[rule.order]]
        return and_(moment.is_not(None), *borders)

    def _begin(self, day: date, later: int) -> datetime:
        """The instant at which the day begins where the newsletter is at home, or `later` days after."""
        return datetime.combine(day + timedelta(days=later), time(), self._zone)

    def _speaks(self, tag: str) -> ColumnElement[bool]:
        """`de` means every German, `de-AT` only that; who chose none has the newsletter's."""
        wanted = tag.lower()
        language = func.lower(subscribers.c.language)
        own = or_(language == wanted, _like(language, f"{wanted}-*"))
        default = self._language.lower()
        everyone_else = default == wanted or default.startswith(f"{wanted}-")
        return or_(own, *([subscribers.c.language == ""] if everyone_else else []))


def _like(
    column: ColumnElement[str], pattern: str, *, folded: Callable[[str], Any] = literal
) -> ColumnElement[bool]:
    """Whether the column is the pattern, in which `*` stands for any letters."""
    if "*" not in pattern:
        return column.__eq__(folded(pattern))
    for letter in (_ESCAPE, "%", "_"):
        pattern = pattern.replace(letter, _ESCAPE + letter)
    return column.like(folded(pattern.replace("*", "%")), escape=_ESCAPE)
