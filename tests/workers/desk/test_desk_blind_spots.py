"""Blind spots at the desk, on a real server."""

from datetime import timedelta

import pytest
from desk_scenes import NOW
from structlog.testing import capture_logs

from workers.offboarding.errors import ConflictError, Reason
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import BlindSpot, KeyOwner, ResourceGroup, Target

ID = "acct1/us-south/payments-id"
MONTH = NOW + timedelta(days=30)


@pytest.fixture
def accept(desk):
    def accepted(target_id=ID, *, reason="No role there.", until=MONTH):
        return desk.accept_blind_spot(
            target_id, reason=reason, until=until, actor="lead"
        )

    return accepted


def refusal(accept, *place, **said):
    return refused(accept, *place, **said)[0]


def refused(accept, *place, **said):
    with pytest.raises(ConflictError) as caught:
        accept(*place, **said)
    return caught.value.reason, str(caught.value)


def a_holding(region, group, name, reading=ReadingKind.UNREAD, at=None):
    owner = KeyOwner("IBMid-1") if reading is ReadingKind.OWNER else None
    reason = Reason.NO_ROLE if reading is ReadingKind.UNREAD else None
    target = Target("acct1", region, ResourceGroup(group, name))
    return Holding(target, reading, owner, reason, checked_at=at)


@pytest.fixture
def survey(owners):
    """Writes what a survey of the account found, an hour ago."""

    def surveyed(*holdings):
        owners.know(["acct1"])
        owners.put(AccountIndex("acct1", holdings, NOW - timedelta(hours=1)), None)

    return surveyed


@pytest.fixture
def surveyed(survey):
    survey(
        a_holding("eu-de", "5c49", "payments"),
        a_holding("eu-de", "9f6b", "billing"),
        a_holding("us-south", "aa01", "twice"),
        a_holding("us-south", "aa02", "twice"),
        a_holding("us-south", "owned", "o", ReadingKind.OWNER, NOW),
        a_holding("us-south", "free", "f", ReadingKind.NONE, NOW),
    )


def test_an_accepted_target_is_listed_with_who_and_why_and_until_when(desk, accept):
    spot = accept(reason="  No role there. ")

    assert spot == BlindSpot(ID, "No role there.", "lead", NOW, MONTH)
    assert desk.blind_spots() == (spot,)


def test_accepting_and_taking_back_are_loud(desk, accept):
    with capture_logs() as lines:
        accept()
        desk.withdraw_blind_spot(ID, actor="lead2")

    told = [(one["event"], one["log_level"], one["actor"]) for one in lines]
    assert told == [
        ("blind_spot.accepted", "warning", "lead"),
        ("blind_spot.withdrawn", "warning", "lead2"),
    ]
    assert {one["target_id"] for one in lines} == {ID}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"until": MONTH + timedelta(seconds=1)}, "too_long"),
        ({"until": NOW}, "over"),
        ({"reason": " "}, "no_reason"),
    ],
    ids=["longer than a month", "over at once", "no reason"],
)
def test_nothing_is_accepted_for_ever_or_without_a_word(desk, accept, said, reason):
    assert refusal(accept, **said) == reason
    assert desk.blind_spots() == ()


def test_a_target_of_another_account_is_refused_where_the_accounts_are_known(make_desk):
    desk = make_desk(account_id="acct2")

    with pytest.raises(ConflictError) as caught:
        desk.accept_blind_spot(ID, reason="Why.", until=MONTH, actor="lead")

    assert caught.value.reason == "no_such_account"
    assert str(caught.value) == (
        "account_id: this service has no account acct1; it has: acct2."
    )
    assert desk.blind_spots() == ()


def test_an_acceptance_ends_by_itself(desk, accept, clock):
    accept(until=NOW + timedelta(days=1))

    clock.pass_by(days=1)

    assert desk.blind_spots() == ()


def test_an_acceptance_can_be_taken_back_and_that_only_once(desk, accept):
    accept()

    first = desk.withdraw_blind_spot(ID, actor="lead")
    second = desk.withdraw_blind_spot(ID, actor="lead")

    assert (first, second) == (True, False)
    assert desk.blind_spots() == ()


@pytest.mark.usefixtures("surveyed")
def test_a_target_that_no_survey_saw_is_refused_with_those_of_its_region(desk, accept):
    reason, text = refused(accept, "acct1/eu-de/platform")

    assert reason == "no_such_target"
    assert text == (
        'resource_group: no survey saw "platform" in eu-de; give the id of one of: '
        "payments (5c49), billing (9f6b)."
    )
    assert desk.blind_spots() == ()


@pytest.mark.usefixtures("surveyed")
def test_a_region_that_no_survey_saw_is_refused_with_those_there_are(desk, accept):
    reason, text = refused(accept, "acct1/eu-es/5c49")

    assert reason == "no_such_target"
    assert text == (
        "region: no survey saw a target in eu-es; give one of: eu-de, us-south."
    )
    assert desk.blind_spots() == ()


def test_an_account_in_which_a_survey_saw_nothing_has_nothing_to_accept(accept, survey):
    survey()

    reason, text = refused(accept)

    assert reason == "no_such_target"
    assert text == "region: no survey saw a target in us-south; it saw none here."


@pytest.mark.usefixtures("surveyed")
def test_a_group_that_is_named_is_accepted_and_taken_back_by_its_id(desk, accept):
    spot = accept("acct1/eu-de/payments")

    assert spot.target_id == "acct1/eu-de/5c49"
    assert [one.target_id for one in desk.blind_spots()] == ["acct1/eu-de/5c49"]
    assert desk.withdraw_blind_spot("acct1/eu-de/payments", actor="lead") is True
    assert desk.blind_spots() == ()


@pytest.mark.usefixtures("surveyed")
def test_a_name_of_two_groups_is_never_guessed(desk, accept):
    reason, text = refused(accept, "acct1/us-south/twice")

    assert reason == "no_such_target"
    assert text.startswith(
        'resource_group: "twice" is the name of several in us-south; give the id of '
        "one of: twice (aa01), twice (aa02), "
    )
    assert desk.blind_spots() == ()


@pytest.mark.usefixtures("surveyed")
def test_an_id_comes_before_a_name_that_is_the_same(accept, survey):
    survey(a_holding("eu-de", "one", "two"), a_holding("eu-de", "two", "one"))

    assert accept("acct1/eu-de/two").target_id == "acct1/eu-de/two"


@pytest.mark.usefixtures("surveyed")
@pytest.mark.parametrize("group", ["owned", "o", "free", "f"])
def test_what_was_read_needs_no_acceptance(desk, accept, group):
    reason, text = refused(accept, f"acct1/us-south/{group}")

    assert reason == "target_readable"
    at = f"{NOW:%Y-%m-%d %H:%M} UTC"
    assert text == f"It was read at {at}; there is nothing to accept."
    assert desk.blind_spots() == ()


@pytest.mark.usefixtures("surveyed")
def test_a_target_that_was_not_read_is_accepted_by_its_id(accept):
    assert accept("acct1/eu-de/9f6b").target_id == "acct1/eu-de/9f6b"


def test_what_was_accepted_before_the_first_survey_is_taken_back_as_it_was_given(
    desk, accept, survey
):
    accept("acct1/eu-de/payments")
    survey(a_holding("eu-de", "5c49", "payments"))

    assert desk.withdraw_blind_spot("acct1/eu-de/payments", actor="lead") is True
    assert desk.blind_spots() == ()
