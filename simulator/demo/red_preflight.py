"""The chapter of a reset that would break a cluster, and so is not sent."""

from collections.abc import Sequence

from simulator.demo.door import EVENT_PATH, Answer
from simulator.demo.evidence import Evidence
from simulator.demo.screen import Screen


def told(screen: Screen, email: str, answer: Answer) -> None:
    """Say what this is about, and that the event was taken."""
    screen.title("A red preflight")
    screen.say(
        "A cluster can do no more than the owner of its key may, so a functional ID "
        "that lacks a role would break it. Next Priya Nair leaves, who owns the key of "
        "billing; that is kept for the functional ID iks-billing, whose roles nobody "
        "completed. The HR system tells of this departure as of the first:"
    )
    screen.request(answer, f"POST {EVENT_PATH}  (as above: {email} leaves)")


def refused(
    screen: Screen, evidence: Evidence, would_break: Sequence[str]
) -> str | None:
    """Show why nothing was written, and return the command that mends it."""
    failed = [one for one in evidence.case["targets"] if one["advice"] is not None]
    if not failed:
        screen.say("Nothing was held back.", style="bold red")
        return None
    advice = failed[0]["advice"]
    screen.say("")
    screen.say("What people are told, and who can mend it:")
    screen.advice(failed[0]["reason"], advice["text"], advice["who"], advice["command"])
    screen.say(
        f"Resets sent for Priya Nair's target: {len(evidence.resets)}. Sent in a copy "
        f"of the account, that reset breaks {', '.join(would_break) or 'nothing'}.",
        style="bold",
    )
    return str(advice["command"]) if advice["command"] else None


def not_granted(screen: Screen, command: str) -> None:
    """Say that the command told is none that grants a role here."""
    text = f"This grants nothing in the simulated account: {command}"
    screen.say(text, style="bold red")


def retried(screen: Screen, case_id: str, answer: Answer) -> None:
    """Say that the role was granted, and that the case goes on."""
    screen.say("")
    screen.say(
        "An administrator runs that command, here against the simulated account, and "
        "an operator has the case worked on again:"
    )
    screen.request(answer, f"POST /api/cases/{case_id}/retry")
