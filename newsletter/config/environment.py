"""The environment and `.env`: variables for settings, and the secrets that come from nowhere else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.config.settings import Secrets
from newsletter.errors import BadSetting

PREFIX = "NEWSLETTER_"
SECRETS = {
    "SENDGRID_API_KEY": "sendgrid_api_key",
    "SMTP_PASSWORD": "smtp_password",
    "DKIM_PRIVATE_KEY": "dkim_private_key",
}
"""The variable of each secret; `<variable>_FILE` may name a file that holds it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A variable's value and where it was given, such as `NAME` or `.env:3 (NAME)`."""

    value: str
    where: str


Variables = Mapping[str, Variable]


def read_variables(project: Path, environ: Mapping[str, str]) -> Variables:
    """All variables; the environment's stand before those of the project's `.env`.

    Raises BadSetting for a line of `.env` that is not NAME=value.
    """
    variables = _read_dotenv(project / ".env")
    for name, value in environ.items():
        if name.removesuffix("_FILE") in SECRETS:  # the key itself and its file are one setting
            variables.pop(name.removesuffix("_FILE"), None)
            variables.pop(f"{name.removesuffix('_FILE')}_FILE", None)
        variables[name] = Variable(value=value, where=name)
    return variables


def setting_variables(variables: Variables) -> dict[tuple[str, ...], Variable]:
    """The variables that give settings, by the setting's path: `NEWSLETTER_SECTION__KEY`."""
    return {
        tuple(name.removeprefix(PREFIX).lower().split("__")): variable
        for name, variable in sorted(variables.items())
        if name.startswith(PREFIX) and "__" in name
    }


def read_secrets(project: Path, variables: Variables) -> Secrets:
    """The secrets. Raises BadSetting for a `*_FILE` that cannot be read."""
    found: dict[str, str] = {}
    for name, field in SECRETS.items():
        file, value = variables.get(f"{name}_FILE"), variables.get(name)
        if file and file.value:
            found[field] = _read_secret(project / file.value, file.where)
        elif value:
            found[field] = value.value.strip()
    return Secrets(**found)


def _read_secret(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSetting(
            f"names a file that cannot be read: {reason}",
            where=where,
            remedy="name a readable file that holds the key alone",
        ) from error


def _read_dotenv(path: Path) -> dict[str, Variable]:
    """`NAME=value` lines. A `#` at the beginning or after a blank begins a comment; a value in
    quotation marks is taken as it stands between them."""
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting("cannot be read", where=str(path), remedy="make it a readable UTF-8 file") from error
    variables: dict[str, Variable] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if re.fullmatch(r"\s*(#.*)?", line):
            continue
        match = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line)
        if not match:
            raise BadSetting("is not NAME=value", where=f"{path}:{number}", remedy="mend or remove the line")
        name, value = match.groups()
        quoted = re.fullmatch(r"([\"'])(.*)\1\s*(?:#.*)?", value)
        bare = quoted[2] if quoted else re.sub(r"(^|\s+)#.*", "", value)
        variables[name] = Variable(value=bare, where=f"{path}:{number} ({name})")
    return variables
