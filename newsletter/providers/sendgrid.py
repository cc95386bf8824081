"""SendGrid's v3 Mail Send API: https://www.twilio.com/docs/sendgrid/api-reference/mail-send.

The official client (sendgrid, python-http-client) gives the addresses and headers of requests. What
it does on the wire is replaced: it has no time-out, opens a TLS connection for each request,
follows a redirect with the API key in hand, takes proxies from the environment, and writes key
and recipients to its debug log.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self
from urllib.parse import urlsplit
from urllib.request import Request

from python_http_client.client import Client, Response
from sendgrid.sendgrid import SendGridAPIClient

from newsletter.config.settings import Settings
from newsletter.errors import BadSetting
from newsletter.models import Batch, OpenAttempt, RenderedEmail, Sender, SendOutcome, Verdict
from newsletter.ports import Clock, EventParser, SuppressionList
from newsletter.providers.connection import Answer, KeptConnection
from newsletter.providers.sendgrid_answers import outcomes
from newsletter.providers.sendgrid_evidence import SendGridEvidence, require_time
from newsletter.providers.sendgrid_payload import MAX_RECIPIENTS, ConstantPart, constant_part, request_body


class SendGridProvider:
    """The Provider of the kind `sendgrid`. `timeout` is in seconds, for one whole request.

    Raises BadSetting for a key or a base_url that cannot be right.
    """

    name = "sendgrid"
    max_recipients = MAX_RECIPIENTS

    def __init__(self, *, api_key: str, base_url: str, timeout: float, now: Callable[[], datetime]) -> None:
        if not api_key:
            raise BadSetting(
                "the provider is sendgrid and there is no API key",
                where="SENDGRID_API_KEY",
                remedy="set it in the environment or in .env, or name a file in SENDGRID_API_KEY_FILE",
            )
        if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
            raise BadSetting(
                "holds a space, a line end or a letter that no key has",
                where="SENDGRID_API_KEY",
                remedy="paste the key anew",
            )
        self._now = now
        self._connection = KeptConnection(
            base_url, timeout=timeout, headers={"Authorization": f"Bearer {api_key}"}
        )
        self._api = SendGridAPIClient(api_key="the connection has it", host=base_url.rstrip("/"))
        self._api.client = _KeptClient(
            self._connection,
            host=self._api.host,
            request_headers={"User-Agent": self._api.useragent, "Accept": "application/json"},
            version=3,
        )
        self._evidence = SendGridEvidence(self._api.client, now)
        self._constant: tuple[RenderedEmail, Sender, ConstantPart] | None = None
        logging.getLogger("python_http_client").setLevel(logging.WARNING)

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """The provider as newsletter.toml and the environment describe it."""
        return cls(
            api_key=settings.secrets.sendgrid_api_key,
            base_url=settings.provider.sendgrid.base_url,
            timeout=settings.provider.sendgrid.timeout,
            now=clock.now,
        )

    @staticmethod
    def event_parser(settings: Settings) -> EventParser | None:
        """The reader of the Event Webhook; None while no webhook_key is set. Raises BadSetting."""
        from newsletter.providers.sendgrid_events import SendGridEventParser

        return SendGridEventParser.from_settings(settings)

    @classmethod
    def suppression_list(cls, settings: Settings, clock: Clock) -> SuppressionList:
        """SendGrid's lists of addresses that it writes to no more. Raises BadSetting."""
        from newsletter.providers.sendgrid_suppressions import SendGridSuppressions

        return SendGridSuppressions(cls.from_settings(settings, clock)._connection)

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        """One outcome per recipient, from one request; none is made for an empty batch.

        Raises as ports.Provider says.
        """
        if not batch.recipients:
            return []
        require_time(batch, self._now())
        body = request_body(email, self._constant_part(email, sender), batch)
        answer = self._api.client.mail.send.post(request_body=body)
        return outcomes(answer.status_code, answer.headers, answer.body, batch.recipients, self._now())

    def new_cancel_id(self) -> str:
        return self._evidence.new_cancel_id()

    def verdict(self, attempt: OpenAttempt, now: datetime) -> tuple[Verdict, str]:
        return self._evidence.verdict(attempt)

    def close(self) -> None:
        self._connection.close()

    def _constant_part(self, email: RenderedEmail, sender: Sender) -> ConstantPart:
        """The part that all requests of an issue share, made once and kept for the latest issue."""
        kept = self._constant
        if kept is None or kept[0] is not email or kept[1] is not sender:
            kept = self._constant = (email, sender, constant_part(email, sender))
        return kept[2]


class _KeptClient(Client):
    """The official client over a kept connection."""

    def __init__(
        self,
        connection: KeptConnection,
        *,
        host: str,
        request_headers: dict[str, str],
        version: int,
        url_path: list[str] | None = None,
    ) -> None:
        super().__init__(host=host, request_headers=request_headers, version=version, url_path=url_path)
        self._connection = connection

    def post(self, *, request_body: bytes) -> Response:
        """The answer to JSON that is encoded already: the client would encode it once more, and
        build the text of a debug line that shows it."""
        headers = {**self.request_headers, "Content-Type": "application/json"}
        path = urlsplit(self._build_url(query_params=None)).path
        return Response(self._connection.request("POST", path, headers=headers, body=request_body))

    def _make_request(self, _opener: object, request: Request, **_timeout: float | None) -> Answer:
        body = request.data if isinstance(request.data, bytes) else None
        return self._connection.request(
            request.get_method(), request.selector, headers=request.headers, body=body
        )

    def _build_client(self, name: str | None = None) -> "_KeptClient":
        return _KeptClient(
            self._connection,
            host=self.host,
            request_headers=self.request_headers,
            version=self._version,
            url_path=[*self._url_path, name] if name else self._url_path,
        )
