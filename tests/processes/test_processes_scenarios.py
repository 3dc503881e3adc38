"""The named scenarios, each as it is played by hand."""

import pytest

from tests.scenarios import NAMES
from tests.scenarios.scene import scenes

pytestmark = pytest.mark.processes


# What these promise, cheaper tests hold: of the pace, and of the read-back.
BY_HAND = {"stop-before-check", "rival"}


@pytest.mark.parametrize("name", sorted(NAMES.keys() - BY_HAND))
def test_a_scenario_keeps_its_promise(name):
    with scenes() as scene:
        NAMES[name](scene)
