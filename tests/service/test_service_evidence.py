"""Evidence over HTTP: lines as they are stored, and to whom."""

from dataclasses import replace
from datetime import timedelta

import pack_scenes
import pytest
from evidence_scenes import a_book, fingerprint
from fake_desk import NOW

from workers.desk import Pack
from workers.offboarding.errors import CaseDamagedError, NoSuchCaseError
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


QUARTER = "/api/evidence?from=2026-07-01&to=2026-10-01"


@pytest.fixture
def quarter_s(desk):
    """Three cases of a quarter are in the store, with their register."""
    book = pack_scenes.a_book()
    for case_id in (pack_scenes.DANA, pack_scenes.ROBIN, pack_scenes.KAI):
        desk.put(replace(a_case(desk), id=case_id))
    desk.evidence_register = lambda: iter([one.decode() for one in book.register()])
    desk.evidence_of = lambda case_id, *, may_wait=True: Pack(
        tuple(one.decode() for one in book.pack(case_id)), 0
    )
    return book


def as_lines(*parts):
    return b"".join(line for part in parts for line in part)


def test_a_case_comes_as_a_zip_where_that_is_asked_for(client, desk, as_viewer):
    case = a_case(desk)
    path = f"/api/cases/{case.id}/evidence"

    asked = client.get(f"{path}?format=zip", headers=as_viewer)
    accepted = client.get(path, headers={**as_viewer, "Accept": "application/zip"})
    both = client.get(
        f"{path}?format=jsonl", headers={**as_viewer, "Accept": "application/zip"}
    )

    assert asked.data == accepted.data
    assert asked.content_type == "application/zip"
    assert asked.headers["Content-Disposition"] == (
        f"attachment; filename=offboard-evidence-{case.id}.zip"
    )
    assert asked.headers["Offboard-Unsealed"] == "0"
    assert pack_scenes.members(asked.data)["evidence.jsonl"] == both.data
    assert both.content_type == "application/jsonl"


def test_a_quarter_comes_register_first_and_then_case_by_case(
    client, quarter_s, as_operator
):
    answer = client.get(QUARTER, headers=as_operator)

    packs = map(quarter_s.pack, (pack_scenes.DANA, pack_scenes.ROBIN, pack_scenes.KAI))
    assert answer.data == as_lines(quarter_s.register(), *packs)


def test_a_quarter_comes_as_a_zip_that_holds(client, quarter_s, as_operator, tmp_path):
    answer = client.get(f"{QUARTER}&format=zip", headers=as_operator)

    assert answer.status_code == 200
    trusted = frozenset({fingerprint()})
    assert pack_scenes.faults(answer.data, tmp_path / "q", trusted=trusted) == []
    assert b"register.jsonl" in answer.data


def test_a_viewer_gets_neither_the_register_nor_who_leaves_at_a_later_day(
    client, desk, quarter_s, as_viewer
):
    kai = desk.show(pack_scenes.KAI)
    later = NOW + timedelta(days=9)
    desk.put(replace(kai, status=CaseStatus.SCHEDULED, starts_at=later))

    answer = client.get(QUARTER, headers=as_viewer)
    packed = client.get(f"{QUARTER}&format=zip", headers=as_viewer)

    packs = map(quarter_s.pack, (pack_scenes.DANA, pack_scenes.ROBIN))
    assert answer.data == as_lines(*packs)
    assert pack_scenes.KAI.encode() not in packed.data
    assert "register.jsonl" not in pack_scenes.members(packed.data)


def test_what_is_not_in_the_store_any_more_is_left_to_the_register(
    client, desk, quarter_s, as_operator, tmp_path
):
    pack_of = desk.evidence_of

    def gone(case_id, *, may_wait=True):
        if case_id == pack_scenes.ROBIN:
            raise NoSuchCaseError
        return pack_of(case_id)

    desk.evidence_of = gone
    answer = client.get(f"{QUARTER}&format=zip", headers=as_operator)

    [found] = pack_scenes.faults(answer.data, tmp_path / "q")
    assert f"case {pack_scenes.ROBIN} is missing" in found
    page = pack_scenes.members(answer.data)["index.html"].decode()
    assert pack_scenes.ROBIN in page


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-07-01",
        "to=2026-07-01",
        "from=2026-07-01&to=2026-07-01",
        "from=x&to=2026-07-01",
        "from=2026-07-01&to=2026-10-01&format=pdf",
        "from=2026-07-01&to=2026-10-01&more=1",
    ],
)
def test_days_that_make_no_sense_are_refused(client, as_viewer, query):
    answer = client.get(f"/api/evidence?{query}", headers=as_viewer)

    assert answer.status_code == 422


def test_no_more_packs_are_made_at_a_time_than_there_are_places(
    client, desk, app, as_operator
):
    from service.context import Context, give_context

    context = Context(app.extensions["offboard"].settings, desk, lambda: NOW)
    give_context(app, context)
    while context.waiting_places.acquire(blocking=False):
        pass

    answer = client.get(f"{QUARTER}&format=zip", headers=as_operator)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
