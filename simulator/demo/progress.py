"""What happens to each target, line by line: what the account saw, what the case says.

Pure: journal and case in, lines out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.demo.exposure import Holding, Place
from simulator.demo.witness import Seen


@dataclass(frozen=True, slots=True)
class Line:
    """One change: epoch seconds, the target, a sentence, ``is_end`` for an outcome."""

    at: float
    target: str
    text: str
    is_end: bool = False


def account_lines(
    seen: Iterable[Seen],
    targets: Sequence[Holding],
    lag_seconds: float,
    name_of: Callable[[str], str],
) -> list[Line]:
    """Tell each reset, and each reading of an owner that came after one.

    Args:
        seen: In the order of their answers.
        targets: As they were before.
        lag_seconds: How long a reset takes to show.
        name_of: Gives the name of an IAM ID.
    """
    by_place = {one.place: one for one in targets}
    resets: dict[Place, Seen] = {}
    lines = []
    for one in seen:
        target = by_place.get(one.place)
        name = str(target) if target else "no such target"
        reset = resets.get(one.place)
        if one.is_reset:
            resets[one.place] = one
            text = f"reset sent, answered {one.status or 'nothing'}"
            lines.append(Line(one.answered_at, name, text))
        elif target is not None and reset is not None and reset.is_good:
            new = name_of(reset.caller or "")
            shown = _shown(one, reset, lag_seconds, former=target.owner, new=new)
            lines.append(Line(one.answered_at, name, f"owner read back: {shown}"))
    return lines


def _shown(
    read: Seen, reset: Seen, lag_seconds: float, *, former: str, new: str
) -> str:
    """Say what a reading showed; the journal has no bodies, but the lag is known."""
    if read.answered_at < reset.at + lag_seconds:
        return f"still {former}, so look again"
    if read.at >= reset.answered_at + lag_seconds:
        return f"now {new}"
    return "answered"


def case_lines(case: dict[str, Any], known: set[Place], now: float) -> list[Line]:
    """Tell each outcome that is not in *known* yet, and put it there."""
    lines = []
    for one in case["targets"]:
        if one["outcome"] is None or place_of(one) in known:
            continue
        known.add(place_of(one))
        lines.append(Line(now, name_of(one), _outcome(one), is_end=True))
    return lines


def place_of(target: dict[str, Any]) -> Place:
    """Name a target of a case as the journal does."""
    return target["region"], target["resource_group"]["id"]


def name_of(target: dict[str, Any]) -> str:
    """Name a target of a case as it is shown."""
    return f"{target['region']} / {target['resource_group']['name']}"


def _outcome(target: dict[str, Any]) -> str:
    owner = target["owner_after"]
    if owner is not None:
        return f"{target['outcome']} as the key of {owner['name'] or owner['id']}"
    return f"{target['outcome']}: {target['reason']}"
