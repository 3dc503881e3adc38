"""An old store put back, in real processes: by a backup, by a copy of its folder."""

import pytest

from tests.scenarios.restore_old_store import restore_old_store
from tests.scenarios.scene import scenes

pytestmark = pytest.mark.processes


def test_an_old_store_acts_on_nothing_until_a_person_lets_it():
    with scenes() as scene:
        restore_old_store(scene)
