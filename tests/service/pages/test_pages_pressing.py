"""What becomes of each button of a case, when it fits and when it does not any more."""

import re
from dataclasses import replace

import pytest
from fake_desk import NOW
from page_scenes import HASH, ID, a_page_case, attention, safe, waiting, with_follow_ups

from workers.offboarding.model import CaseStatus, Entry

PATH = f"/cases/{ID}"


def test_retry_takes_the_case_back_to_work(sign_in, press, desk):
    desk.put(attention())

    answer = press(sign_in("ofb_operator"), f"{PATH}/retry")

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"{PATH}?did=retry",
    )
    assert desk.asked == [("retry", ID, "helpdesk")]


def test_cancel_withdraws_it(sign_in, press, desk):
    desk.put(waiting())

    answer = press(sign_in("ofb_operator"), f"{PATH}/cancel")

    assert answer.headers["Location"] == f"{PATH}?did=cancel"
    assert desk.asked == [("cancel", ID, "helpdesk")]


def test_approve_lets_exactly_the_plan_go_that_was_shown(sign_in, press, desk):
    desk.put(waiting())

    answer = press(sign_in(), f"{PATH}/approve", plan_hash=HASH)

    assert answer.headers["Location"] == f"{PATH}?did=approve"
    assert desk.asked == [("approve", ID, HASH, "lead", "sam")]


def test_a_case_that_is_held_before_its_plan_is_approved_without_one(
    sign_in, press, desk
):
    desk.put(a_page_case(status=CaseStatus.WAITING))

    press(sign_in(), f"{PATH}/approve")

    assert desk.asked == [("approve", ID, None, "lead", "sam")]


def test_refuse_has_nothing_more_written(sign_in, press, desk):
    desk.put(waiting())

    answer = press(sign_in(), f"{PATH}/refuse", plan_hash=HASH)

    assert answer.headers["Location"] == f"{PATH}?did=refuse"
    assert desk.asked == [("refuse", ID, HASH, "lead", "sam")]


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize("plan_hash", ["sha256:" + "b" * 64, "", "nonsense", "\x00"])
def test_a_plan_that_changed_is_answered_with_what_changed(
    sign_in, press, desk, verb, plan_hash
):
    desk.put(waiting())
    desk.ledgers[ID] = [
        Entry(NOW, "case.planned", detail="1 target seen"),
        Entry(NOW, "case.planned", detail="9 targets seen"),
    ]

    answer = press(sign_in(), f"{PATH}/{verb}", plan_hash=plan_hash, looked_at="1")

    page = answer.get_data(as_text=True)
    notice = page.split('role="alert"')[1].split("</div>")[0]
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "Nothing was done." in notice
    assert "It has another plan." in notice
    assert "9 targets seen" in notice
    assert "1 target seen" not in notice
    # And it can be decided at once by the plan there is now.
    assert f'name="plan_hash" value="{HASH}"' in page
    assert desk.asked == []


@pytest.mark.parametrize("looked_at", ["", "x", "-1", "9" * 30, "7"])
def test_what_the_form_says_of_the_time_is_never_trusted(
    sign_in, press, desk, looked_at
):
    desk.put(waiting())
    desk.ledgers[ID] = [Entry(NOW, "case.planned")]

    answer = press(
        sign_in(), f"{PATH}/approve", plan_hash="sha256:b", looked_at=looked_at
    )

    assert answer.status_code == 409
    assert "Since the page" not in answer.get_data(as_text=True)


def test_nobody_approves_what_they_asked_for(sign_in, press, desk):
    desk.put(replace(waiting(), askers=("sam",)))

    answer = press(sign_in(), f"{PATH}/approve", plan_hash=HASH)

    assert answer.status_code == 409
    assert "You asked for it yourself." in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("case", "verb"),
    [(safe(), "retry"), (safe(), "cancel"), (safe(), "approve"), (safe(), "refuse")],
)
def test_what_does_not_fit_the_case_any_more_says_so(sign_in, press, desk, case, verb):
    desk.put(case)

    answer = press(sign_in(), f"{PATH}/{verb}", plan_hash=HASH)

    assert answer.status_code == 409
    assert "Nothing was done." in answer.get_data(as_text=True)
    assert desk.asked == []


@pytest.mark.parametrize("verb", ["retry", "cancel", "approve", "refuse"])
def test_a_case_that_is_not_there_takes_no_button(sign_in, press, verb):
    answer = press(sign_in(), f"{PATH}/{verb}")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("verb", ["retry", "approve", "follow-ups/done"])
def test_with_the_store_away_nothing_is_done_and_it_says_when_to_come_again(
    sign_in, desk, verb
):
    client = sign_in()
    desk.put(waiting())
    desk.away = True

    answer = client.post(f"{PATH}/{verb}", headers={"Sec-Fetch-Site": "same-origin"})

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "5"
    assert desk.asked == []


def forms(client, path=PATH):
    page = client.get(path).get_data(as_text=True)
    return re.findall(r'name="follow_up" value="([^"]+)"', page)


def test_a_follow_up_is_ticked_off(sign_in, press, desk):
    desk.put(with_follow_ups(2))
    client = sign_in("ofb_operator")
    second = forms(client)[1]

    answer = press(client, f"{PATH}/follow-ups/done", follow_up=second)

    assert answer.headers["Location"] == f"{PATH}?did=done"
    assert desk.asked == [("tick", ID, 2, "helpdesk")]


def test_all_of_a_fold_are_ticked_off_at_once(sign_in, press, desk):
    desk.put(with_follow_ups(30))
    client = sign_in("ofb_operator")

    press(client, f"{PATH}/follow-ups/done", follow_up=forms(client)[:30])

    assert desk.asked == [("tick", ID, number, "helpdesk") for number in range(1, 31)]


def test_a_number_that_means_another_follow_up_by_now_ticks_nothing_off(
    sign_in, press, desk
):
    desk.put(with_follow_ups(3))
    client = sign_in("ofb_operator")
    third = forms(client)[2]
    desk.put(with_follow_ups(3, addon="cluster-autoscaler"))

    answer = press(client, f"{PATH}/follow-ups/done", follow_up=third)

    assert answer.status_code == 409
    assert "numbered anew" in answer.get_data(as_text=True)
    assert desk.asked == []


@pytest.mark.parametrize(
    "given", ["x:y", ":", "1", "-1:a", "4:a", "9999999999:a", "²:a"]
)
def test_what_no_page_of_ours_sends_ticks_nothing_off(sign_in, press, desk, given):
    desk.put(with_follow_ups(3))

    answer = press(sign_in("ofb_operator"), f"{PATH}/follow-ups/done", follow_up=given)

    assert answer.status_code == 409
    assert desk.asked == []
