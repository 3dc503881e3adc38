"""One case on one page, for somebody who never saw this program. Pure."""

from datetime import datetime
from typing import Final

from workers.offboarding.pack.html import (
    badge,
    code,
    document,
    facts,
    name,
    paragraph,
    section,
    table,
)
from workers.offboarding.pack.plain import for_people, shown, span
from workers.offboarding.pack.sayings import OUTCOMES, said_of
from workers.offboarding.pack.states import SAID
from workers.offboarding.pack.story import Did, Place, Story

TONES: Final = {
    "safe": "good",
    "clean": "good",
    "planned": "calm",
    "joined": "calm",
    "cancelled": "calm",
    "scheduled": "calm",
}
_INTRO: Final = (
    "When a person is removed from an IBM Cloud account, the API keys that their"
    " clusters depend on are deleted with them. This page says which of those keys were"
    " this person's, and that each was given to a functional ID, which is no single"
    " person. A key counts as taken over only once its owner was read again."
)
_ONLY_IDS: Final = (
    "People and functional IDs stand here under their IBM Cloud IAM IDs: names can be"
    " changed, ids cannot."
)


def case_page(story: Story) -> str:
    """Return the page of a case, made of its chain and nothing else."""
    tone = TONES.get(story.state, "bad")
    what = "Adoption" if story.is_adoption else "Departure"
    parts = [
        f"<h1>{what}: {shown(story.leaver)}</h1>",
        f"<p>{badge(SAID[story.state], tone)} {shown(_in_a_sentence(story))}</p>",
        f'<p class="small">{shown(_INTRO)}</p>',
        _summary(story),
        section("What was asked", _asked(story)),
        section("What was not seen, or not done", *_not_done(story)),
        section("Who owned what, and who owns it now", *_owned(story)),
        section("Who decided", *_decided(story)),
        section("Who was told", *_reported(story)),
        section("Everything that was done, in the order of its sealing", _all(story)),
        section("Whether this page is true", *_verifying(story)),
    ]
    return document(f"Evidence of case {story.case_id}", parts)


def _in_a_sentence(story: Story) -> str:
    many = len(story.places)
    safe = sum(one.is_safe for one in story.places)
    match story.state:
        case "safe" | "attention":
            return f"{safe} of {many} targets were read back under a functional ID."
        case "clean":
            return "No cluster API key of this person was found."
        case "planned":
            return f"{many} targets would have been looked at."
        case "joined":
            return "It gave way to another case of the same person, which has the rest."
        case _:
            pass
    return f"{many} targets, {safe} of them read back under a functional ID."


def _summary(story: Story) -> str:
    clocks = story.clocks
    owner = _clock(story, clocks.owner_safe_at, clocks.owner_safe_not)
    fully = _clock(story, clocks.fully_safe_at, clocks.fully_safe_not)
    return facts(
        [
            ("Person, as told", shown(story.leaver)),
            ("Known to IBM Cloud as", code(story.known_as)),
            ("Received", for_people(clocks.received_at)),
            ("Settled", for_people(clocks.settled_at)),
            ("Owner-safe", f"{owner}<br><small>Every key read back.</small>"),
            (
                "Fully safe",
                f"{fully}<br><small>Besides, clusters had their time to pick the new"
                " keys up, and what was left to do is noted as done.</small>",
            ),
            ("Case", code(story.case_id)),
        ]
    )


def _clock(story: Story, at: datetime | None, why_not: str) -> str:
    if at is None:
        return f"not shown: {shown(why_not)}"
    took = story.clocks.seconds_to(at)
    after = "" if took is None else f", {span(took)} after work could begin"
    return f"{for_people(at)}{after}"


def _asked(story: Story) -> str:
    rows = [
        (
            for_people(one.at),
            shown(said_of(one.what)),
            shown(one["actor"] or one["source"]),
            shown(one["leaver"]),
            shown(one["effective_at"][:10] or "-"),
            shown(one["scope"] or "all of the account"),
            _proof(one),
        )
        for one in story.told
    ]
    columns = (
        "When",
        "What",
        "By",
        "Person",
        "From day",
        "Part",
        "Event, and its proof",
    )
    return table(columns, rows, when=0)


def _proof(one: Did) -> str:
    parts = [code(one["event_key"])]
    if one["authn"]:
        parts.append(shown(f"sender proven by {one['authn']}"))
    if one["delivery_sha256"]:
        parts.append(f"<small>body SHA-256 {code(one['delivery_sha256'])}</small>")
    return "<br>".join(each for each in parts if each) or "-"


def _owned(story: Story) -> list[str]:
    if not story.places:
        return [paragraph("No target stands in this evidence.")]
    rows = [
        (
            _place(one),
            name(one.before) or "not read",
            name(one.after) or "not read back",
            for_people(one.read_back_at),
            shown(OUTCOMES.get(one.outcome, one.outcome or "under way")),
            code(", ".join(each for each in one.request_ids if each)) or "-",
        )
        for one in story.places
    ]
    columns = (
        "Target",
        "Owner before",
        "Owner now",
        "Read back",
        "Outcome",
        "IBM's ids",
    )
    return [table(columns, rows, when=3), f'<p class="small">{shown(_ONLY_IDS)}</p>']


def _place(one: Place) -> str:
    if not one.name:
        return code(one.id)
    # The whole id stands in targets.csv.
    account = one.id.partition("/")[0]
    return f"{shown(one.name)}<br><small>account {code(account)}</small>"


def _not_done(story: Story) -> list[str]:
    rows = [
        (
            _place(one),
            shown(OUTCOMES.get(one.outcome, one.outcome or "under way")),
            name(one.reason),
            shown(one.detail) or "-",
            shown(f"accepted as a blind spot by {one.blind}") if one.blind else "-",
        )
        for one in story.places
        if not one.is_safe
    ]
    found = []
    if rows:
        columns = ("Target", "What became of it", "Reason", "In words", "Accepted")
        found.append(table(columns, rows))
    else:
        found.append(paragraph("Every target that this evidence names was read back."))
    if story.state == "attention" and not rows:
        text = "The case needs attention since a list it depends on could not be read."
        found.append(paragraph(text))
    return found


def _decided(story: Story) -> list[str]:
    rows = [
        (
            for_people(one.at),
            shown(said_of(one.what)),
            shown(one["actor"] or one["source"]),
            code(one["plan_hash"]) or "-",
        )
        for one in story.decided
    ]
    if not rows:
        return [paragraph("Nobody had to decide anything.")]
    return [table(("When", "What", "By", "Plan"), rows, when=0)]


def _reported(story: Story) -> list[str]:
    rows = []
    for one in story.reports:
        channel, _, rest = one["target_id"].partition(":")
        kind = rest.partition(":")[0]
        state = one.what.partition(".")[2]
        where = ", ".join(filter(None, (channel, one["place"])))
        rows.append((for_people(one.at), shown(where), shown(kind), shown(state)))
    if not rows:
        return [paragraph("No report of this case stands in this evidence.")]
    return [table(("When", "Channel", "Report", "State"), rows, when=0)]


def _all(story: Story) -> str:
    names = {one.id: one.name for one in story.places}
    rows = [
        (
            str(one.n),
            for_people(one.at),
            shown(said_of(one.what)),
            shown(names.get(one["target_id"], "")) or code(one["target_id"]) or "-",
            shown(one["actor"] or one["source"]) or "-",
            " ".join(
                each for each in (name(one["reason"]), shown(one["detail"])) if each
            )
            or "-",
        )
        for one in story.done
    ]
    return table(("#", "When", "What", "Where", "By", "Why, or more"), rows, when=1)


def _verifying(story: Story) -> list[str]:
    head = story.head
    return [
        paragraph(
            "It is made of evidence.jsonl, which stands beside it: a chain of entries"
            " that is signed. Anybody can check that, and this page against it, without"
            " the service that made it: see HOW-TO-VERIFY.txt."
        ),
        facts(
            [
                ("Entries", shown(str(head.get("n", "")))),
                ("Last hash", code(str(head.get("hash", "")))),
                ("Sealed", shown(str(head.get("at", "")))),
                ("Signed by", code(str(head.get("key", "")))),
            ]
        ),
    ]
