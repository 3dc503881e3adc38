"""The page of one case: what it says, to whom, and what can be pressed."""

import re
from dataclasses import replace

import pytest
from factories import DALLAS
from fake_desk import NOW, SETTINGS
from page_scenes import (
    HASH,
    HOSTILE,
    ID,
    a_page_case,
    attention,
    safe,
    scheduled,
    verified,
    waiting,
    with_follow_ups,
)

from config.accounts import AccountSettings
from service.context import Context, give_context
from service.pages.history import history_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Adoption,
    CaseKind,
    CaseStatus,
    Channel,
    Entry,
    Note,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.pack.sayings import said_of

PATH = f"/cases/{ID}"


@pytest.fixture
def shown(sign_in, desk):
    """Shows a case as somebody sees it."""

    def show(case, token="ofb_approver"):  # noqa: S107 - made up
        desk.put(case)
        answer = sign_in(token).get(PATH)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return show


def buttons(page):
    return re.findall(r'<form method="post" action="/cases/[^/]+/([a-z]+)"', page)


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_case_that_went_well_says_so_and_asks_for_nothing(shown):
    page = shown(safe())

    assert '<span class="badge good">Safe</span>' in page
    assert "Functional 1" in page
    assert "web-us-south" in page
    assert buttons(page) == []
    assert "removed now" not in page


def test_a_name_within_a_sentence_keeps_its_blanks(shown):
    page = shown(safe())

    assert 'key of <b class="name">Dana Lee</b> is a functional' in page


def test_what_failed_says_who_still_owns_what_and_how_to_mend_it(shown):
    page = text_of(shown(attention()))

    assert "Attention needed" in page
    assert "If this person is removed now 1 cluster in 1 target can no longer" in page
    assert "1 target could not be seen: what breaks there is not known." in page
    assert "Retry what is left" in page
    assert "When that is mended, let the service deal with what is left." in page


@pytest.mark.parametrize(
    ("case", "token", "said"),
    [
        (attention(), "ofb_viewer", []),
        (attention(), "ofb_operator", ["retry"]),
        (waiting(), "ofb_viewer", []),
        (waiting(), "ofb_operator", ["cancel"]),
        (waiting(), "ofb_approver", ["approve", "refuse", "cancel"]),
        (
            waiting(Note(Reason.PROTECTED_USER, "They are protected.")),
            "ofb_approver",
            ["refuse", "cancel"],
        ),
        (waiting(Note(Reason.PAUSED, "Paused.")), "ofb_approver", ["cancel"]),
        (scheduled(), "ofb_operator", ["cancel"]),
        (a_page_case(status=CaseStatus.OPEN), "ofb_approver", ["cancel"]),
        (a_page_case(verified(DALLAS)), "ofb_approver", []),
        (safe(), "ofb_approver", []),
    ],
)
def test_each_sees_the_buttons_that_are_theirs_to_press(shown, case, token, said):
    assert buttons(shown(case, token)) == said


def test_the_plan_that_is_approved_is_the_one_on_the_page(shown):
    page = shown(waiting())

    assert page.count(f'name="plan_hash" value="{HASH}"') == 2
    assert f'Plan <code class="hash">{HASH}</code>' in page


def test_a_target_that_is_held_looks_held(shown):
    assert '<span class="badge held">Held</span>' in shown(waiting())


def test_hostile_names_are_text(shown, desk):
    desk.ledgers[ID] = [Entry(NOW, "something.new", actor=HOSTILE, detail=HOSTILE)]

    page = shown(attention(name=HOSTILE))

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_viewer_does_not_see_a_scheduled_case(sign_in, desk):
    desk.put(scheduled())

    answer = sign_in("ofb_viewer").get(PATH)

    assert answer.status_code == 404
    assert "dana" not in answer.get_data(as_text=True).lower()


def test_a_scheduled_case_shows_what_is_foreseen_and_that_it_is_confidential(shown):
    page = text_of(shown(scheduled()))

    assert "Confidential until work starts" in page
    assert "Would be reset" in page
    assert "What would hold it: 21 targets are many." in page
    assert "If this person is removed now 1 cluster" in page


def test_an_adoption_speaks_of_nobody_who_leaves(shown):
    case = replace(
        waiting(), kind=CaseKind.ADOPTION, adoption=Adoption("acct1", None, False)
    )

    page = shown(case)

    assert "<h1>Adoption</h1>" in page
    assert "removed now" not in page


@pytest.mark.parametrize("case_id", [ID, "nonsense", "01KHJ2V0W8Q3RZ5T7X9YABCDEFG"])
def test_a_case_that_is_not_there_is_a_page_that_says_so(sign_in, case_id):
    answer = sign_in().get(f"/cases/{case_id}")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such case." in answer.get_data(as_text=True)


def test_a_dry_run_says_that_nothing_is_changed(shown):
    page = shown(replace(waiting(), dry_run=True))

    assert "A dry run: nothing is changed." in page


def test_progress_is_asked_for_while_a_case_is_under_way_only(shown):
    assert 'hx-get="/cases/' in shown(a_page_case(status=CaseStatus.OPEN))
    assert "hx-get" not in shown(safe())


@pytest.mark.parametrize(
    ("case", "refreshes"),
    [
        (a_page_case(status=CaseStatus.OPEN), None),
        (safe(), "true"),
        (waiting(), "true"),
    ],
)
def test_when_it_is_over_the_whole_page_is_shown_anew(sign_in, desk, case, refreshes):
    desk.put(case)

    answer = sign_in("ofb_viewer").get(f"{PATH}/progress")

    assert answer.headers.get("HX-Refresh") == refreshes


def test_what_a_button_does_is_not_told_as_a_command_besides(shown):
    page = shown(waiting(), "ofb_approver")

    assert "offboard case" not in page
    assert "for an approver who did not ask for it." in page
    assert "If nobody is leaving, cancel it." in page


def test_who_has_no_button_is_told_the_commands(shown):
    page = shown(waiting(), "ofb_viewer")

    assert "offboard case approve" in page
    assert "offboard case refuse" in page
    assert "offboard case cancel" in page


def test_one_follow_up_stands_alone(shown):
    page = shown(with_follow_ups(1))

    assert page.count('action="/cases/' + ID + '/follow-ups/done"') == 1
    assert "times</h3>" not in page


def test_a_few_for_one_add_on_are_said_once_and_stand_open(shown):
    page = shown(with_follow_ups(3))

    left = page.split("<h2>Left to do by hand</h2>")[1].split("<h2>")[0]
    assert left.count("picked the new key up") == 1
    assert "for cluster in c0 c1 c2; do ibmcloud" in left
    assert left.count("<details open>") == 2
    # One for each, and one for all of them.
    assert left.count("/follow-ups/done") == 4


def test_many_follow_ups_of_a_kind_are_one_fold(shown):
    page = shown(with_follow_ups(30))

    assert "Make the pods of vpc-block-csi-driver anew: 30 times" in page
    # One for each, and one for all of them.
    assert page.count("/follow-ups/done") == 31
    paste = page.split("For all of them")[1].split("</pre>")[0]
    loops = [one.split("; do")[0] for one in paste.split("<code>")[1].splitlines()]
    assert [one.count(" c") - 1 for one in loops] == [20, 10]
    assert "<details open>" not in page
    assert page.count("Make them anew in web-29.") == 0


def test_a_viewer_reads_the_follow_ups_and_ticks_none_off(shown):
    page = shown(with_follow_ups(30), "ofb_viewer")

    assert "30 times" in page
    assert "follow-ups/done" not in page


@pytest.mark.parametrize("what", ["report.left_out", "report.failures_told"])
def test_what_was_told_of_a_case_under_way_is_said_in_words_everywhere(what):
    [moment] = history_of(safe(), [Entry(NOW, what)])

    assert moment.what == said_of(what)
    assert not moment.what.startswith("Report: ")


# accounts with approvers of their own

OWN = AccountSettings("acct1", name="production", approvers=("kim", "sam"))
OTHERS = AccountSettings("acct1", name="production", approvers=("kim", "lee"))


def as_set_up(app, desk, account):
    settings = replace(SETTINGS, accounts_file=(account,))
    give_context(app, Context(settings, desk, lambda: NOW))


def test_who_decides_about_its_account_may_press_and_is_named(shown, app, desk):
    as_set_up(app, desk, OWN)

    page = shown(waiting())

    assert buttons(page) == ["approve", "refuse", "cancel"]
    said = text_of(page)
    assert "Who may decide: for production : kim , sam . They are named" in said


def test_who_does_not_decide_about_it_has_no_button_and_sees_who_does(shown, app, desk):
    as_set_up(app, desk, OTHERS)

    page = shown(waiting())

    assert buttons(page) == ["cancel"]
    assert "for production : kim , lee" in text_of(page)


def test_viewers_are_not_shown_who_decides(shown, app, desk):
    as_set_up(app, desk, OWN)

    assert "Who may decide" not in shown(waiting(), "ofb_viewer")


def test_where_any_approver_decides_or_nobody_has_to_none_is_named(shown, app, desk):
    as_set_up(app, desk, AccountSettings("acct1"))
    assert "Who may decide" not in shown(waiting())

    as_set_up(app, desk, OWN)
    assert "Who may decide" not in shown(safe())


def test_how_each_room_was_told_stands_with_its_account(shown, app, desk):
    as_set_up(app, desk, OWN)
    room = ReportLine(Channel.SLACK, ReportKind.FINAL, 2, room="acct1")
    failed = replace(room, state=ReportState.FAILED, detail="is_archived")

    page = text_of(shown(replace(safe(), reports=(failed,))))

    assert "slack of account production , final: failed" in page
    assert "The channel is archived: bring it back" in page


def test_the_timeline_says_in_which_account_s_room_a_report_failed():
    entry = Entry(
        NOW, "report.failed", target_id="slack:final:2", place="account acct1"
    )

    [moment] = history_of(safe(), [entry])

    assert moment.where == "slack:final:2, account acct1"
