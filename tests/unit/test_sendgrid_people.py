"""The people of a request, written from columns, against the same people written one by one."""

import json
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Address, DeliveryId, Recipient
from newsletter.providers.sendgrid_people import personalizations
from tests.support.batches import PLACEHOLDER, batch

Person = tuple[str, str, dict[str, str], str, str]
"""Address, name, headers, delivery id, a personal value."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=";,"), max_size=30
)
addresses = st.from_regex(r"[!-?A-~]{1,20}@[!-?A-~]{1,20}", fullmatch=True)
header_names = st.sets(st.sampled_from(["List-Unsubscribe", "Message-ID", r"X-\uffff\""]))
lines = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


def people(with_headers: Iterable[str]) -> st.SearchStrategy[list[Person]]:
    """Recipients of one request: all have the same headers."""
    headers = st.fixed_dictionaries(dict.fromkeys(sorted(with_headers), lines))
    person = st.tuples(addresses, names, headers, texts, texts)
    return st.lists(person, min_size=1, max_size=6, unique_by=lambda person: person[0].lower())


@settings(max_examples=200, deadline=None)
@given(header_names.flatmap(people))
def test_everybody_gets_their_own_texts_and_nothing_else(
    given_people: list[Person],
) -> None:
    them = batch(
        *(
            Recipient(
                delivery_id=DeliveryId(words),
                address=Address(addr_spec=addr_spec, display_name=name),
                merge_data={},
                headers=own_headers,
            )
            for addr_spec, name, own_headers, words, _ in given_people
        )
    )
    values = [value for *_, value in given_people]
    assert json.loads(personalizations(them, {PLACEHOLDER: values})) == [
        {
            "to": [{"email": addr_spec, "name": name} if name else {"email": addr_spec}],
            "headers": own_headers,
            "substitutions": {PLACEHOLDER: value},
            "custom_args": {"nl_rid": words, "nl_att": them.attempt},
        }
        for addr_spec, name, own_headers, words, value in given_people
    ]
