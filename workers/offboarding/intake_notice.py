"""What the channels are told of the intake: quarantine, what runs out, silence.

No person is named here: what an unreadable delivery says of one is not known, and what
it holds stays sealed.
"""

from datetime import datetime

from workers.offboarding.intake import Kind, RunningOut, SourceNote
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item
from workers.offboarding.unreadable import LIST, REPLAY, UNREADABLE

_DROP = "offboard quarantine drop ID"


def quarantined(kind: Kind, *, at: datetime) -> Notice:
    """Tell that deliveries of one kind are in quarantine; once a filling."""
    mend = UNREADABLE[kind.reason]
    which = kind.only_id or "ID"
    return Notice(
        id=id_of(NoticeKind.QUARANTINED, kind.source, kind.reason, kind.since),
        kind=NoticeKind.QUARANTINED,
        at=at,
        account_id="",
        about=(named(kind.source), f", {kind.reason}"),
        headline=(
            f"{_deliveries(kind.count)} of the source ",
            named(kind.source),
            f" could not be acted on ({kind.reason}). {mend.sentence} Somebody may "
            "leave whom nobody offboards.",
        ),
        items=(
            Item(("See what is kept, and why:",), (), LIST),
            Item(
                (f"To be mended by {mend.who}:",),
                ((mend.how,),),
                mend.command.replace("replay ID", f"replay {which}"),
            ),
            *(
                ()
                if mend.command == REPLAY
                else (_item("Once it can be read, replay it:", REPLAY, which),)
            ),
            _item("Drop it once nothing is left to do about it:", _DROP, which),
        ),
    )


def running_out(kind: RunningOut, *, at: datetime) -> Notice:
    """Tell that kept bodies are removed soon."""
    return Notice(
        id=id_of(NoticeKind.RUNNING_OUT, kind.source, kind.reason, kind.first_id),
        kind=NoticeKind.RUNNING_OUT,
        at=at,
        account_id="",
        about=(named(kind.source), f", {kind.reason}"),
        headline=(
            f"{_deliveries(kind.count)} of the source ",
            named(kind.source),
            f" in quarantine ({kind.reason}) will be removed, the first at "
            f"{time_of(kind.first_at)}. After that they stay listed, and can be "
            "replayed no more.",
        ),
        items=(
            Item(("See what is kept, and why:",), (), LIST),
            _item("Replay what can be read by now:", REPLAY, "ID"),
            _item("Drop what needs nothing any more:", _DROP, "ID"),
        ),
    )


def silent(
    name: str, note: SourceNote, *, expected_hours: float, at: datetime
) -> Notice:
    """Tell that a source did not speak when it should have; once a silence."""
    since = note.quiet_since or at
    spoke = note.last_delivered_at
    said = f"last spoke at {time_of(spoke)}" if spoke else "never spoke"
    return Notice(
        id=id_of(NoticeKind.SOURCE_SILENT, name, since.isoformat()),
        kind=NoticeKind.SOURCE_SILENT,
        at=at,
        account_id="",
        about=(named(name),),
        headline=(
            "the source ",
            named(name),
            f" {said}, and is expected to speak every {expected_hours:g} hours. If it "
            "is cut off, nobody is told who leaves.",
        ),
        items=(
            Item(
                ("See when it delivered, and what was refused and why:",),
                (),
                "offboard source list",
            ),
            Item(
                (
                    "Check on the sender's side that it is on and still has this "
                    f"service's address and secret; docs/sources/{name}.md says where.",
                ),
            ),
            Item(
                (
                    "If it may be quiet for longer, set "
                    f"OFFBOARD_SOURCE_{name.upper()}_EXPECTED_HOURS higher.",
                ),
            ),
        ),
    )


def _deliveries(count: int) -> str:
    return "1 delivery" if count == 1 else f"{count} deliveries"


def _item(text: str, command: str, which: str) -> Item:
    return Item((text,), (), command.replace(" ID", f" {which}"))
