"""Settings that come from files, read again when one of them changes."""

import os
import shutil

import pytest
from structlog.testing import capture_logs

from config import watching
from config.settings import Settings
from config.watching import SettingsWatch

A_TOKEN = "me:viewer:" + "a" * 64
OTHER = "lead:approver:" + "b" * 64
ACCOUNT = """
[[account]]
id = "acct1"
[[account.functional_id]]
name = "one"
apikey_file = "key"
"""
SECOND = ACCOUNT.replace("acct1", "acct2").replace('"key"', '"second"')


class Watched:
    """A process whose settings come from files in a folder."""

    def __init__(self, folder, process="worker", **environ):
        (folder / "key").write_text("a-key-of-the-first-account")
        (folder / "accounts.toml").write_text(ACCOUNT)
        (folder / "tokens").write_text(A_TOKEN)
        self.environ = {
            "OFFBOARD_ACCOUNTS_FILE": str(folder / "accounts.toml"),
            "OFFBOARD_API_TOKENS_FILE": str(folder / "tokens"),
            **environ,
        }
        self.taken, self.fault = [], None
        settings = Settings.from_env(self.environ, process=process)
        self.watch = SettingsWatch(settings, self.environ, process, self.put)
        self.look()

    def put(self, settings):
        if self.fault is None:
            self.taken.append(settings)
        return self.fault

    def look(self):
        """Look until a change has stood still for a look."""
        self.watch.look()
        self.watch.look()


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(watching, "_AGAIN_SECONDS", 0.0)


def test_what_did_not_change_is_put_in_force_by_nobody(watched, tmp_path):
    (tmp_path / "tokens").write_text(A_TOKEN + "\n")

    watched.look()

    assert watched.taken == []
    assert watched.watch.faults == ()


def test_a_changed_file_is_told_by_names_and_put_in_force_whole(watched, tmp_path):
    (tmp_path / "second").write_text("a-key-of-the-second-account")
    (tmp_path / "accounts.toml").write_text(ACCOUNT + SECOND)
    (tmp_path / "tokens").write_text(OTHER)

    with capture_logs() as logs:
        watched.look()

    (taken,) = watched.taken
    assert [one.id for one in taken.accounts] == ["acct1", "acct2"]
    assert [one.name for one in taken.api_tokens] == ["lead"]
    assert logs == [
        {
            "event": "settings.reloaded",
            "log_level": "info",
            "changed": ["OFFBOARD_ACCOUNTS_FILE", "OFFBOARD_API_TOKENS"],
            "accounts_added": ["acct2"],
            "callers_added": ["lead"],
            "callers_removed": ["me"],
        }
    ]


def test_a_file_that_is_being_written_is_left_for_the_next_look(watched, tmp_path):
    (tmp_path / "tokens").write_text(f"{A_TOKEN},{OTHER}"[:100])
    watched.watch.look()
    (tmp_path / "tokens").write_text(f"{A_TOKEN},{OTHER}")
    watched.watch.look()
    assert (watched.taken, watched.watch.faults) == ([], ())

    watched.watch.look()

    assert [one.name for one in watched.taken[0].api_tokens] == ["me", "lead"]


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        (
            "accounts.toml",
            '[[account]]\nid = "planted-',
            "OFFBOARD_ACCOUNTS_FILE: Not TOML: see its last line.",
        ),
        (
            "accounts.toml",
            ACCOUNT + SECOND,
            "OFFBOARD_ACCOUNTS_FILE: The file named by its apikey_file cannot be read:"
            " No such file or directory (account acct2).",
        ),
        (
            "tokens",
            "",
            "OFFBOARD_API_TOKENS: The file named by OFFBOARD_API_TOKENS_FILE is empty.",
        ),
    ],
)
def test_a_faulty_file_leaves_the_former_settings_in_force_and_is_told_once(
    watched, tmp_path, file, text, fault
):
    before = (tmp_path / file).read_text()
    (tmp_path / file).write_text(text)

    with capture_logs() as logs:
        watched.look()
        watched.look()

    assert watched.watch.faults == (fault,)
    assert [one["event"] for one in logs] == ["settings.not_reloaded"]
    (tmp_path / file).write_text(before)
    watched.look()
    assert (watched.taken, watched.watch.faults) == ([], ())


def test_what_was_faulty_for_want_of_a_key_file_is_taken_when_that_comes(
    watched, tmp_path
):
    (tmp_path / "accounts.toml").write_text(ACCOUNT + SECOND)
    watched.look()
    (tmp_path / "second").write_text("a-key-of-the-second-account")

    watched.watch.look()

    assert [one.id for one in watched.taken[0].accounts] == ["acct1", "acct2"]
    assert watched.watch.faults == ()


def test_what_cannot_be_put_in_force_now_is_tried_again(watched, tmp_path):
    watched.fault = "The store is away."
    (tmp_path / "tokens").write_text(OTHER)
    watched.look()
    assert watched.watch.faults == ("The store is away.",)
    watched.fault = None

    watched.watch.look()

    assert [one.name for one in watched.taken[0].api_tokens] == ["lead"]
    assert watched.watch.faults == ()


def test_an_account_whose_old_key_file_is_lost_does_not_hold_a_change_up(
    watched, tmp_path
):
    (tmp_path / "second").write_text("a-key-of-the-second-account")
    (tmp_path / "accounts.toml").write_text(ACCOUNT + SECOND)
    watched.look()
    (tmp_path / "key").unlink()

    (tmp_path / "tokens").write_text(OTHER)
    watched.look()

    assert [one.name for one in watched.taken[-1].api_tokens] == ["lead"]


def test_a_link_that_is_swapped_as_kubernetes_does_is_a_change(tmp_path):
    for name, text in (("v1", A_TOKEN), ("v2", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tokens").write_text(text)
    (tmp_path / "data").symlink_to("v1")
    path = str(tmp_path / "data" / "tokens")
    watched = Watched(tmp_path, OFFBOARD_API_TOKENS_FILE=path)

    (tmp_path / "new").symlink_to("v2")
    (tmp_path / "new").replace(tmp_path / "data")
    watched.look()

    assert [one.name for one in watched.taken[0].api_tokens] == ["lead"]


def test_what_takes_a_restart_is_told_and_does_not_hold_the_rest_up(tmp_path):
    (tmp_path / "secret").write_text("a-secret-key-of-32-characters-or-more")
    watched = Watched(tmp_path, OFFBOARD_SECRET_KEY_FILE=str(tmp_path / "secret"))
    (tmp_path / "secret").write_text("another-key-of-32-characters-or-more!")
    (tmp_path / "tokens").write_text(OTHER)

    watched.look()

    (taken,) = watched.taken
    assert taken.secret_key.reveal() == "a-secret-key-of-32-characters-or-more"
    assert [one.name for one in taken.api_tokens] == ["lead"]
    assert watched.watch.faults == (
        "OFFBOARD_SECRET_KEY_FILE: It changed, which takes a restart of this process.",
    )


def test_a_process_that_begins_with_old_settings_catches_up_at_once(tmp_path):
    watched = Watched(tmp_path, process="web")
    old = Settings.from_env(watched.environ, process="web")
    (tmp_path / "tokens").write_text(OTHER)

    SettingsWatch(old, watched.environ, "web", watched.put).catch_up()

    assert [one.name for one in watched.taken[0].api_tokens] == ["lead"]


def test_a_key_file_is_none_of_its_files_since_each_use_reads_it(watched, tmp_path):
    (tmp_path / "key").write_text("another-key-of-the-first-account")
    shutil.copystat(tmp_path / "tokens", tmp_path / "key")
    os.utime(tmp_path / "key")

    watched.look()

    assert watched.taken == []


def test_a_secret_of_a_file_is_learned_by_the_log_before_anybody_has_it(
    tmp_path, monkeypatch
):
    learned = []
    monkeypatch.setattr(watching, "learn", learned.append)
    (tmp_path / "hook").write_text("whsec_" + "A" * 32)
    path = str(tmp_path / "hook")
    watched = Watched(tmp_path, OFFBOARD_SOURCE_BEARER_SECRET_FILE=path)
    (tmp_path / "hook").write_text("a-new-bearer-token-of-the-source")
    seen = []
    watched.watch._put = lambda _: seen.extend(learned)

    watched.look()

    assert "a-new-bearer-token-of-the-source" in seen
