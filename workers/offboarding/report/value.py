"""The values a report is made of. They say nothing of where a sentence comes from."""

from dataclasses import dataclass
from enum import StrEnum

from workers.offboarding.model import ReportKind


class Severity(StrEnum):
    """How much a report asks of its reader."""

    GOOD = "good"
    ATTENTION = "attention"
    HELD = "held"
    UNDER_WAY = "under_way"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Name:
    """A text from outside: one line, cleaned of what cannot be seen."""

    text: str

    def __str__(self) -> str:
        return self.text


Line = tuple[str | Name, ...]


class Keep(StrEnum):
    """How long a point stays where a channel has no room for all of them.

    ``always``; or one of many about single targets: ``first`` what needs somebody, and
    ``last`` what is told for completeness alone.
    """

    ALWAYS = "always"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Item:
    """One point of a report.

    Attributes:
        line: What is said.
        details: What is said below it, smaller.
        command: One line for a shell, never cut.
        keep: How long it stays where there is no room for all.
        follow_ups: The numbers of the follow-ups that a person ticks off with it.
        link: The address of a page of ours that shows more of it.
    """

    line: Line
    details: tuple[Line, ...] = ()
    command: str | None = None
    keep: Keep = Keep.ALWAYS
    follow_ups: tuple[int, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under its title. It always has items."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a channel shows of one case, or of a notice outside of any.

    Attributes:
        case_id: None for a notice, which has no page and no kind.
        verdict: The first words: ``Safe``, ``Attention needed``, ``Dry run, …``.
        headline: What follows the verdict and a colon.
        subject: One line for a mail's subject, failures first.
        unseen: Warnings and unread targets; shown first after the headline.
        to_do: What is left to people, with the exact commands; failures first.
        targets: Each target with what was done; failed and unread ones first.
        clocks: How long it took, and what fully safe still needs.
        asked: Who leaves, told by whom and when, how and how far.
        found: How many targets were theirs, how many could not be read.
        progress: How far a case under way is.
        failed: What went wrong so far, while it is under way.
        breaks: What still hangs on the key of who leaves, while it is under way.
        evidence_key: The fingerprint of the key that signs its evidence.
        parts: What stands before all of these, under titles of its own.
    """

    case_id: str | None
    kind: ReportKind | None
    severity: Severity
    verdict: str
    headline: Line
    subject: Line
    unseen: tuple[Item, ...] = ()
    to_do: tuple[Item, ...] = ()
    targets: tuple[Item, ...] = ()
    clocks: tuple[Item, ...] = ()
    asked: tuple[Item, ...] = ()
    found: tuple[Item, ...] = ()
    progress: tuple[Item, ...] = ()
    failed: tuple[Item, ...] = ()
    breaks: tuple[Item, ...] = ()
    notice_id: str | None = None
    evidence_key: str | None = None
    parts: tuple[Section, ...] = ()

    @property
    def ending(self) -> tuple[str, str]:
        """Return what is shown last: a word, and the id of what was told."""
        if self.case_id is None:
            return "Notice", self.notice_id or ""
        return "Case", self.case_id

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the parts that have something to say, in the order of reading."""
        titled = (
            ("Progress", self.progress),
            ("Went wrong", self.failed),
            ("Not seen, and warnings", self.unseen),
            ("Left to do by hand", self.to_do),
            ("By region and resource group", self.targets),
            ("Not on a functional ID's key yet", self.breaks),
            ("Clocks", self.clocks),
            ("Found", self.found),
            ("Asked", self.asked),
        )
        own = (Section(title, items) for title, items in titled if items)
        return (*self.parts, *own)
