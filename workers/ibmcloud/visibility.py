"""What the identity that reads may see account-wide, as its own policies prove it.

Asked with the reader's own token. Whoever may not read policies is shown none, and an
account's owner needs none (not confirmed against a live account): so what policies do
not prove is mostly unknown, and not missing.
"""

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from workers.ibmcloud.abreast import begun
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.claims import Claims
from workers.ibmcloud.identity_facts import is_user_list_open
from workers.ibmcloud.shared_answers import access_groups_of, policies_of, settings_of
from workers.offboarding.errors import OffboardingError
from workers.offboarding.model import OwnerKind, Right, Visibility
from workers.offboarding.rights import Policy, right_to


@dataclass(frozen=True, slots=True)
class _Question:
    """A role on a service, and what may be hidden from whoever lacks it."""

    service: str
    title: str
    role: str
    hidden: str


_CLUSTERS: Final = _Question(
    "containers-kubernetes", "Kubernetes Service", "Viewer", "Some clusters"
)
_KEYS: Final = _Question(
    "iam-identity", "IAM Identity Service", "Administrator", "Other people's API keys"
)
_USERS: Final = _Question("user-management", "User Management", "Viewer", "Some users")


@dataclass(frozen=True, slots=True)
class _Shown:
    """The policies that were shown, and why they may not be all."""

    policies: tuple[Policy, ...] = ()
    fault: str = ""

    def right(self, asked: _Question) -> Right:
        found = right_to(self.policies, asked.service, asked.role)
        if found is Right.MISSING and (self.fault or not self.policies):
            return Right.CANNOT_TELL
        return found


@dataclass(frozen=True, slots=True)
class Sight:
    """What it takes to tell what the reader sees.

    Attributes:
        reader: Who reads.
        form: How its policies are asked for, so that others may use the answer.
    """

    reader: Asker
    form: Mapping[str, str]

    def visibility(self) -> Visibility:
        """Tell what the reader may see; a fault is ``cannot_tell``, never raised.

        Sources: IAM Policy Management API, GET /v2/policies; IAM Access Groups API,
        GET /v2/groups; IAM Identity API, GET /v1/accounts/{id}/settings/identity.
        """
        try:
            claims = self.reader.tokens.claims()
        except OffboardingError as error:
            why = f"Whether anything is hidden from our key cannot be told: {error}"
            return Visibility(
                Right.CANNOT_TELL, Right.CANNOT_TELL, Right.CANNOT_TELL, (why,)
            )
        since = time.monotonic()
        is_open = begun(partial(self._is_user_list_open, since))
        shown = self._shown(claims, since)
        users = _right_to_users(shown, is_open.result())
        rights = {
            _CLUSTERS: shown.right(_CLUSTERS),
            _KEYS: shown.right(_KEYS),
            _USERS: users,
        }
        return Visibility(
            clusters=rights[_CLUSTERS],
            keys=rights[_KEYS],
            users=users,
            why=tuple(
                _sentence(asked, right, shown, claims)
                for asked, right in rights.items()
                if right is not Right.OK
            ),
        )

    def _shown(self, claims: Claims, since: float) -> _Shown:
        shown = self._more(_Shown(), since, iam_id=claims.iam_id)
        if all(shown.right(one) is Right.OK for one in (_CLUSTERS, _KEYS, _USERS)):
            return shown
        groups: tuple[str, ...] = ()
        try:
            groups = access_groups_of(self.reader, since, claims.iam_id).value
        except OffboardingError as error:
            shown = replace(shown, fault=str(error))
        for one in groups:
            shown = self._more(shown, since, access_group_id=one)
        return shown

    def _more(self, shown: _Shown, since: float, **whose: str) -> _Shown:
        try:
            found = policies_of(self.reader, since, **self.form, **whose).value
        except OffboardingError as error:
            return replace(shown, fault=str(error))
        return replace(shown, policies=shown.policies + found)

    def _is_user_list_open(self, since: float) -> bool | None:
        """Tell whether every user sees the whole list; None where we cannot know."""
        try:
            return is_user_list_open(settings_of(self.reader, since).value)
        except OffboardingError:
            return None


def _right_to_users(shown: _Shown, is_open: bool | None) -> Right:
    if is_open:
        return Right.OK
    right = shown.right(_USERS)
    return Right.CANNOT_TELL if right is Right.MISSING and is_open is None else right


def _sentence(asked: _Question, right: Right, shown: _Shown, claims: Claims) -> str:
    who = claims.email or claims.iam_id
    return (
        f"{asked.hidden} may be hidden from {who}: {_because(asked, right, shown)}."
        f" To grant {asked.role} on {asked.title} in the whole account:"
        f" {_command(asked, claims)}"
    )


def _because(asked: _Question, right: Right, shown: _Shown) -> str:
    given = f"{asked.role} on {asked.title} in the whole account"
    if right is Right.MISSING:
        return f"no policy shown gives it {given}"
    if shown.fault:
        return f"its policies could not all be read ({shown.fault})"
    if not shown.policies:
        return "IBM Cloud shows none of its policies, and an account owner needs none"
    return f"whether a policy gives it {given} cannot be told from outside"


def _command(asked: _Question, claims: Claims) -> str:
    kind, whom = "user", claims.email or claims.iam_id
    if claims.kind is OwnerKind.SERVICE_ID:
        # Of a service ID's two ids this is the one the command takes.
        kind, whom = "service", claims.iam_id.removeprefix("iam-")
    return (
        f"ibmcloud iam {kind}-policy-create {shlex.quote(whom)}"
        f" --roles {asked.role} --service-name {asked.service}"
    )
