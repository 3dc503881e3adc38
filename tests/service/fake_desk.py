"""A desk in memory: takes departures as the real one promises to, and no further.

Beside it the clock, the secrets and the tokens the tests of the front door agree on.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.settings import Secret, Settings, Token
from workers.desk import Opened, OpenedAs, Page, Paused
from workers.offboarding.errors import ConflictError, NoSuchCaseError, StoreAwayError
from workers.offboarding.exposure import Exposure, GateAnswer
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    OpenedBy,
)

NOW = datetime.fromtimestamp(1771236131, UTC)
SECRET = "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"
OLD_SECRET = "whsec_" + "b29v" * 10


def token(name, role, text):
    return Token(name, role, hashlib.sha256(text.encode()).hexdigest())


SETTINGS = Settings(
    source_standard_secret=(Secret(SECRET), Secret(OLD_SECRET)),
    api_tokens=(
        token("dashboard", "viewer", "ofb_viewer"),
        token("helpdesk", "operator", "ofb_operator"),
        token("lead", "approver", "ofb_approver"),
    ),
)


class FakeDesk:
    def __init__(self):
        self.cases = {}
        self.by_key = {}
        self.departures = []
        self.withdrawals = []
        self.queries = []
        self.asked = []
        self.protected = set()
        self.paused = []
        self.unknown_accounts = set()
        self.age = 2.0
        self.away = False
        self.planned = None
        self.bug = None
        self.exposed = Exposure((), (), 0, 0, NOW)
        self.gated = []
        self.answer = None
        self.while_asked = lambda: None
        self.checks = (Check("key_list", Verdict.OK, "It is whole."),)

    def open(self, departure, *, idempotency=None):
        self._used()
        if departure.actor and str(departure.leaver) in self.protected:
            raise ConflictError("This person is protected.", reason="protected_user")
        key, digest = idempotency or (departure.event_key, None)
        if key in self.by_key:
            case_id, before = self.by_key[key]
            if before != digest:
                raise ConflictError(
                    "The key was used for another body.", reason="idempotency_key"
                )
            if digest is None and self.cases[case_id].leaver != departure.leaver:
                raise ConflictError("Used for another person.", reason="event_key")
            return Opened(self.cases[case_id], OpenedAs.REPEATED)
        self.departures.append(departure)
        case = self._add(departure)
        if key is not None:
            self.by_key[key] = case.id, digest
        return Opened(case, OpenedAs.NEW)

    def _add(self, departure):
        effective_at = departure.effective_at or NOW
        case = Case(
            id=f"01KHJ2V0W8Q3RZ5T7X9YABC{len(self.cases):03d}",
            leaver=departure.leaver,
            opened_by=OpenedBy(departure.source, departure.event_key, departure.actor),
            received_at=NOW,
            effective_at=effective_at,
            starts_at=effective_at - timedelta(hours=24),
            status=CaseStatus.SCHEDULED if departure.effective_at else CaseStatus.OPEN,
            dry_run=departure.dry_run,
            scope=departure.scope,
            request_id=departure.request_id,
        )
        return self.put(case)

    def put(self, case):
        self.cases[case.id] = case
        return case

    def run(self, departure):
        """Answer as `--local` does: there is no case but the one it shows."""
        self._used()
        self.departures.append(departure)
        return self.planned

    def withdraw(self, withdrawal):
        self._used()
        self.withdrawals.append(withdrawal)
        for case in self.cases.values():
            if case.leaver == withdrawal.leaver:
                return self.put(replace(case, status=CaseStatus.CANCELLED))
        return None

    def list(self, query):
        self._used()
        self.queries.append(query)
        found = [
            case
            for case in reversed(self.cases.values())
            if query.with_scheduled or case.status is not CaseStatus.SCHEDULED
        ]
        more = found[query.limit :]
        return Page(tuple(found[: query.limit]), more[0].id if more else None)

    def show(self, case_id):
        self._used()
        if case_id not in self.cases:
            raise NoSuchCaseError(case_id)
        return self.cases[case_id]

    def retry(self, case_id, *, actor):
        case = self.show(case_id)
        if case.result is not CaseResult.ATTENTION:
            raise ConflictError("Nothing is left to retry.", reason="not_attention")
        self.asked.append(("retry", case_id, actor))
        return self.put(replace(case, status=CaseStatus.OPEN, result=None))

    def pause(self, account_id, *, paused):
        self._used()
        if account_id in self.unknown_accounts:
            raise ConflictError("There is no such account.", reason="no_such_account")
        self.paused.append((account_id, paused))
        return Paused(
            account_id is None and paused, (account_id,) if account_id else ()
        )

    def cancel(self, case_id, *, actor):
        case = self.show(case_id)
        if case.status is CaseStatus.SETTLED:
            raise ConflictError("It was written already.", reason="already_written")
        self.asked.append(("cancel", case_id, actor))
        return self.put(replace(case, status=CaseStatus.CANCELLED))

    def check(self):
        self._used()

    def sweep_age_seconds(self):
        self._used()
        return self.age

    def exposure(self):
        self._used()
        return self.exposed

    def gate(self, leaver, *, user):
        self._used()
        self.gated.append((leaver, user))
        self.while_asked()
        return self.answer or GateAnswer(user, True, (), (), NOW)

    def doctor(self):
        self._used()
        self.while_asked()
        return self.checks

    def _used(self):
        if self.bug is not None:
            raise self.bug
        if self.away:
            raise StoreAwayError("The store does not answer.")
