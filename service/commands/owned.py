"""What one person owns, out of an exposure."""

from service.client import Body
from service.commands.holdings import person_name, show_holdings
from service.commands.screen import Screen
from service.commands.seen_answers import ShownExposure
from service.commands.to_do import Task, show_tasks, word_of
from workers.offboarding.words import counted


def only_of(body: Body, owner: str) -> Body:
    """Leave the targets and people out that are not *owner*'s; nothing else changes."""
    wanted = owner.strip()
    return {
        **body,
        "targets": [
            one
            for one in body["targets"]
            if one.get("reading") == "owner" and _is(one.get("owner"), wanted)
        ],
        "people": [one for one in body["people"] if _is(one.get("owner"), wanted)],
    }


def _is(owner: Body | None, wanted: str) -> bool:
    if owner is None:
        return False
    # An e-mail is compared as the service does, an IAM ID as it came.
    email = owner.get("email") or ""
    return owner.get("id") == wanted or email.lower() == wanted.lower()


def show_owner(screen: Screen, told: ShownExposure, owner: str) -> None:
    """Show what they own, and what would take it over."""
    if not told.targets:
        screen.line(f"{owner} was not seen to own a key.")
        return
    clusters = sum(len(one.clusters) for one in told.targets)
    named = next((person_name(one.owner) for one in told.people), owner)
    left = " They have left already." if any(one.left for one in told.people) else ""
    screen.line(
        f"{named} owns the key of {counted(len(told.targets), 'target')} with "
        f"{counted(clusters, 'cluster')}.{left}",
        style="bold yellow",
    )
    show_holdings(screen, told.targets, told.names)
    text = "See what an offboarding would do; with --apply it is done:"
    show_tasks(screen, [Task(text, f"offboard run {word_of(owner)}")])
