"""A pause and why: at its route, by `offboard backup due`, `resume` and `doctor`."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_api import Says
from fake_desk import NOW

from service.commands.backup import size_of
from workers.offboarding.model import Case, CaseStatus, Leaver, OpenedBy
from workers.offboarding.restored import Found, Restored, WhyOld

DANA = Case(
    id="01KHJ2V0W8Q3RZ5T7X9YABCDEF",
    leaver=Leaver(email="dana.lee@example.com"),
    opened_by=OpenedBy("okta", "okta:1"),
    received_at=NOW - timedelta(days=2),
    effective_at=NOW,
    starts_at=NOW - timedelta(hours=1),
    status=CaseStatus.WAITING,
    dry_run=False,
    started_at=NOW,
)
KIM = replace(
    DANA,
    id="01KHJ2V0W8Q3RZ5T7X9YABCDEG",
    leaver=Leaver(email="kim.roe@example.com"),
    starts_at=NOW + timedelta(hours=3),
    status=CaseStatus.SCHEDULED,
    started_at=None,
)
FOUND = Found(NOW, WhyOld.COPIED, copied_at=NOW - timedelta(days=1))
OLD = Restored(FOUND, (DANA, KIM), held_back=1)
PAUSE = ("GET", "/api/pause")


def test_a_sound_store_is_no_restored_one(client, as_viewer):
    answer = client.get("/api/pause", headers=as_viewer)

    assert answer.json == {"paused": {"all": False, "accounts": []}, "restored": None}


def test_why_all_waits_and_what_is_due_is_told(client, desk, as_operator):
    desk.old = OLD

    answer = client.get("/api/pause", headers=as_operator).json["restored"]

    assert answer["text"] == (
        "The store was restored from a backup of 2026-02-15 at 10:02 UTC."
    )
    assert (answer["why"], answer["more"], answer["held_back"]) == ("copied", 0, 1)
    assert [one["leaver"]["email"] for one in answer["due"]] == [
        "dana.lee@example.com",
        "kim.roe@example.com",
    ]


def test_a_viewer_does_not_learn_who_leaves_later(client, desk, as_viewer):
    desk.old = OLD

    answer = client.get("/api/pause", headers=as_viewer)

    assert answer.json["restored"]["more"] == 1
    assert "kim.roe" not in answer.text


def test_who_resumes_is_told_what_goes_on_by_that(client, desk, as_approver):
    desk.old = OLD

    all_of_it = client.post("/api/resume", headers=as_approver)
    one = client.post("/api/resume", headers=as_approver, json={"account_id": "a1"})

    assert len(all_of_it.json["restored"]["due"]) == 2
    assert "restored" not in one.json


DUE = {
    "why": "copied",
    "text": "The store was restored from a backup.",
    "found_at": "2026-02-16T10:02:11.000Z",
    "swept_at": None,
    "copied_at": None,
    "due": [
        {
            "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
            "kind": "departure",
            "status": "waiting",
            "leaver": {"email": "dana.lee@example.com", "iam_id": None, "name": None},
            "source": "okta",
            "starts_at": "2026-02-16T10:02:11.000Z",
        }
    ],
    "more": 2,
    "held_back": 1,
}
PAUSED = {"all": True, "accounts": []}


def test_the_command_shows_what_is_due_and_how_it_goes_on(api, offboard):
    api.script(PAUSE, Says({"paused": PAUSED, "restored": DUE}))

    done = offboard("backup", "due")

    assert done.exit_code == 4
    assert "The store was restored from a backup." in done.stdout
    assert "3 cases await confirmation." in done.stdout
    assert "dana.lee@example.com" in done.stdout
    assert "And 2 more that are not shown here." in done.stdout
    assert "may have been sent already" in done.stdout
    assert "offboard resume" in done.stderr


def test_the_command_says_so_where_nothing_was_restored(api, offboard):
    paused = {"all": False, "accounts": []}
    api.script(PAUSE, Says({"paused": paused, "restored": None}))

    done = offboard("backup", "due")

    assert done.exit_code == 0
    assert done.stdout == "The store was not restored, or that was confirmed.\n"


def test_resume_says_what_goes_on(api, offboard):
    paused = {"all": False, "accounts": []}
    api.script(("POST", "/api/resume"), Says({"paused": paused, "restored": DUE}))

    done = offboard("resume")

    assert done.exit_code == 0
    assert done.stdout == "Resets are not paused.\n"
    assert "dana.lee@example.com" in done.stderr
    assert "all of this goes on now" in done.stderr


def test_a_store_on_a_server_is_left_to_that_server(offboard, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFBOARD_STORE_URL", "redis://127.0.0.1:1")

    made = offboard("backup", "create", "--out", str(tmp_path / "b.rdb"))
    restored = offboard("backup", "restore", str(tmp_path / "b.rdb"))

    for done in (made, restored):
        assert done.exit_code == 5
        assert "docs/backup.md" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0.0 kB"), (4_210, "4.2 kB"), (49_999, "50.0 kB"), (50_000, "0.1 MB")],
)
def test_a_small_backup_is_told_in_kilobytes(size, said):
    assert size_of(size) == said


def test_the_help_says_where_a_backup_goes(offboard):
    done = offboard("backup", "create", "--help")

    assert "offboard-<time in UTC>.rdb" in " ".join(done.stdout.split())
