"""What SendGrid refuses in a `POST /v3/mail/send`, written down by hand from its published limits.

It shares no code with newsletter/providers/, so that a limit misread there is not misread here.
Sources: the API description twilio/sendgrid-oai (January 2026), the pages “Mail Send API overview:
limitations”, “Mail Send errors” and “Personalizations”.
"""

import re
from typing import Any

FORBIDDEN = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
TOP_LEVEL = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name",
    "mail_settings", "tracking_settings",
}  # fmt: skip
PERSONAL = {
    "from", "to", "cc", "bcc", "subject", "headers", "substitutions", "dynamic_template_data",
    "custom_args", "send_at",
}  # fmt: skip

ADDRESS = re.compile(r"[!-~]+@[!-?A-~]+\.[!-?A-~]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HEADER_NAME = re.compile(r"[!-9;-~]+")
HEADER_VALUE = re.compile(r"[ -~]*")
STRINGS = "must be an object whose values are all strings"
Complaint = tuple[str | None, str]
"""(field, message) as they stand in the `errors` of a 400."""


def complaints(request: Any) -> list[Complaint]:
    """Everything wrong with a decoded request body; empty when SendGrid would accept it."""
    if not isinstance(request, dict):
        return [(None, "Bad Request")]
    found: list[Complaint] = [
        (None, f"unknown parameter {key}") for key in sorted(request.keys() - TOP_LEVEL)
    ]
    _personalizations(found, request.get("personalizations"))
    _mailbox(found, "from", request.get("from"))
    _replies(found, request)
    _content(found, request)
    _headers(found, "headers", request.get("headers", {}))
    _custom_args(found, "custom_args", request.get("custom_args", {}))
    _categories(found, request.get("categories", []))
    _tracking(found, request.get("tracking_settings", {}))
    return found


def _personalizations(found: list[Complaint], people: Any) -> None:
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        found.append(("personalizations", "The personalizations field must have 1 to 1000 elements."))
        return
    seen: set[str] = set()
    total = 0
    for place, person in enumerate(people):
        field = f"personalizations.{place}"
        if not isinstance(person, dict):
            found.append((field, "must be an object"))
            continue
        if not person.keys() <= PERSONAL:
            found.append((field, f"unknown parameters {sorted(person.keys() - PERSONAL)}"))
        if not person.get("to"):
            found.append((f"{field}.to", "The to array is required for all personalization objects."))
        for kind in ("to", "cc", "bcc"):
            for index, mailbox in enumerate(person.get(kind, ())):
                total += 1
                _recipient(found, f"{field}.{kind}.{index}", mailbox, seen)
        _headers(found, f"{field}.headers", person.get("headers", {}))
        _custom_args(found, f"{field}.custom_args", person.get("custom_args", {}))
        _substitutions(found, f"{field}.substitutions", person.get("substitutions", {}))
    if total > 1000:
        found.append(("personalizations", "There are more than 1000 recipients in this request."))


def _recipient(found: list[Complaint], field: str, mailbox: Any, seen: set[str]) -> None:
    _mailbox(found, field, mailbox)
    if not isinstance(mailbox, dict):
        return
    address = str(mailbox.get("email", "")).lower()
    if address in seen:
        found.append(
            (field, f"Each unique email address should only be included once: [{address}] stands again.")
        )
    seen.add(address)
    name = mailbox.get("name", "")
    if ";" in name or "," in name:
        found.append((f"{field}.name", "The name must not contain a semicolon or a comma."))


def _mailbox(found: list[Complaint], field: str, mailbox: Any) -> None:
    if not isinstance(mailbox, dict) or not isinstance(mailbox.get("email"), str):
        found.append((field, f"The {field} object must be provided and have an email."))
        return
    if not ADDRESS.fullmatch(mailbox["email"]):
        found.append((f"{field}.email", f"Does not contain a valid address: {mailbox['email']}"))
    name = mailbox.get("name", "")
    if not isinstance(name, str) or CONTROL.search(name):
        found.append((f"{field}.name", "must be a string without control characters"))


def _replies(found: list[Complaint], request: dict[str, Any]) -> None:
    if "reply_to" in request:
        _mailbox(found, "reply_to", request["reply_to"])
        if "reply_to_list" in request:
            found.append(("reply_to", "reply_to and reply_to_list must not both be given"))
    if len(request.get("reply_to_list", [])) > 1000:
        found.append(("reply_to_list", "must have at most 1000 elements"))


def _content(found: list[Complaint], request: dict[str, Any]) -> None:
    subject = request.get("subject")
    if not isinstance(subject, str) or not subject:
        found.append(("subject", "The subject is required."))
    elif CONTROL.search(subject):
        found.append(("subject", "The subject must be one line."))
    content = request.get("content")
    if not isinstance(content, list) or not content:
        found.append(("content", "Unless a valid template_id is provided, the content is required."))
        return
    for place, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("value"), str) or not part["value"]:
            found.append((f"content.{place}.value", "The value must be a string of at least one character."))
    kinds = [part.get("type") for part in content if isinstance(part, dict)]
    if "text/plain" in kinds and kinds.index("text/plain") != 0:
        found.append(("content", "The content must be ordered: text/plain, text/html, then others."))


def _headers(found: list[Complaint], field: str, headers: Any) -> None:
    if not _is_strings(headers):
        found.append((field, STRINGS))
        return
    for name, value in headers.items():
        if name.lower() in FORBIDDEN:
            found.append((f"{field}.{name}", f"The header {name} is reserved."))
        if not HEADER_NAME.fullmatch(name):
            found.append((f"{field}.{name}", "not the name of a header"))
        if not HEADER_VALUE.fullmatch(value):
            found.append((f"{field}.{name}", "The value must be encoded and stand on one line."))


def _custom_args(found: list[Complaint], field: str, arguments: Any) -> None:
    if not _is_strings(arguments):
        found.append((field, STRINGS))
    elif _size(arguments) >= 10_000:
        found.append((field, "must be smaller than 10000 bytes in total"))


def _substitutions(found: list[Complaint], field: str, values: Any) -> None:
    if not _is_strings(values):
        found.append((field, STRINGS))
        return
    if _size(values) > 10_000:
        found.append((field, "must not exceed 10000 bytes"))
    if "" in values or " " in "".join(values):
        found.append((field, "a tag must not be empty or hold a space"))


def _categories(found: list[Complaint], categories: Any) -> None:
    if not isinstance(categories, list) or len(categories) > 10 or len(set(categories)) < len(categories):
        found.append(("categories", "must be at most 10 different strings"))
    elif any(not isinstance(name, str) or len(name) > 255 for name in categories):
        found.append(("categories", "must be strings of at most 255 characters"))


def _tracking(found: list[Complaint], settings: Any) -> None:
    for name, setting in settings.items():
        if not isinstance(setting, dict) or not isinstance(setting.get("enable"), bool):
            found.append((f"tracking_settings.{name}.enable", "must be a boolean"))


def _is_strings(value: Any) -> bool:
    return isinstance(value, dict) and {*map(type, value.values())} <= {str}


def _size(values: dict[str, str]) -> int:
    return len("".join((*values, *values.values())).encode())
