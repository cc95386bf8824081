"""Forms as browsers post them, read with a cap."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MAX_BYTES = 64 * 1024
BODY_WITHIN = 30.0
"""Seconds that a body may take to arrive."""
MAX_FIELDS = 100
MAX_VALUE = 1000
"""Characters of one value that are looked at; a name, an address and a choice are shorter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The values of an application/x-www-form-urlencoded body."""

    values: dict[str, list[str]]

    def get(self, name: str) -> str:
        """The first value of this name without blanks around it; empty when there is none."""
        return self.values.get(name, [""])[0].strip()[:MAX_VALUE]

    def all(self, name: str) -> list[str]:
        return [value.strip()[:MAX_VALUE] for value in self.values.get(name, [])]


async def read_body(request: Request, most: int = MAX_BYTES) -> bytes:
    """The body. Raises HTTPException 413 for one that is longer, read no further than that, 408 for one
    that takes longer than BODY_WITHIN, and 400 for one that ends too soon."""
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413)
    except TimeoutError as error:
        raise HTTPException(408, headers={"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    return body


async def read_form(request: Request) -> Form:
    """The posted form; empty for a body of another kind. Raises HTTPException 400 or 413."""
    body = await read_body(request)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return Form(values={})
    try:
        values = parse_qs(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise HTTPException(400) from error
    return Form(values=values)
