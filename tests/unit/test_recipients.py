"""People kept in columns are the people they were made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import (
    Accepted,
    Address,
    Deliveries,
    Delivery,
    DeliveryId,
    Recipient,
    Recipients,
    SendOutcome,
    SendStatus,
    SubscriberId,
)

texts = st.text(max_size=5)
addresses = st.builds(Address, addr_spec=texts, display_name=texts)
deliveries = st.builds(
    Delivery,
    id=texts.map(DeliveryId),
    subscriber_id=st.integers(0, 9).map(SubscriberId),
    address=addresses,
)
recipients = st.builds(
    Recipient,
    delivery_id=texts.map(DeliveryId),
    address=addresses,
    merge_data=st.fixed_dictionaries({"token": texts}),
    headers=st.fixed_dictionaries({"List-Unsubscribe": texts, "Message-ID": texts}),
)
places = st.tuples(*[st.none() | st.integers(-5, 5)] * 2)


@given(st.lists(deliveries, max_size=4), places)
def test_deliveries_are_those_that_were_put_in(
    them: list[Delivery], part: tuple[int | None, int | None]
) -> None:
    columns = Deliveries.of(them)
    assert list(columns) == them
    assert [columns[place] for place in range(-len(them), len(them))] == them + them
    assert list(columns[slice(*part)]) == them[slice(*part)]


@given(st.lists(recipients, max_size=4), places)
def test_recipients_are_those_that_were_put_in(
    them: list[Recipient], part: tuple[int | None, int | None]
) -> None:
    columns = Recipients.of(them)
    assert (len(columns), list(columns)) == (len(them), them)
    assert list(columns[slice(*part)]) == them[slice(*part)]


def test_all_recipients_of_a_request_have_the_same_headers_and_merge_fields() -> None:
    address = Address(addr_spec="noor@example.org")
    full = Recipient(
        delivery_id=DeliveryId("i.1"), address=address, merge_data={"token": "t"}, headers={"X-A": "a"}
    )
    bare = Recipient(delivery_id=DeliveryId("i.2"), address=address, merge_data={}, headers={})
    for them in ([full, bare], [bare, full]):
        with pytest.raises(ValueError, match=r"i\.2|i\.1"):
            Recipients.of(them)


def test_who_is_accepted_with_everybody_has_an_outcome_of_their_own() -> None:
    ids = [DeliveryId("i.1"), DeliveryId("i.2")]
    assert list(Accepted(delivery_ids=ids, provider_message_id="m")) == [
        SendOutcome(delivery_id=each, status=SendStatus.SUBMITTED, provider_message_id="m") for each in ids
    ]
