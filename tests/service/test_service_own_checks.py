"""Each slip in the front door's settings, and the line of the doctor that names it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW, SETTINGS, token

from config.accounts import AccountSettings
from config.settings import MappedPerson, RoleOf, Secret, Settings, SlackUser
from service.own_checks import own_checks
from service.source_checks import source_checks
from workers.offboarding.health import Verdict
from workers.offboarding.intake import SourceNote, SourceStats

SOUND = replace(
    SETTINGS,
    armed=True,
    store_url="rediss://store.example.com/0",
    slack_bot_token=Secret("xoxb-1"),
    slack_channel_id="C1",
    public_url="https://offboard.example.com",
)
ONE_PERSON = (token("a", "approver", "t1", "sam"), token("b", "operator", "t2", "sam"))
HELD_BACK = (AccountSettings("acc1"), AccountSettings("acc2", armed=False))


def named(settings):
    return {one.what: one for one in own_checks(settings)}


def test_where_nothing_is_wrong_every_line_is_ok():
    assert {one.verdict for one in own_checks(SOUND)} == {Verdict.OK}


SLIPS = {
    "a store that may lose something": (
        {"store_unsafe": True},
        "store_unsafe",
        Verdict.WARNING,
        "it was accepted that the store may lose departures",
    ),
    "not armed": (
        {"armed": False},
        "armed",
        Verdict.WARNING,
        "every case is a dry run",
    ),
    "no channel": (
        {"slack_bot_token": None},
        "report_channels",
        Verdict.WARNING,
        "No report channel is set up",
    ),
    "no public address": (
        {"public_url": None},
        "public_url",
        Verdict.WARNING,
        "OFFBOARD_PUBLIC_URL is not set",
    ),
    "pages without TLS": (
        {"public_url": "http://offboard.example.com"},
        "public_url",
        Verdict.WARNING,
        "an address without TLS",
    ),
    "nobody who may approve": (
        {"api_tokens": (token("a", "operator", "t1"), token("b", "operator", "t2"))},
        "api_tokens",
        Verdict.FAILED,
        "No token has the role approver",
    ),
    "no token at all": ({"api_tokens": ()}, "api_tokens", Verdict.FAILED, "No token"),
    "one person alone": (
        {"api_tokens": ONE_PERSON},
        "api_tokens",
        Verdict.WARNING,
        "nobody approves what they asked for themselves",
    ),
    "a store without TLS": (
        {"store_url": "redis://:planted-pw@store.example.com/0"},
        "tls",
        Verdict.WARNING,
        "OFFBOARD_STORE_URL has no TLS",
    ),
    "a broker without TLS": (
        {"broker_url": "redis://:planted-pw@broker.example.com/1"},
        "tls",
        Verdict.WARNING,
        "OFFBOARD_BROKER_URL has no TLS",
    ),
    "a RabbitMQ without TLS": (
        {"broker_url": "amqp://offboard:planted-pw@broker.example.com/offboard"},
        "tls",
        Verdict.WARNING,
        "OFFBOARD_BROKER_URL has no TLS",
    ),
    "mail without TLS": (
        {"smtp_host": "mail.example.com", "smtp_security": "none"},
        "tls",
        Verdict.WARNING,
        "OFFBOARD_SMTP_SECURITY is none",
    ),
    "no identity map": ({}, "identity_map", Verdict.OK, "by exact e-mail or IAM ID"),
}


@pytest.mark.parametrize(("slip", "what", "verdict", "text"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_named_with_what_mends_it(slip, what, verdict, text):
    found = named(replace(SOUND, **slip))[what]

    assert (found.verdict, text in found.text) == (verdict, True)
    assert (found.mend is None) == (verdict is Verdict.OK)
    assert "planted-pw" not in repr(found)


@pytest.mark.parametrize(
    "beside",
    [
        {"store_url": "redis://127.0.0.1:6379/0"},
        {"store_url": "embedded:var/store"},
        {"smtp_host": "localhost", "smtp_security": "none"},
    ],
)
def test_what_does_not_leave_this_machine_needs_no_tls(beside):
    assert "tls" not in named(replace(SOUND, **beside))


def test_an_account_that_is_held_back_is_named():
    found = [
        (one.account_id, one.verdict)
        for one in own_checks(replace(SOUND, accounts_file=HELD_BACK))
        if one.what == "armed"
    ]

    assert found == [(None, Verdict.OK), ("acc2", Verdict.WARNING)]


def test_the_identity_map_is_counted():
    person = MappedPerson(("dana@hr.example.com", "dana.lee@example.com"))

    found = named(replace(SOUND, identity_map_file=(person,)))["identity_map"]

    assert found.text == "It names 1 person."


def a_source(is_on=True, *, silent=False, hours=None, kept=0, **note):
    return SourceStats("okta", is_on, SourceNote(**note), hours, silent, 0, kept)


def lines_of(*sources):
    return {one.what: one for one in source_checks(sources)}


def test_a_source_that_was_never_heard_is_named_with_what_it_was_refused_for():
    found = lines_of(a_source(refused=3, last_refused_why="signature"))["source_okta"]

    assert found.verdict is Verdict.WARNING
    assert found.text == (
        "It is on, and no delivery was ever taken from it. 3 deliveries refused, the "
        "last for: signature."
    )
    assert "docs/sources/okta.md" in found.mend
    assert found.command == "offboard source send okta"


def test_a_silent_source_is_a_fault():
    heard = a_source(silent=True, hours=24.0, last_delivered_at=NOW - timedelta(days=3))

    found = lines_of(heard)["source_okta"]

    assert found.verdict is Verdict.FAILED
    assert "silent: it is expected every 24 h" in found.text


def test_a_source_that_speaks_is_ok_and_what_waits_of_it_is_told():
    found = lines_of(a_source(last_delivered_at=NOW, kept=2))

    assert found["source_okta"].verdict is Verdict.OK
    assert found["quarantine"].text.startswith("2 deliveries of okta could not be")
    assert found["quarantine"].command == "offboard quarantine list"


def test_without_any_source_nobody_tells_who_leaves():
    found = lines_of(a_source(is_on=False))

    assert list(found) == ["sources"]
    assert found["sources"].verdict is Verdict.WARNING


def test_the_settings_as_they_come_are_checked_without_a_fault():
    assert len(own_checks(Settings())) == 5


# approvers of accounts


def of_account(*people, **changed):
    account = AccountSettings("acc1", approvers=people)
    found = own_checks(replace(SOUND, accounts_file=(account,), **changed))
    return [one for one in found if one.what == "account_approvers"]


def test_an_approver_whom_nobody_can_be_is_named_by_account():
    [check] = of_account("Sam", "samm", "kim")

    assert (check.verdict, check.account_id) == (Verdict.WARNING, "acc1")
    assert check.text.startswith("samm, kim are to decide about this account, and no")


def test_an_account_about_which_nobody_can_decide_is_a_fault():
    [check] = of_account("samm")

    assert check.verdict is Verdict.FAILED


def test_who_is_an_operator_only_decides_about_no_account():
    [check] = of_account("helpdesk", "sam")

    assert check.text.startswith("helpdesk is to decide")


def test_who_is_an_approver_in_slack_or_by_sign_in_is_known():
    slack = SlackUser("T0123", "U0456", "approver", "kim")
    user = RoleOf("lead@example.com", "approver")

    assert not of_account("kim", slack_users=(slack,))
    assert not of_account("lead@example.com", auth_mode="oidc", auth_users=(user,))
    # Who is named for a way to sign in that is not set up cannot sign in by it.
    assert of_account("lead@example.com", auth_users=(user,))


def test_where_a_group_makes_approvers_nobody_can_be_missed():
    group = RoleOf("platform-leads", "approver")

    assert not of_account("anybody", auth_mode="oidc", auth_roles=(group,))
