"""Which test holds which defence; a defence whose test was renamed or removed fails here."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = {
    "hostile posts are words in letters, previews and the archive": [
        "e2e/test_hostile_post.py::test_no_page_with_a_hostile_post_asks_anybody_for_anything",
        "unit/test_clean_hostile.py::test_nothing_that_acts_comes_through",
        "web/test_archive.py::test_a_letter_may_show_pictures_and_nothing_else",
    ],
    "what readers write is never a template": [
        "unit/test_render.py::test_what_people_write_is_never_a_template_and_arrives_literally",
    ],
    "no header can be injected": [
        "unit/test_mime.py::test_any_unicode_gives_exactly_the_expected_headers",
        "unit/test_mime.py::test_control_characters_are_refused_in_every_header",
    ],
    "nothing on a private network is asked for": [
        "adapters/test_net.py::test_a_private_address_is_refused_in_every_writing",
        "adapters/test_net.py::test_a_redirect_is_checked_like_the_first_address",
        "adapters/test_net.py::test_a_name_with_one_private_answer_among_public_ones_is_refused",
    ],
    "bombs of XML are refused": [
        "adapters/test_feed_formats.py::test_a_bomb_is_refused_before_it_is_read",
    ],
    "no answer redirects": ["web/test_security.py::test_nothing_is_redirected"],
    "tokens cannot be made, changed, or used for something else": [
        "unit/test_tokens.py::test_a_changed_token_names_nobody",
        "unit/test_tokens.py::test_a_token_names_its_person_for_its_purpose_alone",
        "unit/test_links.py::test_every_other_writing_of_a_token_is_refused",
        "unit/test_tokens.py::test_a_new_key_signs_and_the_old_one_is_still_read",
        "web/test_privacy.py::test_no_other_link_opens_it",
    ],
    "webhooks are genuine, fresh, bounded, and count once": [
        "unit/test_sendgrid_events.py::test_no_changed_byte_passes",
        "unit/test_sendgrid_events.py::test_a_call_may_be_a_day_old",
        "web/test_webhooks.py::test_a_forged_call_changes_nothing",
        "web/test_webhooks.py::test_without_a_key_nobody_is_heard",
        "unit/test_sendgrid_events.py::test_an_event_that_comes_again_under_a_new_id_has_the_same_fingerprint",
    ],
    "nobody's mailbox is flooded by the form": [
        "web/test_joining.py::test_a_thousand_wishes_for_one_address_are_one_mail",
        "contract/test_joining.py::test_a_limit_holds_over_any_span",
        "contract/test_joining.py::test_the_unconfirmed_are_forgotten_after_a_while",
    ],
    "nobody learns who is on the list": [
        "web/test_joining.py::test_known_unknown_and_suppressed_see_the_same_page",
    ],
    "nothing acts on GET, and no cookie is needed": [
        "web/test_security.py::test_every_answer_has_the_headers",
        "web/test_robots.py::test_a_mail_programs_one_click_from_the_letters_own_header_unsubscribes",
        "web/test_privacy.py::test_nothing_is_erased_before_the_question_is_answered",
    ],
    "machines change nothing and are not counted": [
        "web/test_robots.py::test_a_storm_of_links_is_a_machines_and_changes_nothing",
        "web/test_robots.py::test_who_follows_the_link_that_nobody_sees_is_a_machine",
    ],
    "no log, error or repr shows a key, a token or a reader": [
        "e2e/test_no_secret_in_logs.py::test_a_talkative_server_names_no_key_token_or_reader",
        "adapters/test_sendgrid.py::test_no_log_or_error_of_any_library_shows_key_or_letter",
        "unit/test_config.py::test_no_key_is_seen_in_a_repr_or_taken_from_the_file",
        "web/test_webhooks.py::test_no_log_tells_of_whom_events_are",
    ],
    "no exported cell is a formula": [
        "unit/test_importing.py::test_no_exported_cell_is_a_formula",
        "web/test_privacy.py::test_the_file_holds_the_same_and_no_formula",
    ],
    "imports are bounded": ["unit/test_importing.py::test_too_many_rows_are_refused"],
    "only trusted proxies say who asks": [
        "unit/test_visitors.py::test_only_trusted_proxies_are_believed",
        "web/test_watching.py::test_metrics_are_not_for_strangers",
    ],
    "every answer has its headers": ["web/test_security.py::test_every_answer_has_the_headers"],
    "who is forgotten is nowhere": [
        "contract/test_forgetting.py::test_nothing_names_them_in_any_table_or_file",
        "contract/test_forgetting.py::test_neither_import_nor_author_brings_them_back",
        "contract/test_forgetting.py::test_an_older_copy_forgets_them_again",
    ],
    "no request breaks the server": [
        "web/test_fuzz.py::test_no_request_that_the_description_allows_breaks_the_server",
        "web/test_fuzz.py::test_no_token_header_or_body_breaks_the_server",
    ],
}


@pytest.mark.parametrize("defence", ROWS)
def test_a_defence_has_its_tests(defence: str) -> None:
    for named in ROWS[defence]:
        file, _, function = named.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert function in names, named
