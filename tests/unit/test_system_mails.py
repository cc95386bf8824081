"""The program's own mails: in every language, in the letters' look, without anybody's words in them."""

import re

import pytest

from newsletter.config.theme import load_theme, with_system_mails
from newsletter.content.phrases.mails import READER_MAILS
from newsletter.content.systemmail import LINK_TOKEN, reader_mail
from newsletter.models import RenderedEmail, SystemMailKind
from tests.support.letters import NEWSLETTER

TO_READERS = [kind for kind in SystemMailKind if kind is not SystemMailKind.DRAFT_READY]


def mail(kind: SystemMailKind, language: str, tmp_path_factory: pytest.TempPathFactory) -> RenderedEmail:
    project = tmp_path_factory.getbasetemp()
    theme = with_system_mails(load_theme(project, "broadsheet"), project)
    return reader_mail(kind, language, theme=theme, newsletter=NEWSLETTER)


def test_every_language_has_every_mail() -> None:
    for kinds in READER_MAILS.values():
        assert list(kinds) == TO_READERS
    for kind in TO_READERS:
        for part in ("subject", "before", "button", "after"):
            said = [getattr(kinds[kind], part) for kinds in READER_MAILS.values()]
            assert all(said)
            assert len(set(said)) == len(said)
            assert all(set(re.findall(r"\{(.*?)\}", words)) <= {"name"} for words in said)


@pytest.mark.parametrize("kind", TO_READERS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_mail_has_one_button_whose_link_is_personal(
    kind: SystemMailKind, language: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    email = mail(kind, language, tmp_path_factory)
    (field,) = email.merge_fields
    assert field.name == LINK_TOKEN
    assert email.html.count(field.placeholder) == 1
    assert email.text.count(field.placeholder) == 1
    assert NEWSLETTER.name in email.subject
    assert NEWSLETTER.postal_address in " ".join(email.text.split())
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in email.html
    assert "style=" in email.html
    assert max(map(len, email.text.splitlines())) <= 120


def test_another_language_gets_english(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert (
        mail(SystemMailKind.GOODBYE, "pt-BR", tmp_path_factory).subject
        == mail(SystemMailKind.GOODBYE, "en-US", tmp_path_factory).subject
    )
