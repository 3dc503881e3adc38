"""What IBM Cloud shows of one identity, by whoever can be asked, and why not the rest.

The reader is asked first, and where it shows nothing or may not, the functional ID
itself, which may see of itself what is hidden from the reader (not confirmed against a
live account). Of policies each may be shown a part without a word, so both are asked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from workers.ibmcloud.asker import Asker
from workers.ibmcloud.identity_facts import (
    is_key_creation_restricted,
    is_service_id_locked,
    user_state,
)
from workers.ibmcloud.new_keys import all_keys
from workers.ibmcloud.policies import access_groups_of, policies_of
from workers.offboarding.errors import PermanentError, TransientError
from workers.offboarding.rights import Policy

_NONE_SHOWN: Final = "IBM Cloud shows none of its policies"
Unable = TransientError | PermanentError
_T = TypeVar("_T")


@dataclass(slots=True)
class IdentityView:
    """What those who can be asked show of one identity.

    ``errors`` has why the others cannot be asked at all. ``may_recover`` becomes True
    where something is not seen for now only.
    """

    iam_id: str
    own: Asker | None
    askers: Sequence[Asker]
    errors: Sequence[Unable]
    may_recover: bool = field(default=False, init=False)

    def policies(self) -> tuple[tuple[Policy, ...], str]:
        """Return its policies, its access groups' included, and why not all.

        All are asked: who may read only some is shown these, and no word of the rest.
        """
        found: dict[Policy, None] = {}
        errors, own_errors = list(self.errors), list(self.errors)
        is_whole = False
        for one in self.askers:
            shown, faults = self._shown_to(one)
            found.update(dict.fromkeys(shown))
            is_whole |= bool(shown) and not faults
            errors += faults
            own_errors = faults if one is self.own else own_errors
        # What it may see of itself comes soon, and until then nothing is lacking.
        if is_whole and not _is_passing(own_errors):
            return tuple(found), ""
        return tuple(found), self._unseen(errors) or _NONE_SHOWN

    def keys(self) -> tuple[int | None, str]:
        """Count all its API keys: each takes a slot, whatever it is for."""
        if self.own is None:
            return None, self._unseen(self.errors)
        try:
            return len(all_keys(self.own, self.iam_id)), ""
        except (TransientError, PermanentError) as error:
            return None, self._unseen([error])

    def state(self) -> tuple[str | None, bool, str]:
        """Return a user's state, or whether a service ID is locked; why unknown."""
        if self.iam_id.startswith("iam-ServiceId-"):
            is_locked, fault = self._first(partial(is_service_id_locked, self.iam_id))
            return None, bool(is_locked), fault
        state, fault = self._first(partial(user_state, self.iam_id))
        return state, False, fault

    def is_key_creation_restricted(self) -> bool | None:
        """Tell whether making an API key takes a role of its own; None if unknown."""
        found, _ = self._first(is_key_creation_restricted)
        return found

    def _shown_to(self, one: Asker) -> tuple[list[Policy], list[Unable]]:
        shown: list[Policy] = []
        faults: list[Unable] = []
        groups: tuple[str, ...] = ()
        try:
            account_id = one.tokens.claims().account_id
        except (TransientError, PermanentError) as error:
            return [], [error]
        try:
            groups = access_groups_of(one.groups, one.tokens, account_id, self.iam_id)
        except (TransientError, PermanentError) as error:
            faults.append(error)
        for whose in _subjects(self.iam_id, groups):
            try:
                shown += policies_of(
                    one.policies, one.tokens, account_id, format="display", **whose
                )
            except (TransientError, PermanentError) as error:
                faults.append(error)
        return shown, faults

    def _first(self, ask: Callable[[Asker], _T]) -> tuple[_T | None, str]:
        """Return the first answer that anybody gets, or why nobody gets one."""
        errors = list(self.errors)
        for one in self.askers:
            try:
                return ask(one), ""
            except (TransientError, PermanentError) as error:
                errors.append(error)
        return None, self._unseen(errors)

    def _unseen(self, errors: Iterable[Unable]) -> str:
        said = list(errors)
        self.may_recover |= _is_passing(said)
        return "; ".join(dict.fromkeys(str(one) for one in said))


def _is_passing(errors: Iterable[Unable]) -> bool:
    return any(isinstance(one, TransientError) for one in errors)


def _subjects(iam_id: str, groups: Iterable[str]) -> list[dict[str, str]]:
    return [{"iam_id": iam_id}, *({"access_group_id": one} for one in groups)]
