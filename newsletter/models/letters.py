"""The rendered letter."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from newsletter.models.addresses import Address
from newsletter.models.ids import IssueId


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeField:
    """A place in a letter that differs per recipient: `placeholder` stands there literally."""

    name: str
    placeholder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedEmail:
    """An issue rendered once for everybody; what was previewed is what is frozen and submitted."""

    issue_id: IssueId
    subject: str
    preheader: str
    html: str
    """Empty in the letter of who wants the text part alone."""
    text: str
    merge_fields: tuple[MergeField, ...]
    sha256: str
    """Hex digest over subject, preheader, html and text, before personal values."""

    @property
    def text_alone(self) -> "RenderedEmail":
        """The same letter without its HTML; the digest stays that of the whole."""
        return replace(self, html="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Whom a letter comes from, with the headers that are the same for every recipient."""

    address: Address
    reply_to: Address | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
