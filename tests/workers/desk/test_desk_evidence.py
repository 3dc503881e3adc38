"""Evidence of what is done at the desk: who, what, when, which plan, and no secret."""

import json
import threading
from dataclasses import replace

import pytest
from desk_scenes import NOW, a_target, asked, told
from evidence_scenes import KEY, OTHER_KEY, fingerprint

from workers.desk.evidence import Proving
from workers.offboarding.errors import NoSuchCaseError, NotSealedError, Reason
from workers.offboarding.evidence_check import Checker
from workers.offboarding.model import CaseStatus, Leaver, Note, Plan, Step, Work
from workers.offboarding.ports import Change
from workers.signing import signature_holds
from workers.store.archive import Archived
from workers.store.evidence import Evidence

WAITS = Note(Reason.TOO_MANY_TARGETS, "21 resets.")


@pytest.fixture
def evidence(client):
    return Evidence(client)


@pytest.fixture
def seal(evidence):
    def sealed(key=KEY):
        while evidence.seal(key, NOW):
            pass

    return sealed


def hold(cases, works, case_id):
    claim = works.claim(Work(case_id, Step.PLAN))
    waits = replace(
        cases.load(case_id),
        status=CaseStatus.WAITING,
        plan=Plan("sha256:1", NOW, (WAITS,)),
    )
    works.finish(claim, Change(case=waits, targets=(a_target(),)))


def entries_of(desk, case_id):
    pack = desk.evidence_of(case_id)
    lines = [json.loads(one) for one in pack.lines]
    return [one["entry"] for one in lines if one["kind"] == "entry"]


OURS = frozenset({fingerprint()})


def faults(*files, trusted=OURS):
    checker = Checker(signature_holds, trusted)
    for lines in files:
        checker.read("it", (one.encode() for one in lines))
    return checker.compare().faults


def test_what_was_decided_says_who_about_which_plan_and_whom(
    make_desk, cases, works, seal
):
    desk = make_desk()
    case_id = desk.open(told(authn="hmac", request_id="req-1")).case.id
    desk.open(asked(person="dana"))
    hold(cases, works, case_id)
    desk.approve(case_id, "sha256:1", actor="laptop", person="sam")
    seal()

    opened, joined, approved = entries_of(desk, case_id)

    assert opened == {
        "at": opened["at"],
        "what": "case.opened_open",
        "actor": "standard",
        "source": "standard",
        "event_key": "standard:1",
        "authn": "hmac",
        "detail": "standard:1",
        "request_id": "req-1",
        "leaver": "dana.lee@example.com",
        "effective_at": opened["effective_at"],
    }
    assert opened["effective_at"].startswith(opened["at"][:19])
    assert (joined["what"], joined["actor"], joined["source"]) == (
        "departure.joined",
        "helpdesk",
        "api",
    )
    assert approved == {
        "at": approved["at"],
        "what": "case.approved",
        "actor": "sam",
        "plan_hash": "sha256:1",
        "leaver": "dana.lee@example.com",
    }


def test_evidence_and_register_verify_with_the_public_key(
    make_desk, cases, works, seal
):
    desk = make_desk()
    first = desk.open(told()).case.id
    seal()
    desk.cancel(first, actor="helpdesk")
    second = desk.open(told(2)).case.id
    seal()

    files = desk.evidence_of(first).lines, desk.evidence_of(second).lines
    register = tuple(desk.evidence_register())

    assert faults(register, *files) == []
    assert [one.text for one in faults(register, files[1])] == [
        f"case {first} is missing: item 2 names it"
    ]


def test_evidence_holds_over_a_key_that_was_replaced(make_desk, seal):
    desk = make_desk()
    first = desk.open(told()).case.id
    seal()
    second = desk.open(told(2, leaver=replace(told().leaver, email="k@example.com")))
    seal(OTHER_KEY)

    files = desk.evidence_of(first).lines, desk.evidence_of(second.case.id).lines
    both = frozenset({fingerprint(), fingerprint(OTHER_KEY)})

    assert faults(tuple(desk.evidence_register()), *files, trusted=both) == []
    assert faults(files[0]) != []
    keys = json.loads(files[0][0])["keys"]
    assert set(keys) == {fingerprint(), fingerprint(OTHER_KEY)}


def test_who_changes_the_store_is_found(make_desk, client, seal):
    desk = make_desk()
    case_id = desk.open(told()).case.id
    desk.cancel(case_id, actor="helpdesk")
    seal()
    ledger = f"offboard:case:{case_id}:ledger"
    text = client.lindex(ledger, 1).replace("helpdesk", "somebody")

    client.lset(ledger, 1, text)

    [fault] = faults(desk.evidence_of(case_id).lines)
    assert fault.line == 3
    assert fault.text.startswith(f"case {case_id}, entry 2: it is not what was sealed")


def test_who_takes_the_last_entry_out_of_the_store_is_found(make_desk, client, seal):
    desk = make_desk()
    case_id = desk.open(told()).case.id
    desk.cancel(case_id, actor="helpdesk")
    seal()

    client.rpop(f"offboard:case:{case_id}:ledger")

    texts = [one.text for one in faults(desk.evidence_of(case_id).lines)]
    assert f"head of case {case_id}: it has 2 entries, here are 1" in texts


def test_who_asks_right_away_waits_until_it_is_sealed(make_desk, evidence):
    case_id = make_desk().open(told()).case.id
    worker = threading.Timer(0.3, lambda: evidence.seal(KEY, NOW))
    worker.start()

    pack = Proving(evidence).evidence_of(case_id)

    worker.join()
    assert pack.unsealed == 0


def test_without_a_worker_what_is_sealed_is_given_and_the_rest_counted(
    make_desk, evidence, seal
):
    desk = make_desk()
    case_id = desk.open(told()).case.id
    with pytest.raises(NotSealedError):
        desk.evidence_of(case_id)
    seal()
    desk.cancel(case_id, actor="helpdesk")

    pack = desk.evidence_of(case_id)

    assert pack.unsealed == 1
    assert faults(pack.lines) == []


def test_the_whole_of_a_case_is_given_only_once_all_of_it_is_sealed(
    make_desk, evidence, seal
):
    desk, proving = make_desk(), Proving(evidence)
    case_id = desk.open(told()).case.id
    assert proving.whole_evidence_of(case_id) is None
    seal()
    desk.cancel(case_id, actor="helpdesk")
    assert proving.whole_evidence_of(case_id) is None
    seal()

    whole = proving.whole_evidence_of(case_id)

    assert whole == "".join(desk.evidence_of(case_id).lines).encode()
    assert faults(whole.decode().splitlines(keepends=True)) == []


def test_of_the_departure_of_another_nothing_is_in_it(make_desk, evidence, seal):
    desk = make_desk()
    case_id = desk.open(told()).case.id
    robin = Leaver("robin.park@example.com")
    later = desk.open(told(2, leaver=robin)).case.id
    seal()

    whole = Proving(evidence).whole_evidence_of(case_id).decode()

    assert case_id in whole
    assert later not in whole
    assert "robin" not in whole


def test_no_case_has_no_whole_evidence(evidence):
    assert Proving(evidence).whole_evidence_of("01NOTHING") is None


def test_an_archived_case_is_given_out_of_the_folder(tmp_path, client):
    folder = tmp_path / "archive"
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "01OLD.jsonl").write_text('{"kind":"header"}\nrest\n')
    proving = Proving(Evidence(client), archived=Archived(folder))

    assert proving.evidence_of("01OLD").lines == ('{"kind":"header"}\n', "rest\n")
    with pytest.raises(NoSuchCaseError):
        proving.evidence_of("01NONE")


def test_a_folder_that_cannot_be_read_is_no_archive(tmp_path, client):
    proving = Proving(Evidence(client), archived=Archived(tmp_path / "none"))

    with pytest.raises(NoSuchCaseError):
        proving.evidence_of("01OLD")
