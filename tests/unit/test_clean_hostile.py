"""Whatever a feed sends, what comes back acts on nothing, tracks nobody and took a bounded time."""

import time

import pytest

from newsletter.content.clean import clean_html, plain_text
from newsletter.content.markdown import parser
from tests.bench.fidelity import harmful

PROBES = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)' alt='\"><script>alert(1)</script>'>",
    "<svg onload=alert(1)><script>alert(1)</script><a href='javascript:alert(1)'>x</a></svg>",
    "<svg><style><!--</style><img src=x onerror=alert(1)>",
    "<math><style><!--</style><img src=x onerror=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe><img src=x onerror=alert(1)></iframe>",
    "<object data='javascript:alert(1)'><param name=movie value='javascript:alert(1)'></object>",
    "<embed src='data:text/html,<script>alert(1)</script>'>",
    "<video src='javascript:alert(1)' poster='javascript:alert(1)' onplay=alert(1)></video>",
    "<video><source src='https://v.example/a.mp4' onerror=alert(1)></video>",
    "<blockquote class='twitter-tweet'><a href='javascript:alert(1)'>x</a></blockquote>",
    "<blockquote cite='javascript:alert(1)'>q</blockquote>",
    "<a href='java&#10;script:alert(1)'>x</a><a href=' &#1;javascript:alert(1)'>y</a>",
    "<a href='https://x.example/\" onmouseover=alert(1) \"'>x</a>",
    "<a href='https://x.example/)![x](javascript:alert(1)'>x</a>",
    "<img src='https://x.example/a.png\" onerror=\"alert(1)'>",
    "<img src='https://x.example/a.png){onerror=alert(1)}'>{onerror=alert(1)}",
    "<img src='https://x.example/a.png' alt='](javascript:alert(1)) ![' width='1px;x' height='\"9'>",
    "<p style='background:url(javascript:alert(1))' onclick=alert(1)>x</p>",
    "<div style='position:fixed'><base href='https://evil.example/'></div>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css><style>@import '//evil.example'</style>",
    "<form action='javascript:alert(1)'><input onfocus=x()><button formaction='data:x'>b</button></form>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>--><![CDATA[<img src=x onerror=alert(1)>]]><?php echo '<script>'?>",
    "<pre>```\n<script>alert(1)</script>\n```\n<img src=x onerror=alert(1)></pre>",
    "&lt;script&gt;alert(1)&lt;/script&gt;<p>&lt;img src=x onerror=alert(1)&gt;",
    "<code>`<img src=x onerror=alert(1)>`&lt;img src=x onerror=alert(1)&gt;</code>",
    "<table><tr><th>a</th></tr><tr><td>|<script>alert(1)</script>|</td></tr></table>",
    "<li><p lang='x\" onclick=\"alert(1)'>x</p></li><p lang=fr title='\" onclick=alert(1)'>y",
    "<abbr title='\"><script>alert(1)</script>'>x</abbr><ol start='\"><script>'><li>y</ol>",
    "<pre class='language-\"><script>alert(1)</script>'>x</pre><pre data-lang='x`onerror=alert(1)'>y</pre>",
    "<a class=button href='javascript:alert(1)'>Go</a><a role=button href='data:x'>Go</a>",
    "<sup><a href='#n'>1</a></sup><ol><li id=n>x <a href='#\"onclick=alert(1)'>↩</a></li></ol>",
    "<div class='card card-video'><p><a href='javascript:alert(1)'>x</a></p></div>",
    "<p>::: card video\n[x](javascript:alert(1))\n:::</p>",
    "<p>[x](javascript:alert(1)) ![x](data:x) <javascript:alert(1)> [a]: javascript:alert(1)</p>",
    "<img src='//x.example/pixel' width=1 height=1><img src=http://feeds.feedburner.com/~r/x/~4/y>",
    "<audio src=x><script>alert(1)</script></audio>",
    "<picture><source srcset='javascript:x'><img src='javascript:x'></picture>",
]


def letter(html: str) -> str:
    return str(parser().render(clean_html(html, base_url="https://blog.example/").markdown))


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(
    "around", ["{}", "<p>a {} b</p>", "<blockquote><ul><li>{}</ul></blockquote>", "<p lang=fr>{}", "<div>{"]
)
def test_nothing_that_acts_comes_through(probe: str, around: str) -> None:
    assert harmful(letter(around.replace("{}", probe) if "{}" in around else around + probe)) == []


def test_the_text_of_scripts_and_styles_is_gone() -> None:
    html = (
        "<p>a</p><script>var hidden = 1</script><style>p { hidden: 1 }</style><svg><text>hidden</text></svg>"
    )
    assert letter(html) == "<p>a</p>\n"


def test_comments_are_gone_and_what_follows_is_not() -> None:
    assert (
        letter("<p>a<!-- hidden --> b</p><!--[if mso]><p>hidden</p><![endif]--><p>c")
        == "<p>a b</p>\n<p>c</p>\n"
    )


BOMBS = {
    "divisions 10,000 deep": "<div>" * 10_000 + "needle",
    "quotations 10,000 deep": "<blockquote>" * 10_000 + "needle",
    "lists 5,000 deep": "<ul><li>" * 5_000 + "needle",
    "emphasis 10,000 deep": "<b><i>" * 5_000 + "needle",
    "divisions 1,000,000 deep": "<div>" * 1_000_000 + "needle",
    "styles opened again in each block": "<p>"
    + "".join(f"<font color={i}>" for i in range(3_000))
    + "</p><p>needle</p>" * 3_000,
    "5 MB of words": "word " * 1_000_000 + "needle",
    "5 MB of ampersands": "&" * 4_999_000 + " needle",
    "5 MB of less-than signs": "needle " + "<" * 4_999_000,
    "5 MB of open tags": "needle " + "<a" * 2_499_000,
    "5 MB of attributes": "needle <a " + "x=1 " * 1_200_000,
    "1 MB of spaces": " " * 999_000 + "needle",
    "brackets": "<p>needle " + "[" * 50_000 + "![](" * 20_000,
    "stars": "<p>needle " + "*_" * 50_000,
    "backticks": "<p>needle " + "".join("`" * n + " " for n in range(300)),
    "comments": "needle " + "<!--" * 1_000_000,
    "frames": "needle " + "<iframe " * 20_000,
}


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_defused_in_bounded_time(html: str) -> None:
    started = time.monotonic()
    cleaned = clean_html(html, base_url="https://blog.example/")
    assert "needle" in cleaned.markdown
    assert len(cleaned.summary) <= 300
    assert "needle" in plain_text(html)
    assert time.monotonic() - started < 30, "the work must not grow with the square of the input"


def test_a_post_too_large_for_any_letter_comes_back_as_its_words_alone() -> None:
    html = "<script>hidden()</script><!-- hidden --><p>One &amp; <b>two</b></p>" + "<p>more</p>" * 40_000
    cleaned = clean_html(html, base_url="https://blog.example/")
    assert cleaned.markdown.startswith("One &\n\ntwo\n\nmore\n\nmore")
    assert "hidden" not in cleaned.markdown


def test_pictures_inside_the_html_do_not_make_a_post_too_large() -> None:
    html = f'<p>One <b>two</b></p><img src="data:image/png;base64,{"A" * 2_000_000}">'
    assert clean_html(html, base_url="https://blog.example/").markdown == "One **two**"
