"""Who decides about which account: its own approvers, where the accounts file says so.

Whether somebody is an approver at all, the front door judges by their role.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workers.offboarding.errors import ConflictError, Reason
from workers.offboarding.model import Case, Note, Outcome


@dataclass(frozen=True, slots=True)
class AccountApprovers:
    """The approvers of one account; ``name`` is what people call it, empty if nothing.

    ``people`` are the names behind tokens, as cases name who asked for them.
    """

    account_id: str
    name: str
    people: tuple[str, ...]

    @property
    def account(self) -> str:
        """Name the account in a sentence."""
        if not self.name:
            return f"account {self.account_id}"
        return f"account {self.name} ({self.account_id})"

    def has(self, person: str) -> bool:
        """Tell whether somebody is one of them; letters count alike."""
        return person.casefold() in {one.casefold() for one in self.people}


@dataclass(frozen=True, slots=True)
class Approvers:
    """The accounts with approvers of their own; of any other every approver is one."""

    accounts: tuple[AccountApprovers, ...] = ()

    def of(self, account_ids: Iterable[str]) -> tuple[AccountApprovers, ...]:
        """Return those of these accounts that have approvers of their own."""
        wanted = frozenset(account_ids)
        return tuple(one for one in self.accounts if one.account_id in wanted)

    def barring(
        self, person: str, account_ids: Iterable[str]
    ) -> tuple[AccountApprovers, ...]:
        """Return those of these accounts about which *person* may not decide."""
        return tuple(one for one in self.of(account_ids) if not one.has(person))

    def demand(self, person: str, account_ids: Iterable[str]) -> None:
        """Refuse *person* where one of these accounts has other approvers.

        Raises:
            ConflictError: ``not_their_account``, with who may.
        """
        barring = self.barring(person, account_ids)
        if barring:
            who = " ".join(_asked_for(one) for one in barring)
            raise ConflictError(
                f"{person} does not decide about this. {who}",
                reason="not_their_account",
            )

    def void(self, case: Case, approved_by: str | None) -> tuple[Note, ...]:
        """Say why an approval of *case* counts for nothing; empty where it does.

        Who may is judged when somebody approves, and here by the accounts file that
        whoever writes goes by.
        """
        if approved_by is None:
            return ()
        return tuple(
            Note(
                Reason.APPROVER_NOT_LISTED,
                f"{approved_by} approved it, and is not one of the approvers of "
                f"{one.account}.",
                one.account_id,
            )
            for one in self.barring(approved_by, undone_in(case))
        )


# Every approver decides about every account.
ANYBODY: Final = Approvers()


def undone_in(case: Case) -> frozenset[str]:
    """Return the accounts in which a plan may still write."""
    undone = (None, Outcome.PLANNED)
    return frozenset(
        one.target.account_id for one in case.targets if one.outcome in undone
    )


def decided_in(case: Case) -> frozenset[str]:
    """Return the accounts that a decision about *case* is about.

    Those in which it may still write; with nothing left to write, those of all its
    targets. An adoption is about its account, whatever was seen there.
    """
    mine = undone_in(case) or {one.target.account_id for one in case.targets}
    adopted = {case.adoption.account_id} if case.adoption is not None else set()
    return frozenset(mine | adopted)


def _asked_for(one: AccountApprovers) -> str:
    account = one.account[0].upper() + one.account[1:]
    return f"{account} has approvers of its own: {', '.join(one.people)}."
