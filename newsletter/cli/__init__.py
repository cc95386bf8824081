"""The command line: click commands, each imported when it is called."""


def main() -> None:
    """The command `newsletter`."""
