"""The few words that every text shares."""


def counted(number: int, word: str) -> str:
    """Say how many there are of something that takes an s."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
