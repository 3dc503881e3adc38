"""One look at how a functional ID stands: who can be asked, and what they show."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from workers.ibmcloud.abreast import begun
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.identity_view import IdentityView, Unable
from workers.ibmcloud.pool import Member, Pool
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyOwner
from workers.offboarding.standing import Standing

# As ``answers.Answer`` writes it.
_REQUEST: Final = re.compile(r" \(request [^)]*\)")


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen; ``may_recover`` where looking again soon may show more.

    ``began`` is when the oldest of it was asked for, on the monotonic clock.
    """

    standing: Standing
    began: float
    may_recover: bool = False


def look_at(
    functional_id: KeyOwner,
    since: float,
    pool: Pool,
    reader: Asker,
    as_own: Callable[[Tokens], Asker],
) -> Look:
    """Look at how *functional_id* stands; what cannot be seen is said, never raised.

    Args:
        functional_id: Who is looked at.
        since: Later than this, on the monotonic clock, an answer has to be asked for.
        pool: The account's functional IDs.
        reader: Who reads the account.
        as_own: Makes an asker of a functional ID's tokens.

    Raises:
        StoreAwayError: Nobody can count the calls now.
    """
    now = time.monotonic()
    own = _own(functional_id, pool, as_own)
    member = own.member or Member("", reader.tokens)
    errors = [] if own.fault is None else [own.fault]
    askers = _asking(reader, own, errors)
    view = IdentityView(own.identity.id, own.asker, askers, errors, since)
    asked = begun(view.keys), begun(view.state), begun(view.is_key_creation_restricted)
    policies, policies_fault = view.policies()
    keys, keys_fault = asked[0].result()
    state, is_locked, state_fault = asked[1].result()
    is_restricted = asked[2].result()
    began = min([now, *view.asked_at])
    at = datetime.now(UTC) - timedelta(seconds=time.monotonic() - began)
    standing = Standing(
        identity=own.identity,
        at=at,
        name=member.name,
        regions=member.regions,
        resource_groups=member.groups,
        policies=policies,
        policies_fault=policies_fault,
        state=state,
        state_fault=state_fault,
        is_locked=is_locked,
        keys=keys,
        key_limit=member.key_limit,
        keys_fault=keys_fault,
        is_key_creation_restricted=is_restricted,
        key_fault=_refused(own.fault),
    )
    return Look(standing, began, view.may_recover)


@dataclass(frozen=True, slots=True)
class _Own:
    """The identity looked at, its place in the accounts file, and its own eyes.

    ``fault`` says why it cannot ask; ``member`` may be known all the same.
    """

    identity: KeyOwner
    member: Member | None = None
    asker: Asker | None = None
    fault: Unable | None = None


def _refused(fault: Unable | None) -> str:
    """Say why IAM refuses the key we hold; empty where it may be good.

    Without the number of the call, by which each refusal would be told as a new one.
    """
    if not isinstance(fault, PermanentError):
        return ""
    return _REQUEST.sub("", str(fault))


def _own(
    functional_id: KeyOwner, pool: Pool, as_own: Callable[[Tokens], Asker]
) -> _Own:
    member: Member | None = None
    try:
        member = pool.of(functional_id)
        identity = member.owner()
    except (TransientError, PermanentError) as error:
        return _Own(functional_id, member, fault=error)
    if identity.id != functional_id.id:
        text = f"The key of {member.name} is another identity's now"
        fault = PermanentError(text, reason=Reason.WRONG_IDENTITY)
        return _Own(functional_id, fault=fault)
    return _Own(identity, member, as_own(member.tokens))


def _asking(reader: Asker, own: _Own, errors: list[Unable]) -> list[Asker]:
    """Tell who can be asked, the reader first; *errors* gains why it cannot."""
    found = [] if own.asker is None else [own.asker]
    try:
        reads_as = reader.tokens.claims().iam_id
    except (TransientError, PermanentError) as error:
        errors.append(error)
        return found
    is_same = own.asker is not None and reads_as == own.identity.id
    return found if is_same else [reader, *found]
