"""The owner index on a real server."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, a_person

from workers.offboarding.errors import Reason, StoreAwayError
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import Note
from workers.store.connection import connect
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes

HELD = Holding(DALLAS, ReadingKind.OWNER, DANA, None, NOON)
UNREAD = Holding(FRANKFURT, ReadingKind.UNREAD, ROBIN, Reason.UNREACHABLE, NOON)
INDEX = AccountIndex(
    "acct1",
    (UNREAD, HELD),
    NOON,
    has_people=True,
    notes=(Note(Reason.LIST_SHORT, "Short."),),
    empty_since=NOON,
    empty_surveys=2,
)


@pytest.fixture
def owners(client):
    return Owners(client)


def test_an_index_reads_back_as_it_was_written(owners):
    owners.put(INDEX, [a_person(DANA)])

    assert owners.of("acct1") == INDEX


def test_an_account_nobody_surveyed_is_an_empty_index(owners):
    assert owners.of("acct1") == AccountIndex("acct1")
    assert owners.all([]) == []


def test_a_second_survey_leaves_nothing_of_the_first(owners):
    owners.put(INDEX, [a_person(DANA)])

    owners.put(replace(INDEX, holdings=(HELD,)), [a_person(ROBIN)])

    assert owners.of("acct1").holdings == (HELD,)
    assert owners.people("acct1", ["dana.lee@example.com"]) == ()


def test_several_accounts_come_in_the_order_asked_for(owners):
    owners.put(replace(INDEX, account_id="acct2"), None)

    found = owners.all(["acct2", "acct1"])

    assert [one.account_id for one in found] == ["acct2", "acct1"]
    assert [len(one.holdings) for one in found] == [2, 0]


def test_people_are_found_by_e_mail_login_and_iam_id_and_by_nothing_less(owners):
    dana = a_person(DANA, email="Dana.Lee@Example.com", user_id="D.Login@example.com")
    owners.put(INDEX, [dana, a_person(ROBIN)])

    for name in ("dana.lee@example.com", "d.login@example.com", DANA.id):
        assert owners.people("acct1", [name]) == (dana,)
    assert owners.people("acct1", ["lee@example.com", DANA.id.lower(), ""]) == ()
    assert owners.people("acct1", []) == ()
    assert owners.people("acct2", [DANA.id]) == ()


def test_two_people_of_one_e_mail_are_both_found(owners):
    twin = a_person(ROBIN, email="dana.lee@example.com")
    owners.put(INDEX, [a_person(DANA), twin])

    found = owners.people("acct1", ["dana.lee@example.com"])

    assert {one.iam_id for one in found} == {DANA.id, ROBIN.id}


def test_a_user_list_that_was_not_whole_leaves_the_one_before(owners):
    owners.put(INDEX, [a_person(DANA)])

    owners.put(INDEX, None)

    assert owners.people("acct1", [DANA.id]) == (a_person(DANA),)


def test_a_reading_of_a_case_corrects_its_target(owners):
    owners.put(INDEX, None)

    owners.note(DALLAS, FID, NOON + timedelta(minutes=1))

    [dallas] = [one for one in owners.of("acct1").holdings if one.target == DALLAS]
    assert (dallas.owner, dallas.checked_at) == (FID, NOON + timedelta(minutes=1))


def test_an_older_reading_corrects_nothing(owners):
    owners.put(INDEX, None)
    owners.note(DALLAS, FID, NOON + timedelta(minutes=2))

    owners.note(DALLAS, DANA, NOON + timedelta(minutes=1))

    assert FID in [one.owner for one in owners.of("acct1").holdings]


def test_a_survey_that_began_before_a_reading_does_not_undo_it(owners):
    owners.put(INDEX, None)
    owners.note(DALLAS, FID, NOON + timedelta(minutes=1))

    owners.put(INDEX, None)
    later = replace(INDEX, surveyed_at=NOON + timedelta(minutes=2))
    during = [one.owner for one in owners.of("acct1").holdings]
    owners.put(later, None)

    assert FID in during
    assert FID not in [one.owner for one in owners.of("acct1").holdings]


def test_a_reading_makes_no_index_where_there_is_none(owners):
    owners.note(DALLAS, FID, NOON)

    assert owners.of("acct1") == AccountIndex("acct1")


def test_an_account_that_is_not_ours_any_more_is_forgotten(owners):
    owners.know(["acct1", "acct2"])
    owners.put(INDEX, [a_person(DANA)])

    owners.know(["acct2"])

    assert owners.accounts() == ["acct2"]
    assert owners.of("acct1").holdings == ()
    assert owners.people("acct1", [DANA.id]) == ()


def test_a_survey_that_ends_after_its_account_went_keeps_nobody_of_it(owners):
    owners.know(["acct1", "acct2"])
    owners.know(["acct2"])

    owners.put(INDEX, [a_person(DANA)])

    assert owners.of("acct1").holdings == ()
    assert owners.people("acct1", [DANA.id]) == ()


def test_an_account_that_comes_back_does_not_fail_since_it_went(owners, client):
    notes = SurveyNotes(client)
    owners.know(["acct1", "acct2"])
    notes.began("acct1", NOON)

    owners.know(["acct2"])

    assert notes.failing(["acct1"]) == []


def test_a_survey_is_due_at_first_then_after_its_time_and_never_twice_at_once(owners):
    first, meanwhile = owners.begin_survey("acct1"), owners.begin_survey("acct1")
    owners.end_survey("acct1", again_seconds=2)
    too_early = owners.begin_survey("acct1")
    until_due(owners)

    assert (first, meanwhile, too_early) == (True, False, False)


def until_due(owners):
    over = threading.Event()
    for _ in range(1000):
        if owners.begin_survey("acct1"):
            return
        over.wait(0.01)
    raise AssertionError("The survey never came due.")


def test_of_many_workers_one_makes_the_survey(owners):
    taken = []

    def take():
        taken.append(owners.begin_survey("acct1"))

    workers = [threading.Thread(target=take) for _ in range(16)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert taken.count(True) == 1


def test_a_store_that_is_away_says_so():
    owners = Owners(connect("redis://127.0.0.1:1/0"))

    for call in (
        lambda: owners.of("acct1"),
        owners.accounts,
        lambda: owners.people("acct1", ["x"]),
        lambda: owners.note(DALLAS, FID, NOON),
        lambda: owners.put(INDEX, None),
    ):
        with pytest.raises(StoreAwayError):
            call()


def test_an_account_that_comes_back_is_surveyed_at_once(owners):
    owners.know(["acct1", "acct2"])
    owners.begin_survey("acct2")
    owners.know(["acct1"])
    # By a worker that had not seen yet that the account went.
    owners.end_survey("acct2", again_seconds=3600)

    owners.know(["acct1", "acct2"])

    assert owners.begin_survey("acct2")
