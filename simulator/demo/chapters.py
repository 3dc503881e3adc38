"""The demo's chapters, in plain words. Shows what was found; finds nothing itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.demo.canary import first_of
from simulator.demo.door import Answer, Event
from simulator.demo.exposure import Holding
from simulator.demo.progress import Line, name_of, place_of
from simulator.demo.proof import Proof
from simulator.demo.screen import Screen
from simulator.demo.story import Story
from simulator.scenario import FUNCTIONAL_ID_IAM_ID, LEAVER_IAM_ID

Case = dict[str, Any]


def opening(screen: Screen) -> None:
    screen.say(
        "In IBM Cloud, all Kubernetes clusters of a region and resource group share "
        "one person's API key; when that person is removed from the account, the key "
        "is deleted at once, and those clusters can no longer order workers, attach "
        "storage or scale."
    )
    screen.say(
        "Here Dana Lee leaves a simulated account: the service finds every key that "
        "is Dana Lee's, replaces it by the key of a functional ID (an identity that is "
        "no single person's), and proves that it did. Then it keeps a functional ID "
        "that lacks a role from breaking a cluster, and relieves a colleague who stays "
        "of two keys before anything can happen."
    )
    screen.say("")


def exposure_before(
    screen: Screen, before: Sequence[Holding], surveyed: dict[str, Any]
) -> None:
    screen.title("Exposure")
    screen.say(
        "A target is a region and a resource group; its clusters share one key. "
        "Who owns each key now, read inside the simulated account:"
    )
    remarks = {
        LEAVER_IAM_ID: (", who leaves", "bold red"),
        FUNCTIONAL_ID_IAM_ID: (", a functional ID", "green"),
    }
    screen.owners([(one, *remarks.get(one.owner_id, ("", ""))) for one in before])
    screen.say("")
    names = _clusters_of_leaver(before)
    screen.say(
        f"If Dana Lee were removed now, these {len(names)} clusters would break: "
        f"{', '.join(names)}.",
        style="bold",
    )
    screen.say(
        f"The service's own survey says: {departures(surveyed)} people are each one "
        "departure from an outage. Who would take their keys over, and how many more "
        "keys IAM lets these have:"
    )
    screen.functional_ids([_forecast_row(one) for one in surveyed["functional_ids"]])


def departures(surveyed: dict[str, Any]) -> int:
    return int(surveyed["departures_from_outage"])


def _forecast_row(one: dict[str, Any]) -> tuple[str, ...]:
    targets = "1 target" if one["would_take"] == 1 else f"{one['would_take']} targets"
    after = f"{targets}, which leaves {one['free_after']} slots"
    return one["name"], str(one["owns"]), f"{one['free']} of {one['key_limit']}", after


def _clusters_of_leaver(rows: Sequence[Holding]) -> list[str]:
    return [n for one in rows if one.owner_id == LEAVER_IAM_ID for n in one.names]


def event(screen: Screen, sent: Event, answer: Answer) -> None:
    screen.title("Event")
    screen.say("The HR system tells the service who leaves, in a signed request:")
    screen.event(sent, answer)
    if answer.case_id is not None:
        screen.say(
            "The answer comes once the event is safe on disk; the work comes after it."
        )


def plan(screen: Screen, case: Case) -> None:
    screen.title("Plan")
    leaver, targets = case["leaver"], case["targets"]
    unread = sum(one["outcome"] == "unread" for one in targets)
    screen.say(
        f"The service found {leaver['email']} in the account as {leaver['iam_id']} and "
        "read the owner of every target; what is not Dana Lee's is not in its plan. "
        f"Owners it could not read: {unread}."
    )
    first = first_of(targets)
    rows = sorted(targets, key=lambda one: place_of(one) != first)
    screen.plan([_plan_row(one, is_first=place_of(one) == first) for one in rows])
    for one in rows[:1] if first is not None else []:
        screen.say(
            f"The target with the fewest clusters, {name_of(one)}, goes first: the "
            "others wait until it has been read back as the functional ID's."
        )
    for note in [*case["plan"]["refused"], *case["warnings"]]:
        screen.say(f"{note['reason']}: {note['text']}", style="bold yellow")


def _plan_row(target: dict[str, Any], *, is_first: bool) -> tuple[str, ...]:
    owner = target["owner_before"]
    to_do = "reset first, as the canary" if is_first else "reset to the functional ID"
    return (
        target["region"],
        target["resource_group"]["name"],
        ", ".join(one["name"] for one in target["clusters"]),
        owner["name"] or owner["id"] if owner else "could not be read",
        to_do if owner else str(target["reason"]),
    )


def progress(screen: Screen, story: Story) -> None:
    screen.title("Progress")
    screen.say(
        f"Seconds since the event. A reset takes {story.lag_seconds:g} s to show in "
        "this account, so its acceptance alone proves nothing: the service reads the "
        "owner back until it is the functional ID."
    )


def end_of_progress(screen: Screen, story: Story, now: float) -> None:
    case, at = story.case, story.sent_at
    result = case["result"] or "not settled"
    ended = Line(now, "the case", f"{case['status']}: {result}", is_end=True)
    screen.happening(ended, at)
    for one in case["reports"][story.reported :]:
        what = "progress" if one["kind"] == "started" else "report"
        line = Line(now, "the case", f"{what} by {one['channel']}: {one['state']}")
        screen.happening(line, at)


def reports(screen: Screen, story: Story) -> None:
    screen.title("Report")
    screen.say("What the people who run the clusters get, on both channels:")
    for message in story.messages:
        screen.slack(message)
    for caught in story.mails:
        screen.mail(caught.message)


def end_of_departure(screen: Screen, after: Sequence[Holding]) -> None:
    left = _clusters_of_leaver(after)
    if left:
        text = f"These clusters still hang on Dana Lee's key: {', '.join(left)}."
        screen.say(text, style="bold red")
        return
    screen.say(
        "No cluster hangs on Dana Lee's key any more. From when on Dana Lee can be "
        "removed, the report says: the clusters need time to pick the new key up.",
        style="bold",
    )


def exposure_after(
    screen: Screen,
    before: Sequence[Holding],
    after: Sequence[Holding],
    people: tuple[int, int | None],
) -> None:
    screen.title("Exposure afterwards")
    rows = [
        (now, f", was {was.owner}", "bold green") if now != was else (now, "", "")
        for was, now in zip(before, after, strict=True)
    ]
    screen.owners(rows)
    screen.say("")
    were, are = people
    screen.say(
        f"People who are each one departure from an outage, by the service: {were} "
        f"before, {'unknown' if are is None else are} now.",
        style="bold",
    )


def proved(screen: Screen, chapters: Mapping[str, Sequence[Proof]]) -> bool:
    screen.title("What it proved")
    screen.say("Counted from what the simulated account was asked, call by call:")
    for name, claims in chapters.items():
        screen.say(f"{name}:", style="bold")
        for one in claims:
            screen.proof(one)
    found = [one for claims in chapters.values() for one in claims]
    broken = sum(not one.holds for one in found)
    if broken:
        text = f"{broken} of {len(found)} do not hold: this demo has failed."
        screen.say(text, style="bold red")
    screen.say(
        "The account is simulated: what IBM Cloud's documentation leaves open about "
        "the real one is not confirmed against a live account.",
        style="dim",
    )
    return not broken
