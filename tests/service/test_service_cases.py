import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_desk import NOW

from workers.desk import Page, Query
from workers.offboarding.errors import CaseDamagedError, Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Channel,
    Cluster,
    FollowUp,
    KeyOwner,
    Leaver,
    Note,
    OpenedBy,
    Outcome,
    OwnerKind,
    Plan,
    ReportKind,
    ReportLine,
    ReportState,
    ResourceGroup,
    Scope,
    Target,
)

ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
URL = f"/api/cases/{ID}"


def at(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def a_case():
    def made(**changed):
        case = Case(
            id=ID,
            leaver=Leaver("dana.lee@example.com", "IBMid-5", "Dana Lee"),
            opened_by=OpenedBy("standard", "standard:msg_1"),
            received_at=NOW,
            effective_at=NOW,
            starts_at=NOW,
            status=CaseStatus.OPEN,
            dry_run=False,
        )
        return replace(case, **changed)

    return made


def test_a_settled_case_is_shown_to_the_field(client, desk, a_case, as_viewer):
    target = CaseTarget(
        target=Target(
            "b1f3",
            "us-south",
            ResourceGroup("9f6b", "payments"),
            (Cluster("c1", "prod", "vpc-gen2", readable=True),),
        ),
        owner_before=KeyOwner(
            "IBMid-5", "Dana Lee", "d@x.example.com", OwnerKind.PERSON
        ),
        owner_after=KeyOwner("IBMid-9", kind=OwnerKind.FUNCTIONAL_ID),
        functional_id=KeyOwner("IBMid-9"),
        outcome=Outcome.VERIFIED,
        detail="not shown",
        intent_at=at(1),
        reset_at=at(2),
        settled_at=at(12.4),
        resets=1,
        polls=3,
        follow_ups=(FollowUp("recreate_addon_pods", "Make it anew.", "c1", "csi"),),
    )
    desk.put(
        a_case(
            status=CaseStatus.SETTLED,
            result=CaseResult.SAFE,
            reason="not shown",
            started_at=NOW,
            settled_at=at(12.4),
            plan=Plan("sha256:ab", at(0.5), (Note(Reason.PAUSED, "Held."),), "lead"),
            warnings=(Note(Reason.NOT_ARMED, "Not armed."),),
            targets=(target,),
            reports=(
                ReportLine(
                    Channel.SLACK,
                    ReportKind.FINAL,
                    state=ReportState.SENT,
                    at=at(13),
                    detail="not shown",
                ),
            ),
        )
    )

    answer = client.get(URL, headers=as_viewer)

    assert answer.status_code == 200
    assert json.loads(answer.data, object_pairs_hook=list) == json.loads(
        """
        {"id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF", "kind": "departure",
         "status": "settled", "result": "safe", "dry_run": false,
         "leaver": {"email": "dana.lee@example.com", "iam_id": "IBMid-5",
                    "name": "Dana Lee"},
         "opened_by": {"source": "standard", "event_key": "standard:msg_1",
                       "actor": null},
         "scope": null, "joined_to": null,
         "received_at": "2026-02-16T10:02:11.000Z",
         "effective_at": "2026-02-16T10:02:11.000Z",
         "settled_at": "2026-02-16T10:02:23.400Z",
         "owner_safe_seconds": 12.4, "fully_safe_seconds": null,
         "plan": {"hash": "sha256:ab", "made_at": "2026-02-16T10:02:11.500Z",
                  "refused": [{"reason": "paused", "text": "Held."}],
                  "approved_by": "lead"},
         "warnings": [{"reason": "not_armed", "text": "Not armed."}],
         "targets": [{"account_id": "b1f3", "region": "us-south",
           "resource_group": {"id": "9f6b", "name": "payments"},
           "clusters": [{"id": "c1", "name": "prod", "provider": "vpc-gen2"}],
           "owner_before": {"id": "IBMid-5", "name": "Dana Lee",
                            "email": "d@x.example.com", "kind": "person"},
           "owner_after": {"id": "IBMid-9", "name": null, "email": null,
                           "kind": "functional_id"},
           "outcome": "verified", "reason": null, "advice": null, "attempts": 1,
           "follow_ups": [{"kind": "recreate_addon_pods", "cluster_id": "c1",
             "addon": "csi", "text": "Make it anew.", "done_at": null}]}],
         "reports": [{"channel": "slack", "kind": "final", "state": "sent",
                      "at": "2026-02-16T10:02:24.000Z", "account_id": null}]}
        """,
        object_pairs_hook=list,
    )


def test_a_new_case_has_every_field_too(client, desk, a_case, as_viewer):
    desk.put(a_case())

    answer = client.get(URL, headers=as_viewer)

    assert answer.json == {
        "id": ID,
        "kind": "departure",
        "status": "open",
        "result": None,
        "dry_run": False,
        "leaver": {
            "email": "dana.lee@example.com",
            "iam_id": "IBMid-5",
            "name": "Dana Lee",
        },
        "opened_by": {
            "source": "standard",
            "event_key": "standard:msg_1",
            "actor": None,
        },
        "scope": None,
        "joined_to": None,
        "received_at": "2026-02-16T10:02:11.000Z",
        "effective_at": "2026-02-16T10:02:11.000Z",
        "settled_at": None,
        "owner_safe_seconds": None,
        "fully_safe_seconds": None,
        "plan": None,
        "warnings": [],
        "targets": [],
        "reports": [],
    }


def test_a_failed_target_carries_its_advice(client, desk, a_case, as_viewer):
    target = CaseTarget(
        target=Target("b1f3", "us-south", ResourceGroup("9f6b", "payments")),
        outcome=Outcome.FAILED,
        reason=Reason.NO_ROLE,
    )
    desk.put(a_case(targets=(target,)))

    (shown,) = client.get(URL, headers=as_viewer).json["targets"]

    assert shown["reason"] == "no_role"
    assert list(shown["advice"]) == ["text", "who", "command"]
    assert (shown["owner_before"], shown["owner_after"]) == (None, None)


def test_fully_safe_is_told_once_the_settle_time_has_passed(
    client, desk, a_case, as_viewer
):
    before = NOW - timedelta(minutes=31)
    desk.put(
        a_case(
            status=CaseStatus.SETTLED,
            result=CaseResult.SAFE,
            received_at=before,
            starts_at=before,
            plan=Plan("sha256:ab", before),
            targets=(
                CaseTarget(
                    target=Target("b1f3", "us-south", ResourceGroup("9f6b", "p")),
                    outcome=Outcome.VERIFIED,
                    settled_at=before + timedelta(seconds=10),
                ),
            ),
        )
    )

    shown = client.get(URL, headers=as_viewer).json

    assert (shown["owner_safe_seconds"], shown["fully_safe_seconds"]) == (10.0, 1810.0)


def test_times_are_utc_whatever_zone_they_were_kept_in(client, desk, a_case, as_viewer):
    zone = datetime.fromisoformat("2026-03-31T17:00:00+02:00")
    desk.put(a_case(effective_at=zone))

    shown = client.get(URL, headers=as_viewer).json

    assert shown["effective_at"] == "2026-03-31T15:00:00.000Z"


def test_a_narrowed_and_joined_case_says_so(client, desk, a_case, as_viewer):
    desk.put(a_case(scope=Scope(("us-south",)), joined_to="01KHJ2V0W8Q3RZ5T7X9YABCDEG"))

    shown = client.get(URL, headers=as_viewer).json

    assert shown["scope"] == {"regions": ["us-south"], "resource_groups": []}
    assert shown["joined_to"] == "01KHJ2V0W8Q3RZ5T7X9YABCDEG"


def test_cases_come_in_pages(client, desk, a_case, as_viewer):
    desk.put(a_case(id="01KHJ2V0W8Q3RZ5T7X9YABC001"))
    desk.put(a_case(id="01KHJ2V0W8Q3RZ5T7X9YABC002"))

    answer = client.get("/api/cases?limit=1", headers=as_viewer)

    assert answer.status_code == 200
    assert [one["id"] for one in answer.json["cases"]] == ["01KHJ2V0W8Q3RZ5T7X9YABC002"]
    assert answer.json["next"] == "01KHJ2V0W8Q3RZ5T7X9YABC001"


def test_filters_reach_the_desk(client, desk, as_operator):
    query = f"status=settled&result=safe&user=Dana@Example.com&cursor={ID}&limit=200"

    client.get(f"/api/cases?{query}", headers=as_operator)

    assert desk.queries == [
        Query(
            status=CaseStatus.SETTLED,
            result=CaseResult.SAFE,
            user="dana@example.com",
            cursor=ID,
            limit=200,
            with_scheduled=True,
        )
    ]


def test_without_filters_fifty_are_asked_for(client, desk, as_viewer):
    answer = client.get("/api/cases", headers=as_viewer)

    assert answer.json == {"cases": [], "next": None}
    assert desk.queries == [Query(limit=50, with_scheduled=False)]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("status=done", "status"),
        ("result=good", "result"),
        ("status=", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=abc", "cursor"),
        ("user=dana", "user"),
        ("stauts=open", "stauts"),
        ("status=open&status=settled", "status"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(client, desk, as_viewer, query, path):
    answer = client.get(f"/api/cases?{query}", headers=as_viewer)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [path]
    assert desk.queries == []


def scheduled(a_case):
    later = datetime(2026, 3, 31, tzinfo=UTC)
    return a_case(status=CaseStatus.SCHEDULED, effective_at=later, starts_at=later)


def test_a_viewer_is_not_shown_a_scheduled_case(client, desk, a_case, as_viewer):
    desk.put(scheduled(a_case))

    one = client.get(URL, headers=as_viewer)
    many = client.get("/api/cases", headers=as_viewer)
    named = client.get("/api/cases?status=scheduled", headers=as_viewer)

    assert one.status_code == 404
    assert (many.json["cases"], named.json["cases"]) == ([], [])


def test_hidden_and_missing_look_alike(client, desk, a_case, as_viewer):
    desk.put(scheduled(a_case))

    hidden = client.get(URL, headers=as_viewer).json
    missing = client.get(URL[:-1] + "G", headers=as_viewer).json

    assert hidden | {"request_id": 0} == missing | {"request_id": 0}


def test_a_schedule_that_was_cancelled_stays_hidden(client, desk, a_case, as_viewer):
    desk.put(replace(scheduled(a_case), status=CaseStatus.CANCELLED))

    one = client.get(URL, headers=as_viewer)
    many = client.get("/api/cases", headers=as_viewer)

    assert one.status_code == 404
    assert many.json["cases"] == []


def test_a_schedule_that_started_is_shown(client, desk, a_case, as_viewer):
    begun = replace(scheduled(a_case), status=CaseStatus.CANCELLED, started_at=NOW)
    desk.put(begun)

    assert client.get(URL, headers=as_viewer).status_code == 200


@pytest.mark.parametrize("who", ["as_operator", "as_approver"])
def test_operators_and_approvers_see_what_is_scheduled(
    client, desk, a_case, who, request
):
    headers = request.getfixturevalue(who)
    desk.put(scheduled(a_case))

    one = client.get(URL, headers=headers)
    many = client.get("/api/cases", headers=headers)

    assert one.status_code == 200
    assert [case["id"] for case in many.json["cases"]] == [ID]


@pytest.mark.parametrize(
    "case_id",
    [
        "1",
        ID.lower(),
        ID + "A",
        "01KHJ2V0W8Q3RZ5T7X9YABCDEI",
        "01KHJ2V0W8Q3RZ5T7X9YABCDEG",
        ID + "%0A",
        "%00",
    ],
)
@pytest.mark.parametrize(
    ("method", "end"), [("get", ""), ("post", "/retry"), ("post", "/cancel")]
)
def test_a_case_that_is_not_there_is_not_found(
    client, desk, a_case, as_operator, case_id, method, end
):
    desk.put(a_case())

    answer = getattr(client, method)(f"/api/cases/{case_id}{end}", headers=as_operator)

    assert answer.status_code == 404
    assert desk.asked == []


def test_a_case_that_needs_attention_is_retried(client, desk, a_case, as_operator):
    desk.put(a_case(status=CaseStatus.SETTLED, result=CaseResult.ATTENTION))

    answer = client.post(f"{URL}/retry", json={}, headers=as_operator)

    assert answer.status_code == 202
    assert answer.json["case"]["status"] == "open"
    assert desk.asked == [("retry", ID, "helpdesk")]


def test_a_case_is_cancelled(client, desk, a_case, as_approver):
    desk.put(a_case())

    answer = client.post(f"{URL}/cancel", headers=as_approver)

    assert answer.status_code == 202
    assert answer.json["case"]["status"] == "cancelled"
    assert desk.asked == [("cancel", ID, "lead")]


@pytest.mark.parametrize(
    ("end", "reason"), [("retry", "not_attention"), ("cancel", "already_written")]
)
def test_what_does_not_fit_the_state_is_a_conflict(
    client, desk, a_case, as_operator, end, reason
):
    desk.put(a_case(status=CaseStatus.SETTLED, result=CaseResult.SAFE))

    answer = client.post(f"{URL}/{end}", headers=as_operator)

    assert answer.status_code == 409
    assert answer.json["reason"] == reason


@pytest.mark.parametrize("end", ["retry", "cancel"])
def test_a_body_with_nothing_to_say_may_not_say_more(
    client, desk, a_case, as_operator, end
):
    desk.put(a_case(status=CaseStatus.SETTLED, result=CaseResult.ATTENTION))

    answer = client.post(f"{URL}/{end}", json={"force": True}, headers=as_operator)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["force"]
    assert desk.asked == []


def test_a_pause_tells_what_is_paused(client, desk, as_operator):
    answer = client.post("/api/pause", headers=as_operator)

    assert answer.status_code == 202
    assert answer.json == {"paused": {"all": True, "accounts": []}}
    assert desk.paused == [(None, True)]


def test_one_account_is_resumed(client, desk, as_approver):
    answer = client.post("/api/resume", headers=as_approver, json={"account_id": "a1"})

    assert answer.status_code == 202
    assert desk.paused == [("a1", False)]


def test_a_pause_of_something_else_is_refused_by_name(client, desk, as_operator):
    unknown = client.post("/api/pause", headers=as_operator, json={"account": "a1"})
    odd = client.post("/api/pause", headers=as_operator, json={"account_id": "a/1"})

    assert list(unknown.json["errors"]) == ["account"]
    assert list(odd.json["errors"]) == ["account_id"]
    assert desk.paused == []


def test_a_case_that_cannot_be_read_is_named_beside_the_list(client, desk, as_viewer):
    desk.list = lambda query: Page((), None, (ID, f"{ID[:-1]}G"))

    answer = client.get("/api/cases", headers=as_viewer)

    assert answer.json == {"cases": [], "next": None}
    assert answer.headers["Offboard-Damaged"] == f"{ID}, {ID[:-1]}G"


def test_who_asks_for_a_case_that_cannot_be_read_is_told_so(client, desk, as_viewer):
    def damaged(case_id):
        raise CaseDamagedError(case_id)

    desk.show = damaged

    answer = client.get(URL, headers=as_viewer)

    assert (answer.status_code, answer.json["type"]) == (500, "/problems/case-damaged")
    assert "offboard doctor" in answer.json["detail"]
