"""Numbers with their nouns, for the program's own messages, which are English."""


def counted(number: int, noun: str) -> str:
    """Such as `1 post` and `2 posts`."""
    return f"{number} {noun}{'s' * (number != 1)}"
