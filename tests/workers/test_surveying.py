"""Surveys on a real store: what is opened, what is told, and when it comes again."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    a_person,
    a_policy,
    a_standing,
    a_target,
)
from fakes import FakeCloud, VirtualClock, uncounted

from config.sources import Sources
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.cases import Desk
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.seeing import Seeing
from workers.desk.slack import SlackDesk
from workers.desk.trying import Trying
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.failing import Failing
from workers.offboarding.health import Verdict
from workers.offboarding.model import (
    CaseStatus,
    Channel,
    KeyOwner,
    OwnerKind,
    Right,
    Visibility,
)
from workers.offboarding.notice import NoticeKind
from workers.store.blind_spots import BlindSpots
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.evidence import Evidence
from workers.store.intake import Deliveries
from workers.store.late import LateAnswers
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.own_key import OwnKey
from workers.store.owners import Owners
from workers.store.presses import Presses
from workers.store.questions import Questions
from workers.store.scim import ScimTable
from workers.store.sources import SourceNotes
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.trend import Trend
from workers.surveying import Surveys


class Silent:
    def send(self, *works):
        pass

    def ask(self, question_id):
        pass


class Scene:
    def __init__(self, client, settings, *clouds):
        self.clock = clouds[0].clock
        self.clouds = {one.account_id: one for one in clouds}
        self.owners, self.notices = Owners(client), Notices(client)
        self.cases = Cases(client)
        seeing = Seeing(self.owners, Questions(client), Silent(), clock=self.clock)
        self.desk = Desk(
            settings,
            self.cases,
            Switches(client),
            Silent(),
            seeing,
            Accepting(BlindSpots(client), (), clock=self.clock),
            KnownNames(client),
            Intake(
                Deliveries(client),
                SourceNotes(client),
                Silent(),
                Sources(),
                clock=self.clock,
            ),
            scim=ScimTable(client),
            braking=Braking(
                Brakes(client),
                self.owners,
                limit=settings.max_cases_per_hour,
                same_people=(),
                clock=self.clock,
            ),
            proving=Proving(Evidence(client)),
            trying=Trying(Notices(client), (), clock=self.clock),
            own_key=OwnKey(client, None),
            slack=SlackDesk(Presses(client), LateAnswers(client), Silent()),
            **uncounted(),
            door=None,
            clock=self.clock,
        )
        self.trend = Trend(client)
        self.asked = []
        self.surveys = Surveys(
            self.clouds,
            self.owners,
            self.notices,
            self.desk,
            (Channel.SLACK,),
            every_seconds=3600,
            clock=self.clock,
            names={"acct1": "production"},
            notes=SurveyNotes(client),
            trend=self.trend,
            another=lambda: self.asked.append(list(clouds[0].journal)),
        )

    def survey(self):
        for each in self.clouds:
            self.owners.end_survey(each, again_seconds=0)
        self.surveys.make_due()
        self.clock.advance(60)

    def opened(self):
        return self.cases.load_all(self.cases.ids(limit=50))

    def told(self):
        return [
            self.notices.load(notice_id) for notice_id, _ in self.notices.due(limit=50)
        ]


def a_second_account(clock, *targets, **more):
    """Make another account, with a functional ID of its own."""
    cloud = FakeCloud(clock, [], *targets, account_id="acct2", **more)
    cloud.users.append(a_person(OTHER_FID))
    cloud.ours, cloud.fids = [OTHER_FID], [OTHER_FID]
    return cloud


def remove(cloud, *owners):
    gone = {one.id for one in owners}
    cloud.users = [one for one in cloud.users if one.iam_id not in gone]


@pytest.fixture
def armed(settings):
    return settings(armed=True)


@pytest.fixture
def cloud():
    return FakeCloud(VirtualClock(), [], DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})


@pytest.fixture
def scene(client, armed, cloud):
    return Scene(client, armed, cloud)


def test_a_survey_fills_the_index_and_opens_nothing(scene):
    scene.survey()

    assert len(scene.owners.of("acct1").holdings) == 2
    assert scene.owners.people("acct1", [DANA.id])
    assert (scene.opened(), scene.told()) == ([], [])


def test_an_owner_newly_gone_opens_one_case_by_the_survey(scene, cloud):
    scene.survey()
    remove(cloud, DANA)

    for _ in range(3):
        scene.survey()

    [case] = scene.opened()
    assert (case.leaver.iam_id, case.leaver.email) == (DANA.id, DANA.email)
    assert case.opened_by.source == "survey"
    assert (case.status, case.dry_run) == (CaseStatus.OPEN, False)


def test_a_survey_whose_worker_died_opens_no_second_case(scene, cloud, monkeypatch):
    scene.survey()
    remove(cloud, DANA)
    with monkeypatch.context() as patched:
        patched.setattr(scene.owners, "put", _die)
        with pytest.raises(KeyboardInterrupt):
            scene.survey()

    scene.survey()

    assert len(scene.opened()) == 1


def test_who_ends_during_a_survey_leaves_it_to_others(scene, cloud, monkeypatch):
    taken = []

    def ends(*_):
        # As the process does, whose thread is never heard of again.
        assert not scene.owners.begin_survey("acct1")
        scene.surveys.give_back()
        taken.append(scene.owners.begin_survey("acct1"))

    monkeypatch.setattr(scene.owners, "put", ends)
    scene.survey()

    assert taken == [True]
    scene.surveys.give_back()


def _die(*_):
    raise KeyboardInterrupt


def test_more_gone_at_once_than_likely_open_nothing_and_are_told_once(scene, cloud):
    people = [
        KeyOwner(f"IBMid-5{n}", f"P {n}", f"p{n}@example.com", OwnerKind.PERSON)
        for n in range(6)
    ]
    targets = [a_target("us-south", f"g{n}") for n in range(6)]
    cloud.found = targets
    for target, owner in zip(targets, people, strict=True):
        cloud.own(target, owner)
    cloud.users += [a_person(one) for one in people]
    scene.survey()
    remove(cloud, *people)

    scene.survey()
    scene.survey()

    assert scene.opened() == []
    [notice] = scene.told()
    assert notice.kind is NoticeKind.GONE_AT_ONCE


def test_who_is_gone_here_and_still_there_is_told_and_not_opened(client, armed, cloud):
    second = a_second_account(cloud.clock)
    scene = Scene(client, armed, cloud, second)
    scene.survey()
    remove(cloud, DANA)

    scene.survey()

    assert scene.opened() == []
    [notice] = scene.told()
    assert notice.kind is NoticeKind.GONE_FROM_ONE_ACCOUNT


def test_who_is_gone_here_at_first_and_there_later_opens_one_case_then(
    client, armed, cloud
):
    second = a_second_account(cloud.clock)
    scene = Scene(client, armed, cloud, second)
    scene.survey()
    remove(cloud, DANA)
    scene.survey()
    meanwhile = scene.opened()
    remove(second, DANA)

    scene.survey()
    scene.survey()

    assert meanwhile == []
    assert [one.leaver.iam_id for one in scene.opened()] == [DANA.id]


@pytest.mark.parametrize("owns_in", ["first", "second"])
def test_who_is_gone_everywhere_at_once_opens_one_case_wherever_they_own(
    client, armed, owns_in
):
    clock = VirtualClock()
    far = replace(DALLAS, account_id="acct2")
    mine, none = ((DALLAS,), ()) if owns_in == "first" else ((), (far,))
    first = FakeCloud(clock, [], *mine)
    second = a_second_account(clock, *none)
    scene = Scene(client, armed, first, second)
    scene.survey()
    remove(first, DANA)
    remove(second, DANA)

    scene.survey()
    scene.survey()

    assert [one.leaver.iam_id for one in scene.opened()] == [DANA.id]
    assert scene.told() == []


def test_an_account_whose_users_cannot_be_read_is_no_proof_that_somebody_is_gone(
    client, armed, cloud
):
    second = a_second_account(cloud.clock)
    denied = PermanentError("403", reason=Reason.NO_ROLE)
    scene = Scene(client, armed, cloud, second)
    scene.survey()
    second.faults["people"].extend([denied] * 50)
    remove(cloud, DANA)

    scene.survey()

    assert scene.opened() == []
    assert [one.kind for one in scene.told()] == [NoticeKind.GONE_FROM_ONE_ACCOUNT]


def test_a_user_list_that_may_hide_people_opens_no_case(scene, cloud):
    scene.survey()
    remove(cloud, DANA)
    cloud.sees = Visibility(Right.OK, Right.OK, Right.CANNOT_TELL)

    scene.survey()

    assert scene.opened() == []
    assert [one.kind for one in scene.told()] == [NoticeKind.GONE_AT_ONCE]


def test_a_survey_that_breaks_is_made_again_before_long(scene, cloud, monkeypatch):
    waits = []
    monkeypatch.setattr(
        scene.owners,
        "end_survey",
        lambda account_id, *, again_seconds: waits.append(again_seconds),
    )
    cloud.faults["people"].append(RuntimeError("a bug"))

    with pytest.raises(RuntimeError):
        scene.surveys.make_due()

    assert waits == [300]
    assert scene.surveys._turns.acquire(blocking=False)


def test_who_is_gone_everywhere_opens_one_case(client, armed, cloud):
    far = replace(FRANKFURT, account_id="acct2")
    second = a_second_account(cloud.clock, far, owners={far: DANA})
    scene = Scene(client, armed, cloud, second)
    scene.survey()
    remove(cloud, DANA)
    remove(second, DANA)

    scene.survey()
    scene.survey()

    assert [one.leaver.iam_id for one in scene.opened()] == [DANA.id]


def test_a_person_who_took_a_functional_ids_key_is_told_once(scene, cloud):
    cloud.own(DALLAS, FID)
    scene.survey()
    cloud.own(DALLAS, ROBIN)

    scene.survey()
    scene.survey()

    [notice] = scene.told()
    assert notice.kind is NoticeKind.TAKEN_OVER
    assert "production" in str(notice.headline)


def test_a_protected_owner_who_is_gone_is_no_fault(scene, cloud, monkeypatch):
    scene.survey()
    remove(cloud, DANA)
    Switches(scene.cases._client, clock=scene.clock).protect([DANA])

    scene.survey()

    [case] = scene.opened()
    assert case.leaver.iam_id == DANA.id


def test_what_cannot_be_read_now_is_surveyed_again_soon(scene, cloud, monkeypatch):
    waits = []
    monkeypatch.setattr(
        scene.owners,
        "end_survey",
        lambda account_id, *, again_seconds: waits.append(again_seconds),
    )
    cloud.faults["people"].append(TransientError("timeout"))

    scene.surveys.make_due()

    assert waits == [300]


def test_an_account_that_turns_out_empty_is_surveyed_once_more_soon(
    scene, cloud, monkeypatch
):
    waits = []
    monkeypatch.setattr(
        scene.owners,
        "end_survey",
        lambda account_id, *, again_seconds: waits.append(again_seconds),
    )
    monkeypatch.setattr(scene.owners, "begin_survey", lambda account_id: True)
    cloud.found = []

    scene.surveys.make_due()
    scene.clock.advance(300)
    scene.surveys.make_due()

    assert waits == [300, 3600]
    assert scene.owners.of("acct1").empty_since == NOON


def test_what_is_refused_for_good_is_surveyed_at_its_time(scene, cloud, monkeypatch):
    waits = []
    monkeypatch.setattr(
        scene.owners,
        "end_survey",
        lambda account_id, *, again_seconds: waits.append(again_seconds),
    )
    cloud.faults["people"].append(PermanentError("403", reason=Reason.NO_ROLE))

    scene.surveys.make_due()

    assert waits == [3600]


def test_a_survey_that_is_not_due_asks_nobody(scene, cloud):
    scene.surveys.make_due()
    cloud.journal.clear()

    scene.surveys.make_due()

    assert cloud.journal == []


def test_with_each_survey_that_begins_another_turn_is_asked_for_first(
    client, armed, cloud
):
    second = a_second_account(cloud.clock)
    scene = Scene(client, armed, cloud, second)

    scene.surveys.make_due()
    scene.surveys.make_due()

    # Before the first call of the first; and for nothing that is not due.
    assert len(scene.asked) == 2
    assert scene.asked[0] == []


def test_an_account_alone_asks_for_no_other_turn(scene):
    scene.surveys.make_due()

    assert scene.asked == []


def test_a_worker_makes_four_surveys_at_a_time_and_no_fifth(scene, cloud):
    for _ in range(4):
        assert scene.surveys._turns.acquire(blocking=False)

    scene.surveys.make_due()

    assert cloud.journal == []


def test_the_index_is_as_old_as_the_beginning_of_its_survey(scene, cloud):
    scene.clock.advance(timedelta(hours=1).total_seconds())

    scene.survey()

    assert scene.owners.of("acct1").surveyed_at == NOON + timedelta(hours=1)


def weak(scene):
    return [one for one in scene.told() if one.kind is NoticeKind.WEAK_FUNCTIONAL_ID]


def test_the_index_knows_how_functional_ids_stand_and_what_would_fall_to_them(scene):
    scene.survey()

    [state] = scene.owners.of("acct1").functional_ids
    assert (state.owner, state.name, state.checked_at) == (FID, "Functional 1", NOON)
    assert (state.keys, state.key_limit, state.owns, state.would_take) == (2, 20, 0, 2)
    assert (state.free_after, state.weak) == (16, ())


def test_a_functional_id_that_grew_weak_is_told_once_a_state(scene, cloud):
    scene.survey()
    cloud.standings[FID.id] = a_standing(keys=18)
    for _ in range(3):
        scene.survey()

    [notice] = weak(scene)
    assert "production" in str(notice.headline)
    assert [one.command for one in notice.items] == ["ibmcloud iam api-keys"]

    cloud.standings[FID.id] = a_standing(keys=19)
    scene.survey()
    assert len(weak(scene)) == 1


def test_a_weakness_that_comes_back_after_it_was_mended_is_told_again(scene, cloud):
    for keys in (18, 2, 18, 18):
        cloud.standings[FID.id] = a_standing(keys=keys)
        scene.survey()

    assert len(weak(scene)) == 2


def test_what_cannot_be_seen_for_a_while_is_no_new_weakness(scene, cloud):
    unseen = a_standing(keys=None, keys_fault="Listing keys: 503")
    for standing in (a_standing(keys=18), unseen, a_standing(keys=18)):
        cloud.standings[FID.id] = standing
        scene.survey()

    assert len(weak(scene)) == 1
    [state] = scene.owners.of("acct1").functional_ids
    assert [one.reason for one in state.weak] == [Reason.FEW_KEY_SLOTS]


def test_several_weaknesses_of_which_one_cannot_be_seen_for_a_while_are_told_once(
    scene, cloud
):
    broad = (*a_standing().policies, a_policy())
    both = a_standing(keys=18, policies=broad)
    hidden = a_standing(keys=18, policies=(), policies_fault="403")
    keyless = a_standing(keys=None, keys_fault="503", policies=broad)
    for standing in (both, hidden, both, keyless, both):
        cloud.standings[FID.id] = standing
        scene.survey()

    assert len(weak(scene)) == 1


def test_a_worker_that_dies_over_a_weakness_tells_it_once(scene, cloud, monkeypatch):
    scene.survey()
    cloud.standings[FID.id] = a_standing(keys=18)
    with monkeypatch.context() as patched:
        patched.setattr(scene.owners, "put", _die)
        with pytest.raises(KeyboardInterrupt):
            scene.survey()

    scene.survey()

    assert len(weak(scene)) == 1


def test_a_key_that_iam_refuses_is_told_though_nobody_knows_whose_it_is(scene, cloud):
    scene.survey()
    refused = PermanentError("BXNIM0415E: iks-1", reason=Reason.BAD_KEY)
    cloud.faults["identities"].extend([refused] * 4)

    scene.survey()
    scene.survey()

    [notice] = weak(scene)
    assert "BXNIM0415E: iks-1" in str(notice.items)
    assert scene.owners.of("acct1").keys_refused == "BXNIM0415E: iks-1"
    assert [one.owner for one in scene.owners.of("acct1").functional_ids] == [FID]


def test_a_key_that_is_refused_anew_after_it_was_mended_is_told_again(scene, cloud):
    refused = PermanentError("BXNIM0415E", reason=Reason.BAD_KEY)
    for is_refused in (False, True, False, True, True):
        cloud.faults["identities"].extend([refused, refused] * is_refused)
        scene.survey()

    assert len(weak(scene)) == 2


def test_a_key_that_cannot_be_tried_now_is_not_called_refused(scene, cloud):
    scene.survey()
    cloud.faults["identities"].extend([TransientError("503")] * 2)

    scene.survey()

    assert weak(scene) == []


def test_one_identity_in_two_accounts_is_told_for_both(client, armed, cloud):
    second = FakeCloud(cloud.clock, [], account_id="acct2")
    scene = Scene(client, armed, cloud, second)

    scene.survey()
    scene.survey()

    found = {one.account_id: str(one.items) for one in weak(scene)}
    assert set(found) == {"acct1", "acct2"}
    assert "is a functional ID of account acct2 as well" in found["acct1"]
    assert "is a functional ID of account production as well" in found["acct2"]


def test_an_index_of_an_older_service_is_read_still(client, scene):
    scene.survey()
    [key] = client.keys("*owners:acct1")
    head = json.loads(client.hget(key, "head"))
    for new in ("functional_ids", "keys_refused", "keys_refused_after"):
        del head[new]
    client.hset(key, "head", json.dumps(head))

    found = scene.owners.of("acct1")

    assert (len(found.holdings), found.functional_ids) == (2, ())


DENIED = PermanentError("403: no role.", reason=Reason.NO_ROLE)
HOUR = 3600


def failing(scene, cloud, *hours):
    """Survey with a user list that cannot be read, and let hours pass after each."""
    for each in hours:
        cloud.faults["people"].append(DENIED)
        scene.survey()
        scene.clock.advance(each * HOUR)


def kinds_told(scene):
    return [one.kind for one in scene.told()]


def test_surveys_that_fail_for_long_are_told_once_and_once_when_they_work(scene, cloud):
    scene.survey()

    failing(scene, cloud, 1, 1)
    soon = kinds_told(scene)
    failing(scene, cloud, 1, 1, 1)
    late = scene.told()
    scene.survey()
    scene.survey()
    again = scene.told()

    assert soon == []
    assert [one.kind for one in late] == [NoticeKind.SURVEY_FAILING]
    assert "403: no role." in str(late[0].headline)
    assert late[0].items[0].command == "offboard doctor"
    assert [one.kind for one in again] == [NoticeKind.SURVEY_WORKS]


def test_one_survey_that_works_in_between_ends_the_count(scene, cloud):
    for _ in range(3):
        failing(scene, cloud, 1)
        scene.survey()

    assert kinds_told(scene) == []


def test_surveys_that_fail_another_time_are_told_another_time(scene, cloud):
    for _ in range(2):
        failing(scene, cloud, 3, 3)
        scene.survey()

    assert kinds_told(scene) == [NoticeKind.SURVEY_FAILING, NoticeKind.SURVEY_WORKS] * 2


def test_surveys_that_raise_or_kill_their_workers_fail_too(scene, cloud, monkeypatch):
    monkeypatch.setattr(scene.owners, "put", _die)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            scene.survey()
        scene.clock.advance(2 * HOUR)

    [notice] = scene.told()
    assert notice.kind is NoticeKind.SURVEY_FAILING
    assert "It broke off" in str(notice.headline)


def test_a_worker_that_ends_without_a_word_each_time_is_told_by_the_next(scene):
    for _ in range(2):
        scene.surveys._notes.began("acct1", scene.clock())
        scene.clock.advance(2 * HOUR)

    scene.surveys._tell_failing("acct1")

    [notice] = scene.told()
    assert "It ended without a word" in str(notice.headline)


def test_an_outage_of_everything_in_the_middle_of_a_survey_is_no_failing(scene):
    scene.surveys._notes.began("acct1", scene.clock())
    scene.clock.advance(48 * HOUR)

    scene.survey()

    assert kinds_told(scene) == []
    assert scene.surveys.checks() == ()


def test_with_a_long_time_between_surveys_a_day_is_long_enough():
    one = Failing("acct1", NOON, "", 2)
    week = timedelta(days=7)

    assert not one.is_long(NOON + timedelta(hours=24), week)
    assert one.is_long(NOON + timedelta(hours=25), week)


def test_without_a_channel_it_is_told_once_there_is_one(scene, cloud):
    scene.surveys._channels = ()
    failing(scene, cloud, 3, 3)
    scene.surveys._channels = (Channel.SLACK,)

    failing(scene, cloud, 1)

    assert kinds_told(scene) == [NoticeKind.SURVEY_FAILING]


def test_the_check_up_says_of_which_accounts_surveys_fail(scene, cloud):
    failing(scene, cloud, 1)
    [soon] = scene.surveys.checks()
    failing(scene, cloud, 2)
    [late] = scene.surveys.checks()
    scene.survey()

    assert (soon.what, soon.verdict) == ("surveys", Verdict.UNPROVEN)
    assert (late.account_id, late.verdict) == ("acct1", Verdict.FAILED)
    assert "403: no role." in late.text
    assert scene.surveys.checks() == ()


def days_of(scene):
    return scene.trend.since(NOON.date())


def test_each_survey_writes_the_figure_of_its_day_anew(scene, cloud):
    scene.survey()
    [first] = days_of(scene)
    cloud.own(FRANKFURT, FID)

    scene.survey()

    assert (first.departures_from_outage, first.of_people) == (2, 2)
    [day] = days_of(scene)
    assert (day.departures_from_outage, day.of_people, day.of_functional_ids) == (
        1,
        1,
        1,
    )
    assert day.is_whole


def test_a_survey_that_sees_nothing_marks_the_day_and_is_no_fall(scene, cloud):
    scene.survey()
    cloud.faults["people"].append(TransientError("timeout"))
    for target in (DALLAS, FRANKFURT):
        cloud.faults["key_owner", target.id].extend([TransientError("503")] * 9)

    scene.survey()

    [day] = days_of(scene)
    assert (day.departures_from_outage, day.of_people, day.unread) == (2, 2, 2)
    assert not day.is_whole


def test_a_survey_that_breaks_off_marks_the_day_and_is_no_fall(scene, monkeypatch):
    scene.survey()
    monkeypatch.setattr(scene.owners, "put", _die)

    with pytest.raises(KeyboardInterrupt):
        scene.survey()

    [day] = days_of(scene)
    assert (day.departures_from_outage, day.of_people) == (2, 2)
    assert not day.is_whole


def test_an_account_whose_survey_failed_comes_after_the_others(
    client, armed, cloud, monkeypatch
):
    second = FakeCloud(cloud.clock, cloud.journal, account_id="acct2")
    scene = Scene(client, armed, cloud, second)
    failing(scene, cloud, 1)
    order = []
    monkeypatch.setattr(scene.owners, "begin_survey", order.append)

    scene.surveys.make_due()

    assert order == ["acct2", "acct1"]
