"""The people of a batch, as the ledger hands them out and as a provider gets them.

A thousand people are kept as one column for each of their fields: what most requests ask for is a
column, and an object for each of a million people would be made for nothing. Whoever looks at one
place gets the noun.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

from msgspec import Struct

from newsletter.models.addresses import Address
from newsletter.models.ids import DeliveryId, SubscriberId

T = TypeVar("T")


class Delivery(Struct, frozen=True, kw_only=True, gc=False):
    """One subscriber of one frozen issue, as the ledger holds them."""

    id: DeliveryId
    subscriber_id: SubscriberId
    address: Address


class Recipient(Struct, frozen=True, kw_only=True):
    """One person of a request: address, personal headers, and a value for each merge field."""

    delivery_id: DeliveryId
    address: Address
    merge_data: Mapping[str, str]
    headers: Mapping[str, str]


class Columns(Sequence[T], Generic[T]):
    """Nouns kept as columns; a part of them is a tuple of nouns."""

    __slots__ = ()

    @abstractmethod
    def _at(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return tuple(map(self._at, range(*place.indices(len(self)))))
        return self._at(place)

    def __iter__(self) -> Iterator[T]:
        return map(self._at, range(len(self)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliveries(Columns[Delivery]):
    """The deliveries of a claim, in the frozen order."""

    ids: Sequence[DeliveryId] = ()
    subscriber_ids: Sequence[SubscriberId] = ()
    addr_specs: Sequence[str] = ()
    display_names: Sequence[str] = ()

    @classmethod
    def of(cls, deliveries: Iterable[Delivery]) -> "Deliveries":
        """The same deliveries as columns."""
        them = tuple(deliveries)
        return cls(
            ids=tuple(each.id for each in them),
            subscriber_ids=tuple(each.subscriber_id for each in them),
            addr_specs=tuple(each.address.addr_spec for each in them),
            display_names=tuple(each.address.display_name for each in them),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def _at(self, place: int) -> Delivery:
        return Delivery(
            id=self.ids[place],
            subscriber_id=self.subscriber_ids[place],
            address=Address(addr_spec=self.addr_specs[place], display_name=self.display_names[place]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipients(Columns[Recipient]):
    """The recipients of a request, in order; all have the same merge fields and headers."""

    delivery_ids: Sequence[DeliveryId] = ()
    addr_specs: Sequence[str] = ()
    display_names: Sequence[str] = ()
    merge_data: Mapping[str, Sequence[str]]
    """Under each merge field's name everybody's value."""
    headers: Mapping[str, Sequence[str]]
    """Under each header's name everybody's value."""

    @classmethod
    def of(cls, recipients: Iterable[Recipient]) -> "Recipients":
        """The same recipients as columns. Raises ValueError when they do not have the same merge fields
        and headers."""
        them = tuple(recipients)
        first = them[0] if them else None
        for each in them:
            if first and (each.merge_data.keys(), each.headers.keys()) != (
                first.merge_data.keys(),
                first.headers.keys(),
            ):
                raise ValueError(f"{each.delivery_id} has other fields than {first.delivery_id}")
        return cls(
            delivery_ids=tuple(each.delivery_id for each in them),
            addr_specs=tuple(each.address.addr_spec for each in them),
            display_names=tuple(each.address.display_name for each in them),
            merge_data={
                name: tuple(each.merge_data[name] for each in them)
                for name in (first.merge_data if first else ())
            },
            headers={
                name: tuple(each.headers[name] for each in them) for name in (first.headers if first else ())
            },
        )

    def __len__(self) -> int:
        return len(self.delivery_ids)

    def _at(self, place: int) -> Recipient:
        return Recipient(
            delivery_id=self.delivery_ids[place],
            address=Address(addr_spec=self.addr_specs[place], display_name=self.display_names[place]),
            merge_data={name: column[place] for name, column in self.merge_data.items()},
            headers={name: column[place] for name, column in self.headers.items()},
        )
