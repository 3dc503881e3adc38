"""What serves more than one question: each asked for under one name, and kept a while.

A look at an account asks what its reader may see, and how it stands: where the reader
is a functional ID, both take its policies, and both the account's settings. Each
answer was asked for later than *since*, on the monotonic clock.
"""

from functools import partial
from typing import Final

from workers.ibmcloud import policies
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.identity_facts import identity_settings, user_state
from workers.ibmcloud.recent import Answer
from workers.offboarding.rights import Policy

_SETTINGS: Final = "settings"


def policies_of(asker: Asker, since: float, **whose: str) -> Answer[tuple[Policy, ...]]:
    """List access policies; see ``policies.policies_of``."""
    question = "policies", *sorted(whose.items())
    return asker.lately(question, since, partial(policies.policies_of, asker, **whose))


def access_groups_of(
    asker: Asker, since: float, iam_id: str
) -> Answer[tuple[str, ...]]:
    """List an identity's access groups; see ``policies.access_groups_of``."""
    ask = partial(policies.access_groups_of, asker, iam_id)
    return asker.lately(("groups", iam_id), since, ask)


def settings_of(asker: Asker, since: float) -> Answer[object]:
    """Read the account's identity settings; see ``identity_facts``."""
    return asker.lately(_SETTINGS, since, partial(identity_settings, asker))


def state_of(asker: Asker, since: float, iam_id: str) -> Answer[str]:
    """Read a user's state; see ``identity_facts.user_state``."""
    ask = partial(user_state, iam_id, asker)
    return asker.lately(_state(iam_id), since, ask)


def note_state(asker: Asker, iam_id: str, state: str, asked_at: float) -> None:
    """Keep a user's state that a user list has shown."""
    reader = asker.tokens.known()
    if reader is not None:
        asker.recent.put((reader.iam_id, _state(iam_id)), state, asked_at)


def _state(iam_id: str) -> tuple[str, str]:
    return "state", iam_id
