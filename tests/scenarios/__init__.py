"""Named stories of what goes wrong, played on real processes; each says what happens.

Each takes a scene, and ends with an AssertionError where a promise was not kept.
"""

from collections.abc import Callable
from typing import Final

from tests.scenarios.far_side import (
    revoked_in_the_middle,
    rival,
    slack_down_for_hours,
    timeout_after_effect,
)
from tests.scenarios.frozen import stop_before_check, stop_before_send
from tests.scenarios.restore_old_store import restore_old_store
from tests.scenarios.scene import Scene
from tests.scenarios.store_server import store_full, store_readonly

NAMES: Final[dict[str, Callable[[Scene], None]]] = {
    "stop-before-send": stop_before_send,
    "stop-before-check": stop_before_check,
    "timeout-after-effect": timeout_after_effect,
    "revoked-in-the-middle": revoked_in_the_middle,
    "rival": rival,
    "slack-down-for-hours": slack_down_for_hours,
    "restore-old-store": restore_old_store,
    "store-full": store_full,
    "store-readonly": store_readonly,
}
