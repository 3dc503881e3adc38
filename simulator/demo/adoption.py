"""The chapter in which keys are taken over before anybody leaves, in plain words."""

import json
from typing import Any

from simulator.demo.canary import first_of
from simulator.demo.door import ADOPTIONS_PATH, Answer
from simulator.demo.progress import name_of, place_of
from simulator.demo.screen import Screen


def asked(screen: Screen, wanted: dict[str, Any], answer: Answer) -> None:
    """Say what this is about, and show what is asked for."""
    screen.title("Adoption")
    screen.say(
        "Nobody has to leave for a key to change hands. Kai Ito stays, and owns two "
        "targets; an approver has them taken over now, by the same road:"
    )
    screen.request(answer, f"POST {ADOPTIONS_PATH}", json.dumps(wanted))


def planned(screen: Screen, case: dict[str, Any]) -> None:
    """Say how many targets there are, and which goes first."""
    targets = case["targets"]
    first = [name_of(one) for one in targets if place_of(one) == first_of(targets)]
    screen.say(
        f"Targets to take over: {len(targets)}. First, as the canary, goes "
        f"{first[0] if first else 'either'}."
    )


def gate(screen: Screen, email: str, answer: dict[str, Any] | None) -> None:
    """Show what the gate says of who has been relieved of their targets."""
    screen.say("")
    if answer is None:
        screen.say(f"GET /api/gate/{email} gave no answer.", style="bold red")
        return
    owned = len(answer["targets"])
    screen.say(
        f"May Kai Ito be removed from the account? GET /api/gate/{email} reads "
        f"everything anew and says: {'safe' if answer['safe'] else 'not yet'}. Targets "
        f"that are still Kai Ito's: {owned}."
    )
    for one in answer["reasons"]:
        screen.say(f"  {one['reason']}: {one['text']}")
    if not answer["safe"] and not owned:
        screen.say(
            "It turns green once that is done and the clusters have had half an hour "
            "to pick the new key up."
        )
