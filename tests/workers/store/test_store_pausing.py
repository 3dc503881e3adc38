"""Who paused and who resumed is evidence, as what is done in a case is."""

import json

import pytest
from store_scenes import NOW

from config.secret import Secret
from workers.offboarding.evidence import SERVICE
from workers.offboarding.evidence_check import Checker
from workers.signing import SigningKey, signature_holds
from workers.store.evidence import Evidence

KEY = SigningKey(Secret("11" * 32))


@pytest.fixture
def evidence(any_client):
    return Evidence(any_client)


def seal(evidence):
    while evidence.seal(KEY, NOW):
        pass


def entries(room):
    return [(one.what, one.actor, one.detail) for one in room.cases.ledger(SERVICE)]


def checked(*packs):
    checker = Checker(signature_holds)
    for number, lines in enumerate(packs):
        checker.read(str(number), [line.encode() for line in lines])
    return checker.compare()


def test_who_paused_and_who_resumed_is_written(room):
    room.switches.pause(account_id="acc1", actor="sam")
    room.switches.pause(actor="sam", request_id="req-1")
    room.switches.pause(paused=False, actor="lee")

    assert entries(room) == [
        ("resets.paused", "sam", "account acc1"),
        ("resets.paused", "sam", "all accounts"),
        ("resets.resumed", "lee", "all accounts"),
    ]
    assert room.cases.ledger(SERVICE)[1].request_id == "req-1"


def test_a_call_whose_answer_was_lost_is_written_once(lossy):
    lossy.switches.pause(actor="sam")
    lossy.switches.pause(paused=False, actor="lee")

    assert [one[0] for one in entries(lossy)] == ["resets.paused", "resets.resumed"]
    assert lossy.switches.paused().everywhere is False


def test_a_start_that_pauses_is_written_and_one_that_does_not_is_not(room):
    room.switches.start_paused()
    room.switches.pause(paused=False, actor="lee")
    room.switches.start_paused()

    assert [one[:2] for one in entries(room)] == [
        ("resets.paused", "settings"),
        ("resets.resumed", "lee"),
    ]


def test_each_is_sealed_and_named_in_the_register(room, evidence):
    for paused in (True, False):
        room.switches.pause(paused=paused, actor="sam")
        seal(evidence)

    pack = list(evidence.pack_of(SERVICE))

    found = checked([f"{one}" for one in pack], list(evidence.register()))
    assert (found.faults, found.cases) == ([], 0)
    items = [json.loads(one) for one in pack if '"kind":"item"' in one]
    assert [(one["case"], one["n"]) for one in items] == [(SERVICE, 1), (SERVICE, 2)]


def test_a_resume_that_is_taken_out_is_found(room, evidence):
    room.switches.pause(actor="sam")
    room.switches.pause(paused=False, actor="sam")
    seal(evidence)
    pack = list(evidence.pack_of(SERVICE))

    assert checked([one for one in pack if "resets.resumed" not in one]).faults


def test_it_is_no_case_on_any_list(room):
    room.switches.pause(actor="sam")

    assert room.cases.ids(limit=9) == []
    assert room.cases.read([SERVICE]).cases == []


def test_from_when_on_which_accounts_are_armed_is_written_once_each_time(lossy):
    for accounts in ([], ["acc2", "acc1"], ["acc1", "acc2"], ["acc1"], []):
        lossy.switches.note_armed(accounts)

    assert entries(lossy) == [
        ("service.armed", "settings", "armed: acc1, acc2"),
        ("service.armed", "settings", "armed: acc1"),
        ("service.disarmed", "settings", "no account is armed"),
    ]
