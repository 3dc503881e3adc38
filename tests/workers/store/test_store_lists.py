"""Lists: what is due, which cases there are, what is switched."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import NOW, Room, a_case, settled

from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    KeyOwner,
    Leaver,
    Step,
    Work,
)
from workers.store import work as work_room
from workers.store.switches import Switches

# sweep


def test_nothing_is_swept_before_it_is_due(room):
    room.open()

    assert room.works.sweep() == []


def test_due_work_is_swept_once_and_pushed_forward(room):
    room.open()
    room.make_due()

    assert room.works.sweep() == [Work("01A", Step.PLAN)]
    assert room.works.sweep() == []
    pushed = room.client.zscore("offboard:due", "01A|plan|") / 1000
    assert 10 < pushed - datetime.now(UTC).timestamp() <= 30


def test_swept_work_can_be_claimed_at_once(room):
    room.open()
    room.make_due()
    room.works.sweep()

    assert room.claim(Step.PLAN) is not None


def test_work_that_was_swept_and_lost_is_swept_again(room):
    room.open()
    room.make_due()
    room.works.sweep()
    room.make_due()

    assert room.works.sweep() == [Work("01A", Step.PLAN)]


def test_an_item_with_any_sign_in_it_comes_back_whole(room):
    room.client.zadd("offboard:due", {"01A|reset|acc/us-south/a|b": 1})

    assert room.works.sweep() == [Work("01A", Step.RESET, "acc/us-south/a|b")]


def test_a_sweep_takes_the_longest_due_first_and_no_more_than_its_limit(
    room, monkeypatch
):
    monkeypatch.setattr(work_room, "_SWEPT_AT_ONCE", 3)
    for number in range(5):
        room.client.zadd("offboard:due", {f"0{number}|plan|": 5 - number})

    first, second = room.works.sweep(), room.works.sweep()

    assert [one.case_id for one in first] == ["04", "03", "02"]
    assert [one.case_id for one in second] == ["01", "00"]


def test_what_another_version_left_due_holds_nothing_up_and_stays(room):
    room.client.zadd("offboard:due", {"01|later|": 1, "02": 1, "03|plan|": 1})

    swept = room.works.sweep()

    assert [one.case_id for one in swept] == ["03"]
    assert room.client.zscore("offboard:due", "01|later|") > 1


def test_sweeps_at_once_share_nothing(real):
    members = {f"{number:04}|plan|": 1 for number in range(2_000)}
    real.client.zadd("offboard:due", members)

    with ThreadPoolExecutor(8) as pool:
        swept = [
            one
            for each in pool.map(lambda _: real.works.sweep(), range(8))
            for one in each
        ]

    assert len(swept) == 2_000
    assert len(set(swept)) == 2_000


def test_the_time_of_the_last_sweep_is_known(room):
    before = room.switches.swept_at()

    room.works.sweep()

    assert before is None
    age = datetime.now(UTC) - room.switches.swept_at()
    assert timedelta(seconds=-1) < age < timedelta(seconds=60)


# ids


@dataclass(frozen=True)
class Row:
    """What the plain model knows of a case."""

    id: str
    status: CaseStatus
    result: CaseResult | None
    refs: tuple[str, ...]


LEAVERS = [
    Leaver(email=f"p{number}@example.com", iam_id=f"IBMid-{number}")
    for number in range(4)
]
ENDS = [
    (CaseStatus.SCHEDULED, None),
    (CaseStatus.OPEN, None),
    (CaseStatus.WAITING, None),
    (CaseStatus.CANCELLED, None),
    (CaseStatus.SETTLED, CaseResult.CLEAN),
    (CaseStatus.SETTLED, CaseResult.ATTENTION),
]


def fill(room, count):
    """Bring *count* dry runs to states of every kind; return the model of them."""
    dice = random.Random(7)  # noqa: S311 - only a shuffle
    rows = []
    for number in range(count):
        status, result = dice.choice(ENDS)
        begun = status if status is CaseStatus.SCHEDULED else CaseStatus.OPEN
        case = a_case(
            f"{number:05}", leaver=dice.choice(LEAVERS), status=begun, dry_run=True
        )
        room.open(case)
        if status is CaseStatus.CANCELLED:
            room.cancel(case.id)
        elif status is CaseStatus.WAITING:
            room.plan(case.id, status=status)
        elif status is CaseStatus.SETTLED:
            room.plan(case.id)
            room.report(case.id, result=result)
        rows.append(Row(case.id, status, result, case.leaver.refs))
    return rows


def pages(room, size, **filters):
    """Read all pages of *size*, each asked for with the last id of the one before."""
    found, before = [], None
    while page := room.cases.ids(before=before, limit=size, **filters):
        assert len(page) <= size
        found += page
        before = page[-1]
    return found


FILTERS = [
    (status, result, ref, but_not)
    for status in (None, CaseStatus.SETTLED, CaseStatus.OPEN, CaseStatus.WAITING)
    for result in (None, CaseResult.ATTENTION, CaseResult.SAFE)
    for ref in (None, "iam:IBMid-1", "email:p2@example.com", "iam:nobody")
    for but_not in (None, CaseStatus.SCHEDULED)
]


def test_lists_agree_with_a_plain_model_under_every_filter(room, monkeypatch):
    monkeypatch.setattr("workers.store.cases._WALKED_AT_ONCE", 10)
    rows = fill(room, 200)
    dice = random.Random(11)  # noqa: S311 - only a page size

    for status, result, ref, but_not in FILTERS:
        wanted = [
            row.id
            for row in reversed(rows)
            if (status is None or row.status is status)
            and (result is None or row.result is result)
            and (ref is None or ref in row.refs)
            and (but_not is None or row.status is not but_not)
        ]
        how = {"status": status, "result": result, "ref": ref, "but_not": but_not}
        assert pages(room, dice.choice([3, 7, 50]), **how) == wanted, how


def test_a_page_begins_after_an_id_that_is_not_there_any_more(room):
    for name in ("01A", "01C"):
        room.open(a_case(name, dry_run=True))

    assert room.cases.ids(before="01B", limit=9) == ["01A"]
    assert room.cases.ids(before="(+", limit=9) == []


def test_a_case_is_found_by_the_name_that_was_learnt_later(room):
    room.open(a_case(leaver=Leaver(email="p1@example.com")))

    room.plan("01A", leaver=LEAVERS[1])

    assert room.cases.ids(ref="iam:IBMid-1", limit=9) == ["01A"]


def test_a_filter_that_fits_few_of_many_asks_seldom(room):
    fill(room, 60)
    asked = []

    class Counting:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(room.client, name)

    counting = Room(Counting())
    asked.clear()
    counting.cases.ids(status=CaseStatus.OPEN, result=CaseResult.ATTENTION, limit=1)

    assert asked == ["zrevrangebylex", "zmscore"]


def test_who_may_not_see_scheduled_cases_is_not_slowed_down_by_any_number(room):
    fill(room, 3)
    scheduled = {f"02{number:06}": 0 for number in range(3000)}
    room.client.zadd("offboard:index:all", scheduled)
    room.client.zadd("offboard:index:status:scheduled", scheduled)
    asked = []

    class Counting:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(room.client, name)

    counting = Room(Counting())
    asked.clear()
    found = counting.cases.ids(
        but_not=CaseStatus.SCHEDULED, with_confidential=False, limit=2
    )

    assert len(found) == 2
    assert all(one < "02" for one in found)
    assert len(asked) <= 6


def test_cases_read_together_keep_the_order_asked_for(room):
    for name in ("01A", "01B"):
        room.open(a_case(name, dry_run=True))

    found = room.cases.load_all(["01B", "01X", "01A"])

    assert [one.id for one in found] == ["01B", "01A"]


def test_a_case_has_its_targets_in_one_order_however_they_settled(room):
    names = ["us-south", "eu-de", "jp-tok"]
    room.planned(*[settled(name) for name in names])

    regions = [one.target.region for one in room.cases.load("01A").targets]

    assert regions == ["eu-de", "jp-tok", "us-south"]


# switches


def test_nothing_is_paused_to_begin_with(room):
    assert not room.switches.is_paused("acc1")


@pytest.mark.parametrize(
    ("paused", "held"), [("*", {"acc1", "acc2"}), ("acc1", {"acc1"})]
)
def test_the_pause_holds_all_accounts_or_one(room, paused, held):
    room.switches.pause(account_id=paused)

    assert {one for one in ("acc1", "acc2") if room.switches.is_paused(one)} == held
    room.switches.pause(account_id=paused, paused=False)
    assert not room.switches.is_paused("acc1")


def test_starting_paused_pauses(room):
    room.switches.start_paused()

    assert room.switches.is_paused("acc1")


def test_starting_paused_does_not_undo_what_somebody_decided(room):
    room.switches.start_paused()
    room.switches.pause(paused=False)

    room.switches.start_paused()

    assert not room.switches.is_paused("acc1")


def test_our_own_identities_are_protected_by_id_and_by_any_spelling_of_the_address(
    room,
):
    room.switches.protect(
        [KeyOwner("IBMid-9", email="Steward@Example.com"), KeyOwner("iam-ServiceId-1")]
    )

    protected = room.switches.is_protected
    assert protected(Leaver(email="steward@example.com").refs)
    assert protected(Leaver(iam_id="IBMid-9").refs)
    assert protected(Leaver(iam_id="iam-ServiceId-1").refs)
    assert not protected(Leaver(iam_id="IBMid-1", email="dana.lee@example.com").refs)
    assert not protected(())


def test_an_identity_that_is_not_published_any_more_may_leave(room):
    now = datetime.now(UTC)
    then = Switches(room.client, clock=lambda: now - timedelta(days=8))
    then.protect([KeyOwner("IBMid-9")])

    assert then.is_protected(("iam:IBMid-9",))
    assert not room.switches.is_protected(("iam:IBMid-9",))


def test_publishing_no_identities_protects_nobody(room):
    room.switches.protect([])

    assert not room.switches.is_protected(("iam:IBMid-9",))


def test_a_scheduled_case_that_began_is_in_one_list_only(room):
    room.open(a_case(status=CaseStatus.SCHEDULED))

    room.plan("01A", status=CaseStatus.OPEN, started_at=NOW)

    assert room.cases.ids(status=CaseStatus.SCHEDULED, limit=9) == []
    assert room.cases.ids(status=CaseStatus.OPEN, limit=9) == ["01A"]
    assert replace(room.cases.load("01A")).started_at == NOW
