"""Answers that everybody may keep: who has the same bytes already gets 304 (RFC 9110 §13)."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

FRESH = "public, max-age=300"
"""For five minutes nobody needs to ask again."""


def kept(
    request: Request,
    body: str,
    *,
    media_type: str,
    modified: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The body with its validators, or 304 without it."""
    octets = body.encode("utf-8")
    etag = f'"{hashlib.sha256(octets).hexdigest()[:32]}"'
    told = {"ETag": etag, "Cache-Control": FRESH, **(headers or {})}
    if modified:
        told["Last-Modified"] = format_datetime(modified.replace(microsecond=0), usegmt=True)
    if _is_known(request, etag, modified):
        return Response(status_code=304, headers=told)
    return Response(octets, media_type=media_type, headers=told)


def _is_known(request: Request, etag: str, modified: datetime | None) -> bool:
    """Whether the client has these bytes; If-None-Match alone decides where it is given (§13.2.2)."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return etag in given or "*" in given
    since = _moment(request.headers.get("If-Modified-Since", ""))
    return since is not None and modified is not None and modified.replace(microsecond=0) <= since


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # no date, or one of a year beyond all calendars
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
