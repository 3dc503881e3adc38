"""What the doctor says of the processes that live."""

from workers.offboarding.health import Verdict
from workers.offboarding.heartbeat import Heartbeat, heartbeat_checks


def heartbeat(name, kind, *, version="1.2.0", age=1.0, up=60.0):
    return Heartbeat(name, kind, version, age, up)


WORKER = heartbeat("host-1", "worker", up=7_300.0)
BEAT = heartbeat("host-2", "beat", age=2.4, up=600.0)


def found(*heartbeats):
    return {one.what: one for one in heartbeat_checks(heartbeats)}


def test_who_lives_is_named_with_version_and_times():
    checks = found(WORKER, BEAT)

    assert {one.verdict for one in checks.values()} == {Verdict.OK}
    assert checks["workers_alive"].text == (
        "1 worker: host-1 (1.2.0, up 2 h, said so 1 s ago)."
    )
    assert (
        checks["beat_alive"].text == "One: host-2 (1.2.0, up 10 min, said so 2 s ago)."
    )


def test_nobody_living_is_a_warning_with_what_starts_it():
    checks = found(heartbeat("host-1", "worker", age=31.0))

    assert checks["workers_alive"].verdict is Verdict.WARNING
    assert checks["workers_alive"].command == "offboard worker"
    assert checks["beat_alive"].verdict is Verdict.WARNING
    assert checks["beat_alive"].command == "offboard beat"


def test_two_beats_are_a_warning_that_names_both():
    checks = found(WORKER, BEAT, heartbeat("host-3", "beat"))

    assert checks["beat_alive"].verdict is Verdict.WARNING
    assert "host-2" in checks["beat_alive"].text
    assert "host-3" in checks["beat_alive"].text


def test_a_beat_that_died_is_not_a_second_one():
    checks = found(WORKER, BEAT, heartbeat("host-3", "beat", age=31.0))

    assert checks["beat_alive"].verdict is Verdict.OK


def test_several_versions_are_told_of():
    checks = found(WORKER, BEAT, heartbeat("host-3", "worker", version="1.3.0"))

    assert checks["versions"].verdict is Verdict.WARNING
    assert "1.2.0, 1.3.0" in checks["versions"].text
