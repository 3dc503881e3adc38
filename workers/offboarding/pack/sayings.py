"""Entries and outcomes in words, apart from those of live pages, which may change."""

from typing import Final

OUTCOMES: Final = {
    "verified": "taken over, read back",
    "already": "was a functional ID's already",
    "changed_hands": "changed hands meanwhile, left alone",
    "failed": "failed",
    "unread": "could not be seen",
    "planned": "would be taken over (dry run)",
}
_SAID: Final = {
    "case.opened_open": "Opened",
    "case.opened_scheduled": "Opened, for a later day",
    "case.opened_waiting": "Opened, and held at once",
    "case.opened_late": "Opened, and taken back before",
    "case.joined": "Gave way to another case of the same person",
    "case.foreseen": "Looked ahead at what it would do",
    "case.planned": "Plan made",
    "case.planned_from_index": "First plan made, from the owner index",
    "case.looked": "Looked again",
    "case.held": "Held",
    "case.reminded": "People were reminded that it waits",
    "case.approved": "Approved",
    "case.released": "Released",
    "case.resumed": "Went on",
    "case.refused": "Refused",
    "case.retried": "Taken back to work",
    "case.cancelled": "Cancelled",
    "case.settled": "Settled",
    "case.stuck": "Made no progress, and was stopped",
    "case.stopped": "Stopped",
    "case.rule_broken": "Stopped: the next write would have broken a rule",
    "departure.joined": "Told again, joined to this case",
    "departure.withdrawn": "Taken back by who told it",
    "departure.withdrawn_too_late": "Taken back too late: it was finished",
    "departure.left_to_others": "Taken back, and left to what others told",
    "target.reset_intended": "About to reset",
    "target.reset": "Reset was accepted",
    "target.reset_refused": "Reset was refused",
    "target.reset_disproved": "Reset proved to have had no effect",
    "target.answer_lost": "The answer to the reset was lost",
    "target.verified": "Owner read back: the functional ID",
    "target.already": "Was the functional ID's already",
    "target.failed": "Failed",
    "target.unread": "Could not be seen",
    "target.changed_hands": "Changed hands, left alone",
    "target.counted": "Counted in the result as",
    "target.key_used": "The new key was seen in use",
    "target.key_not_seen_used": "The new key was not seen in use",
    "target.extra_reset": "An extra reset was found",
    "blind_spot.counted": "Counted as an accepted blind spot",
    "follow_up.done": "A follow-up was noted as done",
    "master.refreshed": "A cluster's master was refreshed",
    "key.retired": "A superseded key was retired",
    "report.sent": "Report sent",
    "report.failed": "Report failed",
    "report.unknown": "Report sent, its answer was lost",
    "report.left_out": "A beginning was not told: the case was over before",
    "report.failures_told": "Failures were told while it was under way",
}


def said_of(what: str) -> str:
    """Say what was done; what has no words here is told by its own name."""
    if what in _SAID:
        return _SAID[what]
    subject, _, rest = what.replace("_", " ").partition(".")
    return f"{subject.capitalize()}: {rest}" if rest else subject.capitalize()
