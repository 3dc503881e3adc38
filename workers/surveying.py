"""Surveys: every account read into the owner index, and what that brings to light.

At most four at a time in a worker, so that an account that is slow holds up no other,
and within a quarter of the budget: cases come first.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Final

import structlog

from workers.desk import Desk
from workers.offboarding.discovery import look_at
from workers.offboarding.errors import (
    ConflictError,
    OffboardingError,
    StoreAwayError,
)
from workers.offboarding.excess import shared_ids
from workers.offboarding.exposure import AccountIndex, as_last_read, exposure_of
from workers.offboarding.failing import (
    check_of,
    surveys_failing,
    surveys_work,
    why_not,
)
from workers.offboarding.forecast import Forecast, forecast
from workers.offboarding.health import Check
from workers.offboarding.model import Channel, Departure, KeyOwner, Leaver
from workers.offboarding.notice import (
    Notice,
    gone_at_once,
    gone_from_one_account,
    taken_over,
)
from workers.offboarding.ports import Cloud
from workers.offboarding.survey import MOST_GONE, Surveyed, owners_of, surveyed
from workers.offboarding.trend import day_of
from workers.offboarding.watching import Watched, watched, with_functional_ids
from workers.offboarding.weak_notice import keys_refused, weak_functional_id
from workers.store.notices import Notices
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes
from workers.store.trend import Trend

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SOURCE: Final = "survey"
_AT_ONCE: Final = 4
# What could not be read now is read again after this, if a survey is not due earlier.
_AGAIN_SECONDS: Final = 300.0
_BROKE_OFF: Final = "It broke off: see the workers' log."


class Surveys:
    """Makes the surveys that are due."""

    def __init__(
        self,
        clouds: Mapping[str, Cloud],
        owners: Owners,
        notices: Notices,
        desk: Desk,
        channels: tuple[Channel, ...],
        *,
        every_seconds: float,
        clock: Callable[[], datetime],
        names: Mapping[str, str],
        notes: SurveyNotes,
        trend: Trend,
        another: Callable[[], None],
    ) -> None:
        self._clouds = clouds
        self._owners = owners
        self._notices = notices
        self._desk = desk
        self._channels = channels
        self._every_seconds = every_seconds
        self._clock = clock
        self._names = names
        self._notes = notes
        self._trend = trend
        # Asks for another turn, of any worker's.
        self._another = another
        self._turns = BoundedSemaphore(_AT_ONCE)
        self._under_way: set[str] = set()

    def make_due(self) -> None:
        """Survey every account whose turn it is; whom others survey is left to them."""
        if not self._turns.acquire(blocking=False):
            return
        try:
            for account_id in self._in_turn():
                if self._owners.begin_survey(account_id):
                    # What else is due needs not wait for what beat sends.
                    if len(self._clouds) > 1:
                        self._another()
                    self._survey(account_id)
        except StoreAwayError as error:
            # What was begun is due again when its lease ends.
            log.warning("survey.left", fault=str(error))
        finally:
            self._turns.release()

    def give_back(self) -> None:
        """Leave surveys that are under way to other workers; for who ends meanwhile."""
        for account_id in tuple(self._under_way):
            self._owners.end_survey(account_id, again_seconds=0)

    def _in_turn(self) -> list[str]:
        """Put those last whose survey failed: they may take their time again."""
        failed = {one.account_id for one in self._notes.failing(self._clouds)}
        return sorted(self._clouds, key=lambda one: one in failed)

    def checks(self) -> tuple[Check, ...]:
        """Say of which accounts surveys fail; StoreAwayError."""
        now = self._clock()
        return tuple(
            check_of(one, now, self._every)
            for one in self._notes.failing(self._clouds)
            # One that is just being made.
            if one.why or one.is_long(now, self._every)
        )

    @property
    def _every(self) -> timedelta:
        return timedelta(seconds=self._every_seconds)

    def _survey(self, account_id: str) -> None:
        again, why = _AGAIN_SECONDS, _BROKE_OFF
        self._under_way.add(account_id)
        try:
            # Before, too: who dies over each of them says nothing after it.
            self._tell_failing(account_id)
            self._notes.began(account_id, self._clock())
            again, why = self._surveyed(account_id)
        finally:
            # Whatever broke, the account is surveyed again before long.
            wait = min(again, self._every_seconds)
            self._owners.end_survey(account_id, again_seconds=wait)
            self._under_way.discard(account_id)
            self._note(account_id, why)
            self._sum_up()

    def _sum_up(self) -> None:
        """Write the figure of today anew, by all accounts as they are known now."""
        failing = [one for one in self._notes.failing(self._clouds) if one.why]
        ids = [one.account_id for one in failing]
        day = day_of(self._owners.all(self._clouds), ids, self._clock().date())
        if day is not None:
            self._trend.put(day)

    def _note(self, account_id: str, why: str) -> None:
        """Write down how a survey ended, and tell what that changes."""
        if why:
            self._notes.failed(account_id, why)
            self._tell_failing(account_id)
            return
        for one in self._notes.failing([account_id]):
            if one.is_told:
                name = self._names.get(account_id, "")
                self._tell([surveys_work(one, at=self._clock(), account_name=name)])
        self._notes.worked(account_id, self._clock())

    def _tell_failing(self, account_id: str) -> None:
        now, name = self._clock(), self._names.get(account_id, "")
        for one in self._notes.failing([account_id]):
            # Without a channel it does not count as told, so that it is once there is.
            if self._channels and not one.is_told and one.is_long(now, self._every):
                self._tell([surveys_failing(one, at=now, account_name=name)])
                self._notes.told(account_id)

    def _surveyed(self, account_id: str) -> tuple[float, str]:
        """Survey an account.

        Returns:
            After how many seconds it is to be again, and why it failed, if it did.
        """
        began = self._clock()
        before = self._owners.of(account_id)
        view = look_at(self._clouds[account_id], None)
        owners = owners_of(view, before)
        were = {one.iam_id for one in self._owners.people(account_id, owners)}
        found = surveyed(view, before, began, were)
        known = [one.owner for one in before.functional_ids]
        ahead = forecast(self._clouds[account_id], view, known)
        elsewhere = self._elsewhere(account_id, ahead)
        judged = watched(account_id, ahead, before, began, elsewhere=elsewhere)
        index = with_functional_ids(found.index, ahead, judged, before)
        # Told first and written then: who dies between the two tells it once more,
        # under the same name.
        self._tell(
            [
                *self._taken(found, before),
                *self._gone(found, before),
                *self._weak(index, judged),
            ]
        )
        self._owners.put(index, view.people if view.has_people else None)
        self._open_deferred(found)
        log.info(
            "account.surveyed",
            account_id=account_id,
            targets=len(found.index.holdings),
            unseen=len(found.index.notes),
            seconds=round((self._clock() - began).total_seconds(), 1),
        )
        soon = max(_AGAIN_SECONDS, view.retry_after_seconds)
        # That it is empty counts for more when it was seen twice.
        is_news = index.empty_since == began
        again = self._every_seconds if view.is_final and not is_news else soon
        return again, why_not(view)

    def _tell(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            if self._notices.add(notice, self._channels):
                log.warning("notice.made", kind=notice.kind, notice_id=notice.id)

    def _taken(self, found: Surveyed, before: AccountIndex) -> list[Notice]:
        read_at = {one.target.id: one.checked_at for one in before.holdings}
        return [
            taken_over(
                one.target,
                one.before,
                one.now,
                at=found.index.surveyed_at or self._clock(),
                read_before_at=read_at[one.target.id] or self._clock(),
                account_name=self._names.get(one.target.account_id, ""),
            )
            for one in found.taken_over
        ]

    def _elsewhere(self, account_id: str, ahead: Forecast) -> dict[str, list[str]]:
        """Name the other accounts that use the same functional IDs, by the index."""
        ids = {
            one.account_id: [each.owner.id for each in one.functional_ids]
            for one in self._owners.all(self._clouds)
        }
        ids[account_id] = [one.identity.id for one in ahead.standings]
        return {
            iam_id: [self._names.get(one) or one for one in found if one != account_id]
            for iam_id, found in shared_ids(ids).items()
            if account_id in found
        }

    def _weak(self, index: AccountIndex, judged: Iterable[Watched]) -> list[Notice]:
        """Tell of each functional ID that could not be relied on now."""
        at = index.surveyed_at or self._clock()
        name = self._names.get(index.account_id, "")
        notices = [
            weak_functional_id(one.state, one.findings, at=at, account_name=name)
            for one in judged
            if one.findings
        ]
        if index.keys_refused:
            notices.append(
                keys_refused(
                    index.account_id,
                    index.keys_refused,
                    after=index.keys_refused_after,
                    at=at,
                    account_name=name,
                )
            )
        return notices

    def _gone(self, found: Surveyed, before: AccountIndex) -> list[Notice]:
        """Open a case for who left; tell of it where a person has to decide."""
        account_id = found.index.account_id
        at = found.index.surveyed_at or self._clock()
        name = self._names.get(account_id, "")
        if found.gone and (len(found.gone) > MOST_GONE or not found.is_sure):
            gone = {one.id for one in found.gone}
            people = exposure_of([as_last_read(found.index)]).people
            mine = [one for one in people if one.owner.id in gone]
            return [gone_at_once(account_id, mine, at=at, account_name=name)]
        notices = []
        for owner in found.gone:
            elsewhere = self._still_in(owner, account_id)
            if not elsewhere:
                self._open(owner, before.surveyed_at)
                continue
            self._owners.defer(owner)
            targets = [one.target for one in found.index.of(owner.id)]
            notices.append(
                gone_from_one_account(
                    account_id,
                    owner,
                    targets,
                    still_in=elsewhere,
                    at=at,
                    account_name=name,
                )
            )
        return notices

    def _open_deferred(self, found: Surveyed) -> None:
        """Open a case for who was told to be in another account still, and is not."""
        if not found.index.has_people or not found.is_sure:
            return
        account_id = found.index.account_id
        for owner in self._owners.deferred():
            is_here = bool(self._owners.people(account_id, [owner.id]))
            if not is_here and not self._still_in(owner, account_id):
                self._open(owner, found.index.surveyed_at)
                self._owners.undefer(owner.id)

    def _still_in(self, owner: KeyOwner, account_id: str) -> list[str]:
        """Name the other accounts where somebody is, or where nobody can tell.

        What the index says of another account may be hours old, so who is in it by the
        index is looked for there once more.
        """
        return [
            each
            for each, cloud in self._clouds.items()
            if each != account_id
            and self._may_be_in(owner, each)
            and _is_in(owner, cloud)
        ]

    def _may_be_in(self, owner: KeyOwner, account_id: str) -> bool:
        is_known = self._owners.of(account_id).surveyed_at is not None
        return not is_known or bool(self._owners.people(account_id, [owner.id]))

    def _open(self, owner: KeyOwner, since: datetime | None) -> None:
        when = since.isoformat() if since else ""
        email = owner.email.lower() if owner.email else None
        departure = Departure(
            source=SOURCE,
            leaver=Leaver(email, owner.id, owner.name),
            event_key=f"{SOURCE}:{owner.id}:{when}",
            reason="A survey found them on the user list no more.",
        )
        try:
            opened = self._desk.open(departure)
        except ConflictError as error:
            log.warning("departure.not_opened", reason=error.reason)
            return
        log.warning(
            "departure.opened", case_id=opened.case.id, opened_as=str(opened.opened_as)
        )


def _is_in(owner: KeyOwner, cloud: Cloud) -> bool:
    """Look whether somebody is on a user list now; what cannot be seen is a yes."""
    try:
        return owner.id in {one.iam_id for one in cloud.people()}
    except StoreAwayError:
        raise
    except OffboardingError:
        return True
