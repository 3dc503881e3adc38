"""What the reader can do next, in plain words and in lines to paste."""

from typing import Final

from simulator.demo.running import Running
from simulator.demo.screen import Screen
from simulator.scenario import COLLEAGUE_EMAIL
from simulator.server import Simulator

_DRY_RUN: Final = '{"dry_run": true}'


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
