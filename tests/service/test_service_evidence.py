"""Evidence over HTTP: lines as they are stored, and to whom."""

from dataclasses import replace
from datetime import timedelta

from evidence_scenes import a_book, fingerprint
from fake_desk import NOW

from workers.desk import Pack
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.evidence import SERVICE
from workers.offboarding.evidence_check import Checker
from workers.offboarding.model import CaseStatus, Departure, Leaver
from workers.signing import signature_holds


def a_case(desk):
    return desk.open(Departure("api", Leaver("dana.lee@example.com"))).case


def test_the_pack_of_a_case_verifies_as_it_comes(client, desk, as_viewer):
    case = a_case(desk)

    answer = client.get(f"/api/cases/{case.id}/evidence", headers=as_viewer)

    assert answer.status_code == 200
    assert answer.content_type == "application/jsonl"
    assert answer.headers["Offboard-Unsealed"] == "0"
    checker = Checker(signature_holds, frozenset({fingerprint()}))
    checker.read("it", answer.data.splitlines(keepends=True))
    assert checker.compare().faults == []


def test_what_is_not_sealed_yet_is_told_beside_it(client, desk, as_viewer):
    case = a_case(desk)
    desk.unsealed = 2

    answer = client.get(f"/api/cases/{case.id}/evidence", headers=as_viewer)

    assert answer.headers["Offboard-Unsealed"] == "2"


def test_a_case_of_which_nothing_is_sealed_is_asked_for_again(client, desk, as_viewer):
    case = a_case(desk)
    desk.unsealed_at_all = True

    answer = client.get(f"/api/cases/{case.id}/evidence", headers=as_viewer)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json["type"].endswith("not-sealed")


def test_the_evidence_of_a_scheduled_departure_is_not_for_viewers(
    client, desk, as_viewer, as_operator
):
    case = a_case(desk)
    later = NOW + timedelta(days=9)
    desk.put(replace(case, status=CaseStatus.SCHEDULED, starts_at=later))
    path = f"/api/cases/{case.id}/evidence"

    assert client.get(path, headers=as_viewer).status_code == 404
    assert client.get(path, headers=as_operator).status_code == 200


def test_no_case_has_no_evidence(client, as_viewer):
    for case_id in ("01KHJ2V0W8Q3RZ5T7X9YABCDEF", "x"):
        path = f"/api/cases/{case_id}/evidence"
        assert client.get(path, headers=as_viewer).status_code == 404


def test_who_asks_while_others_wait_gets_what_is_sealed_now(
    client, desk, app, as_viewer
):
    from service.context import Context, give_context

    case = a_case(desk)
    context = Context(app.extensions["offboard"].settings, desk, lambda: NOW)
    give_context(app, context)
    while context.waiting_places.acquire(blocking=False):
        pass

    answer = client.get(f"/api/cases/{case.id}/evidence", headers=as_viewer)

    assert (answer.status_code, desk.waited) == (200, [False])


def test_the_register_comes_line_by_line(client, as_operator):
    answer = client.get("/api/evidence/register", headers=as_operator)

    assert answer.data == b"".join(a_book().register())


def test_a_register_without_items_says_so(client, desk, as_operator):
    desk.unsealed_at_all = True

    answer = client.get("/api/evidence/register", headers=as_operator)

    assert answer.status_code == 503


def test_what_was_done_in_a_case_that_cannot_be_read_is_for_operators(
    client, desk, as_viewer, as_operator
):
    case = a_case(desk)

    def damaged(case_id):
        raise CaseDamagedError(case_id)

    desk.show = damaged
    path = f"/api/cases/{case.id}/evidence"

    assert client.get(path, headers=as_viewer).status_code == 500
    assert client.get(path, headers=as_operator).status_code == 200


def test_who_paused_and_who_resumed_is_for_operators(
    client, desk, as_viewer, as_operator
):
    path = f"/api/cases/{SERVICE}/evidence"
    desk.evidence_of = lambda case_id, *, may_wait: Pack((f"{case_id}\n",), 0)

    assert client.get(path, headers=as_viewer).status_code == 404
    assert client.get(path, headers=as_operator).data == f"{SERVICE}\n".encode()
