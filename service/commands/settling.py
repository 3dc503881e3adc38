"""What an owner-safe case still waits for until it is fully safe."""

from datetime import UTC, datetime

from service.commands.answers import ShownCase
from service.commands.screen import to_the_minute
from workers.offboarding.model import CaseResult
from workers.offboarding.words import counted


def is_settling(case: ShownCase) -> bool:
    """Tell whether every target is owner-safe and the case is not fully safe yet."""
    is_safe = case.result == CaseResult.SAFE and case.owner_safe_seconds is not None
    return is_safe and not case.dry_run and case.fully_safe_seconds is None


def settling_of(case: ShownCase, settles_at: str | None) -> str:
    """Say what it waits for.

    Args:
        case: A case that is settling.
        settles_at: When clusters have picked the keys up, where the service tells.
    """
    left = sum(each.done_at is None for one in case.targets for each in one.follow_ups)
    until = _until(settles_at)
    if left:
        before = f", and not before {until}" if until else ""
        are = "is" if left == 1 else "are"
        return f"Fully safe when {counted(left, 'follow-up')} below {are} done{before}."
    if until:
        return f"Fully safe at {until}: until then clusters pick the new keys up."
    return "Fully safe when clusters have picked the new keys up."


def _until(settles_at: str | None) -> str:
    """Return the moment in a few words; nothing where it is over."""
    if settles_at is None:
        return ""
    try:
        at = datetime.fromisoformat(settles_at)
    except ValueError:
        return ""
    is_over = at.tzinfo is None or at <= datetime.now(UTC)
    return "" if is_over else to_the_minute(settles_at)
