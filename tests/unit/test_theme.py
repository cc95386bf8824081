"""Themes: what settings change without a template, and themes of one's own."""

import dataclasses
import errno
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import html

from newsletter.cli import cli
from newsletter.config import load_settings, load_theme
from newsletter.config.theme import (
    ColourSettings,
    ThemeSettings,
    custom_properties,
    faults,
    new_theme,
    theme_names,
)
from newsletter.content.stylesheet import with_values, without_properties
from newsletter.errors import BadInput, BadSetting, BadTemplate, NotFound
from tests.support.letters import BROADSHEET, LETTERS, ROUNDUP, SHORT, THEMES, render

GREEN = ColourSettings(
    **{
        field.name: f"#00{number:02x}00"
        for number, field in enumerate(dataclasses.fields(ColourSettings), 16)
    }
)
DARK_GREEN = ColourSettings(
    **{
        field.name: f"#99{number:02x}99"
        for number, field in enumerate(dataclasses.fields(ColourSettings), 16)
    }
)

SETTINGS = """\
[newsletter]
name = "The Friday Roundup"
from = "Ada Writer <ada@news.example.com>"
postal_address = "1 Example Street, 10115 Berlin"
public_url = "https://news.example.com"
"""


def page_of(settings: ThemeSettings, theme: str = "broadsheet") -> str:
    return render(ROUNDUP, theme=dataclasses.replace(THEMES[theme], settings=settings)).html


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_the_settings_reaches_the_letter(theme: str) -> None:
    page = page_of(ThemeSettings(light=GREEN, dark=DARK_GREEN), theme)
    for name, colour in dataclasses.asdict(GREEN).items():
        assert colour in page, name
    for colour in dataclasses.asdict(DARK_GREEN).values():
        assert f"{colour} !important" in page


@pytest.mark.parametrize("theme", THEMES)
def test_no_property_is_left_without_its_value(theme: str) -> None:
    page = page_of(ThemeSettings(), theme)
    assert "var(" not in page
    assert ":root { color-scheme" in page


def test_fonts_and_widths_of_the_settings_reach_the_letter() -> None:
    page = page_of(
        ThemeSettings(width=500, text_font="Charter, serif", title_font="'Gill Sans'", small_font="Verdana")
    )
    for words in ("max-width:500px", 'width="500"', "Charter, serif", "Gill Sans", "Verdana"):
        assert words in page
    assert html.document_fromstring(page).xpath('//img[@alt="The mole at night, its lamp lit"]/@width') == [
        "436"
    ]


def test_a_logo_stands_for_the_name_and_says_it() -> None:
    settings = ThemeSettings(logo="https://x.example/l.png", logo_width=200, logo_height=40)
    picture = html.document_fromstring(page_of(settings)).xpath("//h1/img")[0]
    assert (picture.get("alt"), picture.get("width"), picture.get("height")) == (
        "The Friday Roundup",
        "200",
        "40",
    )
    named = dataclasses.replace(settings, logo_alt="A <lamp>")
    assert html.document_fromstring(page_of(named)).xpath("//h1/img/@alt") == ["A <lamp>"]


def test_a_footer_of_ones_own_stands_in_both_parts() -> None:
    email = render(
        SHORT, theme=dataclasses.replace(BROADSHEET, settings=ThemeSettings(footer="Made <by> hand."))
    )
    assert "Made &lt;by&gt; hand." in email.html
    assert "\nMade <by> hand.\n" in email.text


@pytest.mark.parametrize(("contents_from", "listed"), [(0, False), (5, True), (6, False), (1, True)])
def test_contents_are_listed_from_as_many_posts_as_the_settings_say(contents_from: int, listed: bool) -> None:
    assert ('href="#post-1"' in page_of(ThemeSettings(contents_from=contents_from))) is listed


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (ThemeSettings(light=ColourSettings(text="red")), "light.text"),
        (ThemeSettings(dark=ColourSettings(button_text="#fff")), "dark.button_text"),
        (ThemeSettings(light=ColourSettings(page="#123456;} p{")), "light.page"),
        (ThemeSettings(text_font="x; color: red"), "text_font"),
        (ThemeSettings(small_font='"x"'), "small_font"),
        (ThemeSettings(width=200), "width"),
        (ThemeSettings(contents_from=-1), "contents_from"),
        (ThemeSettings(footer="a\nb"), "footer"),
        (ThemeSettings(logo="http://x.example/l.png", logo_width=1), "logo"),
        (ThemeSettings(logo="https://x.example/l.png"), "logo_width"),
        (ThemeSettings(logo_height=-1), "logo_height"),
    ],
)
def test_a_setting_that_no_letter_can_have_is_named(settings: ThemeSettings, name: str) -> None:
    assert [found for found, _ in faults(settings)] == [name]


def test_variables_give_colours_too(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(SETTINGS + '[theme.dark]\ntext = "#eeeeee"\n', encoding="utf-8")
    settings = load_settings(
        tmp_path, {"NEWSLETTER_THEME__LIGHT__ACCENT": "#123456", "NEWSLETTER_THEME__WIDTH": "500"}
    )
    assert custom_properties(settings.theme) == {
        "accent": "#123456",
        "dark-text": "#eeeeee",
        "width": "500px",
    }


def test_settings_that_letters_can_have_are_not() -> None:
    fonts = "Georgia, 'Times New Roman', serif"
    assert list(faults(ThemeSettings(light=GREEN, dark=DARK_GREEN, width=320, text_font=fonts))) == []
    assert list(faults(ThemeSettings())) == []
    assert custom_properties(ThemeSettings()) == {}


# --- custom properties -------------------------------------------------------------------------


def test_a_property_may_hold_others_but_not_itself() -> None:
    assert with_values("var(--a)", {"a": "var( --b ) x", "b": "1px"}) == "1px x"
    with pytest.raises(KeyError):
        with_values("var(--a)", {"a": "var(--b)", "b": "var(--a)"})


def test_what_a_sheet_sets_is_not_in_what_is_inlined() -> None:
    assert (
        without_properties("/* a */\n:root { --a: 1px; --b: x }\n\n\np { color: red }") == "p { color: red }"
    )


def test_a_property_without_a_value_is_named_with_its_line() -> None:
    files = {**BROADSHEET.files, "style.css": "p {\n color: var(--colour) }"}
    with pytest.raises(BadTemplate, match=r"var\(--colour\) has no value") as refused:
        render(SHORT, theme=dataclasses.replace(BROADSHEET, files=files))
    assert refused.value.where == BROADSHEET.paths["style.css"] + ":2"


def test_a_width_that_is_none_is_refused() -> None:
    files = {**BROADSHEET.files, "style.css": ":root { --width: 40em }"}
    with pytest.raises(BadTemplate, match="--width is no width in pixels"):
        render(SHORT, theme=dataclasses.replace(BROADSHEET, files=files))


# --- themes of one's own -----------------------------------------------------------------------


def test_a_new_theme_makes_the_same_letters_until_it_is_changed(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
    result = CliRunner().invoke(cli, ["-C", str(tmp_path), "theme", "new", "mine"])
    assert result.exit_code == 0
    written = [Path(line) for line in result.stdout.splitlines()]
    assert {path.name for path in written} == set(BROADSHEET.files)
    assert all("mine" in path.read_text(encoding="utf-8").split("\n")[0] for path in written)
    mine = load_theme(tmp_path, "mine")
    for letter in LETTERS.values():
        assert render(letter, theme=mine) == render(letter)


def test_a_theme_is_made_in_a_newsletters_folder_only(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["-C", str(tmp_path), "theme", "new", "mine"])
    assert isinstance(result.exception, NotFound)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "templates").write_text("a file")
    with pytest.raises(BadInput, match="templates/mine: cannot be written"):
        new_theme(tmp_path, "mine")


def test_a_theme_that_does_not_fit_on_the_disk_leaves_its_name_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def fill_up(path: Path, text: str, **how: Any) -> int:
        if path.name == "style.css":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, text, **how)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", fill_up)
        with pytest.raises(BadInput, match="No space left on device"):
            new_theme(tmp_path, "mine")
    assert "mine" not in theme_names(tmp_path)
    assert new_theme(tmp_path, "mine")


def test_a_project_replaces_a_single_file(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "plain"
    folder.mkdir(parents=True)
    (folder / "footer.html.j2").write_text("<tr><td>My footer {{ links.unsubscribe }}</td></tr>")
    theme = load_theme(tmp_path, "plain")
    assert "My footer" in render(SHORT, theme=theme).html
    assert theme.files["style.css"] == THEMES["plain"].files["style.css"]


def test_a_theme_of_one_style_sheet_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "bare"
    folder.mkdir(parents=True)
    (folder / "style.css").write_text(":root { --accent: #123456; }")
    assert theme_names(tmp_path) == ["bare", "broadsheet", "plain"]
    assert "#123456" in render(ROUNDUP, theme=load_theme(tmp_path, "bare")).html


@pytest.mark.parametrize("name", ["broadsheet", "shared", "system", "../x", "", "A b", "-x"])
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        new_theme(tmp_path, name)
    assert not (tmp_path / "templates").exists()


def test_what_all_themes_share_is_no_theme(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="there is no theme “shared”"):
        load_theme(tmp_path, "shared")
