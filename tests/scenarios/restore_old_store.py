"""An old store is put back: nothing it holds happens again without a person's word.

A departure is scheduled, and the store is copied twice: by `offboard backup`, and as
files after kill -9 of everything. The service goes on to the day and resets. Then each
copy is put back in turn. To see that it is the pause that holds them, and not the look
before each reset, the leaver owns everything again meanwhile.
"""

import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from simulator import Account, Simulator, departure_account
from simulator.scenario import FUNCTIONAL_ID_IAM_ID, LEAVER_IAM_ID
from tests.processes.installation import Service, installations, offboard, told, until
from tests.scenarios.scene import Scene

LEAVER = "dana.lee@example.com"
_PROCESSES = ("store", "web", "worker", "beat")
# Longer than a loaded machine makes a sweep wait, shorter than the copies are old.
_OLD_AFTER_MINUTES = "0.5"
_OLD_AFTER_SECONDS = 30.0
_WATCHED_SECONDS = 3.0

Say = Callable[[str], None]


@dataclass
class Seen:
    """What happened with one copy.

    Attributes:
        ready: What /readyz said before it was confirmed.
        restored: What /api/pause said of it, as `offboard backup due` shows it.
        told: What the channel was told that it had not been told before, by message.
        writes: How much was written at IBM Cloud while it waited.
        case: The case before it was confirmed.
        after: The case when it was settled.
        writes_after: How much was written by then.
    """

    ready: dict[str, object]
    restored: dict[str, object]
    told: list[str]
    writes: int
    case: dict[str, object]
    after: dict[str, object]
    writes_after: int


@dataclass
class Story:
    """What the whole scenario showed."""

    resets: int
    after_kill: dict[str, object]
    backup: Seen
    files: Seen


def restore_old_store(scene: Scene) -> None:
    """A store that is put back resets nothing until a person lets it go on."""
    story = run(scene.say)

    # A sound store that everything was killed on is no old one.
    checks = {"store": "ok", "sweep": "ok", "worker": "ok", "restored": "ok"}
    assert story.after_kill == {"status": "ok", "checks": checks}
    assert story.resets == 3
    for seen in (story.backup, story.files):
        # The leaver owns everything again meanwhile, and it would be reset else.
        assert seen.writes == 0
        assert seen.ready["checks"]["restored"] == "warn"
        assert seen.case["status"] == "waiting"
        [note] = seen.case["plan"]["refused"]
        assert note["reason"] == "paused"
        assert "restored" in note["text"]
        [due] = seen.restored["due"]
        assert due["leaver"]["email"] == "dana.lee@example.com"
        [notice] = [one for one in seen.told if "old copy" in one]
        assert "1 case awaits a person's word" in notice
        # By name once the account was looked at again, which may come later.
        assert "Dana Lee" in notice or "dana.lee@example.com" in notice
        assert "offboard resume" in notice
        # Looked at again, nothing of it is the leaver's any more.
        assert (seen.after["result"], seen.writes_after) == ("safe", 0)
        outcomes = {one["outcome"] for one in seen.after["targets"]}
        assert outcomes == {"already"}
    assert story.backup.restored["why"] == "copied"
    assert story.files.restored["why"] == "silent"


def run(say: Say) -> Story:
    """Play it, and say what happens; every wait has a deadline."""
    account = departure_account()
    account.replication_lag_seconds = 0.5
    with Simulator([account]) as simulator, installations(simulator) as install:
        service = install(LEAD_TIME_HOURS="0", CANARY="0")
        return _Play(simulator, account, service, say).play()


class _Play:
    def __init__(
        self, simulator: Simulator, account: Account, service: Service, say: Say
    ) -> None:
        self.simulator, self.account = simulator, account
        self.service, self.say = service, say
        self.store = service.folder / "store"
        self.file = service.folder / "backup.rdb"
        self.copy = service.folder / "copy"
        self.ended_at = 0.0

    def play(self) -> Story:
        case_id = self._schedule()
        after_kill = self._copy_twice()
        resets = self._act(case_id)
        self._stop()
        shutil.move(self.store, self.service.folder / "newer")
        backup = self._put_back("backup", case_id, self._restore)
        self._stop()
        shutil.rmtree(self.store)
        self.service.environ["OFFBOARD_RESTORED_AFTER_MINUTES"] = _OLD_AFTER_MINUTES
        old_at = self.ended_at + _OLD_AFTER_SECONDS + 1.0
        time.sleep(max(0.0, old_at - time.time()))
        files = self._put_back(
            "copied folder", case_id, lambda: shutil.copytree(self.copy, self.store)
        )
        return Story(resets, after_kill, backup, files)

    def _schedule(self) -> str:
        self.service.start(*_PROCESSES)
        self.service.await_ready()
        # Both copies are made before anybody acts, however long that takes.
        for name in ("beat", "worker"):
            self.service.end(name, signal.SIGKILL)
        self.ended_at = time.time()
        day = datetime.fromtimestamp(time.time() + 3.0, UTC).isoformat()
        answer = self.service.tell(LEAVER, "msg_restore", effective_at=day)
        self.say(f"scheduled: {LEAVER} leaves at {day}")
        [case_id] = answer.json()["cases"]
        return str(case_id)

    def _copy_twice(self) -> dict[str, object]:
        made = offboard(self.service, "backup", "create", "--out", str(self.file))
        assert made.returncode == 0, made.stderr
        self.say(f"backup while it runs: {made.stdout.strip()}")
        for name in ("web", "store"):
            self.service.end(name, signal.SIGKILL)
        shutil.copytree(self.store / "appendonlydir", self.copy / "appendonlydir")
        self.say("kill -9 of everything, and a copy of the store's folder")
        self.service.start(*_PROCESSES)
        self.service.await_ready()
        return until(lambda: self._ready("ok"))

    def _act(self, case_id: str) -> int:
        case = self.service.settled(case_id)
        self.say(f"the day came: {case['result']}, {self._writes()} resets")
        return self._writes()

    def _restore(self) -> None:
        done = offboard(self.service, "backup", "restore", str(self.file))
        assert done.returncode == 0, done.stderr
        self.say(f"restored: {done.stdout.splitlines()[0]}")

    def _put_back(self, what: str, case_id: str, put: Callable[[], object]) -> Seen:
        before, messages = self._writes(), len(self.simulator.slack.messages)
        self._own(LEAVER_IAM_ID)
        put()
        self.service.start(*_PROCESSES)
        until(lambda: self._is_waiting(case_id))
        until(lambda: any("old copy" in one for one in self._told(messages)))
        time.sleep(_WATCHED_SECONDS)
        ready = until(lambda: self._ready("warn"))
        restored = self.service.call("GET", "/api/pause").json()["restored"]
        case, news = self.service.case(case_id), self._told(messages)
        writes = self._writes() - before
        self.say(f"{what} put back: {ready['status']}, {writes} writes")
        self.say(f"{restored['text']} Due: {len(restored['due'])} case")
        self.say("\n".join(news))
        self._own(FUNCTIONAL_ID_IAM_ID)
        done = self.service.call("POST", "/api/resume", role="approver")
        assert done.status_code == 202, done.text
        after = self.service.settled(case_id)
        self.say(f"resumed by an approver: {after['result']}")
        late = self._writes() - before
        return Seen(ready, restored, news, writes, case, after, late)

    def _own(self, owner_id: str) -> None:
        """Have somebody own the leaver's targets, as if they had reset them."""
        for region, group in self._places():
            self.account.set_owner(region, group, owner_id)

    def _places(self) -> set[tuple[str, str]]:
        resets = self.simulator.journal.resets()
        return {
            (one.headers["X-Region"], one.headers["X-Auth-Resource-Group"])
            for one in resets
        }

    def _writes(self) -> int:
        return len(self.simulator.journal.writes())

    def _told(self, since: int) -> list[str]:
        return [told(one) for one in self.simulator.slack.messages[since:]]

    def _ready(self, restored: str) -> dict[str, object] | None:
        """Say what /readyz says, once that is what it should say of the store.

        A loaded machine's store may answer it too late at one look.
        """
        try:
            answer = requests.get(f"{self.service.url}/readyz", timeout=30)
        except requests.RequestException:
            return None
        said = dict(answer.json())
        others = {"store": "ok", "sweep": "ok", "worker": "ok"}
        return said if said["checks"] == {**others, "restored": restored} else None

    def _is_waiting(self, case_id: str) -> bool:
        try:
            return bool(self.service.case(case_id).get("status") == "waiting")
        except requests.RequestException:
            return False

    def _stop(self, number: int = signal.SIGTERM) -> None:
        for name in reversed(_PROCESSES):
            self.service.end(name, number)


if __name__ == "__main__":
    run(print)
