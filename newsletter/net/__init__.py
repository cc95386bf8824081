"""The only outbound HTTP: every connection goes to an address that was checked, under caps.

A URL from a feed or a setting may name anything. Nothing is asked but http and https on public
addresses (`addresses.py`); the check stands where connections are made (`wire.py`), so that
redirects pass it too; bodies are decoded under a limit (`decoding.py`). No proxy from the
environment, no cookies, no credentials.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Literal

import httpcore2
import httpx2

from newsletter import __version__
from newsletter.config.settings import HttpSettings
from newsletter.errors import FetchRefused, SourceFailed
from newsletter.net.addresses import Resolve, Rules, addresses_of, checked_url, port_of, readable
from newsletter.net.decoding import MAX_BYTES, decoded, gunzip
from newsletter.net.wire import Wire

__all__ = ["MAX_BYTES", "MAX_SECONDS", "Fetcher", "Response", "gunzip", "readable"]

MAX_SECONDS = 10.0
"""From the look-up of the name to the last byte, redirects included."""
MAX_REDIRECTS = 3
MAX_GLANCE_REDIRECTS = 10
"""Links of letters pass more stations than feeds: shorteners, counters, then http to https."""
USER_AGENT = f"broadsheet/{__version__} (newsletter; reads feeds)"
_MOVED = {301, 302, 303, 307, 308}
_MOVED_FOR_GOOD = {301, 308}


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What a server answered, decoded; `url` is the one that answered, header names are lower-case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    moved_permanently: bool = False
    """Whether there were redirects, and every one said that it is for good."""

    @property
    def status_line(self) -> str:
        """Such as `503 Service Unavailable`."""
        phrases = {status.value: status.phrase for status in HTTPStatus}
        return f"{self.status} {phrases.get(self.status, '')}".strip()


class Fetcher:
    """Requests under guard; several threads may use one at once."""

    def __init__(
        self,
        settings: HttpSettings,
        *,
        resolve: Resolve = addresses_of,
        max_seconds: float = MAX_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = Rules(settings)
        self._resolve = resolve
        self._max_seconds = max_seconds
        self._given_tls = tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or httpx2.create_ssl_context()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The answer, whatever its status, after at most 3 redirects.

        `headers` go to the origin of `url` only. Raises FetchRefused for an address that is not
        asked, SourceFailed when no whole answer comes within 10 seconds and 5 MB.
        """
        return self._follow("GET", url, headers or {}, MAX_REDIRECTS)

    def glance(self, url: str, method: Literal["HEAD", "GET"] = "HEAD") -> Response:
        """The answer's status and headers after at most 10 redirects; its body is not read.

        Raises FetchRefused for an address that is not asked, SourceFailed when no answer comes.
        """
        return self._follow(method, url, {}, MAX_GLANCE_REDIRECTS, read=False)

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], max_redirects: int, *, read: bool = True
    ) -> Response:
        target = checked_url(url)
        own_headers = dict(headers)
        moves: list[int] = []
        wire = Wire(self._rules, self._resolve, self._max_seconds)
        with httpcore2.ConnectionPool(ssl_context=self._tls, network_backend=wire) as pool:
            while True:
                response = _exchange(pool, wire, method, target, own_headers, read=read)
                location = response.headers.get("location")
                if response.status not in _MOVED or not location:
                    break
                moves.append(response.status)
                if len(moves) > max_redirects:
                    raise SourceFailed(
                        f"{readable(url)}: more than {max_redirects} redirects",
                        remedy="give the address that they lead to",
                    )
                origin = _origin(target)
                target = checked_url(location, base=target)
                if _origin(target) != origin:
                    own_headers = {}
        return replace(response, moved_permanently=bool(moves) and set(moves) <= _MOVED_FOR_GOOD)


def _origin(url: httpx2.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, port_of(url)


def _exchange(
    pool: httpcore2.ConnectionPool,
    wire: Wire,
    method: str,
    url: httpx2.URL,
    headers: Mapping[str, str],
    *,
    read: bool,
) -> Response:
    """One request and its answer, whole when it is to be read; every failure becomes a SourceFailed."""
    where = readable(str(url))
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path)
    sent = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "gzip" if read else "identity",
        **headers,
    }
    try:
        with pool.stream(method, target, headers=list(sent.items())) as answer:
            received = {
                name.decode("latin-1").lower(): value.decode("utf-8", "replace")
                for name, value in answer.headers
            }
            body = decoded(answer.iter_stream(), received.get("content-encoding", "")) if read else b""
            return Response(status=answer.status, url=str(url), headers=received, body=body)
    except httpcore2.TimeoutException as error:
        raise SourceFailed(f"{where}: no whole answer within {wire.seconds:g} seconds") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        words = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or "the connection broke"
        raise SourceFailed(f"{where}: {words}", remedy="check the address, or try again later") from error
    except FetchRefused as error:
        raise FetchRefused(f"{where}: {error.message}", remedy=error.remedy) from error
    except ValueError as error:
        raise SourceFailed(f"{where}: the answer {error}") from error
