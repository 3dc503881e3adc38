"""The Celery tasks: ids in, one step done under a lease, what follows sent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Concatenate, Final, ParamSpec

import structlog
from celery import Celery

from workers.alarm import Alarm
from workers.app import (
    ANSWER,
    ANSWER_LATE,
    ARCHIVE,
    BRAKE,
    DIGEST,
    LOOK_UP,
    SEAL,
    SURVEY,
    SWEEP,
    SYNC,
    TELL,
    VOUCH,
    WATCH,
    Sender,
)
from workers.keeping import Keeper
from workers.offboarding.errors import (
    CaseCancelledError,
    CaseChangedError,
    CaseDamagedError,
    LeaseLostError,
    NoSuchCaseError,
    StoreAwayError,
)
from workers.offboarding.model import Case, Channel, Step, Work
from workers.offboarding.ports import Cases, Change, Claim
from workers.offboarding.steps.tools import Tools
from workers.offboarding.workflow import do
from workers.store.work import PUT_OFF, Begun, Works
from workers.telling import tell
from workers.wiring import BackOffice

log = structlog.get_logger()

P = ParamSpec("P")

# What reads one target of its case, and the same as its claim.
_OF_A_TARGET: Final = frozenset({Step.RESET, Step.VERIFY})
_KEEPER: Final = Keeper()
_NOTICES_AT_ONCE: Final = 100
_LOOK_UPS_AT_ONCE: Final = 100
_ANSWERS_AT_ONCE: Final = 100


Offices = Callable[[], BackOffice]
"""The back office that holds now; each task takes it once, when it begins."""


def register(app: Celery, now: Offices) -> None:
    """Give *app* the tasks of the workflow, the sweep, and what is done beside it."""
    sender = Sender(app)
    now().works.alarm = Alarm(sender.send)
    for step in Step:
        app.task(name=f"offboarding.{step}")(_task(step, now, sender))
    app.task(name=SWEEP)(_left("sweep.left", _sweep(now, sender)))
    app.task(name=SURVEY)(_turn(now, _survey))
    app.task(name=ANSWER)(_left("question.left", _turn(now, _answer)))
    app.task(name=ANSWER_LATE)(_left("late_answer.left", _turn(now, _answer_late)))
    app.task(name=TELL)(_left("notice.left", _turn(now, _tell)))
    app.task(name=LOOK_UP)(_left("look_up.left", _turn(now, _look_up)))
    app.task(name=WATCH)(_left("watch.left", _turn(now, _watch)))
    app.task(name=BRAKE)(_left("brake.left", _turn(now, _brake)))
    app.task(name=DIGEST)(_left("digest.left", _turn(now, _digest)))
    app.task(name=SEAL)(_left("seal.left", _turn(now, _seal)))
    app.task(name=VOUCH)(_left("vouch.left", _turn(now, _vouch)))
    app.task(name=ARCHIVE)(_left("archive.left", _turn(now, _archive)))
    app.task(name=SYNC)(_left("sync.left", _turn(now, _sync)))


def _turn(
    now: Offices, do_it: Callable[Concatenate[BackOffice, P], None]
) -> Callable[P, None]:
    """Do it in the back office that holds when it begins, and to the end in that."""

    def run(*given: P.args, **more: P.kwargs) -> None:
        do_it(now(), *given, **more)

    return run


def _survey(office: BackOffice) -> None:
    office.surveys.make_due()


def _answer(office: BackOffice, question_id: str) -> None:
    office.answers.answer(question_id)


def _answer_late(office: BackOffice, late_id: str) -> None:
    office.late.say(late_id)


def _look_up(office: BackOffice, kept_id: str) -> None:
    office.look_ups.look_up(kept_id)


def _seal(office: BackOffice) -> None:
    office.sealing.seal()


def _vouch(office: BackOffice) -> None:
    office.vouching.look()


def _sweep(now: Offices, sender: Sender) -> Callable[[], None]:
    def sweep() -> None:
        office = now()
        sender.send_again(*office.works.sweep())
        sender.tell(*office.notices.due(_NOTICES_AT_ONCE))
        for kept_id in office.deliveries.due(_LOOK_UPS_AT_ONCE):
            sender.look_up(kept_id)
        for late_id in office.late.due(_ANSWERS_AT_ONCE):
            sender.answer_late(late_id)
        office.scim.hear_left_over(office.dry.clock())

    return sweep


def _watch(office: BackOffice) -> None:
    try:
        office.restoring.look()
        office.minding.look()
    finally:
        # What is wrong with the intake must not hide a case that stands still.
        office.stuck.look()
        office.damage.look()
        office.refusing.look()
        office.keys.look()


def _brake(office: BackOffice) -> None:
    # What an old copy holds may have been decided since.
    if not office.restoring.is_on():
        office.brake.look()


def _digest(office: BackOffice) -> None:
    # What an old copy would tell of was told, or was done since.
    if office.restoring.is_on():
        return
    try:
        office.crowds.look()
    finally:
        office.digest.look()


def _archive(office: BackOffice) -> None:
    # What an old copy has may be in its file already, with more of it; and nothing
    # goes before people have looked.
    if not office.restoring.is_on():
        office.archiving.look()


def _sync(office: BackOffice) -> None:
    # Beat sends it in any case: it does not know which sources are set up.
    if office.sync is not None:
        office.sync.make_due()


def _tell(office: BackOffice, notice_id: str, channel: str) -> None:
    tools = office.dry
    tell(
        office.notices,
        tools.notifiers,
        notice_id,
        Channel(channel),
        tools.clock,
        tools.rooms,
    )


def _left(left: str, do_it: Callable[P, None]) -> Callable[P, None]:
    """Do it, or leave it to its next turn where the store is away."""

    @wraps(do_it)
    def done(*given: P.args, **more: P.kwargs) -> None:
        with _away(left):
            do_it(*given, **more)

    return done


@contextmanager
def _away(left: str) -> Iterator[None]:
    """Leave work to its next turn where the store is away."""
    try:
        yield
    except StoreAwayError as error:
        log.warning(left, fault=str(error))


def _task(step: Step, now: Offices, sender: Sender) -> Callable[[str, str], None]:
    def run(case_id: str, item: str) -> None:
        sender.send(*perform(now(), Work(case_id, step, item)))

    return run


def perform(office: BackOffice, work: Work) -> tuple[Work, ...]:
    """Do one piece of work, if it is there to be done; return what is to be sent.

    A store that is away raises nothing: what is due stays due, and the sweep, which
    needs the same store, brings it back.
    """
    structlog.contextvars.bind_contextvars(
        case_id=work.case_id, step=work.step, item=work.item or None
    )
    try:
        return _perform(office, work)
    except NoSuchCaseError:
        log.warning("work.without_case")
    except (LeaseLostError, CaseCancelledError, StoreAwayError) as error:
        # Nothing is lost: the work is still due, or there is nothing left to do.
        log.warning("work.left", fault=type(error).__name__)
    return ()


def _perform(office: BackOffice, work: Work) -> tuple[Work, ...]:
    try:
        begun = office.works.begin(work)
    except CaseDamagedError:
        log.warning("work.of_damaged_case")
        return ()
    if begun is None:
        return ()
    case = begun.case
    # Whether a case put off while unarmed is a dry run is decided by its plan, which
    # has to see whether the service is armed now.
    is_decided = work.step is not Step.PLAN or not case.was_put_off_unarmed
    tools = office.dry if case.dry_run and is_decided else office.armed
    structlog.contextvars.bind_contextvars(source=case.opened_by.source)
    if case.request_id:
        structlog.contextvars.bind_contextvars(request_id=case.request_id)
    with _renewed(office.works, begun.claim):
        return _done(_with_read(tools, begun), begun.claim)


def _renewed(works: Works, claim: Claim) -> AbstractContextManager[None]:
    """Keep the lease while the step runs."""
    return _KEEPER.keeps(works, claim)


def _with_read(tools: Tools, begun: Begun) -> Tools:
    """Give a target's step what was read with its claim, so that it reads it not again.

    It was read in the moment of the claim, so it is what the step would read now.
    """
    if begun.claim.work.step not in _OF_A_TARGET:
        return tools
    return replace(tools, cases=_ReadOnce(tools.cases, begun))


class _ReadOnce:
    """Cases of which one part is in hand, for whoever asks for it first."""

    def __init__(self, cases: Cases, begun: Begun) -> None:
        self._cases = cases
        self._work = begun.claim.work
        self._kept: Case | None = begun.case

    def load(self, case_id: str) -> Case:
        """Read a case; see the port."""
        return self._cases.load(case_id)

    def load_part(self, case_id: str, target_id: str = "") -> Case:
        """Give what is in hand, once; see the port."""
        kept, self._kept = self._kept, None
        if kept is not None and (case_id, target_id) == (
            self._work.case_id,
            self._work.item,
        ):
            return kept
        return self._cases.load_part(case_id, target_id)

    def adopt(self, case: Case) -> str | None:
        """Take the leaver's names; see the port."""
        return self._cases.adopt(case)


def _done(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    try:
        return do(tools, claim)
    except CaseChangedError:
        # Somebody joined or turned the case meanwhile: the step begins anew.
        tools.works.again(claim, Change(), tools.clock())
        return (claim.work,)
    except CaseDamagedError:
        # Its head can be read, and another part cannot. The lease is given back at
        # once: of a target it is one that other cases may want.
        log.warning("work.of_damaged_case")
        return tools.works.again(claim, Change(), tools.clock() + PUT_OFF)
