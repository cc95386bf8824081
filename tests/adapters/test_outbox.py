"""The outbox: letters as files, whole, each once."""

import errno
from pathlib import Path

import pytest

from newsletter.errors import ProviderRefused, ProviderUnavailable, RecipientsRefused
from newsletter.models import (
    Batch,
    Deliveries,
    Delivery,
    DeliveryId,
    IssueId,
    OpenAttempt,
    SubscriberId,
    Verdict,
)
from newsletter.ports import Evidence
from newsletter.providers.outbox import OutboxProvider
from tests.support.batches import EMAIL, ISSUE, SENDER, batch, batch_of, email, recipient
from tests.support.clock import FakeClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def provider(folder: Path) -> OutboxProvider:
    return OutboxProvider(folder, FakeClock())


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_letter_lies_under_its_issue_and_delivery(folder: Path, provider: OutboxProvider) -> None:
    provider.submit(EMAIL, SENDER, batch_of(2))
    assert names(folder) == ["2026-11-27/2026-11-27.1.eml", "2026-11-27/2026-11-27.2.eml"]
    letter = (folder / ISSUE / f"{ISSUE}.1.eml").read_bytes()
    assert b"Date: Fri, 27 Nov 2026 08:00:00 +0000\r\n" in letter


def test_a_delivery_submitted_again_replaces_its_file(folder: Path, provider: OutboxProvider) -> None:
    provider.submit(EMAIL, SENDER, batch_of(1))
    provider.submit(email(subject="The same person again"), SENDER, batch_of(1))
    assert names(folder) == ["2026-11-27/2026-11-27.1.eml"]
    assert b"The same person again" in (folder / ISSUE / f"{ISSUE}.1.eml").read_bytes()


def test_a_disk_that_fills_up_is_unavailable_and_nothing_of_the_batch_stays(
    folder: Path, provider: OutboxProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def fill_up(path: Path, content: bytes) -> int:
        if ".2.eml" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(ProviderUnavailable, match="No space left on device") as caught:
        provider.submit(EMAIL, SENDER, batch_of(3))
    assert isinstance(caught.value.__cause__, OSError)
    assert names(folder) == []


def test_a_write_that_names_no_file_is_told_with_the_folder(
    folder: Path, provider: OutboxProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(_path: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(ProviderUnavailable) as caught:
        provider.submit(EMAIL, SENDER, batch_of(1))
    assert caught.value.message.endswith(f"No space left on device: {folder / ISSUE}")


def test_a_folder_that_cannot_be_made_is_unavailable_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    provider = OutboxProvider(tmp_path / "file" / "outbox", FakeClock())
    with pytest.raises(ProviderUnavailable, match="Not a directory") as caught:
        provider.submit(EMAIL, SENDER, batch_of(1))
    assert caught.value.remedy


@pytest.mark.parametrize("issue", ["../elsewhere", "a/b", ".hidden", "..", "", "nul\0", "x" * 250])
def test_an_issue_that_is_no_file_name_is_refused_and_leads_nowhere(
    tmp_path: Path, folder: Path, provider: OutboxProvider, issue: str
) -> None:
    whole = batch_of(1)
    strange = type(whole)(
        id=whole.id, issue_id=IssueId(issue), attempt=whole.attempt, recipients=whole.recipients
    )
    with pytest.raises(ProviderRefused):
        provider.submit(EMAIL, SENDER, strange)
    assert list(tmp_path.iterdir()) == []


def test_issue_ids_of_other_scripts_and_with_spaces_are_good_file_names(
    folder: Path, provider: OutboxProvider
) -> None:
    person = recipient(1)
    named = type(person)(
        delivery_id=DeliveryId("Ausgabe zwölf.1"),
        address=person.address,
        merge_data=person.merge_data,
        headers=person.headers,
    )
    provider.submit(EMAIL, SENDER, batch(named))
    assert names(folder) == ["2026-11-27/Ausgabe zwölf.1.eml"]


def test_one_bad_address_leaves_no_file_of_the_others(folder: Path, provider: OutboxProvider) -> None:
    with pytest.raises(RecipientsRefused):
        provider.submit(EMAIL, SENDER, batch(recipient(1), recipient(2, addr_spec="not an address")))
    assert names(folder) == []


def in_doubt(whole: Batch) -> OpenAttempt:
    """The attempt of this batch, of which nobody knows what became of it."""
    return OpenAttempt(
        id=whole.attempt,
        issue_id=whole.issue_id,
        provider="outbox",
        started_at=FakeClock().now(),
        deliveries=Deliveries.of(
            Delivery(id=person.delivery_id, subscriber_id=SubscriberId(1), address=person.address)
            for person in whole.recipients
        ),
    )


def test_letters_that_all_lie_there_were_accepted_and_any_that_lacks_makes_it_void(
    folder: Path, provider: OutboxProvider
) -> None:
    assert isinstance(provider, Evidence)
    attempt = in_doubt(batch_of(3))
    assert provider.verdict(attempt, FakeClock().now())[0] is Verdict.VOID
    provider.submit(EMAIL, SENDER, batch_of(3))
    assert provider.verdict(attempt, FakeClock().now())[0] is Verdict.ACCEPTED
    (folder / ISSUE / f"{ISSUE}.2.eml").unlink()
    verdict, words = provider.verdict(attempt, FakeClock().now())
    assert (verdict, words) == (Verdict.VOID, "the outbox lacks 1 letter of it")
    provider.submit(EMAIL, SENDER, batch_of(3))  # what a void attempt leads to: nothing is there twice
    assert len(names(folder)) == 3
