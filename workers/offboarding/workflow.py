"""The road of a case: a claimed piece of work in, what is to be sent next out."""

from collections.abc import Callable, Mapping
from typing import Final

from workers.offboarding.model import Step, Work
from workers.offboarding.ports import Claim
from workers.offboarding.rules import RuleBrokenError
from workers.offboarding.steps.aftercare import aftercare
from workers.offboarding.steps.foreseeing import foresee
from workers.offboarding.steps.holding import remind
from workers.offboarding.steps.planning import plan
from workers.offboarding.steps.reporting import deliver, report
from workers.offboarding.steps.resetting import reset
from workers.offboarding.steps.showing import show
from workers.offboarding.steps.stopping import is_stuck, stop_broken, stop_stuck
from workers.offboarding.steps.tools import Tools
from workers.offboarding.steps.verifying import verify

STEPS: Final[Mapping[Step, Callable[[Tools, Claim], tuple[Work, ...]]]] = {
    Step.PLAN: plan,
    Step.RESET: reset,
    Step.VERIFY: verify,
    Step.REPORT: report,
    Step.DELIVER: deliver,
    Step.REMIND: remind,
    Step.FORESEE: foresee,
    Step.AFTERCARE: aftercare,
    Step.SHOW: show,
}


def do(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Do the claimed work; return the work that is now to be sent.

    A step that breaks off each time, or is about to break a rule, stops its case.

    Raises:
        LeaseLostError, CaseChangedError, CaseCancelledError: Nothing was written.
        StoreAwayError: Nothing is known to be written; the sweep brings it back.
    """
    if is_stuck(claim):
        return stop_stuck(tools, claim)
    try:
        return STEPS[claim.work.step](tools, claim)
    except RuleBrokenError as error:
        return stop_broken(tools, claim, error)
