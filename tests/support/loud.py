"""The program as a process that logs all it can to the file LOUD_LOG, and breaks at one place.

It is called as `python -m tests.support.loud ...`.
"""

import logging
import os

import uvicorn

from newsletter.cli import main
from newsletter.models import Consent, SubscriberId
from newsletter.store.joining import SqlJoining

FAULT = "a fault that tells of soren@example.org"


def _fail(_joining: SqlJoining, subscriber_id: SubscriberId, _step: Consent) -> bool:
    raise RuntimeError(f"{FAULT}, number {subscriber_id}")


def _louder(config: uvicorn.Config) -> None:
    _configure(config)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.DEBUG)


if __name__ == "__main__":
    _configure = uvicorn.Config.configure_logging
    uvicorn.Config.configure_logging = _louder  # type: ignore[method-assign, assignment]
    SqlJoining.come_back = _fail  # type: ignore[method-assign, assignment]
    logging.basicConfig(level=logging.DEBUG, filename=os.environ["LOUD_LOG"])
    main()
