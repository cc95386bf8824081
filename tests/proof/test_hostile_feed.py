"""A feed that attacks its readers is only words: in the letter, in the preview and on the web."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.web.app import make_pages
from newsletter.wiring import open_app
from tests.proof.tools import Page, look_at
from tests.support.feedserver import feed_server
from tests.support.project import SETTINGS, Project

TRAP = "https://trap.example"
"""Whatever asks for this was not disarmed."""
ATTACKS = (
    "<script>alert(1);fetch('TRAP/script')</script>",
    "<img src=x onerror=\"alert(2);fetch('TRAP/onerror')\">",
    "<svg onload=alert(3)><animate onbegin=alert(3) attributeName=x></svg>",
    "<svg><script>alert(4)</script><image href='TRAP/svgimage'/></svg>",
    "<iframe src='TRAP/frame'></iframe><iframe srcdoc='<script>parent.alert(5)</script>'></iframe>",
    "<object data='TRAP/object'></object><embed src='TRAP/embed'>",
    "<link rel=stylesheet href='TRAP/sheet'><style>@import 'TRAP/import';p{background:url(TRAP/bg)}</style>",
    "<p style=\"background:url('TRAP/inline')\">styled</p><table background='TRAP/table'><tr><td>x</table>",
    "<meta http-equiv=refresh content='0;url=TRAP/refresh'><base href='TRAP/base/'>",
    "<form action='TRAP/form'><input autofocus onfocus=alert(6)><button formaction='TRAP/b'>b</button>",
    "<a href='javascript:alert(7)'>one</a> <a href=' java&#10;script:alert(7)'>two</a>",
    "<a href='data:text/html,<script>alert(8)</script>'>data</a> <a href='vbscript:x'>vb</a>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(9)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(10)>'></noscript>",
    "<video src='TRAP/video' poster='TRAP/poster' autoplay></video><audio src='TRAP/audio' autoplay></audio>",
    "<details open ontoggle=alert(11)><summary>s</summary>d</details><body onpageshow=alert(12)>",
    "<p>&lt;script&gt;alert(13)&lt;/script&gt; [x](javascript:alert(13)) ![y](TRAP/markdown) `&lt;b`</p>",
    "<p>]]&gt;&lt;/style&gt;&lt;/title&gt;&lt;/td&gt;&lt;script&gt;alert(14)&lt;/script&gt;</p>",
    "<blockquote class=twitter-tweet><script>alert(15)</script><a href='javascript:alert(15)'>t</a>",
    "<div class=wp-block-button><a class=wp-block-button__link href='javascript:alert(16)'>button</a></div>",
    '<body onload=alert(17)><div class="sheet" id=post-1 onclick=alert(17)>clobber</div></body>',
    "<img src='TRAP/legend' srcset='TRAP/set 2x' usemap='#m' style='position:fixed' onload=alert(18)>",
)
"""Markup by which a post would act, ask or lead astray (OWASP's and the cleaners' own lists of tricks)."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a reader meets the posts."""

    letter: str
    text: str
    preview: tuple[Path, ...]
    archive: Page


@pytest.fixture
def places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Places]:
    project = Project(folder=tmp_path / "project", capsys=capsys)
    project.folder.mkdir()
    with feed_server() as server:
        url = server.serve("/feed.xml", _feed())
        settings = SETTINGS.replace('folder = "posts"', f'url = "{url}"\nmax_posts = 100')
        project.settings.write_text(f'{settings}\n[http]\nallow_private = ["127.0.0.1"]\n', encoding="utf-8")
        issue = Path(_done(project, "gather").strip()).stem
        _done(project, "preview", issue, "--out", str(tmp_path / "preview"))
    _done(project, "subscribers", "add", "noor@example.org")
    _done(project, "send", issue, "--yes")
    with open_app(project.folder, {}) as app:
        archived = TestClient(make_pages(app)).get(f"/a/{issue}")
        frozen = app.ledger.frozen(app.issue_id(issue))
        assert archived.status_code == 200
        assert frozen is not None
        yield Places(
            letter=frozen.email.html,
            text=frozen.email.text,
            preview=tuple(sorted((tmp_path / "preview").rglob("*.html"))),
            archive=Page(html=archived.text, headers=archived.headers),
        )


def test_hostile_posts_are_words_wherever_they_are_read(places: Places) -> None:
    pages = {path.name: Page(path=path) for path in places.preview}
    pages |= {"the letter": Page(html=places.letter), "the archive": places.archive}
    pages |= {"the archive without its policy": Page(html=places.archive.html)}
    assert len(pages) >= 5
    for name, seen in look_at(pages).items():
        assert seen.dialogs == [], name
        assert [url for url in seen.requests if url not in _pictures(places.letter)] == [], name
    for number in range(len(ATTACKS)):
        assert f"Harmless words {number}." in places.letter
        assert f"Harmless words {number}." in places.text
    schemes = {
        link.partition(":")[0] for link in re.findall(r'href="([^"]*)"', places.letter) if link[0] != "#"
    }
    assert schemes <= {"http", "https", "mailto"}


def _pictures(letter: str) -> set[str]:
    """The addresses of the letter's pictures, which a reader's program may load."""
    return {html.unescape(url) for url in re.findall(r'<img [^>]*?src="([^"]*)"', letter)}


def _done(project: Project, *words: str) -> str:
    result = project.run(*words)
    assert result.status == 0, result.stderr
    return result.stdout


def _feed() -> bytes:
    items = "".join(
        f"<item><title>{number} &lt;script&gt;alert('title')&lt;/script&gt;</title>"
        f"<link>https://blog.example.com/{number}/</link><pubDate>10 Jan 2026 10:00:00 +0000</pubDate>"
        f"<author>&lt;img src=x onerror=alert('author')&gt;</author><description><![CDATA["
        f"<p>Harmless words {number}.</p>{attack.replace('TRAP', TRAP)}]]></description></item>"
        for number, attack in enumerate(ATTACKS)
    )
    head = "<title>&lt;script&gt;alert('feed')&lt;/script&gt;</title><link>javascript:alert('feed')</link>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def test_the_attacks_are_real() -> None:
    pages = {str(number): Page(html=attack.replace("TRAP", TRAP)) for number, attack in enumerate(ATTACKS)}
    inert = [name for name, seen in look_at(pages).items() if not seen.dialogs and not seen.requests]
    assert len(inert) <= 6  # links wait for a click, and escaped words for a program that unescapes them
