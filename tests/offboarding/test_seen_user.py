"""Two readings of a person: what happened between them."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.offboarding.heard import HeardKind
from workers.offboarding.seen_user import SeenUser, UserStanding, change_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON, LATE = NOON + timedelta(days=5), NOON + timedelta(days=50)
PAST = NOON - timedelta(days=5)
HERE = SeenUser(UserStanding.ENABLED)
OUT = SeenUser(UserStanding.DISABLED)
GONE = SeenUser(UserStanding.DELETED)


def here(leaves_at):
    return SeenUser(UserStanding.ENABLED, leaves_at)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, HERE, None),
        (None, OUT, HeardKind.DISABLED),
        (None, GONE, HeardKind.DELETED),
        (None, here(SOON), HeardKind.TERMINATED),
        (None, here(PAST), None),
        (None, here(NOON), None),
        (HERE, HERE, None),
        (HERE, OUT, HeardKind.DISABLED),
        (HERE, GONE, HeardKind.DELETED),
        (HERE, here(SOON), HeardKind.TERMINATED),
        (HERE, here(PAST), None),
        (here(SOON), here(SOON), None),
        (here(SOON), here(LATE), HeardKind.TERMINATED),
        (here(SOON), here(PAST), HeardKind.TERMINATED),
        (here(SOON), HERE, HeardKind.CANCELLED),
        (here(PAST), HERE, HeardKind.CANCELLED),
        (here(SOON), SeenUser(UserStanding.DISABLED, SOON), HeardKind.DISABLED),
        (here(SOON), SeenUser(UserStanding.DELETED, SOON), HeardKind.DELETED),
        (OUT, OUT, None),
        (OUT, SeenUser(UserStanding.DISABLED, SOON), None),
        (OUT, GONE, HeardKind.DELETED),
        (OUT, HERE, HeardKind.REACTIVATED),
        (OUT, here(SOON), HeardKind.REACTIVATED),
        (GONE, GONE, None),
        (GONE, OUT, None),
        (GONE, HERE, HeardKind.REACTIVATED),
    ],
)
def test_what_two_readings_say(before, now, told):
    assert change_of(before, now, NOON) is told


def test_what_was_told_stays_with_who_told_it():
    told = SeenUser(UserStanding.DISABLED, None, "k", HeardKind.DISABLED)

    kept = told.standing_as(SeenUser(UserStanding.DISABLED, SOON))

    assert kept == SeenUser(UserStanding.DISABLED, SOON, "k", HeardKind.DISABLED)
    assert kept.stands_as(SeenUser(UserStanding.DISABLED, SOON))
    assert not kept.stands_as(told)
