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


def an_entry(n, said="done"):
    return f'{{"entry":{{"what":"{said}"}},"hash":"{n}","kind":"entry","n":{n}}}\n'


HEAD = '{"kind":"register","count":%d}\n'


def text_of(tmp_path, name):
    return (tmp_path / "2024" / name).read_text(encoding="utf-8")


def test_a_file_is_replaced_by_one_that_has_all_its_entries(tmp_path):
    Archive(tmp_path).keep("01A", 2024, [an_entry(1), HEAD % 1])

    kept = Archive(tmp_path).keep("01A", 2024, [an_entry(1), an_entry(2), HEAD % 2])

    assert (kept.file, kept.is_beside) == ("2024/01A.jsonl", False)
    assert names(tmp_path / "2024") == ["01A.jsonl"]
    assert text_of(tmp_path, "01A.jsonl").count('"kind":"entry"') == 2


@pytest.mark.parametrize(
    "older",
    [
        [an_entry(1)],
        [an_entry(1), an_entry(2, "something else")],
        [an_entry(1), an_entry(2)[:-2] + " }\n"],
    ],
)
def test_what_lacks_an_entry_of_the_file_goes_beside_it(tmp_path, older):
    whole = [an_entry(1), an_entry(2), HEAD % 2]
    Archive(tmp_path).keep("01A", 2024, whole)

    kept = Archive(tmp_path).keep("01A", 2024, [*older, HEAD % 1])

    assert (kept.file, kept.is_beside) == ("2024/01A.2.jsonl", True)
    assert text_of(tmp_path, "01A.jsonl") == "".join(whole)
    assert text_of(tmp_path, "01A.2.jsonl") == "".join([*older, HEAD % 1])


def test_an_item_of_the_register_is_an_entry_too(tmp_path):
    item = '{"kind":"item","seq":%d}\n'
    Archive(tmp_path).keep("01A", 2024, [an_entry(1), item % 7])

    kept = Archive(tmp_path).keep("01A", 2024, [an_entry(1), item % 5])

    assert kept.is_beside


def test_a_file_that_nobody_can_read_is_never_replaced(tmp_path):
    Archive(tmp_path).keep("01A", 2024, ["half a li"])

    kept = Archive(tmp_path).keep("01A", 2024, [an_entry(1)])

    assert kept.is_beside
    assert text_of(tmp_path, "01A.jsonl") == "half a li\n"


def test_who_comes_again_writes_over_the_one_beside_and_makes_no_third(tmp_path):
    archive = Archive(tmp_path)
    archive.keep("01A", 2024, [an_entry(1), an_entry(2)])
    archive.keep("01A", 2024, [an_entry(1)])

    archive.keep("01A", 2024, [an_entry(1), an_entry(2, "another way")])
    archive.keep("01A", 2024, [an_entry(1), an_entry(2, "a third way")])

    assert names(tmp_path / "2024") == ["01A.2.jsonl", "01A.3.jsonl", "01A.jsonl"]
    assert "a third way" in text_of(tmp_path, "01A.3.jsonl")


def test_who_dies_over_the_comparing_leaves_the_old_file(tmp_path, monkeypatch):
    from workers.store import archive

    def dies(*_):
        raise WorkerDied

    Archive(tmp_path).keep("01A", 2024, [an_entry(1), an_entry(2)])
    monkeypatch.setattr(archive, "_place_of", dies)

    with pytest.raises(WorkerDied):
        Archive(tmp_path).keep("01A", 2024, [an_entry(1)])

    assert text_of(tmp_path, "01A.jsonl") == an_entry(1) + an_entry(2)
