"""Issues as letters: what goes in arrives, and nothing that was not put in."""

import dataclasses
import re
import socket
from datetime import UTC, date, datetime
from functools import cache

import pytest
from lxml import html

from newsletter.config.theme import Theme
from newsletter.content.links import READER_TOKEN, issue_placeholder
from newsletter.content.phrases import phrases_for
from newsletter.content.render import dotted, letter_digest, render_issue
from newsletter.errors import BadInput, BadIssueFile, BadTemplate
from newsletter.models import Issue, MergeField
from tests.support.letters import (
    BROADSHEET,
    KEY,
    NEWSLETTER,
    RIGHT_TO_LEFT,
    ROUNDUP,
    SHORT,
    issue,
    render,
    section,
)

MARK = issue_placeholder(KEY, SHORT.id)
rendered = cache(render)


def themed(**files: str) -> Theme:
    """The default theme with some files replaced: `issue_html`, `issue_txt`, `style`."""
    names = {"issue_html": "issue.html.j2", "issue_txt": "issue.txt.j2", "style": "style.css"}
    changed = {names[key]: source for key, source in files.items()}
    return dataclasses.replace(BROADSHEET, files={**BROADSHEET.files, **changed})


def page_with(line: str) -> str:
    """The default HTML template with one line more, at its line 2."""
    return BROADSHEET.files["issue.html.j2"].replace("\n", f"\n{line}\n", 1)


def test_a_letter_is_the_same_each_time() -> None:
    assert render(ROUNDUP) == render(ROUNDUP)


def test_the_digest_covers_each_part_and_where_it_ends() -> None:
    email = rendered(SHORT)
    assert email.sha256 == letter_digest(email.subject, email.preheader, email.html, email.text)
    assert (
        len(
            {
                letter_digest(*parts)
                for parts in [("a", "b", "c", "d"), ("ab", "", "c", "d"), ("a", "b", "cd", "")]
            }
        )
        == 3
    )


def test_the_masthead_is_dated_when_a_date_is_given() -> None:
    assert "Friday, 27 November 2026" in rendered(SHORT).html
    undated = render_issue(SHORT, theme=BROADSHEET, newsletter=NEWSLETTER, placeholder=MARK, dated=None)
    assert "Friday, 27" not in undated.html + undated.text


def test_a_byline_says_source_author_and_the_day_where_the_newsletter_is() -> None:
    late = section("Late", "x", author="Ada", published=None)
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    email = render(issue(dataclasses.replace(late, published=moment.replace(hour=23, minute=30))))
    assert "The Harbour Blog · Ada · 25 November\n" in email.text
    old = render(issue(dataclasses.replace(late, published=moment.replace(year=2024))))
    assert "24 November 2024" in old.html


@pytest.mark.parametrize("language", ["de", "fr", "es", "uk", "ar", "he", "ja"])
def test_a_letter_speaks_the_language_of_its_issue(language: str) -> None:
    phrases, english = phrases_for(language), phrases_for("en")
    email = render(dataclasses.replace(ROUNDUP, language=language))
    page = html.document_fromstring(email.html)
    shown = " ".join(page.xpath("//body")[0].text_content().split())
    why = phrases.why.format(name="The Friday Roundup", host="news.example.com")
    for words in (phrases.read_on_the_web, phrases.unsubscribe, phrases.contents, why):
        assert words in shown
        assert "".join(words.split()) in "".join(email.text.split())
    assert phrases.count_of_posts(5) in shown
    assert english.unsubscribe not in email.html + email.text
    assert (page.get("lang"), page.get("dir")) == (language, "rtl" if language in {"ar", "he"} else "ltr")


def test_a_post_is_dated_and_labelled_in_its_own_language() -> None:
    card = "::: card video\n[T](https://v.example/)\n:::"
    email = render(issue(section("A", card, language="de"), section("B", card, language="nl"), language="fr"))
    bodies = html.document_fromstring(email.html).xpath('//td[starts-with(@id, "post-")]')
    german, dutch = (" ".join(body.text_content().split()) for body in bodies)
    assert "24. November" in german
    assert "Ansehen" in german
    assert "24 novembre" in dutch
    assert "Regarder" in dutch


def test_figures_stay_beside_their_own_words_when_a_name_runs_the_other_way() -> None:
    assert dotted(["A", "", "24 May"], "ltr") == "A · 24 May"
    assert dotted(["בלוג", "24 במאי"], "rtl") == "בלוג · 24 במאי"
    assert dotted(["A", "24 במאי"], "rtl") == "A\u200f · \u200f24 במאי"
    assert dotted(["בלוג", "24 May"], "ltr") == "בלוג\u200e · \u200e24 May"


def test_the_letter_ends_with_whose_words_it_holds() -> None:
    quoted = "> Words\n>\n> — Ada, [The Paper](https://www.paper.example/1), [mail](mailto:a@x.example)"
    email = render(issue(section("A", quoted), section("B", quoted), section("C", source_name="Other")))
    page = html.document_fromstring(email.html)
    listed = [
        " ".join(each.text_content().split()) for each in page.xpath('//td[contains(@class,"sources")]//li')
    ]
    assert listed == [
        "The Harbour Blog · blog.example.com · 2 posts",
        "Other · blog.example.com · 1 post",
        "The Paper · paper.example",
    ]
    assert "- The Paper · paper.example\n  https://www.paper.example/1\n" in email.text


def test_a_letter_that_all_comes_from_one_place_lists_no_sources() -> None:
    email = render(issue(section("A"), section("B"), section("My own", source_name="", url="")))
    assert "Sources" not in email.html + email.text


def test_contents_are_listed_from_four_posts_on() -> None:
    three = render(issue(*[section(f"Post {number}", "x") for number in range(3)]))
    assert "#post-1" not in three.html
    page = html.document_fromstring(rendered(ROUNDUP).html)
    anchors = [link[1:] for link in page.xpath("//ol/li/a/@href") if link.startswith("#post")]
    assert anchors == [f"post-{number}" for number in range(1, 6)]
    assert all(page.xpath(f'//*[@id="{anchor}"]') for anchor in anchors)


def test_titles_and_lead_run_their_own_way_and_the_list_of_contents_the_letters() -> None:
    posts = [section(f"Post {number}", "x", language="en") for number in range(4)]
    hebrew = issue(*posts, section("המנורה", "x"), language="he", preheader="Five posts, told shortly.")
    page = html.document_fromstring(render(hebrew).html)
    assert page.get("dir") == "rtl"
    assert not page.xpath("//ol[li/a]/descendant-or-self::*[self::ol or self::li][@dir or @lang]")
    titles = [(link.get("lang"), link.get("dir")) for link in page.xpath("//ol/li/a")]
    assert titles == [("en", "ltr")] * 4 + [("he", "rtl")]
    (lead,) = page.xpath('//td[contains(@class, "lead")]')
    assert (lead.text, lead.get("dir")) == ("Five posts, told shortly.", "auto")


def test_the_personal_mark_stands_in_the_readers_own_links_and_nowhere_else() -> None:
    email = rendered(SHORT)
    leave, settings = (f"https://news.example.com/{page}/{MARK}" for page in ("u", "m"))
    assert email.merge_fields == (MergeField(name=READER_TOKEN, placeholder=MARK),)
    assert email.html.count(MARK) == 3
    assert [email.html.count(f'href="{link}"') for link in (leave, settings)] == [2, 1]
    assert email.text.count(MARK) == 3
    assert [email.text.count(f"{link}\n") for link in (leave, settings)] == [2, 1]


@pytest.mark.parametrize(
    "letter",
    [
        issue(section("A", f"[x](https://x.example/{MARK})")),
        issue(section(MARK)),
        issue(subject=MARK),
        issue(preheader=MARK),
    ],
)
def test_text_that_holds_the_mark_is_refused(letter: Issue) -> None:
    with pytest.raises(BadInput, match=r"issues/2026-11-27.md: .* — remove the link"):
        render(letter)


def test_a_mark_cut_from_its_link_is_refused() -> None:
    with pytest.raises(BadTemplate, match="outside the reader's own links"):
        render(SHORT, theme=themed(issue_html=page_with("{{ links.unsubscribe[-27:] }}")))


@pytest.mark.parametrize("words", ["{{ 7*7 }}", "{% for %}", "<b>&amp;</b> \"'", "${x} %s {0}"])
def test_what_people_write_is_never_a_template_and_arrives_literally(words: str) -> None:
    letter = issue(section(words, words.replace("<", "&lt;")), subject=words, preheader=words)
    newsletter = dataclasses.replace(NEWSLETTER, name=words, postal_address=words)
    email = render(letter, newsletter=newsletter)
    page = html.document_fromstring(email.html)
    assert email.subject == words
    assert page.xpath("string(//title)") == words
    assert page.xpath("string(//h1)") == words
    assert page.xpath("string(//h2)") == words
    assert email.text.count(words) >= 5


def test_a_subject_with_a_line_break_is_refused() -> None:
    with pytest.raises(BadInput, match="Subject: holds a control character"):
        render(issue(subject="Hello\nBcc: eve@example.org"))


@pytest.mark.parametrize(
    "letter", [issue(preheader="a\nb"), issue(section("a\0b")), issue(section("a", author="\ud800"))]
)
def test_control_characters_in_titles_and_names_are_refused(letter: Issue) -> None:
    with pytest.raises(BadIssueFile, match=r"issues/2026-11-27.md: .* holds a control character"):
        render(letter)


@pytest.mark.parametrize(
    "body",
    [
        '<div class="card">x</div>',
        '<div class="card card-video">x</div>',
        "::: card\n:::",
        "::: button\nx\n:::",
        "::: figure\nx\n:::",
        "<table></table>",
        "<table><tr>x</table>",
        "<ol start='99999999999'><li>x</ol>",
        "<ul>x<li>x</li>x<b>x</b><ul><li>x</li></ul>x</ul>",
        "<dl>x<dt>x</dt></dl>",
        "<details>x",
        "[x](https://[bad/)",
        '<a href="https://[bad">x</a>',
        "<blockquote>x</blockquote>",
        "<li><img src='https://i.example/'></li>",
    ],
)
def test_containers_that_hold_something_else_lose_no_word(body: str) -> None:
    email = render(issue(section("A", body), preheader=""))
    expected = re.findall(r"\bx\b", re.sub("<[^>]*>", " ", body))
    assert re.findall(r"\bx\b", email.text) == expected
    shown = " ".join(html.document_fromstring(email.html).xpath("//body//text()"))
    assert re.findall(r"\bx\b", shown) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="https://x.example/a.png" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<p style="background:url(https://x.example/pixel)">x</p>',
        "<style>p { display: none }</style>",
        '<iframe src="https://x.example/"></iframe>',
        '<form action="https://x.example/"><input name="a"></form>',
        '<math><style><!--</style><img title="--&gt;&lt;img src onerror=alert(1)&gt;">',
        "<svg><script>alert(1)</script></svg>",
        '<meta http-equiv="refresh" content="0;url=https://x.example/">',
        '<base href="https://x.example/">',
        "<!-- [if mso]><p>x</p><![endif] -->",
        '<b style="p">x</b>',
        '<div class="footer masthead" id="post-1">x</div>',
    ],
)
def test_hostile_html_is_gone(hostile: str) -> None:
    clean = html.document_fromstring(render(issue(section("A", "Words."))).html)
    page = html.document_fromstring(render(issue(section("A", f"Words.\n\n{hostile}\n"))).html)
    for what in (
        "//script",
        "//style",
        "//iframe",
        "//form",
        "//input",
        "//svg",
        "//math",
        "//base",
        "//comment()",
    ):
        assert len(page.xpath(what)) == len(clean.xpath(what)), what
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert not page.xpath("//body//@href[not(starts-with(., 'http'))]")
    assert not page.xpath("//@style[contains(., 'url')]")
    assert len(page.xpath('//*[@id="post-1"]')) == 1
    assert len(page.xpath("//*[contains(@class, 'footer')]")) == 1


def test_html_nested_without_end_is_refused_by_name() -> None:
    with pytest.raises(BadIssueFile, match=r"issues/2026-11-27.md:7: HTML is nested"):
        render(issue(section("A", "<div>" * 5000 + "x", line=7)))


def test_control_characters_in_a_body_do_no_harm() -> None:
    assert "a b" in render(issue(section("A", "a\x01 b&#1;\ufffe![\x02](https://x.example/a.png)"))).text


def test_a_broken_web_address_is_no_crash() -> None:
    assert "https://[x" in render(issue(section("A", url="https://[x"))).text


def test_a_title_that_links_to_no_web_page_is_refused_with_its_line() -> None:
    with pytest.raises(BadIssueFile, match=r"issues/2026-11-27.md:3: the link of “A” is no web address"):
        render(issue(section("A", url="javascript:alert(1)", line=3)))


# --- themes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{{ issue.nmae }}", "nmae"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'a' + 1 }}", "can only concatenate"),
        ("{% for %}", "Expected|expected"),
        ("{{ issue.__class__.__mro__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.popen('id') }}", "unsafe"),
        ("{% set _ = posts.append(1) %}", "unsafe|not safely"),
        ("{{ range(10**9)|list }}", "too big|MAX_RANGE"),
        ("{% include 'nothing.j2' %}", "has no nothing.j2"),
    ],
)
def test_a_fault_in_a_template_names_its_line_and_a_remedy(line: str, message: str) -> None:
    with pytest.raises(BadTemplate, match=message) as refused:
        render(SHORT, theme=themed(issue_html=page_with(line)))
    if "nothing.j2" not in line:
        assert refused.value.where == BROADSHEET.paths["issue.html.j2"] + ":2"
    assert refused.value.remedy


def test_a_theme_without_a_template_is_refused() -> None:
    files = {name: source for name, source in BROADSHEET.files.items() if name != "issue.txt.j2"}
    with pytest.raises(BadTemplate, match=r"templates/broadsheet: has no issue.txt.j2"):
        render(SHORT, theme=dataclasses.replace(BROADSHEET, files=files))


@pytest.mark.parametrize(
    "css",
    ['p[title="a,b"] { color: red }', "@media print { @media (width: 1px) { p { color: red } } }"],
)
def test_a_rule_that_breaks_the_inliner_is_named(css: str) -> None:
    with pytest.raises(BadTemplate, match="a rule of the style sheet cannot be inlined") as refused:
        render(SHORT, theme=themed(style=css))
    assert css.partition(" {")[0] in refused.value.message


def test_a_page_without_its_doctype_is_refused() -> None:
    source = BROADSHEET.files["issue.html.j2"].replace("<!DOCTYPE", "<!doctype")
    with pytest.raises(BadTemplate, match="doctype"):
        render(SHORT, theme=themed(issue_html=source))


def test_inlining_asks_for_nothing_on_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/style.css"
        render(SHORT, theme=themed(issue_html=page_with(f'<link rel="stylesheet" href="{address}">')))
        for css in (f"@import '{address}';", f"p {{ margin: 0 }} <!-- @IMPORT url({address});"):
            with pytest.raises(BadTemplate, match="cannot be inlined"):
                render(SHORT, theme=themed(style=css))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


# --- what mail clients need --------------------------------------------------------------------


def dressed(markdown: str) -> html.HtmlElement:
    page = html.document_fromstring(render(issue(section("A", markdown))).html)
    body = page.xpath('//td[@id="post-1"]')[0]
    assert isinstance(body, html.HtmlElement)
    return body


@pytest.mark.parametrize(
    ("markdown", "width", "height"),
    [
        ("![a](https://x.example/a.png){width=300 height=200}", "300", "200"),
        ("![a](https://x.example/a.png){width=1112 height=301}", "556", "150"),
        ('<img src="https://x.example/a.png" width="900px">', "556", None),
        ('<img src="https://x.example/a.png" width="100%" height="auto">', "556", None),
        ("![a](https://x.example/a.png)", "556", None),
        ("![a](https://x.example/a.png) beside words", None, None),
    ],
)
def test_pictures_have_integer_sizes_and_fit_the_column(
    markdown: str, width: str | None, height: str | None
) -> None:
    picture = dressed(markdown).xpath(".//img")[0]
    assert (picture.get("width"), picture.get("height")) == (width, height)
    assert picture.get("alt") is not None


def test_a_button_is_a_filled_cell_also_in_word() -> None:
    cell = dressed("::: button\n[Give](https://x.example/)\n:::").xpath('.//td[@class="button-cell"]')[0]
    assert cell.get("bgcolor") == "#8c2f1b"
    assert "mso-padding-alt:15px 26px" in cell.get("style")
    link = cell.xpath("./a")[0]
    assert "padding:15px 26px" in link.get("style")
    assert link.get("href") == "https://x.example/"


def test_a_button_that_holds_more_than_a_link_keeps_its_words() -> None:
    body = dressed("::: button\n[Give](https://x.example/) or [take](https://y.example/)\n:::")
    assert "Give or take" in body.text_content()
    assert len(body.xpath('.//a[contains(@href, "example/") and not(ancestor::h2)]')) == 2


def test_a_card_says_kind_and_host_and_what_to_do() -> None:
    card = dressed("::: card audio\n[Song](https://www.radio.example/1)\nBand · May\n:::").xpath(
        './/div[@class="card"]'
    )[0]
    lines = [" ".join(each.text_content().split()) for each in card.xpath(".//p")]
    assert lines == ["Audio · radio.example", "Song", "Band · May · Listen"]
    assert card.xpath(".//a/@href") == ["https://www.radio.example/1"] * 2


def test_a_quotation_stays_one_and_its_attribution_is_told_apart() -> None:
    body = dressed("> Words\n>\n> > inner\n>\n> — Ada")
    assert len(body.xpath(".//blockquote")) == 2
    assert body.xpath('string(.//p[@class="attribution"])') == "Ada"
    assert "border-left:4px solid" in body.xpath('.//td[@class="quotation-cell"]')[0].get("style")


def test_headings_step_down_one_level_at_a_time_below_the_title() -> None:
    tags = [
        each.tag
        for each in dressed("# a\n\n#### b\n\n###### c\n\n## d\n\n# e").xpath(".//h2|.//h3|.//h4|.//h5|.//h6")
    ]
    assert tags == ["h2", "h3", "h4", "h5", "h4", "h3"]


def test_footnotes_of_two_posts_do_not_meet() -> None:
    email = render(issue(section("A", "x[^1]\n\n[^1]: One."), section("B", "y[^1]\n\n[^1]: Two.")))
    page = html.document_fromstring(email.html)
    targets = [link[1:] for link in page.xpath("//sup/a/@href")]
    assert len(set(targets)) == 2
    assert [page.xpath(f'string(//*[@id="{target}"])').strip() for target in targets] == ["One.", "Two."]


def test_a_link_into_the_page_it_was_written_for_leads_there() -> None:
    email = render(issue(section("A", "[x](#part) [y](#)", url="https://blog.example.com/a#top")))
    assert html.document_fromstring(email.html).xpath('//p/a[.="x"]/@href') == [
        "https://blog.example.com/a#part"
    ]


def test_right_to_left_posts_and_letters_say_so() -> None:
    page = html.document_fromstring(rendered(RIGHT_TO_LEFT).html)
    assert (page.get("lang"), page.get("dir")) == ("he", "rtl")
    posts = page.xpath('//td[starts-with(@id, "post-")]')
    assert [(post.get("lang"), post.get("dir")) for post in posts] == [("he", "rtl"), ("en", "ltr")]
    assert "border-right:4px solid" in posts[0].xpath('.//td[@class="quotation-cell mirrored"]')[0].get(
        "style"
    )


def test_only_quotations_are_mirrored_and_code_is_not() -> None:
    body = "> a\n\n| a |\n|---|\n| b |\n\n```\nif x: y()\n```\n\n`z()`"
    page = html.document_fromstring(render(issue(section("A", body, direction="rtl"))).html)
    assert [each.tag for each in page.xpath('//*[contains(@style, "border-right:4px")]')] == ["td"]
    assert [each.get("dir") for each in page.xpath("//pre | //p/code")] == ["ltr", "ltr"]
    assert not html.document_fromstring(render(issue(section("A", body))).html).xpath("//pre[@dir]")


def test_a_part_that_runs_the_other_way_is_mirrored_alone() -> None:
    body = '<blockquote dir="rtl"><p>a</p></blockquote>\n\n> b'
    page = html.document_fromstring(render(issue(section("A", body))).html)
    cells = page.xpath('//td[contains(@class, "quotation-cell")]')
    assert ["border-right:4px" in cell.get("style") for cell in cells] == [True, False]


def test_what_mail_clients_stumble_over_is_absent() -> None:
    source = rendered(ROUNDUP).html
    page = html.document_fromstring(source)
    assert source.startswith("<!DOCTYPE html>")
    assert 'height="auto"' not in source
    assert "&apos;" not in source
    assert not page.xpath("//a//table | //figure | //details | //body//style")
    assert all(
        table.get("role") == "presentation" or table.get("class") == "data" for table in page.xpath("//table")
    )
    assert "prefers-color-scheme: dark" in source
    assert "!important" in source
    assert len(re.findall(r"<style", source)) == 1


def test_short_dates_of_other_years_name_the_year() -> None:
    email = render_issue(
        SHORT, theme=BROADSHEET, newsletter=NEWSLETTER, placeholder=MARK, dated=date(2027, 1, 1)
    )
    assert "Friday, 1 January 2027" in email.text
    assert "24 November 2026" in email.text
