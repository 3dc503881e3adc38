import copy
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from config import log as logs
from config.secret import FileSecret, Secret, SecretFileError

SPACE = st.text(" \t\r\n", max_size=3)
KEYS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=4)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text("the-first-key\n")
    return path


def rename_over(path, text):
    """Replace a file as a rotation does: the new one is whole before it is there."""
    new = path.with_name("new")
    new.write_text(text)
    new.replace(path)


def checked(path):
    secret = FileSecret(path)
    secret.check()
    return secret


def test_a_key_that_was_replaced_is_revealed_anew(key_file):
    secret = checked(key_file)

    rename_over(key_file, "the-second-key\n")

    assert secret.reveal() == "the-second-key"


def test_a_change_that_neither_time_nor_size_shows_is_seen(key_file):
    secret = checked(key_file)
    before = key_file.stat()

    key_file.write_text("the-other-key\n")
    os.utime(key_file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert key_file.stat().st_size == before.st_size
    assert key_file.stat().st_ino == before.st_ino
    assert secret.reveal() == "the-other-key"


def test_a_link_that_points_elsewhere_now_is_followed(tmp_path, key_file):
    link = tmp_path / "link"
    link.symlink_to(key_file)
    secret = checked(link)
    (tmp_path / "next").write_text("the-next-key")

    (tmp_path / "new-link").symlink_to(tmp_path / "next")
    (tmp_path / "new-link").replace(link)

    assert secret.reveal() == "the-next-key"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text(""),
        lambda path: path.write_text(" \n"),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["gone", "empty", "blank", "no text", "a folder"],
)
def test_the_last_good_key_holds_while_the_file_is_of_no_use(key_file, spoil):
    secret = checked(key_file)
    rename_over(key_file, "the-second-key")
    secret.reveal()

    spoil(key_file)

    assert secret.reveal() == "the-second-key"


def test_a_key_that_came_back_is_taken(key_file):
    secret = checked(key_file)
    key_file.unlink()
    secret.reveal()

    key_file.write_text("the-third-key")

    assert secret.reveal() == "the-third-key"


def test_a_change_and_a_loss_are_logged_once_by_path_and_without_the_key(key_file):
    secret = checked(key_file)

    with capture_logs() as lines:
        secret.reveal()
        rename_over(key_file, "the-second-key")
        secret.reveal()
        secret.reveal()
        key_file.unlink()
        secret.reveal()
        secret.reveal()

    assert lines == [
        {"event": "secret_file.changed", "file": str(key_file), "log_level": "info"},
        {
            "event": "secret_file.lost",
            "file": str(key_file),
            "why": "cannot be read: No such file or directory",
            "log_level": "warning",
        },
    ]


def test_a_second_loss_is_logged_again(key_file):
    secret = checked(key_file)
    with capture_logs() as lines:
        for _ in range(2):
            key_file.unlink()
            secret.reveal()
            key_file.write_text("the-first-key")
            secret.reveal()

    assert [line["event"] for line in lines] == ["secret_file.lost"] * 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe", "cannot be read: it is no text"),
        (b"", "is empty"),
        (b" \r\n", "is empty"),
    ],
)
def test_a_file_that_holds_no_key_at_the_start_is_a_fault(tmp_path, content, why):
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    with pytest.raises(SecretFileError) as caught:
        FileSecret(tmp_path / "key").check()

    assert str(caught.value) == why


def test_a_path_that_no_file_can_have_is_a_fault(tmp_path):
    with pytest.raises(SecretFileError, match="cannot be read"):
        FileSecret(tmp_path / "a\0b").check()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('{"name": "reader", "apikey": "the-key-itself"}', "the-key-itself"),
        ('{"apikey": " the-key-itself\\n"}', "the-key-itself"),
        # Whatever else begins so is taken as it is: IAM says what is wrong with it.
        ('{"name": "reader"}', '{"name": "reader"}'),
        ('{"apikey": 5}', '{"apikey": 5}'),
        ("{not json", "{not json"),
    ],
)
def test_the_file_that_ibmcloud_writes_is_a_key_file(tmp_path, content, key):
    (tmp_path / "key").write_text(content)

    assert checked(tmp_path / "key").reveal() == key


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    secret = FileSecret(tmp_path / "not-there")

    assert not secret
    assert secret.reveal() == ""


@given(before=SPACE, key=KEYS, after=SPACE)
def test_the_blanks_around_a_key_are_not_part_of_it(
    tmp_path_factory, before, key, after
):
    path = tmp_path_factory.mktemp("keys") / "key"
    path.write_bytes(f"{before}{key}{after}".encode())

    assert checked(path).reveal() == key


@given(keys=st.lists(KEYS | st.just(""), min_size=1, max_size=8))
def test_the_last_key_that_was_written_is_the_one_revealed(tmp_path_factory, keys):
    path = tmp_path_factory.mktemp("keys") / "key"
    path.write_text("the-first-key")
    secret = checked(path)

    for key in keys:
        path.write_text(key, encoding="utf-8")
        secret.reveal()

    assert secret.reveal() == [key for key in ["the-first-key", *keys] if key][-1]


def test_threads_see_whole_keys_while_it_is_replaced(key_file):
    secret = checked(key_file)
    known = {"the-first-key", *(f"key-number-{number:03}" for number in range(200))}

    with ThreadPoolExecutor(4) as pool:
        seen = [pool.submit(secret.reveal) for _ in range(400)]
        for number in range(200):
            rename_over(key_file, f"key-number-{number:03}")

    assert {one.result() for one in seen} <= known
    assert secret.reveal() == "key-number-199"


def test_every_text_that_was_read_is_kept_out_of_the_log(key_file):
    secret = checked(key_file)

    rename_over(key_file, "the-second-key")
    secret.reveal()

    told = logs._redactor.text("the-first-key, the-second-key, the-third-key")
    assert told == "[redacted], [redacted], the-third-key"


def test_it_shows_nothing(key_file):
    secret = checked(key_file)

    assert f"{secret} {secret!r} {[secret]}" == "Secret(…) Secret(…) [Secret(…)]"
    assert not hasattr(secret, "__dict__")
    assert isinstance(secret, Secret)
    assert secret


def test_it_is_equal_to_the_same_file_whatever_that_holds(tmp_path, key_file):
    (tmp_path / "other").write_text("the-first-key")
    secret = checked(key_file)
    was = hash(secret)

    rename_over(key_file, "the-second-key")
    secret.reveal()

    assert hash(secret) == was
    assert secret == FileSecret(key_file) == copy.deepcopy(secret)
    assert secret != checked(tmp_path / "other")
    assert secret != Secret("the-second-key")
    assert Secret("the-second-key") != secret
