"""Mailboxes."""

from msgspec import Struct


class Address(Struct, frozen=True, kw_only=True, gc=False):
    """A mailbox in the words of RFC 5322 §3.4: `addr_spec` is local@domain."""

    addr_spec: str
    display_name: str = ""
