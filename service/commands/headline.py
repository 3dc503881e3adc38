"""How a case stands, in one line for a screen."""

from typing import Final

from service.commands.answers import ShownCase
from service.commands.ending import UNSEEN, has_credential
from service.commands.notes import holds_of
from service.commands.targets import OUTCOMES
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseResult, CaseStatus, Outcome
from workers.offboarding.words import counted

_COUNTED: Final = (Outcome.FAILED, Outcome.UNREAD, Outcome.CHANGED_HANDS, None)


def leaver_of(case: ShownCase) -> str:
    """Name the leaver as one would type them."""
    leaver = case.leaver
    if leaver is None:
        return "all people" if case.is_adoption else "unknown"
    return leaver.email or leaver.iam_id or leaver.name or "unknown"


def headline_of(case: ShownCase) -> str:
    """Say in one line how a case stands."""
    who = leaver_of(case)
    if case.status == CaseStatus.SETTLED:
        return _ended(case, who)
    return f"{_under_way(case)} {_about(case)}."


def _about(case: ShownCase) -> str:
    """Say whom a case is about; nobody leaves in an adoption."""
    who = leaver_of(case)
    return f"Adoption from {who}" if case.is_adoption else f"Leaver: {who}"


def _under_way(case: ShownCase) -> str:
    match case.status:
        case CaseStatus.WAITING:
            return " ".join(["Held.", *(note.text for note in holds_of(case))])
        case CaseStatus.CANCELLED if case.joined_to:
            return f"Cancelled: it goes on as case {case.joined_to}."
        case CaseStatus.CANCELLED:
            return "Cancelled before the first write."
        case CaseStatus.SCHEDULED:
            return (
                f"Scheduled. Leaves {case.effective_at or 'later'}; work starts up to "
                "OFFBOARD_LEAD_TIME_HOURS before."
            )
        case _:
            done = sum(one.outcome is not None for one in case.targets)
            many = f"{done} of {len(case.targets)} done" if case.targets else "looking"
            return f"Under way: {many}."


def _ended(case: ShownCase, who: str) -> str:
    part = "" if case.scope is None else " in the part asked for"
    match case.result:
        case CaseResult.SAFE:
            said = f"Safe{part}: {_all_safe(case, who)}"
            return f"{said}{_blind(case)} {_clocks(case)}"
        case CaseResult.CLEAN if _is_warned(case, Reason.PERSON_NOT_FOUND):
            return f"Nothing found{part}: {_unknown(who)}"
        case CaseResult.CLEAN:
            nobody = case.leaver is None and case.is_adoption
            owner = "no person owns a" if nobody else f"{who} owns no"
            seen, blind = _seen(case), _blind(case)
            return f"Nothing to do{part}: {owner} cluster API key{seen}.{blind}"
        case CaseResult.PLANNED:
            return _planned(case, who)
        case _:
            return f"Attention needed: {_counts(case) or 'see below'}. {_about(case)}."


def _all_safe(case: ShownCase, who: str) -> str:
    many, whose = _read_back(case), f"{who}{_seen(case)}"
    if many == 1:
        return f"the only cluster API key of {whose} is a functional ID's, read back."
    return (
        f"all {many} cluster API keys of {whose} are a functional ID's, each read back."
    )


def _seen(case: ShownCase) -> str:
    """Claim no more than was seen."""
    return " that could be seen" * bool(_count_of(case, Outcome.UNREAD))


def _read_back(case: ShownCase) -> int:
    return sum(
        one.outcome in (Outcome.VERIFIED, Outcome.ALREADY) for one in case.targets
    )


def _blind(case: ShownCase) -> str:
    """Say what was not seen of a good end: an approver accepted that, no more."""
    many = _count_of(case, Outcome.UNREAD)
    are = "was" if many == 1 else "were"
    accepted = f"{counted(many, 'target')} {are} not seen, which an approver accepted."
    return f" But {accepted}" if many else ""


def _clocks(case: ShownCase) -> str:
    owner_safe = (
        "Owner-safe: no figure, since only a part was asked for."
        if case.owner_safe_seconds is None
        else f"Owner-safe after {_span(case.owner_safe_seconds)}."
    )
    fully_safe = (
        "Not fully safe yet."
        if case.fully_safe_seconds is None
        else f"Fully safe after {_span(case.fully_safe_seconds)}."
    )
    return f"{owner_safe} {fully_safe}"


def _planned(case: ShownCase, who: str) -> str:
    is_unknown = _is_warned(case, Reason.PERSON_NOT_FOUND)
    if is_unknown and not case.targets and not _counts(case):
        return f"Dry run, nothing was changed: {_unknown(who)}"
    would = _count_of(case, Outcome.PLANNED)
    if not case.targets and not case.is_adoption:
        part = "" if case.scope is None else " in the part asked for"
        return f"Dry run, nothing was changed: {who} owns no cluster API key{part}."
    keys = counted(would, "cluster API key")
    counts = _counts(case)
    first = f"{counts}, {keys}" if counts else keys
    waits = " An armed run would be held." if case.plan and case.plan.refused else ""
    known = ", unknown to the account" if is_unknown else ""
    return (
        f"Dry run, nothing was changed: {first} would be reset. "
        f"{_about(case)}{known}.{waits}"
    )


def _unknown(who: str) -> str:
    return f"{who} is unknown to the account, and no cluster API key is theirs."


def _counts(case: ShownCase) -> str:
    counts = ((_count_of(case, one), OUTCOMES[one]) for one in _COUNTED)
    is_unmatched = _is_warned(case, Reason.SCOPE_UNMATCHED)
    in_force = ["a classic credential of the leaver is in force"]
    parts = ["the part asked for names what was not seen"] * is_unmatched
    parts += in_force * has_credential(case)
    parts += [f"{count} {word}" for count, word in counts if count]
    told = (Reason.SCOPE_UNMATCHED, Reason.CLASSIC_CREDENTIAL_ELSEWHERE)
    unseen = [one for one in UNSEEN if one not in told]
    if _is_warned(case, *unseen):
        parts.append("not everything could be seen")
    done = _read_back(case)
    return ", ".join([*parts, f"{done} done"] if done else parts)


def _count_of(case: ShownCase, outcome: str | None) -> int:
    return sum(one.outcome == outcome for one in case.targets)


def _is_warned(case: ShownCase, *reasons: str) -> bool:
    return any(one.reason in reasons for one in case.warnings)


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
