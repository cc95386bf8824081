"""For any HTML: what the letter shows is what the post showed, and cleaning again changes nothing."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.content.clean import clean_html, excerpt
from newsletter.content.markdown import parser
from tests.bench.fidelity import Fidelity, compare, harmful, shown

BASE = "https://blog.example/post/"

TEXT = st.lists(
    st.sampled_from(
        [
            "word",
            "Łódź",
            "漢字",
            "「括弧」",
            "שלום",
            "1.",
            "-",
            "+",
            "#",
            "##",
            "&gt;",
            "*",
            "**",
            "_",
            "__",
            "~~",
            "`",
            "```",
            "[x]",
            "](y)",
            "![",
            "^",
            "&lt;b&gt;",
            "&amp;amp;",
            "\\",
            "|",
            "---",
            "===",
            ":::",
            "::: card video",
            "!",
            "{{ 7*7 }}",
            "&lt;!--",
            "--&gt;",
            "(",
            ")",
            "“q”",
            "…",
            "&nbsp;",
            "'",
            "&quot;",
            "<br>",
            "<br><br>",
            "\n",
            "  ",
            "[^1]",
            "a_b",
            "2*3*4",
            "{width=1}",
            "http://x.example/",
            "<wbr>",
        ]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)
ADDRESS = st.sampled_from(
    [
        "/a",
        "b?c=1&amp;d=2",
        "https://x.example/(e",
        "https://x.example/f)",
        "//y.example/g h",
        "mailto:a@b.example",
    ]
)
IMAGE = st.builds(
    lambda n, alt, size: f'<img src="/{n}.png" alt="{alt}"{size}>',
    st.integers(1, 9),
    st.sampled_from(["", "alt", "[x] *y*", "&quot;z&quot;", "a|b"]),
    st.sampled_from(["", ' width="600" height="400"', ' width="50"']),
)


def inline(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = st.sampled_from(
        ["b", "i", "em", "strong", "s", "code", "sub", "kbd", "span", "u", "q", "span lang=fr"]
    )
    wrapped = st.builds(lambda tag, inner: f"<{tag}>{inner}</{tag.split()[0]}>", tags, children)
    return st.one_of(wrapped, st.builds(lambda a, b: a + b, children, children))


UNLINKED = st.recursive(st.one_of(TEXT, IMAGE), inline, max_leaves=4)
LINK = st.builds(lambda url, inner: f'<a href="{url}">{inner}</a>', ADDRESS, UNLINKED)
INLINE = st.recursive(st.one_of(TEXT, IMAGE, LINK), inline, max_leaves=5)


BLOCK_TAGS = ["p", "h1", "h2", "h3", "div", "blockquote", "pre", "figure", "center", "p lang=fr", "p dir=rtl"]
TABLE = "<table><tr><th>h</th><th>k</th></tr>{}</table>"


def around_each(outer: str, inner: str, parts: list[str]) -> str:
    return outer.replace("{}", "".join(inner.replace("{}", part) for part in parts))


def block(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        st.builds(
            lambda tag, inner: f"<{tag}>{inner}</{tag.split()[0]}>",
            st.sampled_from(BLOCK_TAGS),
            children,
        ),
        st.builds(around_each, st.just("<ul>{}</ul>"), st.just("<li>{}</li>"), some),
        st.builds(around_each, st.just("<ol>{}</ol>"), st.just("<li>{}</li>"), some),
        st.builds(around_each, st.just(TABLE), st.just("<tr><td>{}</td><td>d</td></tr>"), some),
        st.builds(around_each, st.just("<dl>{}</dl>"), st.just("<dt>t</dt><dd>{}</dd>"), some),
        st.builds(lambda a, b: f"<details><summary>{a}</summary>{b}</details>", TEXT, children),
        st.builds(lambda a, b: f"<figure>{a}<figcaption>{b}</figcaption></figure>", IMAGE, INLINE),
        st.builds(
            lambda a: f'<iframe src="https://www.youtube.com/embed/{a}"></iframe>', st.integers(100, 999)
        ),
        st.just("<hr>"),
        st.lists(children, min_size=1, max_size=4).map("".join),
    )


POSTS = st.recursive(INLINE, block, max_leaves=10)
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def letter(html: str) -> str:
    return str(parser().render(clean_html(html, base_url=BASE, language="en").markdown))


@QUICK
@given(POSTS)
def test_the_letter_shows_what_the_post_showed(html: str) -> None:
    fidelity = Fidelity()
    compare(fidelity, html, letter(html), base=BASE)
    assert fidelity.lost == []
    assert fidelity.harmful == []


@QUICK
@given(POSTS)
def test_cleaning_a_letter_again_changes_nothing_that_is_seen(html: str) -> None:
    once = letter(html)
    twice = letter(once)
    first, second = shown(once, BASE), shown(twice, BASE)
    assert first == second


@QUICK
@given(POSTS, st.integers(0, 80))
def test_an_excerpt_shows_nothing_that_the_post_does_not(html: str, limit: int) -> None:
    markdown = clean_html(html, base_url=BASE, language="en").markdown
    part, whole = (shown(parser().render(text), BASE) for text in (excerpt(markdown, limit=limit), markdown))
    assert part.words <= whole.words
    assert part.links <= whole.links
    assert part.quotations <= whole.quotations


@QUICK
@given(st.text(alphabet="<>/=\"'!-a&;#x bpi\n[]()*`:", max_size=80))
def test_any_tag_soup_comes_back_harmless(html: str) -> None:
    assert harmful(letter(html)) == []
