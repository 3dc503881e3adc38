"""The doctor's page: the lines of the command line, the worst first."""

import html
from dataclasses import replace

from fake_desk import NOW, SETTINGS

from config.accounts import AccountSettings
from service.context import Context, give_context
from workers.offboarding.health import Check, Verdict

CHECKS = (
    Check("key_list", Verdict.UNPROVEN, "Not <whole>.", "Grant it.", "ibmcloud x"),
    Check("slack", Verdict.FAILED, "Slack does not take it.", "Make another."),
)


def test_the_page_has_every_line_that_the_api_has(client, sign_in, desk, as_operator):
    desk.checks = CHECKS
    lines = client.get("/api/doctor", headers=as_operator).json["checks"]

    page = sign_in("ofb_operator").get("/doctor").get_data(as_text=True)

    assert len(lines) > 8
    for one in lines:
        assert html.escape(one["text"]) in page
    assert page.index("Slack does not take it.") < page.index("Not &lt;whole&gt;.")
    assert "could not see</span>" in page


def test_what_is_in_order_is_folded_behind_what_is_not(sign_in, desk):
    desk.checks = (*CHECKS, Check("mail", Verdict.OK, "It takes us."))

    page = sign_in("ofb_operator").get("/doctor").get_data(as_text=True)

    open_part, folded = page.split("in order</summary>")
    assert "Slack does not take it." in open_part
    assert "It takes us." in folded
    assert "Slack does not take it." not in folded


def test_an_account_is_called_by_its_name(sign_in, app, desk):
    named = AccountSettings("acct1", name="production")
    settings = replace(SETTINGS, accounts_file=(named,))
    give_context(app, Context(settings, desk, lambda: NOW))
    desk.checks = (Check("owners", Verdict.UNPROVEN, "Not all.", account_id="acct1"),)

    page = sign_in("ofb_operator").get("/doctor").get_data(as_text=True)

    assert 'account <span class="name">production</span>' in page


def test_without_a_worker_the_page_shows_what_the_front_door_sees(sign_in, desk):
    desk.checks, desk.age = None, None

    page = sign_in("ofb_operator").get("/doctor").get_data(as_text=True)

    assert "No worker answered in time" in page
    assert "OFFBOARD_PUBLIC_URL is not set" in page
