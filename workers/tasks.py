"""The Celery tasks: ids in, one step done under a lease, what follows sent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Final, ParamSpec

import structlog
from celery import Celery, signals

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


def register(app: Celery, office: BackOffice) -> None:
    """Give *app* the tasks of the workflow, the sweep, and what is done beside it."""
    sender = Sender(app)
    office.works.alarm = Alarm(sender.send)
    for step in Step:
        app.task(name=f"offboarding.{step}")(_task(step, office, sender))
    app.task(name=SWEEP)(_left("sweep.left", _sweep(office, sender)))
    app.task(name=SURVEY)(office.surveys.make_due)
    app.task(name=ANSWER)(_left("question.left", office.answers.answer))
    app.task(name=ANSWER_LATE)(_left("late_answer.left", office.late.say))
    app.task(name=TELL)(_left("notice.left", _teller(office)))
    app.task(name=LOOK_UP)(_left("look_up.left", office.look_ups.look_up))
    app.task(name=WATCH)(_left("watch.left", _watch(office)))
    app.task(name=BRAKE)(_left("brake.left", _brake(office)))
    app.task(name=DIGEST)(_left("digest.left", _digest(office)))
    app.task(name=SEAL)(_left("seal.left", office.sealing.seal))
    app.task(name=ARCHIVE)(_left("archive.left", _archive(office)))
    app.task(name=SYNC)(_left("sync.left", _sync(office)))


def _sweep(office: BackOffice, sender: Sender) -> Callable[[], None]:
    def sweep() -> None:
        sender.send_again(*office.works.sweep())
        sender.tell(*office.notices.due(_NOTICES_AT_ONCE))
        for kept_id in office.deliveries.due(_LOOK_UPS_AT_ONCE):
            sender.look_up(kept_id)
        for late_id in office.late.due(_ANSWERS_AT_ONCE):
            sender.answer_late(late_id)
        office.scim.hear_left_over(office.dry.clock())

    return sweep


def _watch(office: BackOffice) -> Callable[[], None]:
    def watch() -> None:
        try:
            office.restoring.look()
            office.minding.look()
        finally:
            # What is wrong with the intake must not hide a case that stands still.
            office.stuck.look()
            office.damage.look()
            office.refusing.look()

    return watch


def _brake(office: BackOffice) -> Callable[[], None]:
    def brake() -> None:
        # What an old copy holds may have been decided since.
        if not office.restoring.is_on():
            office.brake.look()

    return brake


def _digest(office: BackOffice) -> Callable[[], None]:
    def digest() -> None:
        # What an old copy would tell of was told, or was done since.
        if office.restoring.is_on():
            return
        try:
            office.crowds.look()
        finally:
            office.digest.look()

    return digest


def _archive(office: BackOffice) -> Callable[[], None]:
    def archive() -> None:
        # What an old copy has may be in its file already, with more of it; and nothing
        # goes before people have looked.
        if not office.restoring.is_on():
            office.archiving.look()

    return archive


def _sync(office: BackOffice) -> Callable[[], None]:
    def sync() -> None:
        # Beat sends it in any case: it does not know which sources are set up.
        if office.sync is not None:
            office.sync.make_due()

    return sync


def _teller(office: BackOffice) -> Callable[[str, str], None]:
    def tell_channel(notice_id: str, channel: str) -> None:
        tools = office.dry
        tell(
            office.notices,
            tools.notifiers,
            notice_id,
            Channel(channel),
            tools.clock,
            tools.rooms,
        )

    return tell_channel


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


def _task(step: Step, office: BackOffice, sender: Sender) -> Callable[[str, str], None]:
    def run(case_id: str, item: str) -> None:
        sender.send(*perform(office, Work(case_id, step, item)))

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
    structlog.contextvars.bind_contextvars(
        request_id=case.request_id, source=case.opened_by.source
    )
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


def fresh_context() -> None:
    """Have each task log under its own ids; the request's id comes with its case."""

    @signals.task_prerun.connect(weak=False)
    def _begin(task_id: str, task: object, **_: object) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            task_id=task_id, task=getattr(task, "name", None)
        )

    @signals.task_postrun.connect(weak=False)
    def _end(**_: object) -> None:
        structlog.contextvars.clear_contextvars()
