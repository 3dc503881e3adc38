"""`offboard evidence export | verify`, on real files."""

import json
import stat

import pytest
from evidence_scenes import KEY, OTHER_KEY, a_book, fingerprint
from fake_api import TOKEN, Says, a_problem

BOOK = a_book()
LINES = (("Content-Type", "application/jsonl"),)
REGISTER = ("GET", "/api/evidence/register")


def pack(case_id, unsealed=0):
    headers = (*LINES, ("Offboard-Unsealed", str(unsealed)))
    return Says(raw=b"".join(BOOK.pack(case_id)), headers=headers)


def of(case_id):
    return ("GET", f"/api/cases/{case_id}/evidence")


@pytest.fixture
def whole(api):
    api.script(of("01A"), pack("01A"))
    api.script(of("01B"), pack("01B"))
    api.script(REGISTER, Says(raw=b"".join(BOOK.register()), headers=LINES))


@pytest.fixture
def exported(whole, offboard, tmp_path):
    path = tmp_path / "all.jsonl"
    assert offboard("evidence", "export", "--all", "--out", str(path)).exit_code == 0
    return path


def test_a_case_is_written_to_stdout_as_it_came(whole, offboard):
    done = offboard("evidence", "export", "01A", "--out", "-")

    assert done.exit_code == 0
    assert done.stdout_bytes == b"".join(BOOK.pack("01A"))


def test_a_file_is_for_its_owner_alone_and_is_not_replaced(whole, offboard, tmp_path):
    path = tmp_path / "it.jsonl"

    first = offboard("evidence", "export", "01A", "--out", str(path))
    second = offboard("evidence", "export", "01B", "--out", str(path))

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert path.read_bytes() == b"".join(BOOK.pack("01A"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (
        offboard("evidence", "export", "01B", "--out", str(path), "--force").exit_code
        == 0
    )
    assert path.read_bytes() == b"".join(BOOK.pack("01B"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_sealed_is_told_and_ends_with_3(api, offboard):
    api.script(of("01A"), pack("01A", unsealed=2))

    done = offboard("evidence", "export", "01A", "--out", "-")

    assert done.exit_code == 3
    assert "not sealed yet" in done.stderr


def test_an_export_that_fails_leaves_no_file(api, offboard, tmp_path):
    api.script(of("01A"), a_problem(404, "There is no such case."))

    done = offboard("evidence", "export", "01A", "--out", str(tmp_path / "it.jsonl"))

    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_register_that_is_cut_off_on_the_way_leaves_no_file(api, offboard, tmp_path):
    cut = b"".join(BOOK.register()[:-1])
    api.script(REGISTER, Says(raw=cut, headers=LINES))
    api.script(of("01A"), pack("01A"))

    done = offboard("evidence", "export", "--all", "--out", str(tmp_path / "a.jsonl"))

    assert done.exit_code == 6
    assert list(tmp_path.iterdir()) == []


def test_an_answer_with_the_token_in_it_is_none_of_ours(api, offboard):
    api.script(of("01A"), Says(raw=f"{TOKEN}\n".encode(), headers=LINES))

    assert offboard("evidence", "export", "01A", "--out", "-").exit_code == 6


def test_a_page_of_something_else_is_no_evidence(api, offboard):
    api.script(of("01A"), Says(raw=b"<html>", headers=(("Content-Type", "text/html"),)))

    assert offboard("evidence", "export", "01A", "--out", "-").exit_code == 6


def test_all_cases_hold_with_the_key_and_no_service(exported, offboard):
    env = {"OFFBOARD_URL": "http://127.0.0.1:1", "OFFBOARD_TOKEN": ""}
    done = offboard(
        "evidence", "verify", str(exported), "--public-key", fingerprint(), env=env
    )

    assert done.exit_code == 0
    assert done.stdout.startswith("It holds: 2 cases and the register over all cases.")


def test_a_case_that_is_gone_is_told_and_missed_when_verified(
    api, whole, offboard, tmp_path
):
    api.script(of("01B"), a_problem(404, "There is no such case."))
    path = tmp_path / "all.jsonl"

    done = offboard("evidence", "export", "--all", "--out", str(path))
    seen = offboard("evidence", "verify", str(path), "--public-key", fingerprint())

    assert done.exit_code == 3
    assert "Case 01B is not in the store any more." in done.stderr
    assert seen.exit_code == 4
    assert "case 01B is missing: item 2 names it" in seen.stdout


def test_a_case_in_a_file_of_its_own_is_not_missing(api, whole, offboard, tmp_path):
    api.script(of("01B"), a_problem(404, "There is no such case."))
    path, archived = tmp_path / "all.jsonl", tmp_path / "01B.jsonl"
    offboard("evidence", "export", "--all", "--out", str(path))
    archived.write_bytes(b"".join(BOOK.pack("01B")))

    done = offboard(
        "evidence", "verify", str(path), str(archived), "--public-key", fingerprint()
    )

    assert done.exit_code == 0


def test_without_a_key_it_holds_and_who_signed_is_not_proven(exported, offboard):
    done = offboard("evidence", "verify", str(exported))

    assert done.exit_code == 3
    assert f"Signed by {fingerprint()}." in done.stdout
    assert "Who signed is not proven by this" in done.stderr


def test_a_changed_byte_is_named_by_file_line_and_entry(exported, offboard):
    data = exported.read_bytes()
    exported.write_bytes(data.replace(b"IBMid-1", b"IBMid-2"))

    done = offboard("evidence", "verify", str(exported), "--public-key", fingerprint())

    assert done.exit_code == 4
    assert "It does not hold: 1 fault." in done.stdout
    told = " ".join(done.stdout.split())
    assert "line 8: case 01A, entry 2: it is not what was sealed" in told


def test_what_another_key_signed_does_not_hold(offboard, tmp_path):
    path = tmp_path / "forged.jsonl"
    path.write_bytes(b"".join(a_book(OTHER_KEY).pack("01A")))

    done = offboard("evidence", "verify", str(path), "--public-key", KEY.public_key)

    assert done.exit_code == 4
    assert "which is not the key given" in " ".join(done.stdout.split())


def test_a_key_is_given_as_it_is_or_by_a_file_of_several(exported, offboard, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# until 2026\n{OTHER_KEY.public_key}\n\n{fingerprint()}\n")

    for key in (KEY.public_key, KEY.public_key.upper(), str(file)):
        done = offboard("evidence", "verify", str(exported), "--public-key", key)
        assert done.exit_code == 0


@pytest.mark.parametrize("text", ["nothing", "", "# only words\n", "ed25519:12\n"])
def test_what_is_no_key_is_refused(exported, offboard, tmp_path, text):
    file = tmp_path / "keys"
    file.write_text(text)

    for key in (str(file), str(tmp_path / "none"), "ed25519:xyz"):
        done = offboard("evidence", "verify", str(exported), "--public-key", key)
        assert done.exit_code == 2


def test_what_was_found_is_one_json_object(exported, offboard):
    exported.write_bytes(exported.read_bytes()[:-1])

    done = offboard("evidence", "verify", str(exported), "-o", "json")

    found = json.loads(done.stdout)
    assert (done.exit_code, found["holds"], found["signer_proven"]) == (4, False, False)
    assert found["faults"][0]["text"] == "item or register: the line is cut off"


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("export", "01A", "--all"),
        ("verify",),
        ("verify", "/no/such/file"),
        ("export", "01A", "--out", "/no/such/folder/it"),
    ],
)
def test_what_makes_no_sense_ends_with_2(whole, offboard, words):
    assert offboard("evidence", *words).exit_code == 2


def test_a_key_file_that_is_not_there_is_said_to_be_missing(exported, offboard):
    done = offboard("evidence", "verify", str(exported), "--public-key", "./nofile")

    assert done.exit_code == 2
    assert "There is no file ./nofile." in " ".join(done.stderr.split())


def test_a_key_file_that_cannot_be_read_is_named(exported, offboard, tmp_path):
    done = offboard("evidence", "verify", str(exported), "--public-key", str(tmp_path))

    assert done.exit_code == 2
    assert "Is a directory" in done.stderr


def test_the_help_of_verify_says_every_code_that_it_ends_with(offboard):
    said = " ".join(offboard("evidence", "verify", "--help").stdout.split())

    for code in ("0 it holds", "2 a file", "3 it holds", "4 it does not"):
        assert code in said


def test_line_ends_that_a_mail_client_changed_are_named(exported, offboard):
    exported.write_bytes(exported.read_bytes().replace(b"\n", b"\r\n"))

    done = offboard("evidence", "verify", str(exported))

    assert done.exit_code == 4
    assert "line 1: header: its line end was changed" in done.stdout
