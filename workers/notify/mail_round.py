"""One round: each recipient who waits is tried, over as few connections as can be.

It knows no report; who writes the mails is its caller.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from smtplib import SMTP
from typing import Final

import structlog

from workers.notify.mail_evidence import Enclosure
from workers.notify.mail_handover import (
    GONE,
    NOT_TRIED,
    Fate,
    Served,
    fits,
    hand_over,
)
from workers.notify.mail_server import MailServer, NeverError
from workers.offboarding.errors import TransientError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Who is left then has their turn in the next round.
_LONGEST_SECONDS: Final = 40.0
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

# Writes the mail to one recipient, with what is enclosed or why it is not.
Writes = Callable[[str, Enclosure | None], EmailMessage]


def serve(
    server: MailServer,
    sender: str,
    waiting: Sequence[str],
    write: Writes,
    enclosure: Enclosure | None,
) -> list[Served]:
    """Try everybody who waits, and tell the fate of each.

    Raises:
        NeverError: The server is such that no mail can go.
        TransientError: Nobody was tried; it may mend itself.
    """
    good = [one for one in waiting if _ADDRESS.fullmatch(one)]
    bad = [one for one in waiting if one not in good]
    mine = _Round(sender, good, write, enclosure, time.monotonic() + _LONGEST_SECONDS)
    while not mine.is_over:
        try:
            # A connection that is lost with one must not keep it from the others.
            with server.session() as smtp:
                mine.go_on(smtp)
        except (NeverError, TransientError):
            if not mine.served:
                raise
            break
    never = [Served(one, Fate.NEVER, "bad_address") for one in bad]
    later = [Served(one, Fate.LATER, NOT_TRIED) for one in mine.waiting]
    return never + mine.served + later


@dataclass(slots=True)
class _Round:
    """Who waits still and what became of the others, over all connections.

    ``bare`` are those whose mail was refused with what is enclosed.
    """

    sender: str
    waiting: list[str]
    write: Writes
    enclosure: Enclosure | None
    ends_at: float
    served: list[Served] = field(default_factory=list)
    bare: set[str] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Tell whether nobody waits, or the time is up."""
        return not self.waiting or time.monotonic() >= self.ends_at

    def go_on(self, smtp: SMTP) -> None:
        """Try those who wait, as long as the connection is of use."""
        while not self.is_over:
            if not self._try_next(smtp):
                return

    def _try_next(self, smtp: SMTP) -> bool:
        to = self.waiting[0]
        mine = _without(self.enclosure) if to in self.bare else self.enclosure
        one = _hand(smtp, self.sender, to, self.write, mine)
        if _is_refused_with(mine, one):
            # Once more, over another connection: some hang up over what they refuse.
            self.bare.add(to)
            return False
        self.waiting.remove(to)
        self.served.append(one)
        return one.code != GONE


def _is_refused_with(enclosure: Enclosure | None, one: Served) -> bool:
    """Tell whether the mail was refused for good, and what is enclosed may be why."""
    is_with = enclosure is not None and enclosure.content is not None
    is_refused = is_with and one.is_for_message and one.fate is Fate.NEVER
    if is_refused:
        log.warning("report.without_evidence", channel="mail", code=one.code)
    return is_refused


def _without(enclosure: Enclosure | None) -> Enclosure | None:
    why_not = "the mail server refused the mail with it"
    return None if enclosure is None else enclosure.without(why_not)


def _hand(
    smtp: SMTP, sender: str, to: str, write: Writes, enclosure: Enclosure | None
) -> Served:
    """Hand one mail over; without what is enclosed where it would be too large."""
    message = write(to, enclosure)
    if enclosure is None or enclosure.content is None or fits(smtp, message):
        return hand_over(smtp, message, sender, to)
    bare = enclosure.without("the mail server takes no mail that large")
    return hand_over(smtp, write(to, bare), sender, to)
