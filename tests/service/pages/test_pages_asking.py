"""What people ask by a form: a departure, an adoption, a blind spot."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from factories import DALLAS, DANA, FRANKFURT, a_case_target, a_target
from fake_desk import NOW, SETTINGS
from page_scenes import HASH, HOSTILE, ID, a_page_case

from config.accounts import AccountSettings, FunctionalIdRule
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import Dependence, Exposure, Holding, ReadingKind
from workers.offboarding.model import (
    Adoption,
    BlindSpot,
    CaseKind,
    CaseResult,
    CaseStatus,
    Leaver,
    Outcome,
    Plan,
    Scope,
)

USER = "dana.lee@example.com"
PLACE = {"account_id": "acct1", "region": "us-south", "resource_group": "dark-id"}


def planned(**changes):
    """A dry run that showed what would be done."""
    target = a_case_target(DALLAS).ended(Outcome.PLANNED, NOW)
    made = a_page_case(
        target,
        leaver=Leaver(USER),
        status=CaseStatus.SETTLED,
        settled_at=NOW,
        result=CaseResult.PLANNED,
        dry_run=True,
        is_dry_as_asked=True,
        plan=Plan(HASH, NOW),
    )
    return replace(made, **changes)


def fields_of(page, path):
    form = page.split(f'action="{path}"')[1].split("</form>")[0]
    found = re.findall(r'name="([^"]+)"(?: type="\w+")? value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def exposed(*more):
    holdings = (
        Holding(DALLAS, ReadingKind.OWNER, DANA, checked_at=NOW),
        Holding(FRANKFURT, ReadingKind.OWNER, DANA, checked_at=NOW),
        *more,
    )
    return Exposure(holdings, (Dependence(DANA, 2, 2, False),), 1, 0, NOW)


def dark(name="dark"):
    target = a_target(group=name)
    return Holding(target, ReadingKind.UNREAD, reason=Reason.UNREACHABLE)


def test_the_form_asks_for_a_dry_run_first(sign_in, desk):
    page = sign_in("ofb_operator").get(f"/new?user={USER}").get_data(as_text=True)

    # What the Enter key presses is the first button of a form.
    first = re.findall(r'<button[^>]*type="submit"[^>]*>', page.split("/new")[1])[0]
    assert 'name="dry_run" value="1"' in first
    assert f'value="{USER}"' in page
    assert desk.departures == []


def test_a_dry_run_is_opened_as_it_was_asked_for(sign_in, press, desk):
    answer = press(
        sign_in("ofb_operator"),
        "/new",
        user=" Dana.Lee@example.com ",
        reason="resignation",
        effective_at="2026-03-01T17:30",
        regions="us-south, eu-de,",
        resource_groups="payments",
        dry_run="1",
    )

    (asked,) = desk.departures
    assert answer.headers["Location"].startswith("/cases/01KHJ2V0W8Q3RZ5T7X9YABC000")
    assert asked.leaver == Leaver(USER)
    assert asked.dry_run is True
    assert asked.reason == "resignation"
    assert asked.effective_at == datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    assert asked.scope == Scope(("us-south", "eu-de"), ("payments",))
    assert (asked.actor, asked.person, asked.source) == ("helpdesk", "helpdesk", "api")


def test_without_the_word_for_a_dry_run_it_is_real(sign_in, press, desk):
    press(sign_in("ofb_operator"), "/new", user=USER)

    (asked,) = desk.departures
    assert asked.dry_run is False
    assert asked.effective_at is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("user", ""),
        ("user", "nonsense"),
        ("user", "iam-ServiceId-1"),
        ("user", HOSTILE),
        ("reason", "x" * 501),
        ("reason", "a\x00b"),
        ("effective_at", "tomorrow"),
        ("effective_at", "2026-13-01T00:00"),
        ("effective_at", "2029-01-01T00:00"),
        ("effective_at", "1999-01-01T00:00"),
        ("regions", "US South"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_opens_nothing(
    sign_in, press, desk, field, given
):
    answer = press(
        sign_in("ofb_operator"), "/new", **{"user": USER, "dry_run": "1", field: given}
    )

    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert f'id="fault-{field}"' in page
    assert 'role="alert"' in page
    assert "<script>alert" not in page
    assert desk.departures == []


def test_a_protected_person_is_refused_in_words(sign_in, press, desk):
    desk.protected = {USER}

    answer = press(sign_in("ofb_operator"), "/new", user=USER, reason="kept")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "This person is protected." in page
    assert 'value="kept"' in page


def test_a_form_that_is_sent_twice_asks_once(sign_in, press, desk):
    client = sign_in("ofb_operator")
    fields = fields_of(client.get("/new").get_data(as_text=True), "/new")
    again = {"once": fields["once"], "user": USER}

    first = press(client, "/new", **again)
    second = press(client, "/new", **again)

    assert first.headers["Location"] == second.headers["Location"]
    assert len(desk.departures) == 1


def test_what_a_dry_run_showed_is_done_by_one_button(sign_in, press, desk):
    later = NOW + timedelta(days=30)
    desk.put(
        planned(
            effective_at=later,
            reason="resignation",
            scope=Scope(("us-south",), ("payments", "web")),
        )
    )
    client = sign_in("ofb_operator")
    page = client.get(f"/cases/{ID}").get_data(as_text=True)
    form = page.split('action="/new"')[1].split("</form>")[0]
    groups = re.findall(r'name="resource_groups" value="([^"]*)"', form)

    press(client, "/new", **{**fields_of(page, "/new"), "resource_groups": groups})

    (asked,) = desk.departures
    assert asked.dry_run is False
    assert asked.leaver == Leaver(USER)
    assert asked.reason == "resignation"
    assert asked.effective_at == later.replace(second=0, microsecond=0)
    assert asked.scope == Scope(("us-south",), ("payments", "web"))


@pytest.mark.parametrize(
    ("case", "token"),
    [
        (planned(), "ofb_viewer"),
        # Not asked for by anybody as a dry run: the service is not armed.
        (planned(is_dry_as_asked=False), "ofb_operator"),
        (planned(status=CaseStatus.OPEN, result=None), "ofb_operator"),
        (planned(dry_run=False, result=CaseResult.SAFE), "ofb_operator"),
        (
            planned(kind=CaseKind.ADOPTION, adoption=Adoption("acct1")),
            "ofb_operator",
        ),
    ],
)
def test_no_other_case_has_that_button(sign_in, desk, case, token):
    desk.put(case)

    page = sign_in(token).get(f"/cases/{ID}").get_data(as_text=True)

    assert 'action="/new"' not in page
    assert 'action="/adopt"' not in page


def test_an_approver_takes_over_from_the_exposure_page(sign_in, press, desk):
    desk.exposed = exposed()
    client = sign_in()
    page = client.get("/exposure").get_data(as_text=True)
    way = html.unescape(re.search(r'href="(/adopt[^"]+)"', page)[1])

    form = client.get(way).get_data(as_text=True)
    fields = fields_of(form, "/adopt")
    assert {"us-south", "eu-de"} <= set(
        re.findall(r'name="regions" value="([^"]+)"', form)
    )
    answer = press(client, "/adopt", **{**fields, "regions": "us-south"})

    (asked,) = desk.adoptions
    assert answer.status_code == 303
    assert asked.dry_run is True
    assert asked.leaver == Leaver(iam_id="IBMid-1")
    assert asked.adoption == Adoption("acct1", None, has_from=True)
    assert asked.scope == Scope(("us-south",), ())
    assert (asked.actor, asked.person) == ("lead", "sam")


def test_what_it_showed_is_taken_over_by_one_button(sign_in, press, desk):
    adoption = Adoption("acct1", "iks-functional-1", has_from=True)
    desk.put(
        planned(
            kind=CaseKind.ADOPTION,
            adoption=adoption,
            leaver=Leaver(iam_id="IBMid-1"),
            named=Leaver(iam_id="IBMid-1"),
        )
    )
    client = sign_in()
    page = client.get(f"/cases/{ID}").get_data(as_text=True)

    press(client, "/adopt", **fields_of(page, "/adopt"))

    (asked,) = desk.adoptions
    assert asked.dry_run is False
    assert asked.adoption == adoption
    assert asked.leaver == Leaver(iam_id="IBMid-1")


def test_only_approvers_find_the_way_to_take_over(sign_in, desk):
    desk.exposed = exposed()

    page = sign_in("ofb_operator").get("/exposure").get_data(as_text=True)

    assert "/adopt" not in page


@pytest.fixture
def with_account(an_app, desk):
    rules = (FunctionalIdRule("iks-functional-1"),)
    account = AccountSettings("acct1", name=HOSTILE, rules=rules)
    return an_app(replace(SETTINGS, accounts_file=(account,)), desk)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"account_id": ""}, "account_id"),
        ({"account_id": "a b"}, "account_id"),
        ({"from": "nonsense"}, "from"),
        ({"from": HOSTILE}, "from"),
        ({"functional_id": "\x00"}, "functional_id"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_an_adoption_that_cannot_be_asked_for_is_said_at_its_field(
    sign_in, press, desk, changed, field
):
    answer = press(sign_in(), "/adopt", **{"account_id": "acct1", **changed})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in page
    assert "<script>alert" not in page
    assert desk.adoptions == []


def test_an_account_that_is_not_here_is_refused_in_words(sign_in, press, desk):
    desk.unknown_accounts = {"acct9"}

    answer = press(sign_in(), "/adopt", account_id="acct9")

    assert answer.status_code == 409
    assert "There is no such account." in answer.get_data(as_text=True)


def test_the_accounts_and_functional_ids_that_are_known_can_be_chosen(
    with_account, desk
):
    client = with_account.test_client()
    client.post(
        "/login",
        data={"token": "ofb_approver"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    page = client.get("/adopt").get_data(as_text=True)

    assert '<option value="acct1" selected>&lt;script&gt;' in page
    assert "<option>iks-functional-1</option>" in page


def test_a_target_that_was_not_seen_is_accepted_for_a_while(sign_in, press, desk):
    desk.exposed = exposed(dark())
    client = sign_in()
    page = client.get("/blind-spots").get_data(as_text=True)
    fields = fields_of(page, "/blind-spots")

    answer = press(
        client, "/blind-spots", **{**fields, "reason": "rebuilt", "days": "7"}
    )

    assert answer.headers["Location"] == "/blind-spots?did=accept"
    assert desk.spots == {
        "acct1/us-south/dark-id": BlindSpot(
            "acct1/us-south/dark-id", "rebuilt", "lead", NOW, NOW + timedelta(days=7)
        )
    }
    page = client.get("/blind-spots").get_data(as_text=True)
    assert "rebuilt" in page
    assert "in 7 days" in page
    assert "saw every other target" in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"days": "31"}, "days"),
        ({"days": "0"}, "days"),
        ({"days": "-1"}, "days"),
        ({"days": "1.5"}, "days"),
        ({"days": "²"}, "days"),
        ({"days": ""}, "days"),
        ({"region": "../x"}, "region"),
        ({"resource_group": HOSTILE}, "resource_group"),
    ],
)
def test_a_blind_spot_that_cannot_be_accepted_is_said_at_its_field(
    sign_in, press, desk, changed, field
):
    desk.exposed = exposed(dark())

    answer = press(
        sign_in(), "/blind-spots", **{**PLACE, "reason": "why", "days": "7", **changed}
    )

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f"<code>{field}</code>" in page
    assert "<script>alert" not in page
    assert desk.spots == {}


def test_an_acceptance_is_withdrawn(sign_in, press, desk):
    target = "acct1/us-south/dark-id"
    until = NOW + timedelta(days=7)
    desk.spots[target] = BlindSpot(target, HOSTILE, "lead", NOW, until)
    client = sign_in()

    page = client.get("/blind-spots").get_data(as_text=True)
    answer = press(client, "/blind-spots/withdraw", **PLACE)
    again = press(client, "/blind-spots/withdraw", **PLACE)

    assert "<script>alert" not in page
    assert answer.headers["Location"] == "/blind-spots?did=withdraw"
    assert again.headers["Location"] == "/blind-spots?did=none"
    assert desk.spots == {}


def test_a_viewer_reads_of_blind_spots_and_decides_nothing(sign_in, desk):
    desk.exposed = exposed(dark())
    target = "acct1/us-south/other-id"
    desk.spots[target] = BlindSpot(target, "why", "lead", NOW, NOW)

    page = sign_in("ofb_viewer").get("/blind-spots").get_data(as_text=True)

    assert "why" in page
    assert 'action="/blind-spots' not in page
