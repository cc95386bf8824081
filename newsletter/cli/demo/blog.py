"""A small blog on loopback: the sample posts as an RSS feed with HTML bodies, and their pictures."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape

import yaml

from newsletter.content.markdown import parser

HERE = Path(__file__).parent
NAME = "The Harbour Letter"
_TYPES = {".jpg": "image/jpeg"}


@contextmanager
def serve_blog(now: datetime) -> Iterator[str]:
    """The feed's address, while the block runs; its posts are of the last five days before `now`."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    root = f"http://127.0.0.1:{server.server_port}"
    Handler.feed = rss(root, now).encode()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{root}/feed.xml"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rss(root: str, now: datetime) -> str:
    """The feed of the blog at `root` as RSS 2.0, the newest post an hour old and the others a day apart."""
    items = []
    for age, path in enumerate(sorted((HERE / "posts").glob("*.md"), reverse=True)):
        front, markdown = _split(path.read_text(encoding="utf-8"))
        published = now - timedelta(days=age, hours=1)
        items.append(
            f"<item><title>{escape(front['title'])}</title>"
            f"<link>{root}/{path.stem}</link>"
            f'<guid isPermaLink="false">harbour-letter/{path.stem}</guid>'
            f"<pubDate>{format_datetime(published)}</pubDate>"
            f"<dc:creator>{escape(front['author'])}</dc:creator>"
            f"<content:encoded>{escape(parser().render(markdown))}</content:encoded></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{NAME}</title><link>{root}/</link><language>en</language>"
        f"<description>Notes from Port Lorne</description>{''.join(items)}</channel></rss>"
    )


def _split(text: str) -> tuple[dict[str, str], str]:
    _, front, markdown = re.split(r"^---$", text, maxsplit=2, flags=re.MULTILINE)
    return yaml.load(front, Loader=yaml.BaseLoader), markdown  # noqa: S506 - BaseLoader makes only text


class _Handler(BaseHTTPRequestHandler):
    feed: ClassVar[bytes] = b""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        picture = HERE / "images" / Path(self.path).name
        if self.path == "/feed.xml":
            self._answer("application/rss+xml; charset=utf-8", self.feed)
        elif self.path.startswith("/images/") and picture.suffix in _TYPES and picture.is_file():
            self._answer(_TYPES[picture.suffix], picture.read_bytes())
        else:
            self.send_error(404)

    def _answer(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """None: the demo's own words are on the screen."""
