"""The folder of archived cases: whole files that only their owner reads, or none."""

import fcntl
import stat

import pytest

from workers.store.archive import Archive, ArchiveError


class WorkerDied(BaseException):
    """Stands for kill -9: nothing after it runs."""


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def dying():
    yield '{"n":1}\n'
    raise WorkerDied


def test_a_case_is_one_file_of_its_year_that_only_its_owner_reads(tmp_path):
    Archive(tmp_path / "archive").keep("01A", 2024, ['{"n":1}\n', '{"n":2}'])

    file = tmp_path / "archive" / "2024" / "01A.jsonl"
    assert file.read_text(encoding="utf-8") == '{"n":1}\n{"n":2}\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700
    assert names(file.parent) == ["01A.jsonl"]


def test_who_dies_while_writing_leaves_no_file_of_that_name(tmp_path):
    with pytest.raises(WorkerDied):
        Archive(tmp_path).keep("01A", 2024, dying())

    assert not (tmp_path / "2024" / "01A.jsonl").exists()


def test_the_next_writes_it_anew_and_leaves_nothing_of_the_first(tmp_path):
    with pytest.raises(WorkerDied):
        Archive(tmp_path).keep("01A", 2024, dying())

    Archive(tmp_path).keep("01A", 2024, ["{}"])

    assert names(tmp_path / "2024") == ["01A.jsonl"]
    assert (tmp_path / "2024" / "01A.jsonl").read_text(encoding="utf-8") == "{}\n"


def test_a_file_that_was_whole_stays_so_until_the_new_one_is(tmp_path):
    Archive(tmp_path).keep("01A", 2024, ["whole"])

    with pytest.raises(WorkerDied):
        Archive(tmp_path).keep("01A", 2024, dying())

    assert (tmp_path / "2024" / "01A.jsonl").read_text(encoding="utf-8") == "whole\n"


def test_two_workers_never_write_into_one_another(tmp_path):
    (tmp_path / "2024").mkdir()
    with (tmp_path / "2024" / ".01A.tmp").open("w") as other:
        other.write("half of it")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(ArchiveError):
            Archive(tmp_path).keep("01A", 2024, ["{}"])

    half = (tmp_path / "2024" / ".01A.tmp").read_text(encoding="utf-8")
    assert half == "half of it"


def test_a_case_of_which_there_is_nothing_is_no_file(tmp_path):
    with pytest.raises(ArchiveError):
        Archive(tmp_path).keep("01A", 2024, [])

    assert not (tmp_path / "2024" / "01A.jsonl").exists()


def test_a_folder_that_cannot_be_made_is_said_without_its_path(tmp_path):
    (tmp_path / "archive").write_text("a file is in the way")

    with pytest.raises(ArchiveError) as caught:
        Archive(tmp_path / "archive").keep("01A", 2024, ["{}"])

    assert str(tmp_path) not in str(caught.value)
    assert str(caught.value) == "The archive: Not a directory."
