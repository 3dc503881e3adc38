"""Packs of evidence that were changed on their way: each change is found and named."""

import io
import json
import struct
import zipfile

import pytest
from evidence_scenes import OTHER_KEY, fingerprint
from pack_scenes import (
    DANA,
    KAI,
    ROBIN,
    a_book,
    faults,
    members,
    one_case,
    quarter,
    rezipped,
)

from workers.offboarding.pack.matching import Person

OF_CASE = [
    "pack.json",
    "evidence.jsonl",
    "case.html",
    "targets.csv",
    "events.csv",
    "HOW-TO-VERIFY.txt",
    "SHA256SUMS",
]
OF_PERIOD = [
    "pack.json",
    "register.jsonl",
    "quarantine.jsonl",
    "hr.jsonl",
    "leavers.csv",
    "matched.csv",
    "targets.csv",
    "events.csv",
    "index.html",
    "HOW-TO-VERIFY.txt",
    "SHA256SUMS",
    f"cases/{DANA}/evidence.jsonl",
    f"cases/{ROBIN}/case.html",
]
PEOPLE = (Person("dana.lee@example.com"), Person("never@example.com"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "p.zip"


def a_quarter():
    return quarter(people=PEOPLE)


def changed(raw, name):
    """Change one byte in the middle of a member, and mend nothing else."""
    files = members(raw)
    at = len(files[name]) // 2
    was = files[name][at]
    files[name] = files[name][:at] + bytes([was ^ 1]) + files[name][at + 1 :]
    return rezipped(files)


def test_what_nobody_touched_holds(path):
    trusted = frozenset({fingerprint()})

    assert faults(one_case(), path, trusted=trusted) == []
    assert faults(a_quarter(), path, trusted=trusted) == []
    assert faults(rezipped(members(a_quarter())), path, trusted=trusted) == []


def test_the_same_evidence_is_the_same_file():
    assert one_case() == one_case()
    assert a_quarter() == a_quarter()


def test_it_holds_what_it_is_said_to_hold():
    assert sorted(members(one_case())) == sorted(OF_CASE)
    assert set(OF_PERIOD) < set(members(a_quarter()))


@pytest.mark.parametrize("name", OF_CASE)
def test_a_changed_byte_in_the_pack_of_a_case_is_named_by_its_file(path, name):
    found = faults(changed(one_case(), name), path)

    assert found != []
    assert any(name in one for one in found)


@pytest.mark.parametrize("name", OF_PERIOD)
def test_a_changed_byte_in_the_pack_of_a_period_is_named_by_its_file(path, name):
    found = faults(changed(a_quarter(), name), path)

    assert found != []
    assert any(name in one for one in found)


@pytest.mark.parametrize("name", OF_CASE)
def test_a_file_that_was_taken_out_of_the_pack_of_a_case_is_named(path, name):
    files = members(one_case())
    del files[name]

    assert any(name in one for one in faults(rezipped(files), path))


@pytest.mark.parametrize("name", [one for one in OF_PERIOD if one != "register.jsonl"])
def test_a_file_that_was_taken_out_of_the_pack_of_a_period_is_named(path, name):
    files = members(a_quarter())
    del files[name]

    assert any(name in one for one in faults(rezipped(files), path))


def test_a_register_that_was_taken_out_shows_on_the_first_page(path):
    files = members(a_quarter())
    del files["register.jsonl"]

    found = faults(rezipped(files), path)

    assert any("index.html" in one for one in found)


def test_a_line_of_a_page_that_was_changed_is_named_by_its_number(path):
    files = members(one_case())
    files["case.html"] = files["case.html"].replace(b"IBMid-6600001FID", b"IBMid-6", 1)

    [page] = faults(rezipped(files), path)

    assert "case.html: " in page
    assert "it is not what the chain says" in page
    assert int(page.split(": ")[2]) > 20


def test_what_was_put_behind_a_table_is_named(path):
    files = members(a_quarter())
    files["leavers.csv"] += b"one,more\r\n"

    found = faults(rezipped(files), path)

    assert any("there is more in it than the chain says" in one for one in found)


def test_an_entry_that_was_taken_out_is_named(path):
    files = members(one_case())
    lines = files["evidence.jsonl"].splitlines(keepends=True)
    files["evidence.jsonl"] = b"".join(lines[:3] + lines[4:])

    found = faults(rezipped(files), path)

    assert any("entry 3 has to be here" in one for one in found)


def test_a_case_that_was_left_out_with_all_that_tells_of_it_is_named(path):
    found = faults(quarter(cases=(DANA, KAI)), path)

    assert found == [
        f"p.zip: register.jsonl: 0: case {ROBIN} is missing: item 3 names it"
    ]


def test_a_case_of_another_time_is_not_missed(path):
    assert faults(a_quarter(), path) == []


def test_a_case_whose_file_lies_beside_the_pack_is_not_missing(path):
    beside = [a_book().pack(ROBIN)]

    assert faults(quarter(cases=(DANA, KAI)), path, beside=beside) == []


def test_a_case_of_another_period_does_not_slip_in(path):
    files = members(a_quarter())
    other = "01KWDFKC0RBEF0RE0000000000"
    for name in ("evidence.jsonl", "case.html"):
        files[f"cases/{other}/{name}"] = files[f"cases/{DANA}/{name}"]

    found = faults(rezipped(files), path)

    assert any("it is of another period" in one for one in found)
    assert any(f"it is not the evidence of case {other}" in one for one in found)


def test_another_key_is_found(path):
    raw = quarter(a_book(OTHER_KEY))

    found = faults(raw, path, trusted=frozenset({fingerprint()}))

    assert any("which is not the key given" in one for one in found)


@pytest.mark.parametrize(
    "name",
    [
        "more.txt",
        "../evil",
        "/etc/evil",
        "cases/../../evil/case.html",
        "cases/01A/other.html",
        "CASE.HTML",
        "case.html/",
    ],
)
def test_a_name_that_no_pack_has_is_refused(path, name):
    for raw in (one_case(), a_quarter()):
        found = faults(rezipped({**members(raw), name: b"x"}), path)

        assert len(found) == 1
        assert name in found[0]


def test_two_files_of_one_name_are_refused(path):
    file = io.BytesIO(one_case())
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(file, "a") as more,
    ):
        more.writestr("case.html", "another")

    [found] = faults(file.getvalue(), path)

    assert "two files of one name: 'case.html'" in found


def test_what_would_fill_a_machine_is_refused_before_it_is_unpacked(path):
    files = members(one_case())
    files["events.csv"] = b"\0" * 70_000_000

    [found] = faults(rezipped(files), path)

    assert "when it is unpacked" in found


def test_a_size_that_lies_is_found(path):
    files = members(one_case())
    files["events.csv"] = b"\0" * 70_000_000
    raw = bytearray(rezipped(files))
    # In the directory and before the member: it says one byte.
    for at, mark in ((22, b"PK\3\4"), (24, b"PK\1\2")):
        place = raw.find(b"events.csv")
        while place >= 0:
            begin = raw.rfind(mark, 0, place)
            if begin >= 0 and place - begin < 50:
                raw[begin + at : begin + at + 4] = struct.pack("<I", 1)
            place = raw.find(b"events.csv", place + 1)

    found = faults(bytes(raw), path)

    assert any("events.csv" in one for one in found)


@pytest.mark.parametrize("name", ["quarantine.jsonl", "hr.jsonl"])
def test_a_line_that_is_nested_too_deep_is_a_fault_and_no_crash(path, name):
    files = members(a_quarter())
    files[name] = b"[" * 100_000 + b"]" * 100_000

    found = faults(rezipped(files), path)

    assert any(f"{name}: 0: it is nested too deep" in one for one in found)


def local_of(name, text):
    """Write a member as it stands in a zip, without the list that names it."""
    raw = rezipped({name: text})
    return raw[: zipfile.ZipFile(io.BytesIO(raw)).start_dir]


def shifted(raw, by):
    """Tell in the list and at the end that all members but the first lie further on."""
    moved = bytearray(raw)
    first, start = True, zipfile.ZipFile(io.BytesIO(raw)).start_dir
    at = start
    while moved[at : at + 4] == b"PK\1\2":
        offset = struct.unpack_from("<I", moved, at + 42)[0]
        struct.pack_into("<I", moved, at + 42, offset if first else offset + by)
        first = False
        lengths = struct.unpack_from("<3H", moved, at + 28)
        at += 46 + sum(lengths)
    struct.pack_into("<I", moved, at + 16, start + by)
    return bytes(moved)


def test_a_file_in_front_that_only_some_programs_unpack_is_found(path):
    hidden = local_of("case.html", "<h1>All is safe</h1>")

    [found] = faults(hidden + one_case(), path)

    assert "bytes in it that belong to no file of it" in found


def test_a_file_in_between_that_only_some_programs_unpack_is_found(path):
    raw = one_case()
    hidden = local_of("case.html", "<h1>All is safe</h1>")
    second = sorted(
        one.header_offset for one in zipfile.ZipFile(io.BytesIO(raw)).infolist()
    )[1]
    made = shifted(raw, len(hidden))
    made = made[:second] + hidden + made[second:]

    [found] = faults(made, path)

    assert "bytes in it that belong to no file of it" in found


def test_what_was_put_behind_the_zip_is_found(path):
    [found] = faults(one_case() + b"x" * 40, path)

    assert "behind the zip file" in found


def test_a_member_of_two_sizes_is_found(path):
    raw = bytearray(one_case())
    struct.pack_into("<I", raw, 18, struct.unpack_from("<I", raw, 18)[0] - 1)

    [found] = faults(bytes(raw), path)

    assert "'pack.json' has two sizes" in found


def test_a_pack_that_was_written_into_a_pipe_holds(path):
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.got = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.got += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for name, raw in members(one_case()).items():
            made.writestr(name, raw)

    assert faults(bytes(pipe.got), path) == []


def test_a_link_is_refused(path):
    files = members(one_case())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, raw in files.items():
            info = zipfile.ZipInfo(name)
            if name == "case.html":
                info.external_attr = 0o120777 << 16
            made.writestr(info, raw)

    [found] = faults(file.getvalue(), path)

    assert "'case.html' is no plain file" in found


@pytest.mark.parametrize("raw", [b"", b"PK", b"PK\3\4 nonsense", one_case()[:-40]])
def test_what_is_no_zip_is_said_to_be_none(path, raw):
    [found] = faults(raw, path)

    assert "it is no zip file, or one that is cut off" in found


def test_a_pack_of_another_version_says_what_to_do(path):
    files = members(one_case())
    said = {**json.loads(files["pack.json"]), "version": 2}
    files["pack.json"] = json.dumps(said).encode()

    [found] = faults(rezipped(files), path)

    assert "it is a pack of version 2, and this program knows 1" in found


def test_entries_that_make_no_sense_are_a_fault_and_no_crash(path):
    from pack_scenes import opened, said

    book = a_book(OTHER_KEY)
    book.seal(
        DANA,
        opened("x", "okta:9"),
        said(1, "case.settled", detail="safe", settle_minutes=10**9, follow_ups=0),
    )

    [found] = faults(one_case(DANA, book), path) or ["holds"]

    assert found == "holds" or "makes no sense" in found
