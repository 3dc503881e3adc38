"""A case of many targets on a real store: it ends, and what it tells has limits."""

import re

from large_case import LargeCase, messages_of, settled_of


def test_a_case_of_many_targets_ends_safe_with_one_reset_each(client):
    large = LargeCase(client, 60)

    case = large.run(at_most_seconds=60)

    assert case.result == "safe"
    assert len(case.targets) == 60
    assert len(large.world.resets.sends) == 60
    assert large.tasks["reset"] == 60
    assert large.tasks["plan"] == 1
    sizes = large.sizes(case.id)
    assert sizes["head"] < 4_000
    assert sizes["largest target"] < 2_000


def test_what_is_told_of_a_thousand_targets_keeps_to_the_channels_limits():
    case = settled_of(1000)

    slack, mail = messages_of(case)

    assert sum(len(str(one)) for one in slack.blocks) < 13_000
    assert len(slack.blocks) <= 50
    assert len(slack.as_text) < 4_000
    assert case.id in str(slack.blocks[-1])
    assert "500 failed, 500 done" in slack.text
    assert re.search(r"and \d+ more", str(slack.blocks[-2:]))
    assert len(mail) < 37_000


def test_what_a_step_reads_does_not_grow_with_the_case(client):
    few = read_per_step(client, 20)
    many = read_per_step(client, 100)

    assert many < 1.5 * few


def read_per_step(client, targets):
    client.flushall()
    large = LargeCase(client, targets)
    # What is read once a case is no more than once for each of its targets.
    before = client.info("stats")["total_net_output_bytes"]
    large.run(at_most_seconds=60)
    after = client.info("stats")["total_net_output_bytes"]
    return (after - before) / targets
