"""A feed's HTML comes back as Markdown that shows the same: one small post per construct."""

import pytest

from newsletter.content.clean import clean_html
from newsletter.content.markdown import parser
from newsletter.models import Image

BASE = "https://blog.example/2026/a-post/"


def markdown(html: str, **kwargs: str) -> str:
    return clean_html(html, base_url=BASE, **kwargs).markdown


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One <b>two</b> <i>three</i> <strike>four</strike></p>", "One **two** *three* ~~four~~"),
        ("<p>One<br>two<br><br>three</p>", "One\\\ntwo\n\nthree"),
        ("plain <em>text</em>\n\nwith lines", "plain *text* with lines"),
        ("<p><b> spaced </b>out</p>", "**spaced** out"),
        (
            "<p>H<sub>2</sub>O and x<sup>2</sup>, <kbd>Ctrl</kbd></p>",
            "H<sub>2</sub>O and x<sup>2</sup>, <kbd>Ctrl</kbd>",
        ),
        ("<p><strong>“Quoted”</strong>が続く</p>", "<strong>“Quoted”</strong>が続く"),
        ("<p>a <b><strong>twice</strong></b> <b></b>b</p>", "a **twice** b"),
        ("<p>use <code>a`b</code> or <tt>c</tt></p>", "use ``a`b`` or `c`"),
        ("<p>see <code><a href='/x'>f()</a></code></p>", "see <code>[f()](https://blog.example/x)</code>"),
        ("<hr>", "* * *"),
        ("<div><section><p>a</p></section>b<div>c</div></div>", "a\n\nb\n\nc"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n+ b"),
        ('<ol start="3"><li>a</li><li><p>b</p><p>c</p></li></ol>', "3. a\n\n4. b\n\n   c"),
        ("<ol reversed><li>a</li></ol>", '<ol reversed=""><li><p>a</p></li></ol>'),
        ("<pre><code class='language-Python'>a = 1\n\n  b\n</code></pre>", "```python\na = 1\n\n  b\n```"),
        ("<pre class='brush: css'>a ``` b</pre>", "````css\na ``` b\n````"),
        (
            "<pre>see <a href='/x'>x</a>\n\nnext</pre>",
            '<pre>see <a href="https://blog.example/x">x</a>&#10;&#10;next</pre>',
        ),
        (
            "<table><tr><th>a<th align=right>b|c</th></tr><tr><td>1<br>2</td><td><b>3</b></td></tr></table>",
            "| a | b\\|c |\n| --- | --: |\n| 1<br>2 | **3** |",
        ),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></tbody></table>",
        ),
        ("<table><tr><td><p>only</p><p>layout</p></td></tr></table>", "only\n\nlayout"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        (
            "<details><summary>More</summary><p>x\ny</p></details>",
            "<details><summary>More</summary><p>x y</p></details>",
        ),
        ("<p><ruby>漢<rt>kan</rt></ruby></p>", "<ruby>漢<rt>kan</rt></ruby>"),
        ("<p>a&nbsp;b</p>", "a\xa0b"),
        ("", ""),
    ],
)
def test_each_element_has_its_markdown(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "1. no list",
        "1986. A year",
        "- no list",
        "+ none",
        "> no quotation",
        "=== none",
        "---",
        "| a | b |",
        "*no* _emphasis_ **none** ~~none~~",
        "[no](link)",
        "![no](image)",
        "[^1]: no note",
        "[a]: no",
        "<b>no tag</b>",
        "<!-- no comment -->",
        "-->",
        "&amp; &lt; &copy; &#8217;",
        "::: card video",
        ":::",
        "``` none",
        "`no code`",
        "~~~ none",
        "{{ 7*7 }}",
        "{% x %}",
        "C:\\path\\*.txt",
        "snake_case_name",
        "5 * 3 * 2",
        "trailing \\",
        "Wow! [sic] (really)",
        "a^[inline]",
        "* * *",
        "___",
        "{width=1}",
        "http://x.example/?a=1&lt=2",
        "<https://x.example>",
        "%recipient.x% -unsub-",
        "\u202babc\u202c",
    ],
)
@pytest.mark.parametrize(
    "around", ["<p>{}</p>", "<p>x<br>{}</p>", "<ul><li>{}</li></ul>", "<h2>{}</h2>", "<blockquote>{}"]
)
def test_text_that_looks_like_markup_arrives_literally(text: str, around: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    rendered = parser().render(markdown(around.format(escaped)))
    assert escaped in rendered.replace("&quot;", '"')


def test_the_shallowest_heading_becomes_the_third_level_and_the_order_stays() -> None:
    html = "<h1>a</h1><h2>b</h2><h6>c</h6>"
    assert markdown(html) == "### a\n\n#### b\n\n###### c"
    assert markdown("<h4>a</h4><h5>b</h5>") == "### a\n\n#### b"


def test_a_heading_that_ends_in_hashes_keeps_them() -> None:
    assert "C #</h3>" in parser().render(markdown("<h2>C #</h2>"))


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("../other", "https://blog.example/2026/other"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("#part", "https://blog.example/2026/a-post/#part"),
        ("?q=1&copy;=2", "https://blog.example/2026/a-post/?q=1%C2%A9=2"),
        ("https://en.wikipedia.example/wiki/A_(b)", "https://en.wikipedia.example/wiki/A_(b)"),
        ("https://x.example/a b[1]", "https://x.example/a%20b%5B1%5D"),
        ("https://x.example/)(", "https://x.example/)("),
        ("mailto:a@b.example?subject=x", "mailto:a@b.example?subject=x"),
        ("tel:+491234", "tel:+491234"),
        ("https://x.example/?a=1&amp;lt;=2", "https://x.example/?a=1&lt;=2"),
    ],
)
def test_link_targets_are_absolute_and_come_back_whole(href: str, target: str) -> None:
    rendered = parser().render(markdown(f'<p><a href="{href}">x</a></p>'))
    assert f'href="{target.replace("&", "&amp;")}"' in rendered


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "JaVa\tscript:x", "data:text/html,x", "file:///etc/passwd", "vbscript:x", ""],
)
def test_links_that_a_mail_must_not_carry_leave_their_words(href: str) -> None:
    assert markdown(f'<p>see <a href="{href}">this</a></p>') == "see this"


def test_a_link_around_blocks_moves_inside_them() -> None:
    html = '<a href="/x"><h2>Title</h2><p>Text <b>bold</b></p></a>'
    assert markdown(html) == "### [Title](https://blog.example/x)\n\n[Text **bold**](https://blog.example/x)"


# --- images ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            '<img src="/a.png" alt="A [x]" width="600" height="400px">',
            "![A \\[x\\]](https://blog.example/a.png){width=600 height=400}",
        ),
        (
            '<img src="a.png" title="Hover &quot;text&quot;">',
            '![](https://blog.example/2026/a-post/a.png "Hover \\"text\\"")',
        ),
        ('<img src="data:image/gif;base64,R0" data-src="/real.jpg">', "![](https://blog.example/real.jpg)"),
        ('<img src="/placeholder.gif" data-lazy-src="/real.jpg">', "![](https://blog.example/real.jpg)"),
        ('<img srcset="/s.jpg 300w, /m.jpg 1200w, /l.jpg 3000w">', "![](https://blog.example/m.jpg)"),
        (
            '<picture><source srcset="/a.webp"><img src="/a.jpg" width="100%"></picture>',
            "![](https://blog.example/a.jpg)",
        ),
        (
            '<a href="/big"><img src="/a.png" alt=""></a>',
            "[![](https://blog.example/a.png)](https://blog.example/big)",
        ),
        ('<img class="wp-smiley" src="https://s.w.org/images/core/emoji/2/72x72/1f600.png" alt="😀">', "😀"),
        ('<img src="data:image/png;base64,R0" alt="x²">', "x²"),
        ('<img data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', "![](https://blog.example/a.jpg)"),
        ('<noscript><img src="/a.jpg"></noscript>', "![](https://blog.example/a.jpg)"),
    ],
)
def test_images_keep_address_alt_and_size(image: str, expected: str) -> None:
    assert markdown(f"<p>{image}</p>") == expected


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://x.example/p.gif" width="1" height="1">',
        '<img src="https://x.example/p.gif" height="0" width="0">',
        '<img src="https://x.example/p.gif" style="width:1px; height: 1px">',
        '<img src="http://feeds.feedburner.com/~r/Blog/~4/abc">',
        '<a href="http://feeds.wordpress.com/1.0/gocomments/x/"><img src="http://feeds.wordpress.com/1.0/comments/x/"></a>',
        '<div class="feedflare"><a href="http://feeds.feedburner.com/~ff/x?a=1"><img src="http://feeds.feedburner.com/~ff/x?d=1"></a></div>',
        '<img src="https://pixel.wp.com/b.gif?host=x">',
    ],
)
def test_pictures_that_only_count_readers_are_gone(image: str) -> None:
    assert markdown(f"<p>text</p>{image}") == "text"


def test_the_picture_of_a_post_is_the_first_that_is_no_icon() -> None:
    html = '<p><img src="/icon.png" width="16"> a</p><img src="/b.png" alt="B" width="300" height="200">'
    expected = Image(url="https://blog.example/b.png", alt="B", width=300, height=200)
    assert clean_html(html, base_url=BASE).image == expected
    assert clean_html("<p>none</p>", base_url=BASE).image is None


IMAGE = '<img src="/a.png" alt="a">'
FIGURE = "::: figure\n![a](https://blog.example/a.png)\n\nA *caption*.\n:::"


@pytest.mark.parametrize(
    "html",
    [
        f"<figure>{IMAGE}<figcaption>A <em>caption</em>.</figcaption></figure>",
        f'<div class="wp-caption">{IMAGE}<p class="wp-caption-text">A <em>caption</em>.</p></div>',
        f'<table class="tr-caption-container"><td>{IMAGE}<tr><td class="tr-caption">A <i>caption</i>.',
        f'<dl class="gallery-item"><dt>{IMAGE}</dt><dd class="gallery-caption">A <em>caption</em>.</dd></dl>',
    ],
)
def test_pictures_with_a_caption_become_figures(html: str) -> None:
    assert markdown(html) == FIGURE


def test_every_picture_of_a_gallery_is_kept() -> None:
    html = (
        '<figure class="gallery"><figure><img src="/1.png"></figure><figure><img src="/2.png">'
        "<figcaption>Two</figcaption></figure><figcaption>Both</figcaption></figure>"
    )
    rendered = markdown(html)
    assert all(f"(https://blog.example/{name}.png)" in rendered for name in (1, 2))
    assert "Two" in rendered
    assert "Both" in rendered


# --- quotations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<blockquote><p>a</p><blockquote>b</blockquote><p>c</p></blockquote>", "> a\n>\n> > b\n>\n> c"),
        (
            "<blockquote><p>a</p><footer>— A. Reporter, <cite>Paper</cite></footer></blockquote>",
            "> a\n>\n> — A. Reporter, <cite>Paper</cite>",
        ),
        ("<blockquote><p>a</p><cite>Reporter</cite></blockquote>", "> a\n>\n> — <cite>Reporter</cite>"),
        ("<blockquote><p>a<br>- <cite>Reporter</cite></p></blockquote>", "> a\n>\n> — <cite>Reporter</cite>"),
        ("<blockquote><p>a</p><p>-- Reporter</p></blockquote>", "> a\n>\n> — Reporter"),
        (
            "<figure><blockquote>a</blockquote><figcaption>Reporter</figcaption></figure>",
            "> a\n>\n> — Reporter",
        ),
        (
            '<blockquote cite="https://www.paper.example/x"><p>a</p></blockquote>',
            "> a\n>\n> — [paper.example](https://www.paper.example/x)",
        ),
        (
            '<blockquote cite="/x"><p>a</p><footer>Reporter</footer></blockquote>',
            "> a\n>\n> — [Reporter](https://blog.example/x)",
        ),
        ('<blockquote cite="/x"><p>a <a href="/x">b</a></p></blockquote>', "> a [b](https://blog.example/x)"),
        (
            "<blockquote><p>He read <cite>Emma</cite> twice.</p></blockquote>",
            "> He read <cite>Emma</cite> twice.",
        ),
        ("<p>before</p><blockquote>a</blockquote><blockquote>b</blockquote>", "before\n\n> a\n\n> b"),
    ],
)
def test_quotations_stay_quotations_and_say_whose_words_they_are(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_a_dash_inside_a_caption_stays() -> None:
    html = '<figure><img src="/a.png"><figcaption>A few wears – probably ten</figcaption></figure>'
    assert "A few wears – probably ten" in markdown(html)


# --- calls to action, languages, footnotes -----------------------------------------------------


@pytest.mark.parametrize(
    "html",
    [
        '<a class="btn btn-primary" href="/give">Donate now</a>',
        '<div class="wp-block-button"><a class="wp-block-button__link" href="/give">Donate now</a></div>',
        '<div class="kg-card"><a href="/give" class="kg-btn kg-btn-accent">Donate now</a></div>',
        '<p><a role="button" href="/give"><b></b>Donate now</a></p>',
        '<a href="/give"><button>Donate now</button></a>',
    ],
)
def test_a_link_that_is_a_button_becomes_one(html: str) -> None:
    assert markdown(html) == "::: button\n[Donate now](https://blog.example/give)\n:::"


def test_a_button_within_a_sentence_is_a_link() -> None:
    assert (
        markdown('<p>You may <a class="button" href="/x">go</a> now.</p>')
        == "You may [go](https://blog.example/x) now."
    )


def test_parts_in_another_language_or_direction_keep_theirs() -> None:
    html = '<p>English</p><p lang="he" dir="rtl">שלום <b>לך</b></p><p>a <span lang="fr">mot</span></p>'
    assert markdown(html, language="en") == (
        'English\n\n<p lang="he" dir="rtl">שלום <strong>לך</strong></p>\n\na <span lang="fr">mot</span>'
    )


def test_what_only_repeats_the_posts_own_language_is_left_out() -> None:
    html = '<div lang="he-IL" dir="rtl"><p lang="he">שלום</p><p dir="ltr">x</p></div>'
    assert markdown(html, language="he", direction="rtl") == 'שלום\n\n<p dir="ltr">x</p>'


def test_footnotes_stay_footnotes() -> None:
    html = (
        '<p>A<sup id="fnref:1"><a href="#fn:1">1</a></sup> (b).</p><div class="footnotes"><hr><ol>'
        '<li id="fn:1"><p>Note <b>one</b>. <a href="#fnref:1" class="reversefootnote">↩</a></li></ol></div>'
    )
    assert markdown(html) == "A[^1] (b).\n\n[^1]: Note **one**."


def test_footnotes_of_a_block_that_stays_html_are_links() -> None:
    html = (
        '<p lang="fr">A<sup id="r1"><a href="#n1">1</a></sup></p><ol><li id="n1">N <a href="#r1">↩</a></ol>'
    )
    assert f'<a href="{BASE}#n1">1</a>' in markdown(html, language="en")


# --- the summary -------------------------------------------------------------------------------


def test_the_summary_is_the_first_sentences_without_cards_and_code() -> None:
    html = (
        "<h2>Head</h2><p>One <b>sentence</b>.</p><pre>code</pre><blockquote>quoted</blockquote>"
        '<iframe src="https://www.youtube.com/embed/abc"></iframe><p>Another one.</p>'
    )
    assert clean_html(html, base_url=BASE).summary == "One sentence. Another one."


def test_a_long_summary_ends_with_a_sentence_or_a_word() -> None:
    by_sentence = clean_html("<p>" + "A sentence of words. " * 40 + "</p>", base_url=BASE).summary
    assert 200 < len(by_sentence) <= 300
    assert by_sentence.endswith("words.")
    by_word = clean_html("<p>" + "word, " * 100 + "</p>", base_url=BASE).summary
    assert 200 < len(by_word) <= 300
    assert by_word.endswith("word…")


def test_two_notes_of_one_name_are_both_kept() -> None:
    html = '<p><a id="r" href="#n">1</a></p><ol><li id="n">One <a href="#r">↩</a><li id="n">Two</ol>'
    assert "One" in markdown(html)
    assert "Two" in markdown(html)


def test_spaces_of_coloured_code_stay() -> None:
    html = '<pre><span>if x:</span>\n<span class="w">    </span> <span> y</span>\n<div>z</div>end</pre>'
    assert markdown(html) == "```\nif x:\n      y\nz\nend\n```"


def test_the_note_of_a_mark_that_is_not_shown_is_kept_as_text() -> None:
    html = '<video src="/v.mp4"><a id="r" href="#n">1</a></video><ol><li id="n">Note <a href="#r">↩</a></ol>'
    assert "1. Note" in markdown(html)


def test_pictures_before_the_text_of_a_paragraph_stand_by_themselves() -> None:
    image = '<img src="/a.png" width="300">'
    written = "![](https://blog.example/a.png){width=300}"
    assert markdown(f"<p>{image} {image} text</p>") == f"{written}\n\n{written}\n\ntext"
    assert (
        markdown('<p><img src="/i.png" width="20"> text</p>')
        == "![](https://blog.example/i.png){width=20} text"
    )
    assert markdown(f"<p>{image * 2_000}</p>").count(written) == 2_000


def test_players_inside_preformatted_text_become_cards() -> None:
    html = '<pre>a<iframe src="https://x.example/w"></iframe></pre>'
    assert markdown(html) == "a\n\n::: card link\n[x.example](https://x.example/w)\n:::"


def test_words_between_definitions_are_kept() -> None:
    assert markdown("<dl>stray<dt>a</dt><dd>b</dd></dl>") == "stray\n\na\n\nb"


def test_pictures_of_people_with_short_names_are_no_counters() -> None:
    assert markdown('<img src="https://cs.example.edu/~r/me.png">') == "![](https://cs.example.edu/~r/me.png)"
