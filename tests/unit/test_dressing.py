"""What dressing adds to a body for those who do not see it, or see it on a phone."""

from lxml.html import HtmlElement, fragment_fromstring, tostring

from newsletter.content.letter import dress


def dressed(html: str) -> HtmlElement:
    body = fragment_fromstring(html, create_parent="div")
    dress(body)
    return body


def test_header_cells_say_what_they_head() -> None:
    table = (
        "<table><tr><th>Month</th><th scope='colgroup'>Oil</th></tr><tr><th>May</th><td>3</td></tr></table>"
    )
    assert dressed(table).xpath(".//th/@scope") == ["col", "colgroup", "row"]


def test_a_table_scrolls_by_itself_and_stays_among_its_neighbours() -> None:
    body = dressed("before<table><tr><td>3</td></tr></table>after<p>last</p>")
    frame = body.xpath("./div[@class='wide'][@tabindex='0']")[0]
    assert [element.tag for element in frame] == ["table"]
    assert tostring(frame, encoding="unicode", with_tail=True).endswith("</table></div>after")
    assert body.text_content() == "before3afterlast"


def test_a_link_that_is_only_a_picture_has_a_name() -> None:
    links = dressed(
        '<p><a href="https://tide.example/a?b"><img src="x"></a> '
        '<a href="mailto:a@b.example"><img src="x"></a> '
        '<a href="https://tide.example"><img src="x" alt="A lamp"></a> '
        '<a href="https://tide.example"><img src="x" title="A mole"></a> '
        '<a href="https://tide.example">to <img src="x"></a></p>'
    ).xpath(".//a")
    labels = [link.get("aria-label") for link in links]
    assert labels == ["tide.example", "mailto:a@b.example", None, None, None]
    assert links[3].xpath(".//@alt") == ["A mole"]
