"""The page of commands names every command and every option, and no others."""

import re
from pathlib import Path

import click

from newsletter.cli import cli

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
GROUPS = {"subscribers", "suppressions", "db", "theme"}


def commands() -> dict[str, click.Command]:
    context = click.Context(cli)
    found: dict[str, click.Command] = {}
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
        else:
            found[name] = command
    return found


def test_every_command_and_option_has_its_place_on_the_page() -> None:
    for name, command in commands().items():
        lines = [line for line in PAGE.splitlines() if re.search(rf"`{re.escape(name)}\b", line)]
        assert lines, f"docs/reference/commands.md does not name “{name}”"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                for flag in parameter.opts:
                    assert any(flag in line for line in lines), f"{name} {flag} is not on the page"


def test_the_page_names_nothing_that_does_not_exist() -> None:
    known = commands()
    for line in PAGE.splitlines():
        if not line.startswith("| `"):
            continue
        for code in re.findall(r"`([^`]+)`", line.split(" | ")[0] + "`"):
            words = code.split()
            name = " ".join(words[:2]) if words[0] in GROUPS else words[0]
            assert name in known, name
            flags = {flag for parameter in known[name].params for flag in parameter.opts}
            for flag in re.findall(r"(?<!\S)\[?(--?[a-z-]+)", code):
                assert flag in flags, f"{name} has no {flag}"
