"""The three acts, each from its first request to what was seen of it."""

from typing import Final

from simulator.demo import adoption, chapters, red_preflight
from simulator.demo.door import Event
from simulator.demo.evidence import Evidence
from simulator.demo.granting import granted
from simulator.demo.held_back import HeldBack, broken_by
from simulator.demo.stage import Stage
from simulator.demo.story import Story
from simulator.scenario import (
    BILLING_FUNCTIONAL_ID_IAM_ID,
    BILLING_GROUP_ID,
    BILLING_OWNER_EMAIL,
    BILLING_OWNER_IAM_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_EMAIL,
    LEAVER_IAM_ID,
    LONDON_OWNER_EMAIL,
    LONDON_OWNER_IAM_ID,
    demo_account,
)

_BILLING: Final = ("us-south", BILLING_GROUP_ID)


def departure(stage: Stage) -> Evidence:
    """Play Dana Lee's departure, from the signed event to both reports."""
    story = Story.begun(stage.simulator, LEAVER_IAM_ID, FUNCTIONAL_ID_IAM_ID)
    event = Event.of_departure(LEAVER_EMAIL)
    answer = stage.asked(lambda: stage.door.send(event))
    chapters.event(stage.screen, event, answer)

    def planned(case: chapters.Case) -> None:
        chapters.plan(stage.screen, case)
        chapters.progress(stage.screen, story)

    stage.follow(story, stage.opened(answer), planned)
    chapters.reports(stage.screen, story)
    evidence = story.evidence()
    chapters.end_of_departure(stage.screen, evidence.after)
    return evidence


def held_back(stage: Stage) -> HeldBack:
    """Play Priya Nair's departure: refused by preflight, mended, and done."""
    account = stage.simulator.account
    screen = stage.screen
    red = Story.begun(
        stage.simulator, BILLING_OWNER_IAM_ID, BILLING_FUNCTIONAL_ID_IAM_ID
    )
    event = Event.of_departure(BILLING_OWNER_EMAIL)
    answer = stage.asked(lambda: stage.door.send(event))
    red_preflight.told(screen, BILLING_OWNER_EMAIL, answer)
    case_id = stage.opened(answer)
    stage.follow(red, case_id)
    before = red.evidence()
    would_break = broken_by(demo_account(), *_BILLING, BILLING_FUNCTIONAL_ID_IAM_ID)
    command = red_preflight.refused(screen, before, would_break)
    if command is None:
        return HeldBack(before, None, None, would_break)
    granted_at = granted(account, command)
    if granted_at is None:
        red_preflight.not_granted(screen, command)
        return HeldBack(before, None, None, would_break)
    mended = Story.begun(
        stage.simulator,
        BILLING_OWNER_IAM_ID,
        BILLING_FUNCTIONAL_ID_IAM_ID,
        reported=len(red.case["reports"]),
    )
    answer = stage.asked(lambda: stage.door.retry(case_id))
    red_preflight.retried(screen, case_id, answer)
    stage.follow(mended, stage.opened(answer))
    return HeldBack(before, mended.evidence(), granted_at, would_break)


def adopted(stage: Stage) -> Evidence:
    """Have Kai Ito's targets taken over, though Kai Ito stays."""
    story = Story.begun(stage.simulator, LONDON_OWNER_IAM_ID, FUNCTIONAL_ID_IAM_ID)
    asked = {
        "account_id": stage.simulator.account.account_id,
        "from": LONDON_OWNER_EMAIL,
    }
    answer = stage.asked(lambda: stage.door.adopt(asked))
    adoption.asked(stage.screen, asked, answer)
    stage.follow(
        story, stage.opened(answer), lambda case: adoption.planned(stage.screen, case)
    )
    gate = stage.door.gate(LONDON_OWNER_EMAIL)
    adoption.gate(stage.screen, LONDON_OWNER_EMAIL, gate)
    return story.evidence()
