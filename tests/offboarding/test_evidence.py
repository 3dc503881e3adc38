"""Evidence holds, or says where it does not: with the public key alone."""

import json
from pathlib import Path

import pytest
from evidence_scenes import KEY, OTHER_KEY, Book, a_book, entry, fingerprint
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.offboarding import evidence as text
from workers.offboarding.evidence_check import Checker
from workers.signing import signature_holds

FIXTURES = Path(__file__).parents[1] / "fixtures" / "evidence"
BOOK = a_book()
PACK = b"".join(BOOK.pack("01A"))
EVERYTHING = b"".join([*BOOK.register(), *BOOK.pack("01A"), *BOOK.pack("01B")])


def checked(*files, trusted=()):
    checker = Checker(signature_holds, frozenset(trusted))
    for number, lines in enumerate(files, 1):
        if isinstance(lines, bytes):
            lines = lines.splitlines(keepends=True)
        checker.read(f"file{number}", lines)
    return checker.compare()


def faults(*files, trusted=()):
    return [(one.line, one.text) for one in checked(*files, trusted=trusted).faults]


def with_line(lines, number, **fields):
    """Return lines with one said otherwise, in its canonical form."""
    said = json.loads(lines[number - 1]) | fields
    return [
        *lines[: number - 1],
        f"{text.canonical(said)}\n".encode(),
        *lines[number:],
    ]


def test_an_export_of_the_first_version_is_made_and_verified_for_ever():
    kept = (FIXTURES / "export-1.jsonl").read_bytes()

    assert faults(kept, trusted=["ed25519:10ba682c8ad13513971e8b56881aab8b"]) == []
    assert kept == EVERYTHING


def test_a_pack_holds_in_itself_and_names_who_signed():
    found = checked(PACK)

    assert found.faults == []
    assert found.signed_by == {fingerprint()}


def test_register_and_packs_hold_together():
    assert faults(EVERYTHING, trusted=[fingerprint()]) == []


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(EVERYTHING) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_found(place, byte):
    if EVERYTHING[place] == byte:
        byte = (byte + 1) % 256
    changed = EVERYTHING[:place] + bytes([byte]) + EVERYTHING[place + 1 :]

    assert faults(changed, trusted=[fingerprint()])


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, len(PACK) - 1))
def test_a_missing_byte_is_found_without_a_key_too(place):
    assert faults(PACK[:place] + PACK[place + 1 :])


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, len(PACK)), more=st.binary(min_size=1, max_size=40))
def test_whatever_is_put_in_is_found(place, more):
    assert faults(PACK[:place] + more + PACK[place:])


@pytest.mark.parametrize("number", range(1, 8))
def test_a_line_that_is_missing_is_found(number):
    lines = BOOK.pack("01A")

    assert faults([*lines[: number - 1], *lines[number:]])


@pytest.mark.parametrize("number", range(1, 7))
def test_lines_in_another_order_are_found(number):
    lines = BOOK.pack("01A")
    lines[number - 1], lines[number] = lines[number], lines[number - 1]

    assert faults(lines)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_line_that_is_there_twice_is_found(number):
    lines = BOOK.pack("01A")

    assert faults([*lines[:number], *lines[number - 1 :]])


def test_a_changed_entry_is_named_by_line_and_number():
    said = json.loads(BOOK.pack("01A")[2])["entry"] | {"owner_before": "IBMid-7"}

    changed = with_line(BOOK.pack("01A"), 3, entry=said)

    assert faults(changed) == [
        (3, "case 01A, entry 2: it is not what was sealed, or follows another")
    ]


def test_a_changed_entry_with_a_fitting_hash_is_found_by_the_next():
    lines = BOOK.pack("01A")
    prev, said = json.loads(lines[1])["hash"], {"what": "nothing.happened"}
    digest = text.entry_hash("01A", 2, prev, said)

    changed = with_line(lines, 3, entry=said, hash=digest)

    assert [line for line, _ in faults(changed)] == [4]


def test_the_tail_cut_off_with_another_head_made_for_it_is_found():
    lines = BOOK.pack("01A")
    cut = [*lines[:3], *with_line(lines, 5, n=2)[4:]]

    assert (4, "head of case 01A: the signature does not hold") in faults(cut)


def test_an_older_pack_is_found_to_be_cut_off_by_the_register():
    early = Book().seal("01A", entry("case.opened_open", actor="standard"))
    older = early.pack("01A")
    early.seal("01A", entry("case.settled"), is_over=True)

    assert faults(older) == []
    assert faults(early.register(), older) == [
        (1, "case 01A: it ends at entry 1, item 2 names entry 2")
    ]


def test_a_case_that_is_in_two_files_is_one_case():
    assert checked(EVERYTHING, PACK, PACK).cases == 2
    assert checked(PACK, PACK).cases == 1


def test_a_missing_case_is_named():
    assert faults(BOOK.register(), BOOK.pack("01A")) == [
        (0, "case 01B is missing: item 2 names it")
    ]


def test_a_case_that_the_register_does_not_name_is_found():
    alone = Book().seal("01B", entry("x")).seal("01C", entry("x"))
    lines = Book().seal("01B", entry("x")).seal("01D", entry("x"))

    assert faults(alone.register(), alone.pack("01B"), alone.pack("01C")) == []
    found = faults(lines.register(), alone.pack("01C"), lines.pack("01B"))
    assert (1, "case 01C: the register does not name it") in found
    assert (0, "case 01D is missing: item 2 names it") in found


def test_a_register_with_an_item_taken_out_is_found():
    lines = BOOK.register()

    found = faults([*lines[:2], *lines[3:]])

    assert found[0] == (3, "item 3 of the register: item 2 has to be here")


def test_evidence_signed_by_another_key_is_not_taken_for_ours():
    forged = a_book(OTHER_KEY).pack("01A")

    assert faults(forged) == []
    assert faults(forged, trusted=[fingerprint()]) == [
        (
            5,
            f"head of case 01A: signed by {fingerprint(OTHER_KEY)}, which is not the"
            " key given",
        ),
        (
            8,
            f"head of the register: signed by {fingerprint(OTHER_KEY)}, which is not"
            " the key given",
        ),
    ]


def test_a_forger_cannot_use_our_fingerprint_for_another_key():
    forged = a_book(OTHER_KEY).pack("01A")
    for number in (5, 8):
        forged = with_line(forged, number, key=fingerprint())
    forged = with_line(forged, 1, keys={fingerprint(): OTHER_KEY.public_key})

    assert faults(forged, trusted=[fingerprint()])[0][0] == 1


def test_a_forger_without_the_key_cannot_sign_another_head():
    lines = BOOK.pack("01A")

    forged = with_line(lines, 5, at="2026-11-26T09:00:01Z")

    assert faults(forged) == [(5, "head of case 01A: the signature does not hold")]


def test_a_head_signed_for_another_end_is_no_head_of_evidence():
    fields = json.loads(BOOK.pack("01A")[4])
    signature = KEY.sign(text.canonical(fields).encode())

    found = faults(with_line(BOOK.pack("01A"), 5, signature=signature))

    assert found == [(5, "head of case 01A: the signature does not hold")]


def test_an_empty_file_and_one_that_is_no_evidence_are_found():
    assert faults(b"") == [(0, "the file is empty")]
    assert faults(b"{}\n") == [(1, "header: it is no line that evidence has")]
    assert faults(b"[" * 100_000 + b"\n")[0][1].startswith("header: it cannot be read")


def test_a_thousand_faults_are_counted_and_not_all_listed():
    found = checked(b"x\n" * 1000)

    assert (len(found.faults), found.more_faults) == (50, 950)


def test_an_item_changed_in_the_register_is_found_by_the_next():
    changed = with_line(BOOK.register(), 2, at="2026-11-26T09:00:01Z")

    assert faults(changed)[0] == (
        3,
        "item 2 of the register: it does not follow the item before it",
    )


def test_the_last_item_changed_in_the_register_is_found_by_its_head():
    changed = with_line(BOOK.register(), 4, at="2026-11-26T09:00:01Z")

    assert faults(changed)[0] == (5, "head of the register: its last item is another")


def test_the_last_entry_changed_with_a_fitting_hash_is_found_by_the_head():
    lines = BOOK.pack("01A")
    prev, said = json.loads(lines[2])["hash"], {"what": "case.cancelled"}
    digest = text.entry_hash("01A", 3, prev, said)

    found = faults(with_line(lines, 4, entry=said, hash=digest))

    assert found[0] == (5, "head of case 01A: its last entry is another")


def test_a_second_story_signed_by_the_same_key_is_found():
    other = Book().seal("01A", entry("case.opened_scheduled"))

    found = [one for _, one in faults(BOOK.register(), other.pack("01A"))]

    assert "case 01A: item 1 is another in the register" in found
    assert "case 01A: its register is another from item 1 on, or before" in found


def test_two_registers_of_one_length_are_not_both_true():
    one, other = Book().seal("01A", entry("a")), Book().seal("01A", entry("b"))

    assert faults(one.pack("01A"), other.pack("01A")) == [
        (1, "another register of 1 items is among these files")
    ]


def test_a_key_by_which_nothing_is_signed_is_found():
    keys = {one.public_key: one for one in (KEY, OTHER_KEY)}
    named = {fingerprint(one): public for public, one in keys.items()}

    assert faults(with_line(BOOK.pack("01A"), 1, keys=named)) == [
        (8, f"key {fingerprint(OTHER_KEY)}: nothing is signed by it")
    ]


def test_a_blank_is_found():
    assert faults(PACK.replace(b'"n":1}', b'"n": 1}', 1))[0] == (
        2,
        "case 01A, entry 1: it is not in the one form that evidence has",
    )
