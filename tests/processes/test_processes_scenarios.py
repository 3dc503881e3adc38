"""The named scenarios, each as it is played by hand."""

import pytest

from tests.scenarios import NAMES
from tests.scenarios.scene import scenes

pytestmark = pytest.mark.processes


# What the first two promise, cheaper tests hold: of the pace, and of the read-back.
# The last has a file of its own.
ELSEWHERE = {"stop-before-check", "rival", "restore-old-store"}


@pytest.mark.parametrize("name", sorted(NAMES.keys() - ELSEWHERE))
def test_a_scenario_keeps_its_promise(name):
    with scenes() as scene:
        NAMES[name](scene)
