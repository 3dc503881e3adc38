"""The demo's chapters, in plain words. Shows what was found; finds nothing itself."""

from collections.abc import Sequence
from typing import Any, Final

from simulator.demo.door import Answer, Event
from simulator.demo.exposure import Holding
from simulator.demo.progress import Line
from simulator.demo.proof import Proof
from simulator.demo.running import Running
from simulator.demo.screen import Screen
from simulator.scenario import COLLEAGUE_EMAIL, FUNCTIONAL_ID_IAM_ID, LEAVER_IAM_ID
from simulator.server import Simulator

_DRY_RUN: Final = '{"dry_run": true}'


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
        "no single person's), and proves that it did."
    )
    screen.say("")


def exposure_before(screen: Screen, before: Sequence[Holding]) -> None:
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


def plan(screen: Screen, case: dict[str, Any]) -> None:
    screen.title("Plan")
    leaver, targets = case["leaver"], case["targets"]
    unread = sum(one["outcome"] == "unread" for one in targets)
    screen.say(
        f"The service found {leaver['email']} in the account as {leaver['iam_id']} and "
        "read the owner of every target; what is not Dana Lee's is not in its plan. "
        f"Owners it could not read: {unread}."
    )
    screen.plan([_plan_row(one) for one in targets])
    for note in [*case["plan"]["refused"], *case["warnings"]]:
        screen.say(f"{note['reason']}: {note['text']}", style="bold yellow")


def _plan_row(target: dict[str, Any]) -> tuple[str, ...]:
    owner = target["owner_before"]
    return (
        target["region"],
        target["resource_group"]["name"],
        ", ".join(one["name"] for one in target["clusters"]),
        owner["name"] or owner["id"] if owner else "could not be read",
        "reset to the functional ID" if owner else str(target["reason"]),
    )


def progress(screen: Screen, lag_seconds: float) -> None:
    screen.title("Progress")
    screen.say(
        f"Seconds since the event. A reset takes {lag_seconds:.0f} s to show in this "
        "account, so its acceptance alone proves nothing: the service reads the "
        "owner back until it is the functional ID."
    )


def end_of_progress(
    screen: Screen, case: dict[str, Any], at: float, now: float
) -> None:
    result = case["result"] or "not settled"
    ended = Line(now, "the case", f"{case['status']}: {result}", is_end=True)
    screen.happening(ended, at)
    for one in case["reports"]:
        line = Line(now, "the case", f"report by {one['channel']}: {one['state']}")
        screen.happening(line, at)


def reports(screen: Screen, simulator: Simulator) -> None:
    screen.title("Report")
    screen.say("What the people who run the clusters get, on both channels:")
    for message in simulator.slack.messages:
        screen.slack(message)
    for caught in simulator.mail.messages:
        screen.mail(caught.message)


def exposure_after(
    screen: Screen, before: Sequence[Holding], after: Sequence[Holding]
) -> None:
    screen.title("Exposure afterwards")
    rows = [
        (now, f", was {was.owner}", "bold green") if now != was else (now, "", "")
        for was, now in zip(before, after, strict=True)
    ]
    screen.owners(rows)
    screen.say("")
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


def proved(screen: Screen, found: Sequence[Proof]) -> bool:
    screen.title("What it proved")
    screen.say("Counted from what the simulated account was asked, call by call:")
    for one in found:
        screen.proof(one)
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


def what_next(screen: Screen) -> None:
    screen.say("")
    screen.say(
        "To try it yourself: `make demo KEEP=1` leaves all this running, and prints "
        "commands to paste. One is a dry run for a colleague: the same road, and "
        "nothing written:"
    )
    screen.say(f"  POST /offboard/{COLLEAGUE_EMAIL}  {_DRY_RUN}")


def to_try(screen: Screen, service: Running, simulator: Simulator) -> None:
    screen.title("Try it")
    screen.say(
        "Everything stays up until Ctrl-C. This service is armed, against the "
        "simulated account only. Paste these into another terminal:"
    )
    bearer = '-H "Authorization: Bearer $TOKEN"'
    as_json = "-H 'Content-Type: application/json'"
    screen.verbatim(
        "\n".join(
            (
                "",
                f"URL={service.url}",
                f"TOKEN={service.keys.token}",
                "# for the command line: offboard case list",
                "export OFFBOARD_URL=$URL OFFBOARD_TOKEN=$TOKEN",
                "",
                "# all cases",
                f'curl -s {bearer} "$URL/api/cases"',
                "# a dry run for the colleague: says what it would do, writes nothing",
                f"curl -s {bearer} {as_json} -d '{_DRY_RUN}'"
                f' "$URL/offboard/{COLLEAGUE_EMAIL}"',
                "# what Slack and the mail server were given",
                f"curl -s {simulator.url}/_sim/slack",
                f"curl -s {simulator.url}/_sim/mail",
                "# every call the simulated account got",
                f"curl -s {simulator.url}/_sim/journal",
                "",
            )
        )
    )
