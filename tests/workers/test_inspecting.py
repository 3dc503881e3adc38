"""What a worker checks of its own files, and of the reports it sent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import NOON, a_case

from config.accounts import AccountSettings, FunctionalIdSettings
from config.secret import FileSecret
from config.settings import Settings
from workers.inspecting import Inspection, LastReports
from workers.offboarding.health import Verdict
from workers.offboarding.model import (
    Channel,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.store.cases import Read

NOWHERE = {
    f"{name}_url": "http://127.0.0.1:1"
    for name in ("iam", "containers", "user_management", "resource_manager")
}


def files_checked(settings, environ):
    found = Inspection(settings, environ, lambda: NOON).checks()
    return [one for one in found if one.what == "secret_files"]


@pytest.fixture
def a_file(tmp_path):
    def made(name, mode):
        path = tmp_path / name
        path.write_text("planted-secret")
        path.chmod(mode)
        return path

    return made


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_may_read_is_named_with_its_mode(a_file, mode):
    path = a_file("smtp password", mode)
    environ = {"OFFBOARD_SMTP_PASSWORD_FILE": str(path)}

    [found] = files_checked(Settings(**NOWHERE), environ)

    assert found.verdict is Verdict.WARNING
    assert f"{path} (mode 0{mode:o})" in found.text
    assert found.command == f"chmod 400 '{path}'"


def test_a_file_of_ones_own_is_ok(a_file):
    environ = {"OFFBOARD_SECRET_KEY_FILE": str(a_file("key", 0o600))}

    [found] = files_checked(Settings(**NOWHERE), environ)

    assert (found.verdict, found.text) == (
        Verdict.OK,
        "Nobody else may read the 1 file of secrets.",
    )


def test_the_key_files_of_the_accounts_are_looked_at_too(a_file):
    key = FileSecret(a_file("fid", 0o644))
    account = AccountSettings("acc1", (FunctionalIdSettings("fid", key),))

    [found] = files_checked(Settings(accounts_file=(account,), **NOWHERE), {})

    assert found.verdict is Verdict.WARNING


def test_without_files_and_with_a_missing_one_nothing_is_said_of_modes(tmp_path):
    gone = {"OFFBOARD_SMTP_PASSWORD_FILE": str(tmp_path / "gone")}

    assert files_checked(Settings(**NOWHERE), {}) == []
    assert [one.verdict for one in files_checked(Settings(**NOWHERE), gone)] == [
        Verdict.OK
    ]


class Recent:
    """The newest cases, each with one report."""

    def __init__(self, lines):
        self._cases = {
            f"case-{number}": a_case(id=f"case-{number}", reports=(line,))
            for number, line in enumerate(lines)
        }

    def ids(self, *, limit):
        return list(self._cases)[:limit]

    def read(self, ids):
        return Read([self._cases[one] for one in ids], [])


@pytest.fixture
def sent():
    """Checks what the reports of some cases tell."""

    def checked(*lines, channels=(Channel.SLACK,)):
        return LastReports(Recent(lines), channels, lambda: NOON).checks()

    return checked


def a_line(channel, state, detail="", *, hours=1):
    at = NOON - timedelta(hours=hours)
    return ReportLine(channel, ReportKind.FINAL, state=state, at=at, detail=detail)


def test_a_report_that_was_taken_proves_that_they_arrive(sent):
    [found] = sent(a_line(Channel.SLACK, ReportState.SENT))

    assert (found.what, found.verdict) == ("slack_reports", Verdict.OK)


def test_the_last_report_counts_and_its_code_says_what_mends_it(sent):
    good = a_line(Channel.SLACK, ReportState.SENT, hours=3)
    bad = a_line(Channel.SLACK, ReportState.FAILED, "not_in_channel", hours=1)

    [found] = sent(bad, good)

    assert found.verdict is Verdict.FAILED
    assert "did not arrive: not_in_channel" in found.text
    assert "/invite" in found.mend
    assert found.command == "offboard notify test"


def test_what_was_left_out_since_its_case_was_over_first_says_nothing(sent):
    final = a_line(Channel.SLACK, ReportState.SENT, hours=2)
    late = a_line(Channel.SLACK, ReportState.FAILED, "The case was over.", hours=1)

    [found] = sent(final, replace(late, kind=ReportKind.STARTED))

    assert found.verdict is Verdict.OK


def test_what_only_a_report_shows_is_said_not_to_be_known(sent):
    pending = replace(a_line(Channel.MAIL, ReportState.PENDING), at=None)

    slack, mail = sent(pending, channels=(Channel.SLACK, Channel.MAIL))

    assert (slack.verdict, mail.verdict) == (Verdict.UNPROVEN, Verdict.UNPROVEN)
    assert "OFFBOARD_SLACK_CHANNEL_ID cannot be seen" in slack.text
    assert "OFFBOARD_MAIL_TO" in mail.text


def test_a_report_of_long_ago_proves_nothing_of_now(sent):
    [found] = sent(a_line(Channel.SLACK, ReportState.SENT, hours=24 * 40))

    assert found.verdict is Verdict.UNPROVEN


def test_without_a_channel_there_is_nothing_to_look_at(sent):
    assert sent(channels=()) == ()


# rooms of accounts


def rooms_checked(*lines):
    rooms = {"acct1": (Channel.SLACK,)}
    return LastReports(Recent(lines), (Channel.SLACK,), lambda: NOON, rooms).checks()


def test_a_room_is_judged_by_its_own_last_report_and_not_by_the_service_s():
    own = a_line(Channel.SLACK, ReportState.SENT)
    room = replace(
        a_line(Channel.SLACK, ReportState.FAILED, "channel_not_found"), room="acct1"
    )

    found = rooms_checked(own, room)

    assert [(one.account_id, one.verdict) for one in found] == [
        (None, Verdict.OK),
        ("acct1", Verdict.FAILED),
    ]
    assert found[1].mend.startswith("The account's slack_channel_id names no channel")
    assert found[1].command == "offboard notify test --account acct1"


def test_a_room_that_was_never_told_anything_is_not_proven_by_the_others():
    _, room = rooms_checked(a_line(Channel.SLACK, ReportState.SENT))

    assert (room.account_id, room.verdict) == ("acct1", Verdict.UNPROVEN)
    assert "the account's slack_channel_id" in room.text
