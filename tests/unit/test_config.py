"""Settings: what is read from where, and what is said when it cannot be."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.config import Settings, load_settings
from newsletter.errors import BadSetting, NotFound

NEWSLETTER = """\
[newsletter]
name = "The Friday Roundup"
from = "Ada Writer <ada@news.example.com>"
postal_address = "1 Example Street, 10115 Berlin"
public_url = "https://news.example.com"
"""
"""Five lines, so that what a test adds begins on line 6."""


def load(folder: Path, more: str = "", **variables: str) -> Settings:
    (folder / "newsletter.toml").write_text(NEWSLETTER + more, encoding="utf-8")
    return load_settings(folder, variables)


def refusal(folder: Path, more: str = "", **variables: str) -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        load(folder, more, **variables)
    assert caught.value.remedy
    return caught.value


# --- what is read ------------------------------------------------------------------------------


def test_five_lines_are_enough(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.newsletter.name == "The Friday Roundup"
    assert settings.newsletter.sender == "Ada Writer <ada@news.example.com>"
    assert settings.schedule.review == timedelta(hours=2)
    assert settings.provider.kind == "outbox"
    assert settings.sources == ()
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'newsletter.db'}"


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
[[sources]]
url = "https://blog.example.com/feed.xml"
show = "excerpt"
max_posts = 3
since = 2026-11-01
[[sources]]
folder = "posts"
[schedule]
send = "friday 09:00"
review = "1d12h"
catch_up = "90m"
[provider.sendgrid]
timeout = 20
[http]
allow_private = ["127.0.0.1"]
allow_ports = [80, 443, 8080]
""",
    )
    assert [source.folder for source in settings.sources] == ["", "posts"]
    assert settings.sources[0].since == date(2026, 11, 1)
    assert (settings.schedule.review, settings.schedule.catch_up) == (
        timedelta(hours=36),
        timedelta(minutes=90),
    )
    assert settings.provider.sendgrid.timeout == 20.0
    assert settings.http.allow_private == ("127.0.0.1",)
    assert settings.http.allow_ports == (80, 443, 8080)


def test_a_file_saved_on_windows_is_read(tmp_path: Path) -> None:
    text = "\ufeff" + NEWSLETTER.replace("\n", "\r\n")
    (tmp_path / "newsletter.toml").write_bytes(text.encode("utf-8"))
    assert load_settings(tmp_path, {}).newsletter.name == "The Friday Roundup"


# --- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "line", "message", "remedy"),
    [
        ('nme = "x"', 6, "unknown setting “newsletter.nme”", "did you mean “name”?"),
        ('[shedule]\nsend = "x"', 6, "unknown setting “shedule”", "did you mean “schedule”?"),
        ('[schedule]\nsilense = "hold"', 7, "unknown setting “schedule.silense”", "did you mean “silence”?"),
        (
            '[provider.sendgrid]\nbase_ulr = "x"',
            7,
            "unknown setting “provider.sendgrid.base_ulr”",
            "“base_url”?",
        ),
        (
            '[provider]\nkind = "sendgrid"\nsendgrid = { base_ulr = "x" }',
            8,
            "“provider.sendgrid.base_ulr”",
            "“base_url”?",
        ),
        ('[provider]\nsendgrid.base_ulr = "x"', 7, "“provider.sendgrid.base_ulr”", "“base_url”?"),
        ('[[sources]]\nurl = "x"\n[[sources]]\nulr = "y"', 9, "unknown setting “sources.ulr”", "“url”?"),
        ("secrets = 1", 6, "unknown setting", "known here"),
        ("language = 5", 6, "“newsletter.language” must be text in quotation marks", ""),
        ('[[sources]]\nurl = "x"\nmax_posts = "10"', 8, "“sources.max_posts” must be a whole number", ""),
        ('[[sources]]\nurl = "x"\nmax_posts = true', 8, "“sources.max_posts” must be a whole number", ""),
        ('[[sources]]\nurl = "x"\nmax_posts = 0', 8, "“sources.max_posts” must be 1 or more", ""),
        ('[[sources]]\nurl = "x"\nsince = "May"', 8, "must be a date such as 2026-11-27", ""),
        ('[[sources]]\nurl = "x"\nsince = 5', 8, "must be a date such as 2026-11-27", ""),
        ('[[sources]]\nurl = "x"\nshow = "some"', 8, "must be one of: full, excerpt, title", ""),
        ('[[sources]]\nurl = "x"\nfolder = "y"', 7, "not both", ""),
        ('[[sources]]\nname = "x"', 6, "must be given", ""),
        ('[sources]\nurl = "x"', 6, "must be written as [[sources]] tables", ""),
        ("[provider]\nbatch_size = 1001", 7, "must be between 1 and 1000", ""),
        ("[provider]\nsendgrid = 1", 7, "must be a [provider.sendgrid] table", ""),
        ('[provider.sendgrid]\ntimeout = "x"', 7, "must be a number", ""),
        ('[http]\nallow_private = "127.0.0.1"', 7, "must be a list", ""),
        ('[http]\nallow_ports = ["80"]', 7, "must be a whole number", ""),
        ("[http]\nallow_ports = [99999]", 7, "“http.allow_ports” must be numbers between 1 and 65535", ""),
        ('[http]\nallow_private = ["banana"]', 7, "“banana” is no address or network", "127.0.0.1"),
        ('[web]\ntrusted_proxies = ["banana"]', 7, "“banana” is no address or network", "127.0.0.1"),
        ('timezone = "Mars/Base"', 6, "“Mars/Base” is no time zone", "Europe/Berlin"),
        ('language = "deutsch ja"', 6, "“newsletter.language” must be a language tag", ""),
        ('preheader = "two\\nlines"', 6, "“newsletter.preheader” must be one line", ""),
        ('theme = "broadsheat"', 6, "there is no theme “broadsheat”", "did you mean “broadsheet”?"),
        ('theme = "../../x"', 6, "there is no theme “../../x”", "broadsheet"),
        ('[theme]\nfooter = "two\\nlines"', 7, "“theme.footer” must be one line", ""),
        ('timezone = "../../etc/passwd"', 6, "is no time zone", "Europe/Berlin"),
        ('[theme.light]\ntext = "red"', 7, "“theme.light.text” must be a colour such as “#8c2f1b”", ""),
        ('[theme]\ndark = { page = "#12345" }', 7, "“theme.dark.page” must be a colour", ""),
        ('[theme]\nwidth = "600"', 7, "“theme.width” must be a whole number", ""),
        ("[theme]\nwidth = 900", 7, "“theme.width” must be between 320 and 800, or 0", ""),
        ('[theme.light]\ntxt = "#123456"', 7, "unknown setting “theme.light.txt”", "“text”?"),
        ("theme = broadsheet", 6, "is not TOML", "mend this line"),
        ('theme = "a"\ntheme = "b"', 7, "is not TOML", "mend this line"),
    ],
)
def test_an_error_names_file_line_and_nearest_word(
    tmp_path: Path, more: str, line: int, message: str, remedy: str
) -> None:
    error = refusal(tmp_path, more)
    assert str(error).startswith(f"{tmp_path / 'newsletter.toml'}:{line}: ")
    assert message in str(error)
    assert remedy in error.remedy


@pytest.mark.parametrize(
    "value", ["", "2", "2 hours", "-1h", "1h1d", "h", "1.5h", "2H", "99999999999d", "٢h"]
)
def test_what_is_no_span_of_time_is_refused(tmp_path: Path, value: str) -> None:
    assert "must be a span of time such as “2h”" in str(refusal(tmp_path, f'[schedule]\nreview = "{value}"'))


def test_a_span_without_quotation_marks_is_refused(tmp_path: Path) -> None:
    assert "must be a span of time" in str(refusal(tmp_path, "[schedule]\nreview = 2"))


@pytest.mark.parametrize(
    "url", ["news.example.com", "ftp://a.example", "https://", "https://a b", "https://a/?q"]
)
def test_a_public_url_that_no_link_can_begin_with_is_refused(tmp_path: Path, url: str) -> None:
    text = NEWSLETTER.replace("https://news.example.com", url)
    (tmp_path / "newsletter.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSetting, match=r"newsletter\.toml:5: “newsletter.public_url” must be an address"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize("key", ["name", "from", "postal_address", "public_url"])
def test_what_every_letter_must_carry_cannot_be_missing_or_empty(tmp_path: Path, key: str) -> None:
    lines = NEWSLETTER.split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith(key))
    file = tmp_path / "newsletter.toml"
    file.write_text("\n".join(lines[:place] + lines[place + 1 :]), encoding="utf-8")
    with pytest.raises(BadSetting, match=rf"newsletter\.toml:1: “newsletter.{key}” is missing"):
        load_settings(tmp_path, {})
    file.write_text("\n".join([*lines[:place], f'{key} = " "', *lines[place + 1 :]]), encoding="utf-8")
    with pytest.raises(BadSetting, match=rf"newsletter\.toml:{place + 1}: “newsletter.{key}” is empty"):
        load_settings(tmp_path, {})


def test_a_folder_without_settings_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="newsletter init"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize("content", ["", "# nothing\n", '[schedule]\nsend = "daily 08:00"\n'])
def test_a_file_without_the_main_section_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "newsletter.toml").write_text(content)
    with pytest.raises(BadSetting, match=r"has no \[newsletter\] section"):
        load_settings(tmp_path, {})


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_bytes(NEWSLETTER.encode() + b"# \xff")
    with pytest.raises(BadSetting, match="is not UTF-8"):
        load_settings(tmp_path, {})
    (tmp_path / "newsletter.toml").unlink()
    (tmp_path / "newsletter.toml").mkdir()
    with pytest.raises(BadSetting, match="cannot be read"):
        load_settings(tmp_path, {})


# --- the environment and .env ------------------------------------------------------------------


def test_the_environment_comes_before_dotenv_before_the_file(tmp_path: Path) -> None:
    more = 'preheader = "file"\nlanguage = "de"\n[provider]\nbatch_size = 1\n'
    (tmp_path / ".env").write_text(
        "NEWSLETTER_NEWSLETTER__PREHEADER=dotenv\nNEWSLETTER_NEWSLETTER__LANGUAGE=he\n", encoding="utf-8"
    )
    settings = load(tmp_path, more, NEWSLETTER_NEWSLETTER__PREHEADER="environment")
    assert (settings.newsletter.preheader, settings.newsletter.language) == ("environment", "he")
    assert settings.provider.batch_size == 1


def test_variables_are_text_and_become_what_the_setting_is(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        NEWSLETTER_PROVIDER__BATCH_SIZE="50",
        NEWSLETTER_PROVIDER__SENDGRID__TIMEOUT="2.5",
        NEWSLETTER_SCHEDULE__REVIEW="45m",
        NEWSLETTER_HTTP__ALLOW_PORTS="80, 8080",
        NEWSLETTER_HTTP__ALLOW_PRIVATE="127.0.0.1,10.0.0.0/24",
        NEWSLETTER_NEWSLETTER__FROM="b@example.com",
        NEWSLETTER_FAULT="after-claim",
    )
    assert settings.provider.batch_size == 50
    assert settings.provider.sendgrid.timeout == 2.5
    assert settings.schedule.review == timedelta(minutes=45)
    assert settings.http.allow_ports == (80, 8080)
    assert settings.http.allow_private == ("127.0.0.1", "10.0.0.0/24")
    assert settings.newsletter.sender == "b@example.com"


@pytest.mark.parametrize(
    ("name", "value", "message", "remedy"),
    [
        ("NEWSLETTER_PROVIDER__KYND", "x", "unknown setting “provider.kynd”", "did you mean “kind”?"),
        ("NEWSLETTER_PROVIDERS__KIND", "x", "unknown setting “providers”", "did you mean “provider”?"),
        ("NEWSLETTER_PROVIDER__BATCH_SIZE", "many", "must be a whole number", "mend the value"),
        ("NEWSLETTER_PROVIDER__BATCH_SIZE", "0", "must be between 1 and 1000", "mend the value"),
        ("NEWSLETTER_SCHEDULE__REVIEW", "soon", "must be a span of time", "mend the value"),
        ("NEWSLETTER_PROVIDER__SENDGRID", "x", "must be a [provider.sendgrid] table", "mend the value"),
        ("NEWSLETTER_NEWSLETTER__NAME__FIRST", "x", "no variable can give this", "newsletter.toml"),
        ("NEWSLETTER_SOURCES__URL", "x", "no variable can give this", "newsletter.toml"),
        ("NEWSLETTER_SECRETS__SENDGRID_API_KEY", "x", "unknown setting “secrets”", ""),
    ],
)
def test_an_error_in_a_variable_names_the_variable(
    tmp_path: Path, name: str, value: str, message: str, remedy: str
) -> None:
    sources = '[[sources]]\nurl = "https://a.example"\n'
    error = refusal(tmp_path, sources, **{name: value})
    assert str(error).startswith(f"{name}: ")
    assert message in str(error)
    assert remedy in error.remedy
    (tmp_path / ".env").write_text(f"\n{name}={value}\n", encoding="utf-8")
    assert str(refusal(tmp_path, sources)).startswith(f"{tmp_path / '.env'}:2 ({name}): ")


def test_dotenv_takes_comments_quotation_marks_and_export(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "\ufeff# comment\r\n\r\nexport NEWSLETTER_NEWSLETTER__NAME = 'a # b' # comment\r\n"
        'NEWSLETTER_NEWSLETTER__LIST_ID="x.y"\n  NEWSLETTER_NEWSLETTER__PREHEADER=C# now # comment\n'
        "NEWSLETTER_NEWSLETTER__REPLY_TO=# nothing\n",
        encoding="utf-8",
    )
    newsletter = load(tmp_path).newsletter
    assert (newsletter.name, newsletter.list_id) == ("a # b", "x.y")
    assert (newsletter.preheader, newsletter.reply_to) == ("C# now", "")


@pytest.mark.parametrize("line", ["just words", "1A=x", "=x", "A B=x"])
def test_a_line_of_dotenv_that_is_none_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"A=1\n{line}\n", encoding="utf-8")
    error = refusal(tmp_path)
    assert str(error).startswith(f"{tmp_path / '.env'}:2: is not NAME=value")


def test_a_setting_knows_where_it_was_given(tmp_path: Path) -> None:
    settings = load(tmp_path, '[schedule]\nsend = "friday 09:00"\n', NEWSLETTER_PROVIDER__KIND="outbox")
    assert settings.where("schedule.send") == f"{tmp_path / 'newsletter.toml'}:7"
    assert settings.where("provider.kind") == "NEWSLETTER_PROVIDER__KIND"
    assert settings.where("schedule.review") == "newsletter.toml [schedule]"


# --- secrets -----------------------------------------------------------------------------------


def test_a_key_comes_from_the_environment_a_file_or_dotenv(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("SG.from-file\n")
    assert load(tmp_path, SENDGRID_API_KEY=" SG.direct ").secrets.sendgrid_api_key == "SG.direct"
    assert load(tmp_path, SENDGRID_API_KEY_FILE=str(key_file)).secrets.sendgrid_api_key == "SG.from-file"
    (tmp_path / ".env").write_text("SENDGRID_API_KEY_FILE=key # beside the settings\n")
    assert load(tmp_path).secrets.sendgrid_api_key == "SG.from-file"
    assert load(tmp_path, SENDGRID_API_KEY="SG.direct").secrets.sendgrid_api_key == "SG.direct"


def test_without_a_key_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path).secrets.sendgrid_api_key == ""


def test_a_key_file_that_cannot_be_read_is_named_by_its_variable(tmp_path: Path) -> None:
    error = refusal(tmp_path, SENDGRID_API_KEY_FILE=str(tmp_path / "absent"))
    assert str(error).startswith("SENDGRID_API_KEY_FILE: names a file that cannot be read")


def test_no_key_is_seen_in_a_repr_or_taken_from_the_file(tmp_path: Path) -> None:
    assert "SG.secret" not in repr(load(tmp_path, SENDGRID_API_KEY="SG.secret"))
    error = refusal(tmp_path, '[provider.sendgrid]\napi_key = "SG.secret"')
    assert "SG.secret" not in str(error)


# --- providers of other packages ---------------------------------------------------------------

PIGEON = """
[provider]
kind = "pigeon"
[provider.pigeon]
base_url = "https://api.pigeon.example"
birds = 3
"""


def test_the_table_of_another_packages_provider_is_handed_on_as_it_is_written(tmp_path: Path) -> None:
    settings = load(tmp_path, PIGEON, NEWSLETTER_PROVIDER__PIGEON__BASE_URL="http://127.0.0.1:8")
    assert settings.provider.kind == "pigeon"
    assert settings.provider_table == {"base_url": "http://127.0.0.1:8", "birds": 3}
    assert load(tmp_path, "", NEWSLETTER_PROVIDER__KIND="pigeon").provider_table == {}


def test_a_table_of_a_provider_that_is_not_chosen_is_unknown(tmp_path: Path) -> None:
    assert "provider.pigeon" in str(refusal(tmp_path, PIGEON, NEWSLETTER_PROVIDER__KIND="outbox"))
    assert "provider.pigeon" in str(refusal(tmp_path, "", NEWSLETTER_PROVIDER__PIGEON__BASE_URL="x"))


def test_another_packages_secrets_come_from_the_environment_before_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PIGEON_KEY=from-dotenv\nPIGEON_LOFT=north\n", encoding="utf-8")
    settings = load(tmp_path, PIGEON, PIGEON_KEY="from-environment")
    assert (settings.variables["PIGEON_KEY"], settings.variables["PIGEON_LOFT"]) == (
        "from-environment",
        "north",
    )
    assert "from-environment" not in repr(settings)
