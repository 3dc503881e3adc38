"""What a scrape reads of the store: all of it, in few calls, whatever is there."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from config.accounts import AccountSettings, FunctionalIdRule
from workers.app import Sender, make_app
from workers.desk.opening import open_store, scraping_on
from workers.desk.scraping import Known, Scraping
from workers.offboarding.errors import Reason, StoreAwayError
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.key_uses import KeyUse, WorkerWord
from workers.offboarding.metric import Kind
from workers.offboarding.metrics import BY_NAME, METRICS
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    Note,
    OwnerKind,
    ResourceGroup,
    Step,
    Target,
    Work,
)
from workers.store.budget import Budget
from workers.store.connection import connect
from workers.store.damaged import Damaged
from workers.store.key_uses import KeyUses
from workers.store.metrics import Counts
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches

NOW = datetime.now(UTC).replace(microsecond=0)
DANA = KeyOwner("IBMid-1", "Dana Lee", kind=OwnerKind.PERSON)
STEWARD = KeyOwner("IBMid-9", "steward", kind=OwnerKind.FUNCTIONAL_ID)
RULES = (
    AccountSettings("acc1", name="production", rules=(FunctionalIdRule("steward"),)),
    AccountSettings("acc2", name='odd "one"\n', armed=False),
)


def now_ms():
    return round(datetime.now(UTC).timestamp() * 1000)


def a_scraping(client, rules=RULES, depth=lambda: 3):
    known = Known(rules, armed=True, sources=("okta",), limit=120)
    return Scraping(
        Counts(client),
        Owners(client),
        SurveyNotes(client),
        known,
        broker_depth=depth,
        key_words=KeyUses(client).words,
    )


def values(samples):
    return {(one.metric.name, *one.labels): one.value for one in samples}


def scraped(client, *start, **how):
    """What a scrape shows under a name, by the labels behind *start*."""
    found = values(a_scraping(client, **how).scrape())
    return {
        name[len(start) :]: value
        for name, value in found.items()
        if name[: len(start)] == start
    }


def a_holding(region, owner, *, reading=ReadingKind.OWNER, clusters=1, **more):
    target = Target(
        "acc1",
        region,
        ResourceGroup("g", "payments"),
        tuple(Cluster(f"c{n}", "web", "vpc-gen2") for n in range(clusters)),
    )
    return Holding(target, reading, owner, checked_at=NOW, **more)


def put(client, *holdings, account="acc1", **more):
    index = AccountIndex(account, holdings, NOW, has_people=True, **more)
    Owners(client).put(index, [])


def test_an_empty_store_shows_every_series_that_needs_no_event_as_nought(client):
    found = values(a_scraping(client).scrape())

    assert found["offboard_store_up",] == 1
    assert found["offboard_cases_total", "webhook", "safe"] == 0
    assert found["offboard_targets_total", "acc1", "failed", ""] == 0
    assert found["offboard_webhook_requests_total", "okta", "bad_signature"] == 0
    assert found["offboard_cases_open", "waiting"] == 0
    assert found["offboard_oldest_open_case_seconds",] == 0
    assert found["offboard_paused", ""] == 0
    assert ("offboard_sweep_age_seconds",) not in found


def test_the_accounts_are_named_with_whether_they_may_be_written_to(client):
    assert scraped(client, "offboard_account_info") == {
        ("acc1", "production", "true"): 1,
        ("acc2", 'odd "one"\n', "false"): 1,
    }


def test_of_two_keys_in_use_the_age_of_the_older_one_is_shown(client):
    uses, now = KeyUses(client), datetime.now(UTC)
    for worker, days in (("w1", 10), ("w2", 80)):
        made_at = now - timedelta(days=days)
        use = KeyUse(
            "acc1", "steward", now, "IBMid-9", f"ApiKey-{days}", made_at=made_at
        )
        unseen = KeyUse("acc1", "reader", now, "IBMid-8", "ApiKey-1", unseen="403")
        uses.say(WorkerWord(worker, now, (use, unseen)))

    [(label, age)] = scraped(client, "offboard_api_key_age_seconds").items()

    assert label == ("acc1", "steward")
    assert age == pytest.approx(80 * 86_400, abs=600)


def test_targets_are_shown_by_whose_they_are(client):
    put(
        client,
        a_holding("a", DANA, has_left=True),
        a_holding("b", DANA),
        a_holding("c", STEWARD),
        a_holding("d", DANA, reading=ReadingKind.UNREAD, reason=Reason.NO_ROLE),
        a_holding("e", None, reading=ReadingKind.NONE),
    )

    assert scraped(client, "offboard_exposed_targets", "acc1") == {
        ("person",): 2,
        ("functional_id",): 1,
        ("service_id",): 0,
        ("unknown",): 0,
        ("unread",): 1,
    }
    assert scraped(client, "offboard_leaver_targets") == {("acc1",): 1, ("acc2",): 0}
    assert scraped(client, "offboard_departures_from_outage") == {(): 1}


def test_functional_ids_are_shown_with_what_is_left_of_them(client):
    weak = (Note(Reason.FEW_KEY_SLOTS, "18 of 20"),)
    put(
        client,
        functional_ids=(
            FunctionalIdState("acc1", STEWARD, NOW, "steward", keys=18, weak=weak),
            FunctionalIdState("acc1", DANA, NOW, "unseen", keys=None),
        ),
    )

    assert scraped(client, "offboard_functional_ids_weak", "acc1") == {(): 1}
    assert scraped(client, "offboard_functional_id_free_key_slots") == {
        ("acc1", "steward"): 2
    }


def test_an_account_is_up_once_a_survey_read_it_and_until_one_does_not(client):
    notes, when = SurveyNotes(client), NOW - timedelta(hours=2)
    surveyed = "offboard_account_last_complete_survey_timestamp_seconds"

    def shown():
        up = scraped(client, "offboard_account_up", "acc1")
        return up[()], scraped(client, surveyed, "acc1")[()]

    assert shown() == (0, 0)
    notes.began("acc1", when)
    put(client)
    notes.worked("acc1", when)
    assert shown() == (1, when.timestamp())
    notes.began("acc1", NOW)
    assert shown() == (1, when.timestamp())
    notes.failed("acc1", "The user list could not be read.")
    assert shown() == (0, when.timestamp())


def test_a_store_from_before_knows_when_its_last_survey_began(client):
    put(client)

    shown = scraped(client, "offboard_account_last_complete_survey_timestamp_seconds")

    assert shown == {("acc1",): NOW.timestamp(), ("acc2",): 0}


def test_an_account_that_is_gone_is_shown_no_more(client):
    owners = Owners(client)
    owners.know(["acc1", "acc9"])
    SurveyNotes(client).worked("acc9", NOW)
    put(client, account="acc9")
    assert ("acc9",) in scraped(client, "offboard_account_up")

    owners.know(["acc1"])

    assert ("acc9",) not in scraped(client, "offboard_account_up")
    assert client.hgetall("offboard:survey:complete") == {}


def test_what_stands_in_the_store_is_counted_there(client):
    Switches(client).pause(account_id="acc2")
    Damaged(client).met(["01A", "01B"])
    client.zadd("offboard:braked", {"01C": 1, "01D": 2, "01E": 3})
    client.zadd("offboard:quarantine", {"q1": 0})
    client.zadd("offboard:notices:due", {"n|slack": 1, "n|mail": 9e15})
    client.zadd("offboard:due", {"01A|plan|": 1, "01B|plan|": 9e15})
    client.zadd("offboard:stuck", {"01A": 1})
    client.set("offboard:swept", now_ms() - 5_000)
    Budget(client, 120).take(60)

    found = values(a_scraping(client).scrape())

    assert scraped(client, "offboard_paused") == {("",): 0, ("acc1",): 0, ("acc2",): 1}
    assert found["offboard_damaged_cases",] == 2
    assert (found["offboard_brake_on",], found["offboard_brake_waiting",]) == (1, 3)
    assert found["offboard_quarantine_waiting",] == 1
    assert found["offboard_notices_pending",] == 2
    assert found["offboard_queue_depth", "notice"] == 1
    assert found["offboard_queue_depth", "due"] == 1
    assert found["offboard_queue_depth", "broker"] == 3
    assert found["offboard_stuck_cases",] == 1
    assert found["offboard_budget_used_ratio",] == 0.5
    assert 5 <= found["offboard_sweep_age_seconds",] < 15


def test_workers_are_shown_with_their_silence_and_beat_is_not(client):
    at = now_ms() - 4_000
    for name, kind in (("host-1", "worker"), ("host-2", "beat")):
        record = json.dumps({"kind": kind, "at": at, "since": at, "version": "1"})
        client.hset("offboard:heartbeats", name, record)

    shown = scraped(client, "offboard_worker_heartbeat_age_seconds")

    assert set(shown) == {("host-1",)}
    assert 4 <= shown["host-1",] < 14


def test_a_broker_that_is_away_costs_its_own_line_alone(client):
    shown = scraped(client, "offboard_queue_depth", depth=lambda: None)

    assert ("due",) in shown
    assert ("broker",) not in shown


def test_messages_that_wait_in_the_broker_are_counted(settings, store_place, client):
    app = make_app(store_place.broker_url)
    sender = Sender(app)
    assert sender.depth() == 0

    sender.send(*[Work("01A", step) for step in (Step.PLAN, Step.DELIVER)])

    assert sender.depth() == 2
    app.close()


def test_a_broker_that_is_not_there_has_no_depth():
    app = make_app("redis://127.0.0.1:1/0")

    assert Sender(app).depth() is None
    app.close()


def test_a_store_that_is_away_is_said_and_not_taken_for_an_empty_one():
    away = a_scraping(connect("redis://127.0.0.1:1/0"))

    with pytest.raises(StoreAwayError):
        away.scrape()
    assert [one.labels[0] for one in away.accounts()] == ["acc1", "acc2"]


def commands_of_a_scrape(client, cases, accounts=40):
    """Count what the server did for one scrape, within its script too."""
    client.flushall()
    rules = tuple(AccountSettings(f"acc{n}") for n in range(accounts))
    for at in range(0, cases, 10_000):
        some = range(at, min(at + 10_000, cases))
        client.zadd("offboard:index:status:open", {f"{n:026}": 0 for n in some})
    head = {"received_at": "2026-11-01T00:00:00Z", "starts_at": "2026-11-01T00:00:00Z"}
    client.hset(f"offboard:case:{0:026}", "head", json.dumps(head))
    scraping = a_scraping(client, rules)
    scraping.scrape()
    client.config_resetstat()
    assert values(scraping.scrape())["offboard_cases_open", "open"] == cases
    return {
        name.removeprefix("cmdstat_"): one["calls"]
        for name, one in client.info("commandstats").items()
        if "config" not in name and "info" not in name
    }


def test_a_scrape_of_a_hundred_thousand_cases_asks_no_more_than_one_of_one(client):
    few = commands_of_a_scrape(client, 1)
    many = commands_of_a_scrape(client, 100_000)

    assert many == few
    # One script, the accounts, the keys in use, and of each of forty its index and how
    # surveys fare.
    assert few["evalsha"] == 1
    assert few["hgetall"] == 5 + 2 * 40
    assert sum(few.values()) == 29 + 2 * 40
    assert not {"scan", "hscan", "sscan", "zscan", "keys"} & set(few)


def test_every_metric_with_a_label_value_is_one_of_the_table(client):
    put(client, a_holding("a", DANA))

    for one in a_scraping(client).scrape():
        assert one.metric is BY_NAME[one.metric.name]
        assert len(one.labels) == len(one.metric.labels)
        assert one.value >= 0


def test_what_another_version_counted_is_left_out(client):
    unknown = {"offboard_unheard_of_total|a": 1, "offboard_cases_total|a": 1}
    Counts(client).add(1, unknown)

    found = values(a_scraping(client).scrape())

    assert not [name for name in found if name[0] == "offboard_unheard_of_total"]
    assert ("offboard_cases_total", "a") not in found


def test_the_web_puts_its_settings_into_what_a_scrape_shows(settings, client):
    given = settings(account_id="acc1", armed=True)
    scraping = scraping_on(open_store(given), given, sender=None)

    assert values(scraping.accounts()) == {
        ("offboard_account_info", "acc1", "", "true"): 1
    }


def test_no_label_names_a_person_a_target_a_case_or_a_cluster():
    labels = {label for one in METRICS for label in one.labels}

    assert not labels & {"user", "target", "case", "case_id", "cluster", "email"}
    assert all(one.buckets for one in METRICS if one.kind is Kind.HISTOGRAM)
