"""The commands of this service that a report proposes, each one line for a shell."""

from datetime import UTC

from workers.offboarding.advice import shell_word
from workers.offboarding.model import Case, Scope


def narrowing(scope: Scope | None) -> str:
    """Return the options that narrow a command to *scope*, each after a space."""
    if scope is None:
        return ""
    regions = [f" --region {shell_word(one)}" for one in scope.regions]
    groups = [f" --group {shell_word(one)}" for one in scope.resource_groups]
    return "".join(regions + groups)


def as_asked(case: Case) -> str:
    """Return the options that say when and why again, each after a space."""
    is_put_off = case.effective_at != case.received_at
    day = case.effective_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    at = f" --effective-at {day}" if is_put_off else ""
    return at + _why(case)


def _why(case: Case) -> str:
    return f" --reason {shell_word(case.reason)}" if case.reason else ""


def apply_command(case: Case, who: str | None = None) -> str:
    """Return the command that does what *case* asks for, and writes.

    Args:
        case: The case.
        who: Whom to name, as one word of a shell; the case's own leaver without it.
    """
    if case.adoption is not None:
        return f"{_adopt(case, who)} --apply{_why(case)}"
    name = who or shell_word(str(case.leaver))
    return f"offboard run {name} --apply{narrowing(case.scope)}{as_asked(case)}"


def look_command(case: Case, who: str) -> str:
    """Return the command that asks again for *who*, writing only if the case would."""
    apply = "" if case.dry_run else " --apply"
    if case.adoption is not None:
        return f"{_adopt(case, who)}{apply}{_why(case)}"
    return f"offboard run {who}{apply}{narrowing(case.scope)}{as_asked(case)}"


def _adopt(case: Case, who: str | None) -> str:
    adoption = case.adoption
    account_id = adoption.account_id if adoption else ""
    leaver = case.leaver
    name = who or shell_word(leaver.iam_id or leaver.email or str(leaver))
    has_from = who is not None or (adoption is not None and adoption.has_from)
    to = adoption.functional_id if adoption else None
    return (
        f"offboard adopt --account {shell_word(account_id)}{narrowing(case.scope)}"
        + (f" --from {name}" if has_from else "")
        + (f" --to {shell_word(to)}" if to else "")
    )


def cancel_command(case: Case) -> str:
    """Return the command that withdraws *case*."""
    return f"offboard case cancel {shell_word(case.id)}"


def show_command(case_id: str) -> str:
    """Return the command that shows all of a case."""
    return f"offboard case show {shell_word(case_id)}"


def export_command(case_id: str) -> str:
    """Return the command that writes the evidence of a case to a file."""
    ident = shell_word(case_id)
    return f"offboard evidence export {ident} --out {ident}.jsonl"


def retry_command(case: Case) -> str:
    """Return the command that takes *case* back to work."""
    return f"offboard case retry {shell_word(case.id)}"


def decide_command(case: Case, verb: str) -> str:
    """Return the command that approves or refuses exactly the plan *case* has now."""
    plan_hash = case.plan.hash if case.plan is not None else ""
    ident = shell_word(case.id)
    return f"offboard case {verb} {ident} --plan-hash {shell_word(plan_hash)}"


def done_command(case: Case, *numbers: int) -> str:
    """Return the command that ticks follow-ups of *case* off."""
    named = " ".join(str(one) for one in numbers)
    return f"offboard case done {shell_word(case.id)} {named}"
