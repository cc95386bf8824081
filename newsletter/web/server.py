"""`newsletter serve`: the ticker and the readers' pages in one process."""

import errno
import logging
import socket
import threading
from collections.abc import Callable
from datetime import datetime

import uvicorn

from newsletter.engines.local import LocalEngine
from newsletter.errors import BadSetting, NewsletterError
from newsletter.usecases.standing import doubt_about_mails
from newsletter.web.app import make_pages
from newsletter.web.crowds import make_crowd
from newsletter.wiring import App

log = logging.getLogger("newsletter.serve")

_OF_THE_PORT = {errno.EADDRINUSE, errno.EACCES}
"""Taken by another process, or for the system's own alone."""
GRACE = 10
"""Seconds that requests under way have to end when the server stops; a slow client holds nothing up."""
QUEUE = 1_024
"""Connections that the system holds until they are accepted; one beyond them comes again a second later."""


def serve_pages(
    app: App, host: str, port: int, *, on_listening: Callable[[str], None] = lambda _: None
) -> None:
    """None, when the app was asked to stop and the running tick and requests have ended.

    Raises BadSetting when the address cannot be listened on.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        option = "--port" if error.errno in _OF_THE_PORT else "--host"
        raise BadSetting(
            f"cannot listen on {host}:{port}: {error.strerror}", remedy=f"choose another {option}"
        ) from error
    # Else the body of an answer waits 40 ms for the client's acknowledgement of its headers: asyncio sets
    # this by itself only on sockets that name their protocol, which those of create_server do not.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    crowd = make_crowd()
    server = _Server(
        uvicorn.Config(
            make_pages(app),
            http=crowd.protocol(),
            backlog=crowd.backlog,
            log_level="error",  # uvicorn warns of what visitors do wrong, and they do it at will
            access_log=False,  # paths hold readers' tokens
            lifespan="off",
            ws="none",
            proxy_headers=False,  # else any process on this host may say who it is: web/visitors.py knows
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    )
    pages = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="pages")
    mails = threading.Thread(target=_mail, args=(app, app.clock.now()), name="mails")
    engine = LocalEngine()
    pages.start()
    mails.start()
    engine.start(lambda: _tick(app))
    on_listening(f"http://{host}:{listener.getsockname()[1]}")
    try:
        app.wait_for_stop()
    finally:
        engine.stop()
        server.should_exit = True
        pages.join()
        mails.join()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:  # how many are accepted at once is not how many the system may queue
            listener.listen(QUEUE)


def _mail(app: App, since: datetime) -> None:
    """None, when the app was asked to stop; what readers asked for is mailed within a second or so.

    A warning tells how many mails have come to be in doubt `since` then, whoever handed them over.
    """
    from newsletter.wiring.mailing import hand_over_when_due

    told = 0
    while not app.stopped.wait(1.0):
        try:
            hand_over_when_due(app)
            uncertain = app.mails.uncertain(since)
        except NewsletterError as error:
            log.warning("the program's own mails wait: %s", error)
            continue
        if uncertain > told:
            log.warning("%s", doubt_about_mails(uncertain))
        told = uncertain


def _tick(app: App) -> None:
    """Do what is due; what it says is logged, each thing that needs a person as a warning."""
    report = app.run_due()
    for line in report.lines:
        log.log(logging.WARNING if report.attention else logging.INFO, "%s", line)
