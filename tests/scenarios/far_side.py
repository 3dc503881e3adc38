"""What IBM Cloud, Slack and people do at the worst moment."""

import signal

from simulator import (
    Fault,
    account_reader,
    bad_gateway,
    drop_after,
    key_owner,
    rival_fault,
)
from simulator.scenario import (
    COLLEAGUE_IAM_ID,
    FUNCTIONAL_ID_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)
from tests.processes.installation import told, until
from tests.scenarios.scene import LEAVER, Scene, whats

RESET = "/global/v1/keys"
FRANKFURT = {"regions": ["eu-de"]}
# Far longer than any wait here: a scenario says itself when a new owner is to show.
LAG = 600.0
# Reports are tried again at each sweep: hours between them pass in a second.
WITHOUT_PAUSES = """
from workers.offboarding.steps import reporting
reporting.UNKNOWN_PAUSES = (3.0,) * len(reporting.UNKNOWN_PAUSES)
from service.cli import main
main()
"""


def timeout_after_effect(scene: Scene) -> None:
    """The answer is lost after the effect, and shows past every deadline: one POST.

    The functional ID's own keys say that it happened, so it is never sent again; the
    case says what could not be seen, and a retry looks at the world.
    """
    account = scene.simulator.account
    account.replication_lag_seconds = LAG
    scene.simulator.faults.add(Fault("POST", RESET, drop_after()))
    service = scene.up(VERIFY_DEADLINE_SECONDS="2")

    case_id = _leaves(service, FRANKFURT)
    case = service.settled(case_id)
    scene.story(service, case_id)
    [target] = case["targets"]
    asked = [
        one
        for one in scene.simulator.journal.calls("GET", "/v1/apikeys")
        if one.caller == FUNCTIONAL_ID_IAM_ID
        and one.at > scene.simulator.journal.resets()[0].at
    ]

    assert scene.simulator.faults.unfired() == []
    assert (case["result"], target["reason"]) == ("attention", "owner_not_shown")
    assert asked, "the functional ID's own keys were looked at"
    assert len(scene.simulator.journal.resets()) == 1
    account.end_replication_lag("eu-de", PAYMENTS_GROUP_ID)
    scene.say("the new owner shows at last, and a person says retry")
    assert service.call("POST", f"/api/cases/{case_id}/retry").status_code == 202
    until(lambda: service.case(case_id)["result"] == "safe")
    scene.say("verdict: safe after a look at the world, one POST in all")
    assert len(scene.simulator.journal.resets()) == 1


def revoked_in_the_middle(scene: Scene) -> None:
    """The functional ID loses its roles after the canary: nothing is sent twice.

    What was done stays, what IBM Cloud refuses is told with the reason, and a retry
    goes on once the roles are back.
    """
    account = scene.simulator.account
    account.resets_need_roles = True
    # Until the roles are gone the canary does not show.
    account.set_replication_lag("us-south", PLATFORM_GROUP_ID, LAG)
    service = scene.up()

    case_id = _leaves(service)
    until(scene.simulator.journal.resets)
    account.set_policies(FUNCTIONAL_ID_IAM_ID, account_reader())
    account.end_replication_lag("us-south", PLATFORM_GROUP_ID)
    scene.say("the functional ID loses the roles of a key's owner")
    case = service.settled(case_id)
    scene.story(service, case_id)
    outcomes = sorted((one["outcome"], one["reason"]) for one in case["targets"])
    refused = [one for one in scene.simulator.journal.resets() if one.status != 204]

    assert case["result"] == "attention"
    assert [outcome for outcome, _ in outcomes] == ["failed", "failed", "verified"]
    assert None not in {reason for outcome, reason in outcomes if outcome == "failed"}
    account.set_policies(FUNCTIONAL_ID_IAM_ID, [*key_owner(), *account_reader()])
    scene.say("the roles are back, and a person says retry")
    until(lambda: _safe_after_retry(service, case_id))
    sent = scene.simulator.journal.resets()
    scene.say(f"verdict: safe; {len(refused)} refused, each target reset once")
    assert sorted(_places(one for one in sent if one.status == 204)) == sorted(
        (one["region"], one["resource_group"]["id"]) for one in case["targets"]
    )


def _safe_after_retry(service, case_id):
    case = service.case(case_id)
    if case["status"] == "settled" and case["result"] == "attention":
        service.call("POST", f"/api/cases/{case_id}/retry")
    return case["result"] == "safe"


def _places(calls):
    return [
        (one.headers["X-Region"], one.headers["X-Auth-Resource-Group"]) for one in calls
    ]


def rival(scene: Scene) -> None:
    """A person resets in the same moment: theirs it is, and it is said.

    IBM Cloud has no lock; the last one wins, and only the read-back tells.
    """
    fault = rival_fault(
        scene.simulator.account,
        "eu-de",
        PAYMENTS_GROUP_ID,
        COLLEAGUE_IAM_ID,
        when="after",
    )
    scene.simulator.faults.add(fault)
    service = scene.up()

    case_id = _leaves(service, FRANKFURT)
    case = service.settled(case_id)
    scene.story(service, case_id)
    [target] = case["targets"]

    assert scene.simulator.faults.unfired() == []
    assert (target["outcome"], target["reason"]) == ("changed_hands", "another_owner")
    assert case["result"] == "attention"
    assert len(scene.simulator.journal.resets()) == 1
    owner = scene.simulator.account.owner("eu-de", PAYMENTS_GROUP_ID)
    assert owner == COLLEAGUE_IAM_ID


def slack_down_for_hours(scene: Scene) -> None:
    """Slack answers 502 for hours (shortened): the case is done, the report waits.

    The worker is killed meanwhile, and the report arrives once when Slack is back.
    """
    away = Fault("POST", "/slack/api/chat.postMessage", bad_gateway(), times=None)
    scene.simulator.faults.add(away)
    service = scene.up("store", "web", "beat", worker=WITHOUT_PAUSES)

    case_id = _leaves(service)
    until(lambda: service.case(case_id)["status"] == "settled")
    until(lambda: scene.simulator.mail.messages)
    scene.say("settled, and the mail has arrived; Slack answers 502")
    _tried(scene, 2)
    service.end("worker", signal.SIGKILL)
    service.start("worker", code=WITHOUT_PAUSES)
    scene.say("the worker was killed (kill -9) and started again")
    _tried(scene, 4)
    assert scene.simulator.slack.messages == []
    scene.simulator.faults.clear()
    scene.say("Slack is back")
    until(lambda: scene.simulator.slack.messages)
    until(lambda: whats(service, case_id).count("report.sent") == 2)
    case = service.case(case_id)
    scene.story(service, case_id)

    assert case["result"] == "safe"
    # That it began is no news any more, and is not sent for hours; how it ended is.
    states = {(one["channel"], one["kind"]): one["state"] for one in case["reports"]}
    # Tried once more before the case was over, or left out because it was.
    assert states.pop(("slack", "started")) in {"unknown", "failed"}
    assert states == {
        ("slack", "final"): "sent",
        ("mail", "final"): "sent",
    }
    [message] = scene.simulator.slack.messages
    assert case_id in told(message)
    assert len(scene.simulator.mail.messages) == 1


def _tried(scene: Scene, times: int) -> None:
    path = "/slack/api/chat.postMessage"
    until(lambda: len(scene.simulator.journal.calls("POST", path)) >= times)


def _leaves(service, body: dict[str, object] | None = None) -> str:
    answer = service.call("POST", f"/offboard/{LEAVER}", json=body or {})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["case"]["id"])
