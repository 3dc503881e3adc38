"""The SCIM table on a real server, and on the fake one."""

from dataclasses import replace

import pytest
from factories import NOON
from store_scenes import AnswersGetLost

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import Heard, HeardKind, Names
from workers.offboarding.scim_users import ScimEmail, ScimUser
from workers.store.connection import connect
from workers.store.scim import ScimTable, Waiting

DANA = ScimUser(
    "01KHJ2V0W8Q3RZ5T7X9YABCDE0",
    "Dana.Lee@example.com",
    True,
    1,
    NOON,
    NOON,
    external_id="E-1",
    employee_number="157",
    emails=(ScimEmail("dana.lee@example.com", "work", True), ScimEmail()),
)
KIM = replace(
    DANA, id="01KHJ2V0W8Q3RZ5T7X9YABCDE1", user_name="kim", external_id="E-1", emails=()
)
OFF = replace(DANA, active=False, version=2)


@pytest.fixture
def table(any_client):
    return ScimTable(any_client)


@pytest.fixture
def lossy_table(any_client):
    """The same table by a line on which every script's first answer is lost."""
    return ScimTable(AnswersGetLost(any_client))


def waiting(user=DANA, version=2):
    key = f"scim:{user.id}:{version}"
    names = Names(emails=("dana.lee@example.com",), ids=(user.id,))
    heard = Heard("scim", key, "PATCH /Users", HeardKind.DISABLED, names, NOON)
    return Waiting(heard, "req-1")


def created(table, *users):
    for user in users:
        assert table.write(user.id, 0, user) == "ok"


def test_a_row_reads_back_as_it_was_written(table):
    created(table, DANA, KIM)

    assert table.load([KIM.id, "nobody", DANA.id]) == [KIM, DANA]
    assert table.load([]) == []


def test_rows_are_listed_from_the_oldest_and_counted(table):
    created(table, KIM, DANA)

    assert table.ids(0, 10) == ([DANA.id, KIM.id], 2)
    assert table.ids(1, 1) == ([KIM.id], 2)
    assert table.ids(2, 5) == ([], 2)
    assert table.ids(0, 0) == ([], 2)


@pytest.mark.parametrize("name", ["Dana.Lee@example.com", "DANA.LEE@EXAMPLE.COM"])
def test_a_name_is_had_by_one_whatever_its_case(table, name):
    created(table, DANA)

    assert table.write(KIM.id, 0, replace(KIM, user_name=name)) == "taken"
    assert table.load([KIM.id]) == []
    assert table.ids_by_name(name) == [DANA.id]


def test_a_name_in_two_forms_of_unicode_is_the_same(table):
    created(table, replace(DANA, user_name="rene\u0301"))

    assert table.ids_by_name("REN\u00c9") == [DANA.id]
    assert table.write(KIM.id, 0, replace(KIM, user_name="Ren\u00e9")) == "taken"


def test_who_is_renamed_is_found_by_the_new_name_alone(table):
    created(table, DANA)

    table.write(DANA.id, 1, replace(DANA, user_name="dana", version=2))

    assert table.ids_by_name("Dana.Lee@example.com") == []
    assert table.ids_by_name("DANA") == [DANA.id]
    created(table, replace(KIM, user_name="dana.lee@example.com"))


def test_rows_are_found_by_external_id_and_email(table):
    created(table, DANA, KIM)

    assert table.ids_by_external_id("E-1") == [DANA.id, KIM.id]
    assert table.ids_by_external_id("e-1") == []
    assert table.ids_by_external_id("E-") == []
    assert table.ids_by_email("DANA.LEE@example.com") == [DANA.id]
    assert table.ids_by_email("dana.lee@example.co") == []
    assert table.ids_by_email("E-1") == []


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\n", "[", "ä", "a\x0b"])
def test_odd_values_are_found_again_and_by_nothing_else(table, value):
    created(table, replace(DANA, external_id=value), KIM)

    assert DANA.id in table.ids_by_external_id(value)
    assert KIM.id not in table.ids_by_external_id(value)


def test_what_a_row_lost_it_is_not_found_by(table):
    created(table, DANA)

    table.write(DANA.id, 1, replace(DANA, external_id=None, emails=(), version=2))

    assert table.ids_by_external_id("E-1") == []
    assert table.ids_by_email("dana.lee@example.com") == []


def test_a_deleted_row_is_nowhere_any_more(table, any_client):
    created(table, DANA)

    assert table.write(DANA.id, 1, None) == "ok"

    assert table.load([DANA.id]) == []
    assert table.ids(0, 5) == ([], 0)
    assert table.ids_by_name(DANA.user_name) == []
    left = [one for one in any_client.keys("*") if ":scim:op:" not in one]
    assert left == []


@pytest.mark.parametrize("version", [0, 2, 5])
def test_a_row_that_changed_meanwhile_is_not_written_over(table, version):
    created(table, DANA)

    assert table.write(DANA.id, version, OFF, waiting()) == "changed"

    assert table.load([DANA.id]) == [DANA]
    assert table.waiting(DANA.id) is None


def test_a_row_that_is_not_there_is_not_deleted(table):
    assert table.write(DANA.id, 1, None, waiting()) == "changed"
    assert table.waiting(DANA.id) is None


def test_row_and_event_go_to_disk_in_one_step(table):
    created(table, DANA)

    assert table.write(DANA.id, 1, OFF, waiting()) == "ok"

    assert table.load([DANA.id]) == [OFF]
    text, found = table.waiting(DANA.id)
    assert found == waiting()
    assert table.all_waiting() == [(DANA.id, text)]


def test_the_event_of_a_deleted_row_stays(table):
    created(table, DANA)

    table.write(DANA.id, 1, None, waiting())

    assert table.waiting(DANA.id)[1] == waiting()


def test_no_write_comes_before_the_event_of_the_one_before_is_heard(table):
    created(table, DANA, KIM)
    table.write(DANA.id, 1, OFF, waiting())
    on = replace(DANA, version=3)

    assert table.write(DANA.id, 2, on, waiting(version=3)) == "pending"
    assert table.write(DANA.id, 2, None) == "pending"
    assert table.write(KIM.id, 1, replace(KIM, version=2)) == "ok"

    table.heard(DANA.id, table.waiting(DANA.id)[0])
    assert table.write(DANA.id, 2, on) == "ok"


def test_only_the_event_that_was_read_is_struck_off(table):
    created(table, DANA)
    table.write(DANA.id, 1, OFF, waiting())

    table.heard(DANA.id, "another")
    assert table.waiting(DANA.id) is not None

    table.heard(DANA.id, table.waiting(DANA.id)[0])
    assert table.waiting(DANA.id) is None


def test_a_write_whose_answer_was_lost_is_done_once(lossy_table, table):
    assert lossy_table.write(DANA.id, 0, DANA) == "ok"
    assert lossy_table.write(DANA.id, 1, OFF, waiting()) == "ok"
    table.heard(DANA.id, table.waiting(DANA.id)[0])
    assert lossy_table.write(DANA.id, 2, None) == "ok"

    assert table.load([DANA.id]) == []


def test_a_store_that_is_away_says_so():
    table = ScimTable(connect("redis://127.0.0.1:1/0"))

    for call in (
        lambda: table.write(DANA.id, 0, DANA),
        lambda: table.load([DANA.id]),
        lambda: table.ids(0, 1),
        lambda: table.ids_by_name("x"),
        lambda: table.ids_by_email("x"),
        lambda: table.waiting(DANA.id),
        table.all_waiting,
        lambda: table.heard(DANA.id, "x"),
    ):
        with pytest.raises(StoreAwayError):
            call()
