"""A worker that stands still in the middle of a reset, for longer than its lease."""

import time

from tests.processes.installation import SHORT_LEASE, told, until
from tests.scenarios.scene import LEAVER, STANDS_STILL, Scene, stopped, whats

DEADLINE = "5"
# One target is enough: Dana's only one in this region.
WHERE = {"regions": ["eu-de"]}


def stop_before_send(scene: Scene) -> None:
    """Stopped between its last check and its call: at most one more, found, reported.

    Another worker reads the owner until the deadline, proves by owner and keys that
    nothing happened, and sends once more. The first one wakes up, and its call goes
    out. IBM Cloud has no fence against that.
    """
    service, case_id = _stopped(scene, "before_call")

    resets = scene.simulator.journal.resets()
    case = until(lambda: _warned(service, case_id))
    case = service.settled(case_id)
    scene.story(service, case_id)
    assert len(resets) <= 2
    assert len(scene.simulator.journal.resets()) == 2, "one, and one too many"
    assert [one["reason"] for one in case["warnings"] if one["reason"] == "extra_reset"]
    assert case["result"] == "safe"
    assert "target.extra_reset" in whats(service, case_id)
    messages = [told(one) for one in scene.simulator.slack.messages]
    assert "one reset too many" in messages[-1]
    mails = [one.message.as_string() for one in scene.simulator.mail.messages]
    assert "one reset too many" in mails[-1].replace("=\n", "").replace("\n", " ")
    scene.say("verdict: one reset too many, found and reported in both channels")


def stop_before_check(scene: Scene) -> None:
    """Stopped before its last check of the clock: nothing more is sent at all."""
    service, case_id = _stopped(scene, "before_last_check")

    until(lambda: "work.left" in service.log("worker"))
    case = service.settled(case_id)
    scene.story(service, case_id)
    assert len(scene.simulator.journal.resets()) == 1
    assert case["result"] == "safe"
    assert [one for one in case["warnings"] if one["reason"] == "extra_reset"] == []
    scene.say("verdict: one reset; the worker that had stood still sent nothing")


def _stopped(scene: Scene, point: str):
    """Play it up to where the first worker wakes up, and the case is settled."""
    service = scene.install(VERIFY_DEADLINE_SECONDS=DEADLINE)
    flag = service.folder / "stands-still"
    flag.write_text(point)
    service.start("store", "web", "beat")
    service.start("worker", code=STANDS_STILL.format(flag=str(flag)))
    service.await_ready()
    scene.began = time.time()
    answer = service.call("POST", f"/offboard/{LEAVER}", json=WHERE)
    case_id = answer.json()["case"]["id"]
    first = service.running["first worker"] = service.running.pop("worker")
    with stopped(first):
        since = time.monotonic()
        scene.say(f"the first worker is stopped (SIGSTOP), {point.replace('_', ' ')}")
        service.start("worker", code=SHORT_LEASE)
        scene.say("a second worker starts")
        assert scene.simulator.journal.resets() == []
        service.settled(case_id)
        scene.say("the case is settled by the second worker")
        assert len(scene.simulator.journal.resets()) == 1
        # What is eight seconds old is not sent any more.
        time.sleep(max(0.0, 8.5 - (time.monotonic() - since)))
    scene.say("the first worker goes on (SIGCONT)")
    return service, case_id


def _warned(service, case_id):
    case = service.case(case_id)
    found = [one for one in case["warnings"] if one["reason"] == "extra_reset"]
    return case if found else None
