"""What BambooHR tells: with fields, and by id alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_desk import NOW, SETTINGS
from hr_senders import FIXTURES, JSON, SAMPLE, SOURCES, bamboohr

from service.sources.bamboohr import Bamboohr
from service.sources.source import Part
from workers.offboarding.heard import HeardKind, Precision
from workers.offboarding.model import SamePerson

MIDNIGHT_AFTER_MARCH_IN_BERLIN = datetime(2026, 3, 31, 22, tzinfo=UTC)
NO_STATUS = {"status": "-", "employmentHistoryStatus": "-"}
PUBLISHED = (FIXTURES / "bamboohr" / "bamboohr-field-based.json").read_bytes()


def with_settings_of(**over):
    return replace(SOURCES, bamboohr=replace(SOURCES.bamboohr, **over))


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def tell(client):
    """Posts a body; bytes as they are, anything else as JSON."""

    def told(body, client=client, **how):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/events/bamboohr", data=raw, headers=bamboohr(raw, **how))

    return told


def an_employee(fields=None, changed=("status", "terminationDate"), **over):
    given = {
        "workEmail": "dana.lee@example.com",
        "employeeNumber": "E-157",
        "status": "Active",
        "employmentHistoryStatus": "Full-Time",
        "terminationDate": None,
    } | (fields or {})
    return {
        "id": "157",
        "action": "Updated",
        "timestamp": "2026-02-16T10:02:11Z",
        "changedFields": list(changed),
        "fields": {
            name: {"value": value} for name, value in given.items() if value != "-"
        },
        **over,
    }


def a_delivery(*employees):
    return {"employees": list(employees), "fields": {"jobTitle": "Job Title"}}


def an_event(type="employee.updated", **data):
    return {
        "type": type,
        "timestamp": "2026-03-31T22:05:09+0000",
        "data": {"companyId": "881", "employeeId": "157", **data},
    }


def test_the_sample_with_its_published_signature_is_a_departure_to_come(client, desk):
    headers = JSON | {
        "X-BambooHR-Timestamp": "1771236131",
        "X-BambooHR-Signature": (
            "1847478c600540f7d8a0b1fba00d9143b9d90f9df18eb9e44de3dc6b86d1ae72"
        ),
    }

    answer = client.post("/events/bamboohr", data=SAMPLE, headers=headers)

    (heard,), (departure,) = desk.heard, desk.departures
    assert answer.status_code == 200
    assert answer.json == {"cases": ["01KHJ2V0W8Q3RZ5T7X9YABC000"]}
    assert heard.kind is HeardKind.TERMINATED
    assert heard.names.emails == ("dana.lee@example.com",)
    assert (heard.names.ids, heard.names.numbers) == (("157",), ("E-157",))
    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN
    assert heard.precision is Precision.DATE
    assert heard.occurred_at == datetime(2026, 2, 16, 10, 2, 11, tzinfo=UTC)
    assert departure.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN


def test_the_published_sample_names_neither_person_nor_status_and_is_ignored(
    tell, desk
):
    answer = tell(PUBLISHED)

    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert desk.heard == desk.hints == desk.kept == []


@pytest.mark.parametrize("seconds", [-300, 0, 300])
@pytest.mark.parametrize("form", ["seconds", "iso"])
def test_a_timestamp_of_these_minutes_is_taken(tell, seconds, form):
    moment = NOW + timedelta(seconds=seconds)
    stamp = str(int(moment.timestamp())) if form == "seconds" else moment.isoformat()

    assert tell(SAMPLE, stamp=stamp).status_code == 200


@pytest.mark.parametrize(
    "stamp",
    [
        "1771235830",
        "1771236432",
        "2026-02-16T10:08:00Z",
        "2026-02-16T10:02:11",
        "1771236131000",
        "-1771236131",
        "1771236131.0",
        "yesterday",
        "2026-99-99T10:02:11Z",
    ],
)
def test_an_old_or_odd_timestamp_is_refused_although_it_is_signed(tell, desk, stamp):
    answer = tell(SAMPLE, stamp=stamp)

    assert answer.status_code == 401
    assert desk.noted == [("bamboohr", "timestamp", NOW)]
    assert desk.heard == []


def test_the_timestamps_text_is_signed_after_the_body_and_without_a_full_stop(client):
    headers = bamboohr(SAMPLE + b".")

    answer = client.post("/events/bamboohr", data=SAMPLE, headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Inactive"},
        {"status": "inactive "},
        {"employmentHistoryStatus": "Terminated"},
        {"status": "Inactive", "terminationDate": "2026-02-10"},
        {"status": "Inactive", "terminationDate": "2020-02-10"},
        {"status": "Inactive", "terminationDate": "0000-00-00"},
        {"status": "Active", "terminationDate": "2026-02-15"},
        {
            "status": "-",
            "employmentHistoryStatus": "-",
            "terminationDate": "2020-01-01",
        },
    ],
)
def test_who_left_is_told_at_once(tell, desk, fields):
    tell(a_delivery(an_employee(fields)))

    (heard,) = desk.heard
    assert heard.kind is HeardKind.TERMINATED
    assert heard.effective_at is None
    assert heard.precision is Precision.INSTANT


def test_a_last_day_of_today_ends_at_midnight(tell, desk):
    tell(a_delivery(an_employee({"terminationDate": "2026-02-16"})))

    assert desk.heard[0].effective_at == datetime(2026, 2, 16, 23, tzinfo=UTC)


def test_a_value_may_stand_without_an_object_around_it(tell, desk):
    employee = an_employee()
    employee["fields"] = {"workEmail": "Dana.Lee@example.com ", "status": "Inactive"}

    tell(a_delivery(employee))

    assert desk.heard[0].names.emails == ("dana.lee@example.com",)


@pytest.mark.parametrize("empty", [None, "", "0000-00-00", " "])
def test_a_date_that_was_cleared_takes_the_departure_back(tell, desk, empty):
    fields = {"terminationDate": empty}

    tell(a_delivery(an_employee(fields, changed=["terminationDate"])))

    assert [one.kind for one in desk.heard] == [HeardKind.CANCELLED]
    assert [one.leaver.email for one in desk.withdrawals] == ["dana.lee@example.com"]
    assert desk.departures == []


def test_a_status_that_is_active_again_takes_the_departure_back(tell, desk):
    fields = {"terminationDate": "2024-05-31"}

    tell(a_delivery(an_employee(fields, changed=["status"])))

    assert [one.kind for one in desk.heard] == [HeardKind.REACTIVATED]
    assert len(desk.withdrawals) == 1


def test_a_later_date_is_another_event(tell, desk):
    first = {"terminationDate": "2026-03-31"}
    tell(a_delivery(an_employee(first)))
    later = {"terminationDate": "2026-04-30"}
    tell(a_delivery(an_employee(later, timestamp="2026-02-16T11:00:00Z")))
    tell(a_delivery(an_employee(first, timestamp="2026-02-16T12:00:00Z")))

    keys = {one.event_key for one in desk.heard}
    assert len(keys) == 3
    assert [one.effective_at.date().isoformat() for one in desk.heard] == [
        "2026-03-31",
        "2026-04-30",
        "2026-03-31",
    ]


def test_a_repeat_that_is_signed_anew_is_the_same_event(tell, desk):
    tell(SAMPLE)
    tell(SAMPLE, stamp="1771236191")

    assert len({one.event_key for one in desk.heard}) == 1


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"status": "Inactive"}, ["jobTitle"]),
        ({"terminationDate": "2026-03-31"}, ["workEmail", "jobTitle"]),
        ({}, ["employeeNumber"]),
    ],
)
def test_a_change_of_other_fields_is_ignored(tell, desk, fields, changed):
    answer = tell(a_delivery(an_employee(fields, changed=changed)))

    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert desk.heard == desk.kept == []


def test_a_change_under_a_name_that_was_not_sent_may_be_one_of_ours(tell, desk):
    tell(a_delivery(an_employee({"status": "Inactive"}, changed=["4047.0"])))

    assert [one.kind for one in desk.heard] == [HeardKind.TERMINATED]


def test_an_import_of_somebody_who_left_long_ago_is_no_departure(tell, desk):
    tell(a_delivery(an_employee({"status": "Inactive"}, action="Created")))

    assert desk.heard == []


def test_a_contract_that_ends_is_a_departure_from_the_day_it_is_entered(tell, desk):
    employee = an_employee({"terminationDate": "2026-03-31"}, action="Created")

    tell(a_delivery(employee))

    assert desk.departures[0].effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN


@pytest.mark.parametrize("status", ["On Leave", "Leave of Absence", "Parental leave"])
def test_leave_is_no_departure(tell, desk, status):
    fields = {"employmentHistoryStatus": status, "terminationDate": "-"}

    tell(a_delivery(an_employee(fields, changed=["jobTitle", "workEmail", "x"])))

    assert desk.departures == []


def test_a_deleted_employee_is_a_departure_by_whatever_name_is_left(tell, desk):
    desk.known = {"157": "dana.lee@example.com"}

    tell(a_delivery({"id": 157, "action": "Deleted", "changedFields": []}))

    assert [one.kind for one in desk.heard] == [HeardKind.DELETED]
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


def test_one_bad_employee_is_kept_and_the_others_go_on(tell, desk):
    bad_date = an_employee({"terminationDate": "31.03.2026"}, id="158")
    other = an_employee({"status": "Inactive", "workEmail": "kim@example.com"}, id="9")
    nobody = an_employee(
        {"workEmail": "-", "employeeNumber": "-", "status": "Inactive"}
    )
    nobody |= {"id": None}
    far = an_employee({"terminationDate": "2031-01-01"}, id="160")
    number = an_employee({"terminationDate": 20260331}, id="161")

    answer = tell(a_delivery("no object", bad_date, nobody, far, number, other))

    assert answer.status_code == 200
    assert [one.leaver.email for one in desk.departures] == ["kim@example.com"]
    assert [reason for *_, reason in desk.kept] == [
        "unknown_shape",
        "bad_time",
        "no_person",
        "too_far_ahead",
        "bad_time",
    ]
    assert len({key for _, key, *_ in desk.kept}) == 5


def test_a_person_without_an_email_goes_by_the_identity_map(tell, desk):
    fields = {"workEmail": "not an e-mail", "status": "Inactive"}
    desk.same_people = (SamePerson("IBMid-550000ABCD", ids=("bamboohr:E-157",)),)

    tell(a_delivery(an_employee(fields)))

    assert [one.leaver.iam_id for one in desk.departures] == ["IBMid-550000ABCD"]


def test_a_person_nobody_knows_is_kept(tell, desk):
    tell(a_delivery(an_employee({"workEmail": None, "status": "Inactive"})))

    assert [reason for *_, reason in desk.kept] == ["unknown_person"]


def test_without_an_email_the_api_is_asked_where_it_is_set_up(
    with_settings, tell, desk
):
    asks = with_settings(
        sources=with_settings_of(api_url="https://acme.bamboohr.com/api")
    )

    tell(a_delivery(an_employee({"workEmail": "-", "status": "Inactive"})), client=asks)

    ((hint, _),) = desk.hints
    assert (hint.subject, hint.native_type) == ("157", "employee.updated")


def test_renamed_fields_are_read_by_the_settings(with_settings, tell, desk):
    renamed = with_settings(
        sources=with_settings_of(
            email_field="Mail",
            number_field="No",
            status_fields=("State",),
            left_statuses=("Gone",),
            date_field="4047.1",
        )
    )
    employee = an_employee(changed=["State"])
    employee["fields"] = {
        "Mail": {"value": "dana.lee@example.com"},
        "No": {"value": 157},
        "State": {"value": "gone"},
        "4047.1": {"value": "2026-03-31"},
        "status": {"value": "Active"},
    }

    tell(a_delivery(employee), client=renamed)

    (heard,) = desk.heard
    assert heard.names.ids == ("157",)
    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN


def test_an_event_by_id_is_looked_up(tell, desk):
    answer = tell(an_event(changedFields=["status"]))

    ((hint, body),) = desk.hints
    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert (hint.source, hint.native_type) == ("bamboohr", "employee.updated")
    assert hint.subject == "157"
    assert hint.occurred_at == datetime(2026, 3, 31, 22, 5, 9, tzinfo=UTC)
    assert body["data"]["employeeId"] == "157"


@pytest.mark.parametrize("changed", [None, [], "status", ["terminationDate", "x"]])
def test_an_event_that_may_be_about_leaving_is_looked_up(tell, desk, changed):
    tell(an_event(changedFields=changed))

    assert len(desk.hints) == 1


@pytest.mark.parametrize(
    "event",
    [
        an_event("employee.created"),
        an_event("employee.something_new"),
        an_event("ping"),
        an_event(changedFields=["jobTitle", "supervisor"]),
        {"employees": [], "fields": {}},
    ],
)
def test_what_is_not_about_leaving_is_ignored(tell, desk, event):
    answer = tell(event)

    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert desk.heard == desk.hints == desk.kept == []


def test_an_employee_that_was_deleted_is_told_by_the_id_alone(tell, desk):
    desk.known = {"157": "dana.lee@example.com"}

    tell(an_event("employee.deleted"))

    (heard,) = desk.heard
    assert (heard.kind, heard.names.ids) == (HeardKind.DELETED, ("157",))
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"hello": "there"}, "unknown_shape"),
        ({"employees": {"id": "1"}}, "unknown_shape"),
        ({"type": "employee.updated", "data": {}}, "no_person"),
        ({"type": "employee.deleted", "data": None}, "no_person"),
        ({"type": "employee.updated", "data": {"employeeId": True}}, "no_person"),
    ],
)
def test_what_names_nobody_or_nothing_known_is_kept(tell, desk, body, reason):
    answer = tell(body)

    assert answer.status_code == 200
    assert [one for *_, one in desk.kept] == [reason]


def test_a_part_that_was_kept_can_be_read_again_without_its_delivery(tell, desk):
    tell(a_delivery(an_employee({"workEmail": None, "status": "Inactive"})))
    ((_, key, body, _),) = desk.kept
    stored = json.loads(json.dumps(body))

    settings = replace(SETTINGS, sources=SOURCES)
    again = Bamboohr().read(Part(key, stored), settings, NOW + timedelta(days=3))

    assert again == desk.heard[0]


def test_the_zone_is_that_of_the_settings(with_settings, tell, desk):
    tokyo = with_settings(sources=with_settings_of(timezone="Asia/Tokyo"))

    tell(SAMPLE, client=tokyo)

    assert desk.heard[0].effective_at == datetime(2026, 3, 31, 15, tzinfo=UTC)
