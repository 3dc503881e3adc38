"""The line that each account has in an exposure."""

from dataclasses import replace

from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, TOKYO

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import (
    AccountIndex,
    Holding,
    ReadingKind,
    exposure_of,
)
from workers.offboarding.model import Note

OWNER, UNREAD = ReadingKind.OWNER, ReadingKind.UNREAD


def an_index(*holdings, **more):
    return AccountIndex("acct1", holdings, surveyed_at=NOON, has_people=True, **more)


def line_of(index):
    (line,) = exposure_of([index]).accounts
    return line


def test_a_line_counts_what_is_peoples_and_whose_removal_breaks_clusters():
    bare = replace(FRANKFURT, clusters=())
    line = line_of(
        an_index(
            Holding(DALLAS, OWNER, DANA),
            Holding(bare, OWNER, ROBIN),
            Holding(TOKYO, OWNER, FID),
        )
    )

    assert (line.targets, line.people_owned, line.departures_from_outage) == (3, 2, 1)
    assert (line.is_complete, line.reason, line.unread) == (True, None, 0)
    assert line.surveyed_at == NOON


def test_a_target_that_was_not_read_makes_it_incomplete_and_says_why():
    line = line_of(an_index(Holding(DALLAS, UNREAD, DANA, reason=Reason.NO_ROLE)))

    assert (line.is_complete, line.reason, line.unread) == (False, Reason.NO_ROLE, 1)
    assert line.departures_from_outage == 0


def test_a_list_that_was_not_read_comes_before_its_targets():
    notes = (Note(Reason.LIST_UNREADABLE, "403"),)
    unread = Holding(DALLAS, UNREAD, DANA, reason=Reason.NO_ROLE)

    line = line_of(an_index(unread, notes=notes))

    assert (line.is_complete, line.reason) == (False, Reason.LIST_UNREADABLE)


def test_an_account_that_was_never_surveyed_is_not_empty():
    line = line_of(AccountIndex("acct1"))

    assert (line.surveyed_at, line.is_complete) == (None, False)
    assert line.reason is Reason.INDEX_STALE
