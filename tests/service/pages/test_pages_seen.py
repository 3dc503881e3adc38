"""Exposure, gate, doctor and settings: what is seen, and what is never shown."""

from dataclasses import replace

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, a_target
from fake_desk import NOW, SECRET
from page_scenes import HOSTILE

from config.settings import AccountSettings, Secret
from service.context import Context, give_context
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import (
    AccountExposure,
    Dependence,
    Exposure,
    GateAnswer,
    Holding,
    ReadingKind,
)
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import KeyOwner, Note, OwnerKind

NASTY = KeyOwner("IBMid-6", HOSTILE, "nasty@example.com", OwnerKind.PERSON)


def exposed(**changes):
    holdings = (
        Holding(FRANKFURT, ReadingKind.OWNER, FID, checked_at=NOW),
        Holding(DALLAS, ReadingKind.OWNER, DANA, checked_at=NOW, has_left=True),
        Holding(a_target(group="web"), ReadingKind.OWNER, NASTY, checked_at=NOW),
        Holding(a_target(group="dark"), ReadingKind.UNREAD, reason=Reason.UNREACHABLE),
    )
    people = (Dependence(NASTY, 1, 1, False), Dependence(DANA, 1, 1, True))
    return replace(Exposure(holdings, people, 2, 1, NOW), **changes)


def test_exposure_says_first_who_left_and_what_was_not_seen(sign_in, desk):
    desk.exposed = exposed()

    page = sign_in("ofb_viewer").get("/exposure").get_data(as_text=True)

    assert "<dt>people who left and still own keys</dt><dd>1</dd>" in page
    assert "<dt>people whose removal would break clusters</dt><dd>2</dd>" in page
    assert "<dt>targets that could not be seen</dt><dd>1</dd>" in page
    assert page.index("Dana Lee") < page.index("alert(1)")
    assert page.index("Owner has left") < page.index('<span class="badge good">')
    assert "<script>alert" not in page


def test_what_no_survey_saw_is_said_and_not_called_nothing(sign_in, desk):
    desk.exposed = Exposure((), (), 0, 0, None)

    page = sign_in().get("/exposure").get_data(as_text=True)

    assert "Not every account was surveyed yet" in page
    assert "No person owns" not in page


def test_why_a_list_may_be_short_stands_on_the_page(sign_in, desk):
    note = Note(Reason.INDEX_STALE, "The oldest survey is of last week.")
    desk.exposed = exposed(notes=(note,))

    page = sign_in().get("/exposure").get_data(as_text=True)

    assert "The oldest survey is of last week." in page


def test_the_gate_says_yes_in_a_word(sign_in, desk):
    page = sign_in().get("/gate?user=dana.lee@example.com").get_data(as_text=True)

    assert "<strong>Yes.</strong>" in page
    assert [str(one) for one, _ in desk.gated] == ["dana.lee@example.com"]


def test_the_gate_says_no_and_what_would_break(sign_in, desk):
    theirs = Note(Reason.OWNS_TARGETS, "They own 1 target.")
    holding = Holding(DALLAS, ReadingKind.OWNER, DANA, checked_at=NOW)
    desk.answer = GateAnswer(HOSTILE, False, (theirs,), (holding,), NOW)

    page = sign_in().get("/gate?user=dana.lee@example.com").get_data(as_text=True)

    assert "<strong>No.</strong>" in page
    assert "They own 1 target." in page
    assert "web-us-south" in page
    assert "<script>alert" not in page


def test_a_reading_that_takes_longer_is_asked_for_again_by_itself(sign_in, desk):
    busy = Note(Reason.READING_UNDER_WAY, "Under way.")
    desk.answer = GateAnswer("dana", False, (busy,), (), NOW)

    page = sign_in().get("/gate?user=dana.lee@example.com").get_data(as_text=True)

    assert "<strong>Not known yet.</strong>" in page
    assert '<meta http-equiv="refresh" content="4">' in page


@pytest.mark.parametrize("user", ["nonsense", "%00", "x" * 300, "iam-ServiceId-1"])
def test_the_gate_is_not_asked_about_what_names_nobody(sign_in, desk, user):
    page = sign_in().get(f"/gate?user={user}").get_data(as_text=True)

    assert 'aria-invalid="true" aria-describedby="fault"' in page
    assert desk.gated == []


def test_a_viewer_is_not_told_which_case_is_in_the_way(sign_in, desk):
    note = Note(Reason.CASE_NOT_SAFE, "Case 01SECRET is scheduled.")
    desk.answer = GateAnswer("dana", False, (note,), (), NOW)

    page = sign_in("ofb_viewer").get("/gate?user=dana.lee@example.com")

    assert "01SECRET" not in page.get_data(as_text=True)


def test_the_doctor_says_what_failed_first_and_how_to_mend_it(sign_in, desk):
    desk.checks = (
        Check("key_list", Verdict.OK, "It is whole."),
        Check("reader", Verdict.FAILED, HOSTILE, mend="Do this.", command="ibmcloud x"),
    )

    page = sign_in("ofb_operator").get("/doctor").get_data(as_text=True)

    assert page.index("Do this.") < page.index("It is whole.")
    assert "<code>ibmcloud x</code>" in page
    assert "<script>alert" not in page


def test_without_a_worker_the_doctor_says_so(sign_in, desk):
    desk.checks = None

    page = sign_in().get("/doctor").get_data(as_text=True)

    assert "No worker answered in time" in page


def test_settings_say_what_is_set_and_no_secret(an_app, desk, settings):
    secret = "xoxb-a-very-secret-token"
    app = an_app(
        replace(settings, slack_bot_token=Secret(secret), max_cases_per_hour=7), desk
    )
    client = app.test_client()
    client.post(
        "/login",
        data={"token": "ofb_operator"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    page = client.get("/settings").get_data(as_text=True)

    assert secret not in page
    assert '<strong class="name">set, not shown</strong>' in page
    assert '<strong class="name">7</strong>' in page
    assert '<span class="plain-name">INFO</span>' in page
    assert settings.api_tokens[0].sha256 not in page
    assert SECRET not in page


def test_a_viewer_sees_no_settings_and_no_way_there(sign_in):
    client = sign_in("ofb_viewer")

    assert client.get("/settings").status_code == 403
    assert 'href="/settings"' not in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("token", "path", "asked"),
    [
        ("ofb_operator", "/pause", (None, True)),
        ("ofb_approver", "/resume", (None, False)),
    ],
)
def test_pause_and_resume_are_for_all_accounts(
    sign_in, press, desk, token, path, asked
):
    answer = press(sign_in(token), path)

    assert answer.headers["Location"] == f"/settings?did={path[1:]}"
    assert desk.paused == [asked]
    assert desk.paused_by[0][1] == answer.headers["X-Request-Id"]


def test_an_operator_may_pause_and_not_resume(sign_in, press, desk):
    page = sign_in("ofb_operator").get("/settings").get_data(as_text=True)

    assert 'action="/pause"' in page
    assert 'action="/resume"' not in page
    assert press(sign_in("ofb_operator"), "/resume").status_code == 403
    assert desk.paused == []


def test_what_holds_resets_back_stands_over_every_page(sign_in, desk):
    page = sign_in().get("/exposure").get_data(as_text=True)

    assert "<strong>Not armed.</strong>" in page


def exposure_page(app, token="ofb_viewer"):  # noqa: S107 - made up
    client = app.test_client()
    client.post(
        "/login",
        data={"token": token},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    return client.get("/exposure").get_data(as_text=True)


def test_in_which_account_a_target_is_stands_there_where_there_are_several(
    an_app, desk, settings
):
    desk.exposed = exposed()
    mine = AccountSettings(DALLAS.account_id, name="production")
    several = (mine, AccountSettings("acct-of-others"))

    page = exposure_page(an_app(replace(settings, accounts_file=several), desk))
    alone = exposure_page(an_app(replace(settings, accounts_file=(mine,)), desk))
    strange = exposure_page(an_app(replace(settings, accounts_file=several[1:]), desk))

    assert page.count('<small class="name">account production</small>') == 4
    assert ">account " not in alone
    assert strange.count(f">account {DALLAS.account_id}<") == 4


def test_taking_over_names_the_account_where_somebody_owns_in_several(
    an_app, desk, settings
):
    elsewhere = replace(DALLAS, account_id="acct-two")
    holdings = tuple(
        Holding(one, ReadingKind.OWNER, DANA, checked_at=NOW)
        for one in (DALLAS, elsewhere)
    )
    desk.exposed = exposed(holdings=holdings, people=(Dependence(DANA, 2, 2, False),))
    mine = AccountSettings(DALLAS.account_id, name="production")
    several = replace(settings, accounts_file=(mine, AccountSettings("acct-two")))

    page = exposure_page(an_app(several, desk), "ofb_approver")

    assert 'in <span class="name">production</span>' in page
    assert 'in <span class="name">acct-two</span>' in page


def some_accounts(many):
    return tuple(
        AccountExposure(
            f"acct{at}",
            name=f"team-{at:02}",
            is_armed=at != 1,
            surveyed_at=NOW,
            is_complete=at != 3,
            reason=Reason.LIST_UNREADABLE if at == 3 else None,
            targets=at,
        )
        for at in range(many)
    )


def test_each_account_has_a_line_and_what_was_not_seen_stands_first(sign_in, desk):
    desk.exposed = exposed(accounts=some_accounts(5))

    page = sign_in("ofb_viewer").get("/exposure").get_data(as_text=True)

    assert "<details open>" in page
    assert "5 accounts, 1 of them not seen whole" in page
    assert page.index("team-03") < page.index("team-00")
    assert page.count("<small>not armed</small>") == 1


def test_forty_accounts_stand_folded(sign_in, desk):
    desk.exposed = exposed(accounts=some_accounts(40))

    page = sign_in("ofb_viewer").get("/exposure").get_data(as_text=True)

    assert "40 accounts" in page
    assert "<details open>" not in page


def test_a_page_of_one_account_says_so_and_leads_back(sign_in, desk):
    desk.exposed = exposed(accounts=some_accounts(5))

    page = sign_in("ofb_viewer").get("/exposure?account_id=acct3")
    text = page.get_data(as_text=True)

    assert 'Only <b class="name">team-03</b>. <a href="/exposure">' in text
    assert "5 accounts" not in text


def test_a_page_of_an_account_that_is_not_here_is_not_found(sign_in, desk):
    desk.exposed = exposed(accounts=some_accounts(5))

    assert sign_in("ofb_viewer").get("/exposure?account_id=x").status_code == 404


def test_settings_show_each_account_s_room_and_approvers(app, desk, settings, sign_in):
    roomy = AccountSettings(
        "b1f3",
        name="production",
        slack_channel_id="C0123ABCD",
        mail_to=("team@example.com",),
        approvers=("kim", "<b>lee"),
    )
    several = (roomy, AccountSettings("c2d4"))
    shown = replace(settings, accounts_file=several)
    give_context(app, Context(shown, desk, lambda: NOW))

    page = sign_in("ofb_operator").get("/settings").get_data(as_text=True)

    assert "Slack <code>C0123ABCD</code>" in page
    assert "team@example.com" in page
    assert "&lt;b&gt;lee" in page
    assert "<small>any approver</small>" in page
