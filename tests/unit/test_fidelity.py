"""The measure of fidelity sees every kind of loss and of harm."""

import pytest

from tests.bench.fidelity import Fidelity, compare

POST = (
    '<p>Some words and <a href="/x">a link</a></p><img src="/a.png"><blockquote>said<blockquote>twice'
    '</blockquote></blockquote><iframe src="https://x.example/w"></iframe>'
)
LETTER = POST.replace(
    '<iframe src="https://x.example/w"></iframe>',
    '<div class="card card-link"><p><a href="https://x.example/w">x.example</a></p></div>',
)


def missed(letter: str) -> list[str]:
    fidelity = Fidelity()
    compare(fidelity, POST, letter, base="https://blog.example/")
    return fidelity.missed_bars()


def test_a_faithful_letter_misses_no_bar() -> None:
    assert missed(LETTER) == []


@pytest.mark.parametrize(
    ("was", "became", "bar"),
    [
        ("Some words", "Some", "85.71 % of the words"),
        ('href="/x"', 'href="/y"', "1 of 1 links lost"),
        ("/a.png", "/b.png", "1 of 1 images lost"),
        ("<blockquote>twice</blockquote>", "<p>twice</p>", "1 of 2 quotations lost"),
        ("x.example</a>", "</a>", "1 of 1 embeds lost"),
        ("<p>Some", '<p onclick="x()">Some', 'harmful: p onclick="x()"'),
        ("<p>Some", "<script>x()</script><p>Some", "harmful: <script>"),
        (
            'href="/x"',
            'href="/x"><img src="/p" width="1"><a href="javascript:x"',
            'harmful: a href="javascript:x"',
        ),
    ],
)
def test_each_loss_is_seen(was: str, became: str, bar: str) -> None:
    assert bar in missed(LETTER.replace(was, became))
