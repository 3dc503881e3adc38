"""What waits at the desk, and how sources fare; on a real server."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_scenes import DANA, NOW
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from config.settings import MappedPerson, Secret, Token
from config.sources import OktaSettings, Sources, StandardSettings
from service.app import create_app
from workers.offboarding.errors import (
    ConflictError,
    NoSuchDeliveryError,
    StoreAwayError,
)
from workers.offboarding.heard import (
    Heard,
    HeardKind,
    Hint,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.intake import KeptBody, KeptState
from workers.offboarding.model import CaseStatus
from workers.store.intake import Deliveries

HINT = Hint("hibob", "hibob:1", "employee.left", "E-157")
BODY = {"id": "E-157", "name": "Dana Lee"}
NOBODY = UnreadableError(Unreadable.UNKNOWN_PERSON, "Nobody knows who that is.")
WEBHOOK = "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"
DEPARTED = {
    "type": "user.departed",
    "data": {"subjects": [{"format": "opaque", "id": "E-157-dana"}]},
}


def found(key="okta:1", *ids):
    names = Names((DANA.email,), (), ids)
    return Heard("okta", key, "user.lifecycle.deactivate", HeardKind.DISABLED, names)


def test_a_look_up_is_stored_and_sent_at_once(desk, deliveries, sender):
    kept_id = desk.await_look_up(HINT, BODY)

    assert sender.look_ups == [kept_id]
    assert deliveries.claim(kept_id).hint == HINT
    assert desk.quarantined() == ()


def test_what_cannot_be_read_is_listed_and_opened(desk):
    kept_id = desk.quarantine("okta", "okta:1", BODY, NOBODY)

    [kept] = desk.quarantined()
    assert (kept.id, kept.source, kept.reason) == (
        kept_id,
        "okta",
        Unreadable.UNKNOWN_PERSON,
    )
    assert (kept.received_at, kept.expires_at) == (NOW, NOW + timedelta(days=30))
    assert desk.body_of(kept_id) == KeptBody("okta", "okta:1", BODY)


def test_what_is_acted_on_is_in_quarantine_no_more(desk):
    desk.quarantine("okta", "okta:1", BODY, NOBODY)
    other = desk.quarantine("okta", "okta:2", BODY, NOBODY)

    case_id = desk.hear(found())

    assert desk.show(case_id).leaver.email == DANA.email
    assert [one.id for one in desk.quarantined()] == [other]


REUSED = UnreadableError(Unreadable.KEY_REUSED, "Used for another person before.")


def test_two_people_under_one_reused_key_are_both_kept(desk):
    kim, pat = {"id": "1", "user": "kim"}, {"id": "1", "user": "pat"}

    kept = {desk.quarantine("okta", "okta:1", body, REUSED) for body in (kim, pat)}

    assert [desk.body_of(one.id).body for one in desk.quarantined()] == [kim, pat]
    assert {desk.quarantine("okta", "okta:1", kim, REUSED)} < kept


def test_a_repeat_of_the_event_whose_key_was_reused_lets_nobody_else_go(desk):
    desk.hear(found())
    kept_id = desk.quarantine("okta", "okta:1", BODY, REUSED)

    desk.hear(found())

    assert [one.id for one in desk.quarantined()] == [kept_id]


def test_what_happens_later_than_now_outdoes_nothing(desk, clock):
    ahead = replace(found(), occurred_at=NOW + timedelta(days=900))
    back = replace(ahead, kind=HeardKind.REACTIVATED, event_key="okta:2")
    desk.hear(back)
    clock.pass_by(hours=1)

    case_id = desk.hear(replace(found("okta:3"), occurred_at=clock()))

    assert desk.show(case_id).status is CaseStatus.OPEN


def test_a_sender_whose_clock_is_a_little_ahead_keeps_its_order(desk, clock):
    minutes = timedelta(minutes=1)
    desk.hear(replace(found(), occurred_at=NOW + 6 * minutes))
    back = replace(found("okta:2"), kind=HeardKind.REACTIVATED)

    case_id = desk.hear(replace(back, occurred_at=NOW + 5 * minutes))

    assert desk.show(case_id).status is CaseStatus.OPEN


def test_what_was_heard_and_could_not_be_acted_on_stays(desk):
    desk.quarantine("okta", "okta:1", BODY, NOBODY)

    with pytest.raises(UnreadableError):
        desk.hear(replace(found(), names=Names()))

    assert len(desk.quarantined()) == 1


def test_a_drop_is_loud_and_says_who_did_it(desk):
    kept_id = desk.quarantine("okta", "okta:1", BODY, NOBODY)

    with capture_logs() as logs:
        desk.drop(kept_id, "helpdesk")

    assert desk.quarantined() == ()
    assert logs == [
        {
            "event": "quarantine.dropped",
            "log_level": "warning",
            "quarantine_id": kept_id,
            "source": "okta",
            "reason": "unknown_person",
            "actor": "helpdesk",
        }
    ]


@pytest.mark.parametrize("verb", ["body_of", "drop"])
def test_what_is_not_in_quarantine_is_said(desk, verb):
    look_up = desk.await_look_up(HINT, BODY)
    more = ("helpdesk",) if verb == "drop" else ()

    for one in ("01A", look_up):
        with pytest.raises(NoSuchDeliveryError):
            getattr(desk, verb)(one, *more)


def test_what_expired_stays_listed_and_is_opened_no_more(desk, deliveries):
    kept_id = desk.quarantine("okta", "okta:1", BODY, NOBODY)
    deliveries.expire(NOW + timedelta(days=31))

    with pytest.raises(ConflictError) as caught:
        desk.body_of(kept_id)

    assert caught.value.reason == "expired"
    assert [one.state for one in desk.quarantined()] == [KeptState.EXPIRED]


def test_what_was_sealed_with_another_key_is_said_and_stays(desk, client):
    sealed = Deliveries(client, secret_key=Secret("k" * 32))
    kept_id = sealed.keep_unreadable(
        "okta", "okta:1", BODY, Unreadable.BAD_TIME, "", NOW
    )

    with pytest.raises(ConflictError) as caught:
        desk.body_of(kept_id)

    assert caught.value.reason == "sealed"
    assert len(desk.quarantined()) == 1


def test_a_replay_that_waits_for_its_look_up_by_now_is_not_let_go(desk, deliveries):
    kept_id = desk.quarantine("hibob", HINT.event_key, BODY, NOBODY)
    assert desk.await_look_up(HINT, BODY) == kept_id

    desk.replayed(kept_id)

    assert deliveries.claim(kept_id).hint == HINT


def test_a_replay_that_was_acted_on_goes(desk):
    kept_id = desk.quarantine("okta", "okta:1", BODY, NOBODY)

    desk.replayed(kept_id)

    assert desk.quarantined() == ()


def test_every_source_is_told_with_how_it_fares(make_desk, deliveries, clock):
    on = OktaSettings(secret=(Secret("s" * 32),), expected_hours=1.0)
    desk = make_desk(sources=Sources(okta=on))
    desk.note_delivery("okta", NOW)
    desk.note_delivery("okta", NOW)
    desk.note_refusal("okta", "header", NOW)
    desk.quarantine("okta", "okta:1", BODY, NOBODY)
    desk.await_look_up(HINT, BODY)
    clock.pass_by(hours=2)

    stats = {one.name: one for one in desk.sources()}

    okta = stats["okta"]
    assert (okta.is_on, okta.expected_hours, okta.is_silent) == (True, 1.0, True)
    assert (okta.note.delivered, okta.note.last_delivered_at) == (2, NOW)
    assert (okta.note.refused, okta.note.last_refused_why) == (1, "header")
    assert (okta.look_ups, okta.quarantined) == (0, 1)
    assert (stats["hibob"].is_on, stats["hibob"].look_ups) == (False, 1)
    assert len(stats) == 15


class AwayNotes:
    """The notes of a store that is away, then back, then away again."""

    def __init__(self):
        self.away = True

    def delivered(self, source, at):
        if self.away:
            raise StoreAwayError("away")

    def refused(self, source, cause, at):
        self.delivered(source, at)


def test_a_note_that_cannot_be_written_is_logged_once_an_outage(desk):
    intake = desk.note_delivery.__self__
    notes = intake._notes = AwayNotes()

    with capture_logs() as logs:
        for away in (True, True, False, True):
            notes.away = away
            desk.note_delivery("okta", NOW)
            desk.note_refusal("okta", "header", NOW)

    assert [one["event"] for one in logs] == ["source.not_noted"] * 2


def test_a_refusal_says_nothing_that_was_sent(ask, client):
    answer = ask.event(DEPARTED, secret="whsec_" + "b29v" * 10)

    assert answer.status_code == 401
    assert client.hgetall("offboard:source:standard")["last_refused_why"] == "signature"


@pytest.fixture
def ask(make_desk, settings):
    return Asking(make_desk, settings)


class Asking:
    """The front door on the desk as it is."""

    def __init__(self, make_desk, settings):
        self.make_desk, self.settings = make_desk, settings
        self.people = ()

    def open(self, path, **how):
        digest = hashlib.sha256(b"ofb_op").hexdigest()
        given = {
            "api_tokens": (Token("op", "operator", digest, None),),
            "identity_map_file": self.people,
            "sources": Sources(standard=StandardSettings(secret=(Secret(WEBHOOK),))),
        }
        app = create_app(self.settings(**given), self.make_desk(**given))
        return app.test_client().open(path, **how)

    def call(self, path, method="GET"):
        headers = {"Authorization": "Bearer ofb_op"}
        return self.open(path, method=method, headers=headers)

    def event(self, event, *, secret=WEBHOOK, id="msg_1"):
        raw, now = json.dumps(event), datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, now, raw),
            "Content-Type": "application/json",
        }
        return self.open("/events/standard", method="POST", data=raw, headers=headers)


def test_an_event_nobody_can_act_on_is_kept_mended_and_replayed(ask):
    taken, repeated = ask.event(DEPARTED), ask.event(DEPARTED)
    [kept] = ask.call("/api/quarantine").json["quarantine"]
    still = ask.call(f"/api/quarantine/{kept['id']}/replay", "POST")
    ask.people = (MappedPerson(None, (DANA.email,), ("E-157-dana",)),)

    replayed = ask.call(f"/api/quarantine/{kept['id']}/replay", "POST")

    assert [one.status_code for one in (taken, repeated)] == [202, 202]
    assert (still.status_code, still.json["reason"]) == (409, "unknown_person")
    assert replayed.status_code == 202
    [case_id] = replayed.json["cases"]
    shown = ask.call(f"/api/cases/{case_id}").json
    assert shown["leaver"]["email"] == DANA.email
    assert ask.call("/api/quarantine").json["quarantine"] == []
    again = ask.call(f"/api/quarantine/{kept['id']}/replay", "POST")
    assert again.status_code == 404


def test_what_the_sender_mended_and_sent_again_goes_by_itself(ask):
    ask.event(DEPARTED)
    mended = {
        "type": "user.departed",
        "data": {"subjects": [{"format": "email", "email": DANA.email}]},
    }

    answer = ask.event(mended)

    assert len(answer.json["cases"]) == 1
    assert ask.call("/api/quarantine").json["quarantine"] == []


def everything_in(client):
    """Every name and every value of the store, as one text."""
    found = []
    for key in client.scan_iter("*"):
        match client.type(key):
            case "hash":
                found.append((key, client.hgetall(key)))
            case "zset":
                found.append((key, client.zrange(key, 0, -1)))
            case _:
                found.append((key, client.get(key)))
    return str(found)


def test_nothing_that_was_quarantined_can_be_read_in_the_store(ask, client):
    ask.event(DEPARTED)
    ask.event(DEPARTED | {"data": {"subjects": "dana"}}, id="msg_2")
    client.set("offboard:control", "planted: E-157-dana")

    text = everything_in(client)

    assert len(ask.call("/api/quarantine").json["quarantine"]) == 2
    assert text.count("dana") == text.count("E-157") == 1


DIGEST = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


def test_the_ledger_has_the_digest_of_the_delivery_that_opened_a_case(desk, cases):
    case_id = desk.hear(found(), delivery_sha256=DIGEST)

    [entry] = cases.ledger(case_id)
    assert (entry.what, entry.delivery_sha256) == ("case.opened_open", DIGEST)


def test_so_have_the_entries_of_what_joins_a_case_and_takes_it_back(desk, cases, clock):
    case_id = desk.hear(found(), delivery_sha256="a" * 64)
    desk.hear(found("okta:2"), delivery_sha256="b" * 64)
    back = replace(found("okta:3"), kind=HeardKind.REACTIVATED, occurred_at=clock())
    desk.hear(back, delivery_sha256="c" * 64)

    told = {one.what: one.delivery_sha256 for one in cases.ledger(case_id)}
    assert told["departure.joined"] == "b" * 64
    assert told["departure.withdrawn"] == "c" * 64


def test_what_came_without_a_body_at_hand_has_no_digest(desk, cases):
    case_id = desk.hear(found())

    assert cases.ledger(case_id)[0].delivery_sha256 is None
