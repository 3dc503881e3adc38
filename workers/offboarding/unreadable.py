"""What each reason for quarantine means to people, who mends it, and how.

Knows no source and no channel; words in capitals stand for what the reader puts there.
"""

from dataclasses import dataclass
from typing import Final

from workers.offboarding.heard import Unreadable

SENDER: Final = "whoever looks after the sender"
RUNNER: Final = "whoever runs this service, in its settings"
MAPPER: Final = "whoever runs this service, in its identity map"
OPERATOR: Final = "an operator of this service, with whoever looks after the sender"

REPLAY: Final = "offboard quarantine replay ID"
LIST: Final = "offboard quarantine list"


@dataclass(frozen=True, slots=True)
class Mend:
    """One reason in words: what it means, who mends it and how, the command then."""

    sentence: str
    who: str
    how: str
    command: str = REPLAY


UNREADABLE: Final = {
    Unreadable.NO_PERSON: Mend(
        "The event names nobody by an e-mail, an IAM ID or an id of its own.",
        SENDER,
        "Have the sender put the leaver's e-mail into the event. Open this departure "
        "by hand, then drop the delivery.",
        "offboard run USER --apply",
    ),
    Unreadable.UNKNOWN_PERSON: Mend(
        "The event names the person only by an id of the sender's, which this service "
        "does not know.",
        MAPPER,
        "Put that id, which the log has (person.unknown), beside the person's e-mail "
        "or IAM ID into OFFBOARD_IDENTITY_MAP_FILE, and replay the delivery.",
    ),
    Unreadable.TWO_PEOPLE: Mend(
        "The event names more than one person, and the service does not guess.",
        OPERATOR,
        "Settle who leaves. If the identity map mixes two people up, mend it and "
        "replay; else open the departure by hand, then drop the delivery.",
        "offboard run USER --apply",
    ),
    Unreadable.BAD_TIME: Mend(
        "The event holds a time that does not exist, has no zone, or shows a wrong "
        "unit.",
        SENDER,
        "Mend the time on the sender's side and send the event again: the delivery "
        "goes from quarantine by itself. Or open the departure by hand and drop it.",
        "offboard run USER --effective-at TIME --apply",
    ),
    Unreadable.TOO_FAR_AHEAD: Mend(
        "The departure lies more than 400 days ahead, which is more likely a mistake "
        "than a plan.",
        OPERATOR,
        "If the date is wrong, mend it on the sender's side and send the event again. "
        "If it is right, replay the delivery once the date is near enough.",
    ),
    Unreadable.UNKNOWN_SHAPE: Mend(
        "The event is not of the form that this source is known to send.",
        OPERATOR,
        "Compare what the sender is set up to send with the page of the source in "
        "docs/sources/. After a mend here replay the delivery; after one on the "
        "sender's side send the event again.",
    ),
    Unreadable.SENDER_STOPS: Mend(
        "The sender says that it sends nothing any more: its stream is paused or "
        "disabled.",
        SENDER,
        "Have the stream enabled again on the sender's side, see who left meanwhile, "
        "open their departures by hand, then drop the delivery.",
        "offboard run USER --apply",
    ),
    Unreadable.TRUNCATED: Mend(
        "The sender cut the event short, so what it leaves out is not known.",
        SENDER,
        "Look the event up on the sender's side, open the departure by hand if it is "
        "one, then drop the delivery.",
        "offboard run USER --apply",
    ),
    Unreadable.KEY_REUSED: Mend(
        "The event's id was used for another person before, so it would pass for a "
        "repeat.",
        SENDER,
        "Have the sender give each event an id of its own. Open this departure by "
        "hand, then drop the delivery.",
        "offboard run USER --apply",
    ),
    Unreadable.CASE_DAMAGED: Mend(
        "The case that the event is about cannot be read in the store.",
        RUNNER,
        "See with `offboard doctor` what can be done about the case. Replay the "
        "delivery once it can be read.",
    ),
    Unreadable.LOOK_UP_FAILED: Mend(
        "The event has to be looked up at its source, and that did not work for a day "
        "or was refused.",
        RUNNER,
        "See in the workers' log (look_up.failed) what the source answered, mend its "
        "address, its token or its rights, and replay the delivery.",
    ),
    Unreadable.LOOK_UP_NOT_SET_UP: Mend(
        "The event has to be looked up at its source, and the way there is not set up.",
        RUNNER,
        "Set the source's address and token as its page in docs/sources/ says, restart "
        "the workers, and replay the delivery.",
    ),
}
