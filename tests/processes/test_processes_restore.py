"""An old store put back, in real processes: by a backup, by a copy of its folder."""

import pytest

from tests.scenarios.restore_old_store import run

pytestmark = pytest.mark.processes


def test_an_old_store_acts_on_nothing_until_a_person_lets_it():
    story = run(print)

    # A sound store that everything was killed on is no old one.
    checks = {"store": "ok", "sweep": "ok", "restored": "ok"}
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
        assert "Dana Lee" in notice
        assert "offboard resume" in notice
        # Looked at again, nothing of it is the leaver's any more.
        assert (seen.after["result"], seen.writes_after) == ("safe", 0)
        outcomes = {one["outcome"] for one in seen.after["targets"]}
        assert outcomes == {"already"}
    assert story.backup.restored["why"] == "copied"
    assert story.files.restored["why"] == "silent"
