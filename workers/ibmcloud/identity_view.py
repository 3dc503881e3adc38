"""What IBM Cloud shows of one identity, by whoever can be asked, and why not the rest.

The reader is asked first, and where it shows nothing or may not, the functional ID
itself, which may see of itself what is hidden from the reader (not confirmed against a
live account). Of policies each may be shown a part without a word, so both are asked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from workers.ibmcloud import shared_answers
from workers.ibmcloud.abreast import begun
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.identity_facts import (
    is_key_creation_restricted,
    is_service_id_locked,
)
from workers.ibmcloud.new_keys import all_keys
from workers.ibmcloud.recent import Answer
from workers.offboarding.errors import PermanentError, TransientError
from workers.offboarding.rights import Policy

_NONE_SHOWN: Final = "IBM Cloud shows none of its policies"
Unable = TransientError | PermanentError
_T = TypeVar("_T")


@dataclass(slots=True)
class IdentityView:
    """What those who can be asked show of one identity; its methods may run at once.

    Attributes:
        iam_id: Whose view it is.
        own: The identity itself, where it can ask.
        askers: Who can be asked, the reader first.
        errors: Why the others cannot be asked at all.
        since: Later than this, on the monotonic clock, an answer has to be asked for.
        asked_at: When each answer was asked for, on the monotonic clock.
        may_recover: Whether something is not seen for now only.
    """

    iam_id: str
    own: Asker | None
    askers: Sequence[Asker]
    errors: Sequence[Unable]
    since: float
    asked_at: list[float] = field(default_factory=list, init=False)
    may_recover: bool = field(default=False, init=False)

    def policies(self) -> tuple[tuple[Policy, ...], str]:
        """Return its policies, its access groups' included, and why not all.

        All are asked: who may read only some is shown these, and no word of the rest.
        """
        found: dict[Policy, None] = {}
        errors, own_errors = list(self.errors), list(self.errors)
        is_whole = False
        asked = [begun(partial(self._shown_to, one)) for one in self.askers]
        for one, answer in zip(self.askers, asked, strict=True):
            shown, faults = answer.result()
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
        state, fault = self._first(self._state)
        return state, False, fault

    def is_key_creation_restricted(self) -> bool | None:
        """Tell whether making an API key takes a role of its own; None if unknown."""
        found, _ = self._first(self._is_restricted)
        return found

    def _state(self, one: Asker) -> str:
        return self._value(shared_answers.state_of(one, self.since, self.iam_id))

    def _is_restricted(self, one: Asker) -> bool | None:
        answer = shared_answers.settings_of(one, self.since)
        return is_key_creation_restricted(self._value(answer))

    def _shown_to(self, one: Asker) -> tuple[list[Policy], list[Unable]]:
        try:
            one.tokens.claims()
        except (TransientError, PermanentError) as error:
            return [], [error]
        mine = begun(partial(self._policies, one, iam_id=self.iam_id))
        groups: tuple[str, ...] = ()
        faults: list[Unable] = []
        try:
            groups = self._groups(one)
        except (TransientError, PermanentError) as error:
            faults.append(error)
        theirs = [
            begun(partial(self._policies, one, access_group_id=each)) for each in groups
        ]
        shown: list[Policy] = []
        for answer in (mine, *theirs):
            try:
                shown += answer.result()
            except (TransientError, PermanentError) as error:
                faults.append(error)
        return shown, faults

    def _groups(self, one: Asker) -> tuple[str, ...]:
        return self._value(
            shared_answers.access_groups_of(one, self.since, self.iam_id)
        )

    def _policies(self, one: Asker, **whose: str) -> tuple[Policy, ...]:
        return self._value(
            shared_answers.policies_of(one, self.since, format="display", **whose)
        )

    def _value(self, answer: Answer[_T]) -> _T:
        self.asked_at.append(answer.asked_at)
        return answer.value

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
        if _is_passing(said):
            self.may_recover = True
        return "; ".join(dict.fromkeys(str(one) for one in said))


def _is_passing(errors: Iterable[Unable]) -> bool:
    return any(isinstance(one, TransientError) for one in errors)
