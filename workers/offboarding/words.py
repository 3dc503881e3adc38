"""The few words that every text shares."""


def counted(number: int, word: str, many: str = "") -> str:
    """Say how many there are of something; *many* where it does not take an s."""
    return f"{number} {word}" if number == 1 else f"{number} {many or word + 's'}"
