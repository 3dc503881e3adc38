"""The doctor's look at the subscriptions: it reads them, and prolongs none."""

from datetime import timedelta

import pytest

from config.settings import Settings
from config.sources import Sources
from workers.directories.graph_checks import subscription_checks
from workers.offboarding.health import Verdict


@pytest.fixture
def checked(mine, clock):
    settings = Settings(sources=Sources(entra_graph=mine))

    def looked():
        [ask] = subscription_checks(settings, clock)
        return ask()

    return looked


def ending(clock, **after):
    at = clock() + timedelta(**after)
    return {"id": "s-1", "expirationDateTime": f"{at:%Y-%m-%dT%H:%M:%S}Z"}


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ({"days": 20}, Verdict.OK),
        ({"days": 2}, Verdict.WARNING),
        ({"hours": -1}, Verdict.FAILED),
    ],
)
def test_a_subscription_is_judged_by_when_it_ends(
    checked, graph, clock, after, verdict
):
    graph.subscriptions["s-1"] = ending(clock, **after)

    found = checked()

    assert (found.what, found.verdict) == ("subscription", verdict)
    assert list(graph.paths("PATCH")) == []


def test_one_that_graph_knows_no_more_is_told_with_where_the_call_is(checked):
    found = checked()

    assert found.verdict is Verdict.FAILED
    assert "s-1 is gone" in found.text
    assert "docs/sources/entra_graph.md" in found.mend


def test_graph_away_proves_nothing(checked, graph):
    graph.close()

    assert checked().verdict is Verdict.UNPROVEN


def test_where_the_source_is_off_nothing_is_asked(clock):
    assert list(subscription_checks(Settings(), clock)) == []
