"""Surveys that fail for long: from when on that is told, and in which words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item, Line, Name
from workers.offboarding.view import View

_A_DAY: Final = timedelta(days=1)
_NO_WORD: Final = "It ended without a word: see the workers' log."


@dataclass(frozen=True, slots=True)
class Failing:
    """An account of which no survey ended well since a time, and why the last did not.

    ``why`` is empty where none ended at all; ``tries`` were begun since.
    """

    account_id: str
    since: datetime
    why: str = ""
    tries: int = 0
    is_told: bool = False

    def is_long(self, now: datetime, every: timedelta) -> bool:
        """Tell whether it fails for longer than a passing fault: one may, two may not.

        Args:
            now: The time.
            every: How often an account is surveyed.
        """
        # One try that everything went down over says nothing, however long ago.
        return self.tries > 1 and now - self.since > min(2 * every, _A_DAY)


def why_not(view: View) -> str:
    """Say why a survey failed; empty where it saw the lists that it is made for.

    A single target that could not be read is told elsewhere.
    """
    if view.has_clusters and view.has_people:
        return ""
    return view.unseen[0].text if view.unseen else "A list could not be read."


def surveys_failing(one: Failing, *, at: datetime, account_name: str = "") -> Notice:
    """Tell that nobody knows any more who owns what in an account."""
    account = named(account_name or one.account_id)
    headline = (
        "no survey of account ",
        account,
        f" ended well since {time_of(one.since)}. Exposure shows what was read "
        "before that, who left is not noticed, and a departure begins only after a "
        "look at everything. The last one: ",
        named(one.why or _NO_WORD, 300),
    )
    to_do = Item(("See what its keys can read:",), (), "offboard doctor")
    return _notice(NoticeKind.SURVEY_FAILING, one, at, account, headline, to_do)


def surveys_work(one: Failing, *, at: datetime, account_name: str = "") -> Notice:
    """Tell that surveys of an account work again."""
    account = named(account_name or one.account_id)
    headline = (
        "a survey of account ",
        account,
        f" ended well, the first since {time_of(one.since)}.",
    )
    to_do = Item(("See who owns what now:",), (), "offboard exposure")
    return _notice(NoticeKind.SURVEY_WORKS, one, at, account, headline, to_do)


def _notice(
    kind: NoticeKind, one: Failing, at: datetime, account: Name, said: Line, to_do: Item
) -> Notice:
    # Named by when it began to fail, so that each failing is told once.
    return Notice(
        id=id_of(kind, one.account_id, one.since.isoformat()),
        kind=kind,
        at=at,
        account_id=one.account_id,
        about=("account ", account),
        headline=said,
        items=(to_do,),
    )


def check_of(one: Failing, now: datetime, every: timedelta) -> Check:
    """Say how surveys of an account fare that does not fare well."""
    verdict = Verdict.FAILED if one.is_long(now, every) else Verdict.UNPROVEN
    return Check(
        "surveys",
        verdict,
        f"No survey ended well since {time_of(one.since)}. {one.why or _NO_WORD}",
        mend="Mend what the other checks of this account name; it is surveyed again "
        "within minutes.",
        account_id=one.account_id,
    )
