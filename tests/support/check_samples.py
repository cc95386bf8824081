"""A good and a bad letter for every check: changes of a short letter that has nothing wrong with it."""

import dataclasses
from collections.abc import Callable, Mapping

from newsletter.content.links import issue_placeholder
from newsletter.models import Issue, PostId, RenderedEmail
from tests.support.letters import KEY, NEWSLETTER, SHORT, issue, render, section

MARK = issue_placeholder(KEY, SHORT.id)
Change = Callable[[Issue, RenderedEmail], tuple[Issue, RenderedEmail]]
"""A letter and its issue → a letter of which a check may say something."""


def html(old: str, new: str) -> Change:
    """A change of the HTML part alone, as a theme could make it."""

    def change(letter: Issue, email: RenderedEmail) -> tuple[Issue, RenderedEmail]:
        assert old in email.html
        return letter, dataclasses.replace(email, html=email.html.replace(old, new))

    return change


def text(old: str, new: str) -> Change:
    def change(letter: Issue, email: RenderedEmail) -> tuple[Issue, RenderedEmail]:
        assert old in email.text
        return letter, dataclasses.replace(email, text=email.text.replace(old, new))

    return change


def written(other: Issue) -> Change:
    """What the author wrote instead."""
    return lambda _letter, _email: (other, render(other))


def subject(words: str) -> Change:
    return lambda letter, email: (
        dataclasses.replace(letter, subject=words),
        dataclasses.replace(email, subject=words),
    )


def body(markdown: str) -> Change:
    return written(issue(section("A light", markdown)))


def preheader(words: str) -> Change:
    return lambda letter, email: (
        dataclasses.replace(letter, preheader=words),
        dataclasses.replace(email, preheader=words),
    )


def shown(elements: str) -> Change:
    """These elements at the end of the HTML part, as a theme could hold them."""
    return html(_BOTTOM, f"{elements}{_BOTTOM}")


def gathered(markdown: str) -> Change:
    return written(issue(section("A light", markdown, post=PostId("p1"))))


def headline(title: str) -> Change:
    """A gathered post of this title, which is the subject too."""
    return written(issue(section(title, "Words.", post=PostId("p1")), subject=title))


def sections(*of: tuple[str, str]) -> Change:
    """An issue of sections with these titles and addresses."""
    return written(issue(*(section(title, f"Words of {title}.", url=url) for title, url in of)))


_BOTTOM = "</body>"
_LONG = "The lamp on the mole was lit again on Tuesday, and nobody on the board had known of it."
BAD: Mapping[str, list[Change]] = {
    "unsubscribe-missing": [
        html(MARK, "gone"),
        text(MARK, "gone"),
        html(f'"{NEWSLETTER.public_url}/u/', '"x/'),
    ],
    "postal-address-missing": [html("10115", "0"), text("10115", "0")],
    "header-unsafe": [subject("Hello\r\nBcc: eve@example.org"), subject("bell \a")],
    "placeholder-astray": [html(_BOTTOM, f"{MARK}</body>"), text("Unsubscribe", MARK), subject(MARK)],
    "subject-empty": [subject(""), subject(" ")],
    "subject-long": [subject("x" * 79)],
    "issue-empty": [written(issue())],
    "section-empty": [written(issue(section("Mine", " ", url="")))],
    "subject-shouting": [subject("THE LAMP IS LIT AGAIN"), subject("The lamp is lit!!"), subject("Lit?!")],
    "subject-wordless": [subject("🎉🎉"), subject("…")],
    "preheader-missing": [preheader("")],
    "preheader-long": [preheader("x" * 141)],
    "preheader-repeats": [preheader(SHORT.subject.upper() + ".")],
    "placeholder-undefined": [
        body("Dear {{ name }},"),
        body("{% if x %}"),
        subject("*|FNAME|*, hello"),
        preheader("For {{ name }}"),
        html(_BOTTOM, "{{ footer }}</body>"),
    ],
    "reference-undefined": [body("See [the plan][plan]."), body("So they say.[^1]"), gathered("[a][]")],
    "fence-unclosed": [body("```python\nprint()"), body("~~~~\ncode\n~~~\nmore")],
    "template-leftover": [gathered("Dear {{ name }},")],
    "post-repeated": [
        sections(("A", "https://x.example/a"), ("B", "http://www.x.example/a/?utm_source=feed#top")),
        sections(("A light", "https://x.example/a"), ("a Light", "https://x.example/b")),
        written(issue(section("A", _LONG), section("B", _LONG))),
    ],
    "words-unfinished": [body("The number is TK."), body("Lorem ipsum dolor"), subject("TODO")],
    "link-text-generic": [
        body("[Click here](https://x.example/)"),
        body("[Read more…](https://x.example/)"),
        body("[Weiterlesen](https://x.example/) [こちら](https://x.example/2)"),
        body("[» ici](https://x.example/)"),
    ],
    "link-lookalike": [
        body("[a](https://www.аррӏе.com/)"),
        body("[a](https://раypal.com/)"),
        body("[a](https://xn--80ak6aa92e.com/)"),
        body("[a](https://xn--pypal-4ve.com/)"),
    ],
    "link-shortened": [
        body("[the page](https://bit.ly/3xyz)"),
        body("[the page](https://news.TinyURL.com/a)"),
    ],
    "link-says-elsewhere": [
        body("[https://bank.example/login](https://evil.example/)"),
        body("[www.bank.example](https://bank.example.evil.test/)"),
        body("[bank.example/login](https://evil.example/bank.example/login)"),
    ],
    "link-local": [
        body("[x](http://localhost:8000/)"),
        body("![x](http://192.168.1.7/a.png)"),
        body("[x](http://[::1]/)"),
        body("[x](https://nas.local/)"),
    ],
    "link-without-text": [shown('<a href="https://x.example/"> </a>')],
    "text-part-short": [text("lamp", "")],
    "link-relative": [body("[a page](/about)"), body("![a boat](boat.png)"), body("[a page](//x.example/)")],
    "link-unsafe": [
        html(_BOTTOM, '<a href="javascript:alert(1)">x</a></body>'),
        html(_BOTTOM, '<img alt="x" src="data:image/png;base64,AA"></body>'),
    ],
    "link-astray": [html(_BOTTOM, '<a href="#nowhere">the end</a></body>')],
    "image-without-alt": [
        body("![](https://x.example/a.png)"),
        body("![IMG_2041](https://x.example/a.png)"),
        body("![lamp-final (2).JPG](https://x.example/a.png)"),
        body("![Screenshot 2026-11-27 10.45.11](https://x.example/a.png)"),
    ],
    "image-without-size": [
        body("![a boat](https://x.example/a.png)"),
        body("![a](https://x.example/a.png){width=60}"),
    ],
    "image-kind": [
        body("![a boat](https://x.example/a.svg?v=2)"),
        body("![a boat](https://x.example/A.WEBP)"),
    ],
    "heading-order": [
        html("<h2", "<h2>Before</h2><h4>Too deep</h4><h2"),
        html("<h2", "<h2> </h2><h2"),
    ],
    "image-not-https": [body("![a boat](http://x.example/a.png)")],
    "html-large": [html(_BOTTOM, "x" * 85_000 + _BOTTOM)],
    "html-too-large": [html(_BOTTOM, "x" * 100_000 + _BOTTOM)],
    "contrast-light": [
        shown('<p style="color: #999; background-color: #fff">faint</p>'),
        shown('<p style="color: rgba(0, 0, 0, 0.4); background: white">faint</p>'),
        shown('<table><tr><td bgcolor="#777777">black on grey, <a href="#post-1">blue</a></td></tr></table>'),
        shown('<p style="background: #fff; color: #888; font-size: 18px; font-weight: 700">small</p>'),
    ],
    "contrast-dark": [
        shown('<p style="color: #1f1b16">dark on dark</p>'),
        shown(
            "<style>@media (prefers-color-scheme: dark) { .x { color: #333 !important } }</style>"
            '<p class="x" style="color: #ccc">dark</p>'
        ),
    ],
    "contrast-inverted": [
        shown('<p style="background-color: #4285f4; color: #fff; font-size: 30px">a strong blue</p>'),
    ],
    "client-support": [
        shown('<div style="display: flex">a</div>'),
        shown('<p style="margin: 0; POSITION:relative; left: 2px">a</p>'),
        shown('<p style="width: calc(100% - 2px)">a</p>'),
        shown('<p style="font-size: 1.2rem">a</p>'),
        shown('<td style="background: #fff url(https://x.example/a.png)">a</td>'),
        shown('<video src="https://x.example/a.mp4"></video>'),
        shown("<p hidden>a</p>"),
        shown('<img alt="a" src="https://x.example/a.png" srcset="b.png 2x" width="1" height="1">'),
    ],
}
GOOD: Mapping[str, list[Change]] = {
    "subject-long": [subject("x" * 78)],
    "section-empty": [written(issue(section("Only a title")))],
    "subject-shouting": [
        subject("NASA, ESA and JAXA"),
        subject("Lit!"),
        subject("灯台の手紙"),
        subject("OK"),
    ],
    "subject-wordless": [subject("🎉 1"), subject("灯台")],
    "preheader-missing": [preheader("x")],
    "preheader-long": [preheader("x" * 140)],
    "preheader-repeats": [preheader(SHORT.subject + " and did")],
    "placeholder-undefined": [
        body("Write `{{ name }}` in the template."),
        gathered("Dear {{ name }},"),
        headline("Of {{ name }}"),
    ],
    "reference-undefined": [
        body("See [the plan][plan].\n\n[plan]: https://example.com/plan"),
        body("So they say.[^1]\n\n[^1]: The board."),
        body("Take `a[0][1]` of it."),
    ],
    "fence-unclosed": [body("```\ncode\n```"), body("~~~~\n```\n~~~~~"), body("Say ```so``` here.")],
    "template-leftover": [gathered("Write `{{ name }}`."), gathered("A {brace} and 100 %")],
    "post-repeated": [
        sections(("A", "https://x.example/?p=1"), ("B", "https://x.example/?p=2")),
        written(issue(section("A", "Thank you.", url=""), section("B", "Thank you.", url=""))),
    ],
    "words-unfinished": [
        body("    # TODO: oil\n\nand `TK`"),
        body("He xxxed it; lorem alone is fine; the TKO was quick"),
    ],
    "link-text-generic": [
        body("[Click here for the minutes](https://x.example/)"),
        body("[The minutes](https://x.example/) of Monday: [read more](https://x.example/)"),
        body("The beginning … [Continue reading](https://blog.example.com/a-light)"),
    ],
    "link-lookalike": [
        body("[a](https://пример.укр/) [b](https://münchen.example/) [c](https://東京カメラ.example/)"),
        body("[a](https://佐々木カメラ.example/) [b](https://ａbc.example/)"),
        body("[a](https://пример.com/) [b](https://xn--mnchen-3ya.example/)"),
    ],
    "link-shortened": [
        body("[the page](https://orbit.ly/a) [two](https://x.example/bit.ly) [Bitly](https://bit.ly/)")
    ],
    "link-says-elsewhere": [
        body("[https://bank.example/login](https://www.bank.example/login?from=letter)"),
        body("[Node.js](https://nodejs.example/) [read/write](https://x.example/)"),
        body("[nytimes.com/2026/lamp…](https://t.co/abc) [http://localhost/](http://localhost/)"),
    ],
    "link-local": [body("[x](https://10.example/) [y](https://8.8.8.8/)")],
    "link-without-text": [body("[![](https://x.example/a.png)](https://x.example/)")],
    "image-without-alt": [
        body("![The image of a lamp](https://x.example/img_1.png)"),
        body("![Screenshot 2 of the settings](https://x.example/a.png)"),
    ],
    "image-without-size": [body("![a boat](https://x.example/a.png){width=600 height=400}")],
    "image-kind": [body("![a boat](https://x.example/a.svg/a.png) ![b](https://x.example/a.jpeg)")],
    "heading-order": [body("# Deep\n\n### Deeper\n\n# Back")],
    "link-relative": [body("[a](https://x.example/) [b](mailto:a@x.example) [c](tel:+491)")],
    "link-unsafe": [body("[x](https://x.example/) [m](mailto:a@x.example)")],
    "image-not-https": [body("![a boat](https://x.example/a.png)")],
    "html-large": [html(_BOTTOM, "x" * 60_000 + _BOTTOM)],
    "contrast-light": [
        shown('<p style="color: #767676; background-color: #fff">just enough</p>'),
        shown('<p style="color: #888; background-color: #fff; font-size: 24px">large</p>'),
        shown('<p style="color: #888; background-color: #fff; font-size: 19px"><b>large</b></p>'),
        shown('<p style="color: #eee; background-color: #fff; display: none">unseen</p>'),
        shown('<p style="color: #eee; background: url(https://x.example/night.jpg)">on a picture</p>'),
        shown('<p style="color: #fff; background-color: #fff"> · </p>'),
    ],
    "contrast-dark": [
        shown('<p style="color: #1f1b16; background-color: #fff">brings its own ground</p>'),
        shown(
            "<style>@media (prefers-color-scheme: dark) { .x { color: #ccc !important } }</style>"
            '<p class="x" style="color: #333">light</p>'
        ),
        html('"color-scheme"', '"other"'),
    ],
    "contrast-inverted": [shown('<p style="background-color: #ffd54f; color: #000">amber</p>')],
    "client-support": [
        shown('<td style="padding: 2px; display: block; border-radius: 3px; color: #0ccch">a</td>'),
        shown("<style>@media (max-width: 600px) { .a { display: flex } }</style>"),
        shown('<p style="position: static; float: none; top: auto">a</p>'),
        shown("<!--[if mso]><v:rect style='position: absolute'></v:rect><![endif]-->"),
    ],
}
