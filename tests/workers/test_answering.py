"""What the front door asks to see, answered by a worker, on a real store."""

import threading
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, a_case
from fakes import FakeCloud, VirtualClock

from workers.answering import Answers
from workers.desk import seeing
from workers.desk.seeing import Seeing
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.health import Verdict
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Departure,
    Entry,
    Leaver,
    OpenedBy,
)
from workers.store.cases import Cases
from workers.store.owners import Owners
from workers.store.questions import Questions

LEAVER = Leaver("dana.lee@example.com")


class Worker:
    """Answers as soon as it is asked, in its own thread, as a worker does."""

    def __init__(self, answers):
        self.answers, self.asked, self.is_slow = answers, [], False
        self.let_go = threading.Event()

    def ask(self, question_id):
        self.asked.append(question_id)
        threading.Thread(target=self._answer, args=(question_id,), daemon=True).start()

    def _answer(self, question_id):
        if self.is_slow:
            self.let_go.wait(60)
        self.answers.answer(question_id)


class Nobody:
    def ask(self, question_id):
        pass


@pytest.fixture
def cloud():
    return FakeCloud(VirtualClock(), [], DALLAS, FRANKFURT, owners={FRANKFURT: FID})


@pytest.fixture
def worker(client, cloud):
    return Worker(
        Answers(
            {"acct1": cloud},
            Questions(client),
            Owners(client),
            Cases(client),
            settle=timedelta(minutes=30),
            same_people=(),
            clock=cloud.clock,
        )
    )


@pytest.fixture
def make_seeing(client, cloud):
    def made(sender, **more):
        return Seeing(
            Owners(client), Questions(client), sender, clock=cloud.clock, **more
        )

    return made


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Has nobody given up who only stands still for a moment."""
    monkeypatch.setattr(seeing, "_GATE_SECONDS", 60.0)
    monkeypatch.setattr(seeing, "_DOCTOR_SECONDS", 60.0)


@pytest.fixture
def short(patience, monkeypatch):
    monkeypatch.setattr(seeing, "_GATE_SECONDS", 0.3)
    monkeypatch.setattr(seeing, "_DOCTOR_SECONDS", 0.3)


def reasons(answer):
    return [note.reason for note in answer.reasons]


def test_the_gate_is_answered_from_what_is_read_for_it(make_seeing, worker, cloud):
    first = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")
    cloud.own(DALLAS, FID)
    second = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert (first.is_safe, reasons(first)) == (False, [Reason.OWNS_TARGETS])
    assert (second.is_safe, reasons(second)) == (True, [])
    assert cloud.journal.count("targets") == 2


def test_an_open_case_of_theirs_keeps_the_gate_shut(make_seeing, worker, cloud, client):
    cloud.own(DALLAS, FID)
    case = a_case(leaver=Leaver(None, DANA.id), opened_by=OpenedBy("api"))
    told = Entry(NOON, "case.opened"), Entry(NOON, "joined")
    Cases(client).open(case, Departure("api", case.leaver), told)

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CASE_NOT_SAFE])


def test_a_worker_that_does_not_know_every_account_leaves_the_gate_to_others(
    client, make_seeing, worker, monkeypatch
):
    # As another worker says, which has read the accounts file since.
    Owners(client).know(["acct1", "acct2"])

    with monkeypatch.context() as briefly:
        briefly.setattr(seeing, "_GATE_SECONDS", 0.3)
        behind = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")
    Owners(client).know(["acct1"])
    current = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert (behind.is_safe, reasons(behind)) == (False, [Reason.READING_UNDER_WAY])
    assert Reason.READING_UNDER_WAY not in reasons(current)


def test_without_a_worker_the_gate_says_that_reading_is_under_way(make_seeing, short):
    answer = make_seeing(Nobody()).gate(LEAVER, user="dana.lee@example.com")

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.READING_UNDER_WAY])
    assert answer.reasons[0].text.startswith("No worker answered in time")


@pytest.mark.parametrize(("ago", "is_lively"), [(29, True), (31, False)])
def test_workers_that_swept_of_late_are_not_said_to_be_gone(
    make_seeing, short, cloud, ago, is_lively
):
    swept_at = cloud.clock() - timedelta(seconds=ago)

    answer = make_seeing(Nobody(), swept_at=lambda: swept_at).gate(
        LEAVER, user="dana.lee@example.com"
    )

    assert answer.reasons[0].text.startswith("No worker") is not is_lively


def test_who_is_protected_is_never_told_to_go(make_seeing, client, cloud):
    cloud.own(DALLAS, FID)
    worker = Worker(
        Answers(
            {"acct1": cloud},
            Questions(client),
            Owners(client),
            Cases(client),
            settle=timedelta(minutes=30),
            same_people=(),
            protected=("dana.lee@example.com",),
            clock=cloud.clock,
        )
    )

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.PROTECTED_USER])


def test_a_reading_that_took_too_long_is_the_next_calls_answer(
    make_seeing, worker, short, until
):
    worker.is_slow = True
    desk = make_seeing(worker)
    first = desk.gate(LEAVER, user="dana.lee@example.com")
    worker.let_go.set()
    questions = Questions(desk._owners._client)
    until(lambda: questions.question(worker.asked[0]) is None)

    second = desk.gate(LEAVER, user="dana.lee@example.com")

    assert reasons(first) == [Reason.READING_UNDER_WAY]
    assert reasons(second) == [Reason.OWNS_TARGETS]
    assert len(set(worker.asked)) == 1


def test_two_who_ask_at_once_are_both_answered(make_seeing, worker):
    answers = []

    def ask():
        answers.append(make_seeing(worker).gate(LEAVER, user="dana.lee@example.com"))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()

    assert [reasons(one) for one in answers] == [[Reason.OWNS_TARGETS]] * 4


def test_what_is_answered_right_after_a_look_is_not_read_for_again(
    client, worker, cloud
):
    class AnsweredAfterALook(Questions):
        def answer_of(self, kind, subject):
            found = super().answer_of(kind, subject)
            for question_id in worker.asked:
                worker.answers.answer(question_id)
            return found

    sender = Nobody()
    sender.ask = worker.asked.append
    desk = Seeing(Owners(client), AnsweredAfterALook(client), sender, clock=cloud.clock)

    answer = desk.gate(LEAVER, user="dana.lee@example.com")

    assert reasons(answer) == [Reason.OWNS_TARGETS]
    assert cloud.journal.count("targets") == 1


def test_the_doctor_checks_every_account(make_seeing, worker):
    checks = make_seeing(worker).doctor()

    assert {one.account_id for one in checks} == {"acct1"}
    assert {one.verdict for one in checks} == {Verdict.OK}


def test_without_a_worker_the_doctor_has_no_answer(make_seeing, short):
    assert make_seeing(Nobody()).doctor() is None


def test_exposure_is_what_surveys_wrote(make_seeing, client):
    Owners(client).know(["acct1"])

    shown = make_seeing(Nobody()).exposure()

    assert (shown.holdings, shown.checked_at) == ((), None)


def test_a_question_of_a_newer_front_door_is_left_unanswered(worker, client):
    asked = Questions(client).ask("horoscope", "")

    worker.answers.answer(asked.id)

    assert Questions(client).answer_of("horoscope", "") is None


def test_what_is_over_is_not_read_for_again(worker, client, cloud):
    worker.answers.answer("gone")

    assert cloud.journal == []


def test_no_number_of_dry_runs_hides_an_open_case(make_seeing, worker, cloud, client):
    cloud.own(DALLAS, FID)
    leaver = Leaver(None, DANA.id)
    told = Entry(NOON, "case.opened"), Entry(NOON, "joined")
    open_case = a_case(id="01A", leaver=leaver, opened_by=OpenedBy("api"))
    Cases(client).open(open_case, Departure("api", leaver), told)
    for number in range(60):
        dry = a_case(
            id=f"02{number:03}",
            leaver=leaver,
            dry_run=True,
            status=CaseStatus.SETTLED,
            result=CaseResult.PLANNED,
        )
        Cases(client).open(dry, Departure("api", leaver, dry_run=True), told)

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert reasons(answer) == [Reason.CASE_NOT_SAFE]


def test_a_case_of_theirs_that_cannot_be_read_keeps_the_gate_shut(
    make_seeing, worker, cloud, client
):
    cloud.own(DALLAS, FID)
    case = a_case(leaver=Leaver(None, DANA.id), opened_by=OpenedBy("api"))
    told = Entry(NOON, "case.opened"), Entry(NOON, "joined")
    Cases(client).open(case, Departure("api", case.leaver), told)
    client.hset(f"offboard:case:{case.id}", "head", "{")

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert [one.text for one in answer.reasons] == [
        f"Case {case.id} cannot be read, so nobody can tell what it lacks."
    ]
    assert not answer.is_safe


def test_an_answer_is_as_old_as_its_first_reading(make_seeing, worker, cloud):
    world_time = cloud.clock
    read = cloud.key_owner
    cloud.key_owner = lambda target: (world_time.advance(60), read(target))[1]

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert answer.checked_at == NOON


def test_a_worker_reads_for_two_questions_at_a_time_and_no_third(
    make_seeing, worker, cloud, short
):
    for _ in range(2):
        worker.answers._turns.acquire()

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert reasons(answer) == [Reason.READING_UNDER_WAY]
    assert cloud.journal == []


def test_a_question_left_by_a_busy_worker_is_sent_again(
    make_seeing, worker, monkeypatch
):
    monkeypatch.setattr(seeing, "_SEND_SECONDS", 0.1)
    for _ in range(2):
        worker.answers._turns.acquire()
    timer = threading.Timer(0.3, worker.answers._turns.release)
    timer.start()

    answer = make_seeing(worker).gate(LEAVER, user="dana.lee@example.com")

    assert reasons(answer) == [Reason.OWNS_TARGETS]
    assert len(worker.asked) > 1


def test_a_question_that_breaks_is_not_under_way_for_long(worker, client, cloud):
    cloud.faults["people"].append(RuntimeError("a bug"))
    asked = Questions(client).ask("doctor", "")

    with pytest.raises(RuntimeError):
        worker.answers.answer(asked.id)

    assert Questions(client).question(asked.id) is None
    assert Questions(client).ask("doctor", "").is_new


def test_an_old_index_says_that_it_is_old(make_seeing, client, cloud):
    owners = Owners(client)
    owners.know(["acct1"])
    owners.put(AccountIndex("acct1", (), NOON), None)
    cloud.clock.advance(13 * 3600)

    shown = make_seeing(Nobody()).exposure()

    assert [one.reason for one in shown.notes] == [Reason.INDEX_STALE]
