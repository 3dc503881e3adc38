"""What stands over every page: that nothing is written, and why."""

from dataclasses import dataclass

from service.context import here
from service.pages.door import may
from workers.offboarding.restored import sentence
from workers.offboarding.words import counted


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence under its first words; ``tone`` as a badge has it.

    ``way`` is the page on which something can be done about it.
    """

    word: str
    text: str
    tone: str
    way: str | None = None


def notices() -> list[Notice]:
    """Return what holds resets back now, for whoever looks."""
    desk, settings = here().desk, here().settings
    found = []
    if not settings.armed:
        found.append(
            Notice("Not armed.", "Every case is a dry run: nothing is changed.", "calm")
        )
    restored = desk.restored(with_scheduled=may("operator"))
    if restored is not None:
        said = sentence(restored.found)
        found.append(Notice("Paused: the store is an old copy.", said, "bad"))
    paused = desk.pauses()
    if paused.everywhere and restored is None:
        said = "No key is reset until an approver resumes."
        found.append(Notice("Paused.", said, "held", "/settings"))
    elif paused.accounts:
        which = ", ".join(paused.accounts)
        found.append(Notice("Paused in part.", f"No key is reset in {which}.", "held"))
    brake = desk.brake()
    if brake.is_on:
        many = counted(len(brake.waiting) + brake.more, "departure")
        found.append(Notice("The brake is on.", f"{many} wait.", "held", "/brake"))
    return found
