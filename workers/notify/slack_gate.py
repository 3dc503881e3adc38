"""The gate's answer as Slack shows it: one word, its reasons, what would break."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from workers.notify.mrkdwn import slack_code, slack_cut, slack_link, slack_plain
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import GateAnswer, Holding, ReadingKind
from workers.offboarding.report.phrases import time_of
from workers.offboarding.words import counted

_SHOWN: Final = 5
_LONGEST: Final = 2900


def gate_text(answer: GateAnswer, public_url: str | None) -> str:
    """Say whether a person may be removed yet, in a text of mrkdwn."""
    return slack_cut("\n".join(_lines(answer, public_url)), _LONGEST)


def _lines(answer: GateAnswer, public_url: str | None) -> Iterator[str]:
    yield _verdict(answer)
    for note in answer.reasons:
        yield f"• {slack_plain(note.text)}"
    for one in answer.holdings[:_SHOWN]:
        yield f"• {_target(one)}"
    more = len(answer.holdings) - _SHOWN
    if more > 0:
        yield f"and {counted(more, 'more target')}"
    yield f"Read at {time_of(answer.checked_at)}.{_page(answer.user, public_url)}"


def _verdict(answer: GateAnswer) -> str:
    user = slack_code(answer.user)
    reasons = {one.reason for one in answer.reasons}
    if answer.is_safe:
        return (
            f":white_check_mark: *Safe:* {user} may be removed, and no cluster loses "
            "its key."
        )
    if reasons == {Reason.PERSON_NOT_FOUND}:
        return (
            f":warning: *Not proven safe:* no account knows {user}. See how it is "
            "spelt."
        )
    known = {Reason.OWNS_TARGETS, Reason.CASE_NOT_SAFE, Reason.PROTECTED_USER}
    if not reasons & known:
        return (
            ":warning: *Not proven safe:* not everything could be seen. Do not remove "
            f"{user}."
        )
    return f":no_entry: *Not safe:* do not remove {user} yet."


def _target(one: Holding) -> str:
    target = one.target
    group = target.resource_group
    place = f"{slack_code(target.region)} / {slack_code(group.name or group.id)}"
    clusters = counted(len(target.clusters), "cluster")
    if one.reading is ReadingKind.UNREAD:
        return f"{place}, {clusters}: could not be read"
    return f"{place}, {clusters}: theirs"


def _page(user: str, public_url: str | None) -> str:
    if public_url is None:
        return ""
    url = f"{public_url.rstrip('/')}/gate?user={quote(user, safe='')}"
    return f" {slack_link(url, 'Ask again')}"
